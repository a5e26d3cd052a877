# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Statures that are learned along a track are never surer than they are right."""

import numpy as np
import pytest

from mocap23_ros.lifting.stature_state import StatureState

IDS, UNKNOWN = np.array([4]), np.array([np.nan])


def learned(measured, sd=0.05, frames=600):
    """Errors in standard deviations, and statures, after each frame of noisy measurements."""
    rng, state, found = np.random.default_rng(0), StatureState(), []
    for frame in range(frames):
        value = measured * np.exp(sd * rng.standard_normal((1, 1)))
        state.update(IDS, np.array([frame / 20]), value, np.full((1, 1), sd))
        stature, relative_sd = state.current(IDS, UNKNOWN)
        found.append((abs(np.log(stature[0] / measured)) / relative_sd[0], stature[0]))
    return np.array(found).T


@pytest.mark.parametrize('stature', [0.85, 1.1, 1.4, 1.7, 1.95])
def test_children_and_grown_ups_are_known_as_surely_as_said(stature):
    deviation, found = learned(stature)
    assert deviation.max() < 3
    assert found[-1] == pytest.approx(stature, rel=0.1)


def test_feet_off_the_floor_make_no_giants():
    assert learned(2.6, sd=0.02)[1][-1] < 1.75


def doubted(*measured, sd=0.02, known=np.nan):
    """Of the distance after 3 s of each of these statures."""
    state = StatureState()
    for frame, value in enumerate(np.repeat(measured, 60)):
        state.update(IDS, np.array([frame - 1, frame]) / 20, np.full((1, 2), value),
                     np.full((1, 2), sd))
    return state.shrunk(IDS, np.array([known]))[0]


def test_who_shrinks_left_the_floor_or_came_back_to_it():
    assert doubted(1.7, 1.4) == pytest.approx(np.sqrt(0.5) * np.log(1.7 / 1.4), rel=0.1)
    assert 0.01 < doubted(1.95, 1.7) < 0.4 * doubted(1.7, 1.4)  # came down, likely
    for known in ((1.7,), (1.2,), (1.7, 1.68), (1.7, 1.4, 1.7), (1.7, 2.0)):
        assert doubted(*known) == 0, known
    assert StatureState().shrunk(np.array([7]), UNKNOWN) == 0


def test_who_seems_smaller_than_the_user_says_is_below_the_floor():
    assert doubted(1.4, known=1.7) == pytest.approx(np.log(1.7 / 1.4), rel=0.1)
    assert doubted(1.65, known=1.7) == doubted(1.9, known=1.7) == 0
    assert StatureState().shrunk(np.array([7]), np.array([1.7])) == 0
