# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of transitions, answered alike in every distribution of ROS."""

from collections.abc import Callable
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode

_Answer = Callable[[ChangeState.Request, ChangeState.Response], ChangeState.Response]


def refuse_impossible_transitions(node: LifecycleNode) -> None:
    """Have the node answer no, where its state does not have the transition that is asked for.

    rclpy of Kilted does so; that of Humble and Jazzy raises, which would end the node. rcl has
    logged the reason by then.
    """
    for service in node.services:
        if service.srv_type is ChangeState:
            service.callback = _guarded(service.callback)


def _guarded(answer: _Answer) -> Any:
    def guarded(request: ChangeState.Request,
                response: ChangeState.Response) -> ChangeState.Response:
        try:
            return answer(request, response)
        except RuntimeError:  # RCLError is one; those of callbacks stay inside rclpy
            response.success = False
            return response

    return guarded
