# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how well people and edges fix a camera, and what that does to skeletons lifted with it.

Not a test. From the repository, in its environment: python test/calibration/measure_accuracy.py
[pose] [walkers] [gaits] [focal] [joints] [lines] (default: all). "pose": errors by walkers,
seconds and keypoint noise; "walkers": errors by who walks and how the stature was told; "gaits":
whether they tell who is small; "focal": what people say of the focal length; "joints": joints of
another walk, lifted with the true pose and with the estimated one; "lines": vertical edges in
place of people.
"""

import sys

import numpy as np
from walkers import FPS, camera_above_floor, seen, tape_stature, walks

from mocap23_ros.calibration.floor_fit import fit_floor
from mocap23_ros.calibration.pose_from_lines import LENGTH_SD, PLUMB_SD, pose_from_lines
from mocap23_ros.calibration.standing_people import StandingPeople
from mocap23_ros.datasets.cmu import load_cmu
from mocap23_ros.datasets.mocap34 import COCO17_JOINTS
from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.methods import lift_recording
from mocap23_ros.evaluation.uncertainty import COVERAGE_95, squared_mahalanobis
from mocap23_ros.geometry.poses import invert_transform, transform_points
from mocap23_ros.lifting.lifters import create_lifter
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.skeletons.body_proportions import LEG
from mocap23_ros.skeletons.coco17 import HIPS

SCENES = 12
CASES = [(('16',), 30, 2.0), (('16',), 10, 2.0), (('16',), 60, 2.0), (('16',), 30, 6.0),
         (('08',), 30, 2.0), (('16', '08'), 30, 2.0), (('16', '08', '07', '49'), 30, 2.0)]
WALKERS = ('02', '05', '06', '07', '08', '16', '29', '49')
LIFTED = 3.0  # seconds of another walk


def scene(k):
    """Camera, its pose, (height m, pitch deg, roll deg), and how far people walk from it."""
    rng = np.random.default_rng([7, k])
    height, distance = rng.uniform(1.2, 3.0), rng.uniform(4.5, 6.0)
    pitch = np.degrees(np.arctan((height - 0.9) / distance)) + rng.uniform(-3, 3)
    roll = rng.normal(0, 2)
    return *camera_above_floor(height, pitch, roll), (height, pitch, roll), distance


def fitted(k, subjects, seconds, noise, given, focal_known=True, told=tape_stature, quick=False):
    """The fit of a scene; InputError where it is refused.

    told: the stature that is given, of (subject, stature of the data).
    """
    camera, pose, _, distance = scene(k)
    motion = [walks(subject, seconds, distance, k) for subject in subjects]
    keypoints = np.stack([seen(joints, camera, pose, noise, k) for joints, _ in motion], 1)
    fit = fit_floor(StandingPeople.from_keypoints(
        keypoints, np.arange(len(keypoints)) / FPS, camera,
        [told(subject, stature) for subject, (_, stature) in zip(subjects, motion, strict=True)]
        if given else None), focal_known, quick)
    fit.check()
    return fit


def table_of_poses():
    print('walkers        seconds  noise px  stature   pitch deg  roll deg  height %   NEES  '
          'refused')
    for subjects, seconds, noise in CASES:
        for given in (True, False):
            rows, refused = [], 0
            for k in range(SCENES):
                try:
                    fit = fitted(k, subjects, seconds, noise, given)
                except InputError:
                    refused += 1
                    continue
                height, pitch, roll = scene(k)[2]
                rows.append([np.degrees(fit.pitch) - pitch, np.degrees(fit.roll) - roll,
                             100 * (fit.height / height - 1),
                             *(np.sqrt(np.diag(fit.covariance))[:3] * (57.3, 57.3, 100 / height))])
            rows = np.array(rows)
            median = np.median(np.abs(rows[:, :3]), axis=0)
            nees = ((rows[:, :3] / rows[:, 3:]) ** 2).mean()
            print(f'{"+".join(subjects):14s} {seconds:7d} {noise:9.1f}  '
                  f'{"given" if given else "unknown":8s} {median[0]:9.2f} {median[1]:9.2f} '
                  f'{median[2]:9.1f} {nees:6.2f} {refused:5d} of {SCENES}', flush=True)


def table_of_walkers():
    print('30 s of one walker at 2 px; error of the height in %, mean and median of the absolute '
          'ones\nwalker  stature told by the top of the head      by the length of the legs')
    for subject in WALKERS:
        columns = []
        for told in (tape_stature, lambda _, stature: stature):
            errors = []
            for k in range(SCENES // 3):
                try:
                    fit = fitted(k, (subject,), 30, 2.0, True, told=told, quick=True)
                except InputError:
                    continue
                errors.append(100 * (fit.height / scene(k)[2][0] - 1))
            columns.append(f'{np.mean(errors):5.1f} {np.median(np.abs(errors)):5.1f} '
                           f'({len(errors)} of {SCENES // 3})')
        print(f'{subject:6s}  ' + '                        '.join(columns), flush=True)


def table_of_gaits():
    """Step length and cadence of grown-ups, which a camera told too low makes small but not quick.

    Bodies that are alike walk alike where lengths over legs and times over sqrt(legs) are.
    """
    clips, found = load_cmu(), {}
    for k in range(len(clips)):
        if 'walk' not in clips.description[k] or not clips.flat[k] or clips.length[k] < 90:
            continue
        joints = clips.positions(k)[:, COCO17_JOINTS, :2].astype(float)
        velocity = np.stack([np.convolve(column, np.ones(15) / 15, 'same') for column in (
            np.gradient(joints[:, HIPS].mean(axis=1), 1 / FPS, axis=0).T)], axis=1)
        speed = np.linalg.norm(velocity, axis=1)
        apart = ((joints[:, 15] - joints[:, 16]) * velocity).sum(axis=1) / np.maximum(speed, 1e-6)
        walks_on = speed > 0.6
        steps = np.flatnonzero((np.diff(np.sign(apart)) != 0) & walks_on[1:])
        if walks_on.sum() >= 60 and len(steps) >= 4:
            cadence = FPS / np.median(np.diff(steps))
            found.setdefault(clips.subject[k], []).append(
                speed[walks_on].mean() / cadence ** 2 / (LEG * clips.stature[k]) ** 1.5)
    mean = np.array([np.mean(own) for own in found.values()])
    print(f'step length over cadence, over legs to the power of 1.5, of {len(mean)} grown-ups: '
          f'{100 * mean.std(ddof=1) / mean.mean():.0f} % (sd); a camera told at 0.75 of its height '
          f'makes it {100 * (0.75 ** -0.5 - 1):.0f} % larger')


def table_of_focal_lengths():
    print('walkers        seconds  noise px  focal length off by %  its sd %   refused')
    for subjects, seconds in ((('16',), 12), (('16',), 30), (('16',), 60), (('16', '08'), 30),
                              (('16', '08'), 60)):
        rows, refused = [], 0
        for k in range(SCENES):
            try:
                fit = fitted(k, subjects, seconds, 4.0, False, focal_known=False)
            except InputError:
                refused += 1
                continue
            rows.append((100 * abs(fit.focal_factor - 1), 100 * fit.covariance[3, 3] ** 0.5))
        off, sd = np.median(rows, axis=0) if rows else (np.nan, np.nan)
        print(f'{"+".join(subjects):14s} {seconds:7d} {4.0:9.1f}  {off:21.1f} {sd:9.1f}   '
              f'{refused:4d} of {SCENES}', flush=True)


def table_of_joints():
    print('coverage, NEES and sd (mm), for the true pose, and for the estimated one with default '
          'constants, with its sd, with its covariance\n'
          'seconds  noise px  stature   Abs mm: true, estimated')
    lifter = create_lifter('diffusion')
    exact = CameraPoseUncertainty(0.0, 0.0, 0.0)
    for seconds, noise, given in ((30, 2.0, True), (10, 2.0, True), (10, 6.0, True),
                                  (10, 2.0, False)):
        rows = []
        for k in range(SCENES):
            try:
                fit = fitted(k, ('16',), seconds, noise, given)
            except InputError:
                continue
            camera, pose, _, distance = scene(k)
            joints, stature = walks('16', LIFTED, distance, 1000 + k)
            lift_input = {
                'keypoints': seen(joints, camera, pose, 2.0, 1000 + k)[:, None].astype(np.float32),
                'stamps': np.arange(len(joints)) / FPS, 'K': camera.K, 'distortion': np.zeros(5),
                'distortion_model': np.array('plumb_bob'),
                'image_size': np.array(camera.image_size),
                'stature': np.array([stature if given else np.nan], np.float32)}
            pitch_roll = np.sqrt(np.diag(fit.covariance)[:2])
            told = (
                (pose, CameraPoseUncertainty()), (fit.floor_T_camera, CameraPoseUncertainty()),
                (fit.floor_T_camera, CameraPoseUncertainty(
                    float(np.sqrt((pitch_roll ** 2).mean())), float(fit.covariance[2, 2] ** 0.5))),
                (fit.floor_T_camera, CameraPoseUncertainty(pose_covariance=fit.pose_covariance)))
            lifted = [lift_recording(lifter, {**lift_input, 'world_T_camera': p},
                                     pose_uncertainty=exact) for p in (told[0][0], told[1][0])]
            row = []
            for motion, (p, sd) in zip((lifted[0], *[lifted[1]] * 3), told, strict=True):
                found = motion['joints'][15:, :, :17]
                error = found[:, 0] - joints[15:]
                covariance = (motion['covariance'][15:, :, :17] + sd.covariance(
                    found, p, p, 1 / FPS))[:, 0]
                square = squared_mahalanobis(error, covariance)
                row.append((1000 * np.nanmean(np.linalg.norm(error, axis=-1)),
                            np.mean(square[np.isfinite(square)] < COVERAGE_95),
                            np.nanmean(square) / 3,
                            1000 * np.nanmean(np.sqrt(np.trace(covariance, axis1=-2, axis2=-1)))))
            rows.append(row)
        true, constants, sds, full = np.mean(rows, axis=0)
        print(f'{seconds:7d} {noise:9.1f}  {"given" if given else "unknown":8s} {true[0]:10.0f} '
              f'{constants[0]:10.0f}        ' + '     '.join(
                  f'{c:.2f} {n:5.2f} {sd:4.0f}' for _, c, n, sd in (true, constants, sds, full)),
              f'  ({len(rows)} of {SCENES})', flush=True)


def table_of_lines():
    print('lines  degrees to each side  known    pitch deg  roll deg  height %   NEES  refused')
    for lines, side, known in ((2, 15, 'camera'), (2, 30, 'camera'), (6, 30, 'camera'),
                               (2, 30, 'edge'), (6, 30, 'edge')):
        rng, rows, squares, refused = np.random.default_rng(11), [], [], 0
        for k in range(200):
            camera, pose, (height, pitch, roll), distance = scene(k)
            azimuth = np.radians(np.linspace(-side, side, lines))
            feet = distance * np.stack([np.cos(azimuth), np.sin(azimuth), 0 * azimuth], axis=-1)
            tops = feet + (0, 0, 2.0)
            tops[:, :2] += 2.0 * PLUMB_SD * rng.standard_normal((lines, 2))
            seen = camera.project(transform_points(invert_transform(pose),
                                                   np.stack([feet, tops], axis=1)))
            told = {f'{known}_height': (height if known == 'camera' else 2.0)
                    + LENGTH_SD * rng.standard_normal()}
            try:
                fit = pose_from_lines(seen + rng.standard_normal(seen.shape), camera, **told)
            except InputError:
                refused += 1
                continue
            error = np.array([fit.pitch, fit.roll, fit.height]) - (*np.radians([pitch, roll]),
                                                                   height)
            squares.append(error @ np.linalg.solve(fit.covariance, error) / 3)
            rows.append(np.abs(error) * (57.3, 57.3, 100 / height))
        median = np.median(rows, axis=0)
        print(f'{lines:5d}  {side:20d}  {known:7s}  {median[0]:9.2f} {median[1]:9.2f} '
              f'{median[2]:9.1f} {np.mean(squares):6.2f} {refused:5d} of 200', flush=True)


if __name__ == '__main__':
    wanted = sys.argv[1:] or ['pose', 'walkers', 'gaits', 'focal', 'joints', 'lines']
    for name, table in (('pose', table_of_poses), ('walkers', table_of_walkers),
                        ('gaits', table_of_gaits), ('focal', table_of_focal_lengths),
                        ('joints', table_of_joints), ('lines', table_of_lines)):
        if name in wanted:
            table()
