# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The information limit against the reference program and against what must hold."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from mocap23_ros.evaluation.limits import LimitPriors, expected_norm, information_limit

REFERENCE = Path(__file__).resolve().parents[3] / 'shared' / 'tools' / 'limits.py'


@pytest.fixture(scope='module')
def reference():
    if not REFERENCE.is_file():
        pytest.skip('the reference program of the limits is not here')
    spec = importlib.util.spec_from_file_location('reference_limits', REFERENCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('distance, height', [(3, 1.0), (5, 0.6), (7, 3.0), (10, 1.5)])
@pytest.mark.parametrize('theirs, contacts, stature_sd, priors', [
    ({}, 2, None, {}), ({'contacts': 1}, 1, None, {}), ({'contacts': 0}, 0, None, {}),
    ({'contacts': 0, 's_S': 0.01}, 0, 0.01, {}),
    ({'pitch_deg': 0.3, 's_h': 0.01}, 2, None, {'pitch_deg': 0.3, 'height': 0.01}),
])
def test_agrees_with_the_reference(reference, distance, height, theirs, contacts, stature_sd,
                                   priors):
    expected = reference.posterior(distance, height, 1250, 2, **theirs)
    ours = information_limit(distance, height, 1250, 2, contacts, stature_sd,
                             LimitPriors(**priors))
    assert ours.depth_sd == pytest.approx(expected['sd_depth'], rel=1e-3)
    # Theirs draws 4000 samples: good to 1.5 %.
    assert ours.abs_mpjpe == pytest.approx(expected['abs_mpjpe'], rel=0.03)


def test_published_numbers():
    """Two feet down, f 1250, 2 px, 1.5 m high: 36/33, 49/42, 66/55, 99/80 mm."""
    limit = information_limit([3, 5, 7, 10], 1.5, 1250, 2)
    assert np.round(limit.depth_sd * 1e3) == pytest.approx([36, 49, 66, 99], abs=1)
    assert np.round(limit.abs_mpjpe * 1e3) == pytest.approx([33, 42, 55, 80], abs=2)


def test_more_knowledge_never_hurts():
    distance = np.linspace(1.5, 14, 9)
    feet = [information_limit(distance, 1.5, 1000, 2, contacts).abs_mpjpe
            for contacts in (0, 1, 2)]
    assert (feet[0] > feet[1]).all() and (feet[1] > feet[2]).all()
    known = information_limit(distance, 1.5, 1000, 2, 0, 0.01).abs_mpjpe
    assert (known < feet[0]).all()
    assert (np.diff(feet[2]) > 0).all()


def test_expected_norm():
    sphere = expected_norm(np.eye(3))
    assert sphere == pytest.approx(2 * np.sqrt(2 / np.pi), rel=1e-6)
    line = expected_norm(np.diag([4.0, 0, 0]))        # one axis: sd * sqrt(2 / pi)
    assert line == pytest.approx(2 * np.sqrt(2 / np.pi), rel=5e-3)


def test_shapes_broadcast_and_nan_stays():
    limit = information_limit(np.array([[3.0], [np.nan]]), 1.5, [800, 1200, 1600], 2)
    assert limit.abs_mpjpe.shape == (2, 3)
    assert np.isfinite(limit.abs_mpjpe[0]).all() and np.isnan(limit.abs_mpjpe[1]).all()
