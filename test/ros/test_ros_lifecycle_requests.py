# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Transitions that a state does not have, where rclpy raises as in Humble and Jazzy."""

from types import SimpleNamespace

from lifecycle_msgs.srv import ChangeState, GetState

from mocap23_ros.ros.lifecycle_requests import refuse_impossible_transitions


def test_what_rclpy_cannot_do_is_answered_with_no():
    def answer(request, response):
        if request.transition.id != 1:
            raise RuntimeError('Transition is not registered.')  # what RCLError is
        response.success = True
        return response

    change = SimpleNamespace(srv_type=ChangeState, callback=answer)
    other = SimpleNamespace(srv_type=GetState, callback=answer)
    refuse_impossible_transitions(SimpleNamespace(services=[other, change]))
    assert other.callback is answer
    for number, success in ((1, True), (3, False)):
        request = ChangeState.Request()
        request.transition.id = number
        assert change.callback(request, ChangeState.Response()).success == success
