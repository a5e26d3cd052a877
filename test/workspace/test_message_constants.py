# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The messages say what the core says."""

import pytest

from mocap23_ros.tracking.track import TrackState

try:
    from mocap23_msgs.msg import Skeleton
except ImportError:  # the folder of the sources imports as a namespace package
    pytest.skip('mocap23_msgs is not built', allow_module_level=True)


def test_states_are_those_of_the_tracker() -> None:
    assert {state.name: state.value for state in TrackState} == {
        name: getattr(Skeleton, name) for name in ('INIT', 'TRACKED', 'PREDICTED', 'LOST')}


def test_an_unset_skeleton_has_no_joints() -> None:
    assert len(Skeleton().joints) == len(Skeleton().covariance) == len(Skeleton().contact) == 0
