# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The geometric lifter on recorded motion of the validation subjects, seen from unseen cameras."""

import numpy as np
import pytest
from synthetic_people import look_at, windows_of

from mocap23_ros.datasets.cmu import load_cmu
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.geometric_lifter import GeometricLifter
from mocap23_ros.skeletons.conversion import convert_joints
from mocap23_ros.skeletons.formats import COCO17, MOCAP34

STAMPS = np.arange(32) / 20.0
FRAMES = (np.arange(32) * 1.5).astype(int)  # the clips have 30 frames per second
# Mean root error that is allowed, metres, by distance.
ALLOWED = {3.0: 0.16, 5.0: 0.24, 8.0: 0.40}


@pytest.fixture(scope='module')
def clips():
    try:
        found = load_cmu('validation')
    except InputError as error:
        pytest.skip(str(error))
    return found.select(found.flat & (found.length > 60))


def draw(clips, rng, distance):
    """A window's COCO joints [32,17,3] and a camera at this distance from its end."""
    clip = int(rng.integers(len(clips)))
    first = int(rng.integers(clips.length[clip] - FRAMES[-1]))
    motion = clips.positions(clip)[first + FRAMES].astype(float)
    joints = convert_joints(motion, MOCAP34, COCO17)
    target = joints[-1, 11:13].mean(axis=0)
    azimuth = rng.uniform(0, 2 * np.pi)
    centre = np.array([*(target[:2] - distance * np.array([np.cos(azimuth), np.sin(azimuth)])),
                       rng.uniform(0.8, 2.5)])
    return joints, look_at(centre, (*target[:2], 0.9))


@pytest.mark.parametrize('distance', ALLOWED)
def test_root_error_and_its_claimed_spread(clips, distance):
    rng = np.random.default_rng(7)
    errors, within = [], []
    for _ in range(60):
        joints, pose = draw(clips, rng, distance)
        motion = GeometricLifter().lift(windows_of([joints], pose, STAMPS, noise=2.0))
        error = motion.joints[0, -1, 17] - joints[-1, 11:13].mean(axis=0)
        errors.append(np.linalg.norm(error))
        covariance = motion.covariance[0, -1, 17].astype(float)
        within.append(error @ np.linalg.solve(covariance, error) < 7.81)
    print(f'{distance} m: mean root error {1e3 * np.mean(errors):.0f} mm, '
          f'95 % ellipsoid holds {np.mean(within):.2f}')
    assert np.mean(errors) < ALLOWED[distance]
    assert np.mean(within) > 0.8
