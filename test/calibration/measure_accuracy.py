# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how well people fix a camera: errors by walkers, seconds and keypoint noise.

Not a test. From the repository, in its environment: python test/calibration/measure_accuracy.py
"""

import numpy as np
from walkers import FPS, camera_above_floor, seen, walks

from mocap23_ros.calibration.floor_fit import fit_floor
from mocap23_ros.calibration.standing_people import StandingPeople
from mocap23_ros.errors import InputError

SCENES = 12
CASES = [(('16',), 30, 2.0), (('16',), 10, 2.0), (('16',), 60, 2.0), (('16',), 30, 6.0),
         (('08',), 30, 2.0), (('16', '08'), 30, 2.0)]


def errors(subjects, seconds, noise, given):
    rows, refused = [], 0
    for k in range(SCENES):
        rng = np.random.default_rng([7, k])
        height = rng.uniform(1.2, 3.0)
        distance = rng.uniform(4.5, 6.0)
        pitch = np.degrees(np.arctan((height - 0.9) / distance)) + rng.uniform(-3, 3)
        roll = rng.normal(0, 2)
        camera, pose = camera_above_floor(height, pitch, roll)
        motion = [walks(subject, seconds, distance, k) for subject in subjects]
        keypoints = np.stack([seen(joints, camera, pose, noise, k) for joints, _ in motion], 1)
        try:
            fit = fit_floor(StandingPeople.from_keypoints(
                keypoints, np.arange(len(keypoints)) / FPS, camera,
                [stature for _, stature in motion] if given else None))
            fit.check()
        except InputError:
            refused += 1
            continue
        sd = np.sqrt(np.diag(fit.covariance))[:3]
        rows.append(np.append(np.array([np.degrees(fit.pitch) - pitch, np.degrees(fit.roll) - roll,
                                        100 * (fit.height / height - 1)]),
                              sd * (57.3, 57.3, 100 / height)))
    return np.array(rows), refused


print('walkers        seconds  noise px  stature   pitch deg  roll deg  height %   NEES  refused')
for subjects, seconds, noise in CASES:
    for given in (True, False):
        rows, refused = errors(subjects, seconds, noise, given)
        median = np.median(np.abs(rows[:, :3]), axis=0)
        nees = ((rows[:, :3] / rows[:, 3:]) ** 2).mean()
        known = 'given' if given else 'unknown'
        print(f'{"+".join(subjects):14s} {seconds:7d} {noise:9.1f}  {known:8s} '
              f'{median[0]:9.2f} {median[1]:9.2f} {median[2]:9.1f} {nees:6.2f} '
              f'{refused:5d} of {SCENES}', flush=True)
