# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how often every mistake in a set-up is found and named, and right set-ups are doubted.

Not a test. From the repository, in its environment: python test/plausibility/measure_mistakes.py
"""

import argparse
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from mocap23_ros.evaluation.sets import make_set
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.plausibility.column_order import column_doubt
from mocap23_ros.plausibility.people_samples import INTERVAL, PeopleMemory
from mocap23_ros.plausibility.pose_doubt import pose_findings
from mocap23_ros.plausibility.set_up_check import diagnose
from mocap23_ros.skeletons.formats import COCO17

sys.path.append(str(Path(__file__).parents[1] / 'calibration'))
from walkers import FPS, camera_above_floor, seen, walks

NOISE = 4.0  # pixels
STATURES = (0.85, 0.9, 0.95, 1.05, 1.1, 1.15)  # told over true ones
SETS = ('e1_clean', 'e1_noisy', 'e1_occluded', 'e2_moving', 'e3_wide', 'e3_moving', 'hdm05_noisy',
        'sample_cam01', 'sample_cam02', 'sample_cam03', 'sample_cam04')
LENSES = {'none': (), 'mild': (-0.2, 0.05, 0.0006, -0.0004, 0.0),
          'wide': (-0.33, 0.1, 0.002, -0.0008, 0.0)}
LINK_T_OPTICAL = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
YUP = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])


def turned(axis, degrees):
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    return pose


def moved(scale):
    return lambda pose: np.concatenate([
        np.concatenate([pose[:3, :3], scale * pose[:3, 3:]], axis=1), pose[3:]])


# What the set-up says of the pose.
POSES = {
    'right but for 0.8 degrees (sd)': lambda pose: pose,
    'body frame': lambda pose: pose @ np.linalg.inv(LINK_T_OPTICAL),
    'inverse pose': np.linalg.inv,
    'camera axes of OpenGL': lambda pose: pose @ np.diag([1.0, -1, -1, 1]),
    'upside down': lambda pose: pose @ turned('z', 180),
    'turned by 90 degrees': lambda pose: pose @ turned('z', -90),
    'turned by -90 degrees': lambda pose: pose @ turned('z', 90),
    'world with y up': lambda pose: YUP @ pose,
    'world with z down': lambda pose: np.diag([1.0, -1, -1, 1]) @ pose,
    'world with y down': lambda pose: YUP.T @ pose,
    'optical rotation twice': lambda pose: pose @ LINK_T_OPTICAL,
    'millimetres': moved(1000),
    'centimetres': moved(100),
    **{f'pitch {abs(angle)} degrees too {"high" if angle > 0 else "low"}':
       lambda pose, angle=angle: pose @ turned('x', angle)
       for angle in (10, -10, 6, -6, 4, -4, 2, -2)},
    **{f'roll {angle} degrees': lambda pose, angle=angle: pose @ turned('z', angle)
       for angle in (10, 4, 2)},
    'height 0.6 of the true one': moved(0.6),
    'height 0.75 of the true one': moved(0.75),
    'height 1.3 of the true one': moved(1.3),
    'height 1.6 of the true one': moved(1.6),
}
# How many times K is too large, also its principal point or not.
SIZES = {'K of half the size': (0.5, True), 'K of two thirds of the size': (2 / 3, True),
         'K of 1.5 times the size': (1.5, True),
         **{f'focal length {factor} of the true one': (factor, False)
            for factor in (0.6, 0.67, 0.8, 0.9, 1.1, 1.25, 1.5)}}
SIDES = list(COCO17.mirror)
_NECK_AND_TOP = 0.5, 0.8  # of the way from the shoulders to the nose, and beyond it


def shifted(x, y):
    return lambda keypoints: keypoints + np.array([x, y, 0])


def mirrored(keypoints):
    return keypoints * (-1, 1, 1) + (1280, 0, 0)


def in_crops(keypoints):
    """Counted from the corner of a box around each person."""
    keypoints = keypoints.copy()
    keypoints[..., :2] -= np.where(keypoints[..., 2:] > 0, keypoints[..., :2], np.inf).min(
        axis=2, keepdims=True) - 10
    return keypoints


def of_posetrack(keypoints):
    keypoints = keypoints.copy()
    nose, shoulders = keypoints[:, :, 0], keypoints[:, :, 5:7].mean(axis=2)
    for joint, share in ((1, -_NECK_AND_TOP[0]), (2, _NECK_AND_TOP[1])):
        keypoints[:, :, joint] = nose + share * (nose - shoulders) * (1, 1, 0)
    return keypoints


# What happened to keypoints [F,P,17,3], and the key of the finding.
KEYPOINTS = {
    'mirrored after the detection': (mirrored, 'sides'),
    'left and right exchanged': (lambda keypoints: keypoints[:, :, SIDES], 'sides'),
    'left and right of the arms exchanged': (
        lambda keypoints: keypoints[:, :, [*range(5), *SIDES[5:11], *range(11, 17)]], 'sides'),
    'frames in reversed order': (lambda keypoints: keypoints[::-1], 'sides'),
    'frames in the order of unpadded names': (
        lambda keypoints: keypoints[sorted(range(len(keypoints)), key=str)], 'columns'),
    'order of PoseTrack': (of_posetrack, 'keypoint order'),
    'of crops around people': (in_crops, 'crop'),
    'of a crop 150 px below the corner': (shifted(0, -150), 'people seen'),
    'of a crop 50 px below the corner': (shifted(0, -50), 'height'),
    'of a crop 200 px right of the corner': (shifted(-200, 0), 'camera pose'),
    'of a letterboxed image': (lambda keypoints: keypoints * (0.5, 0.5, 1) + (0, 140, 0), 'height'),
}


def scene(k, seconds):
    """One to three people who walk about for some seconds.

    Joints [F,P,17,3]; camera, pose, and as it is told; a seed; statures.
    """
    rng = np.random.default_rng([11, k])
    height, distance = rng.uniform(0.8, 3.2), rng.uniform(4.0, 6.0)
    pitch = np.degrees(np.arctan((height - 0.9) / distance)) + rng.uniform(-3, 3)
    camera, pose = camera_above_floor(height, pitch, rng.normal(0, 1), rng.uniform(600, 1000))
    people, statures = zip(*[walks(subject, seconds, distance, int(rng.integers(1000)))
                             for subject in ('16', '08', '07')[:rng.integers(1, 4)]], strict=True)
    told = pose @ turned('xyz', rng.normal(0, 0.8, 3))
    return np.stack(people, axis=1), camera, pose, told, rng.integers(1000), statures


def pixels(people, camera, pose, seed):
    return np.stack([seen(joints, camera, pose, NOISE, [seed, p])
                     for p, joints in enumerate(np.swapaxes(people, 0, 1))], axis=1)


def found(keypoints, stamps, camera, poses, statures=None):
    """Keys of what is found; None where too little is seen. statures: as told, by person."""
    memory = PeopleMemory(float(stamps[-1] - stamps[0]))
    for frame, stamp in enumerate(stamps):
        if memory.is_due(stamp):
            rows = np.flatnonzero((keypoints[frame, ..., 2] > 0).any(axis=1))
            memory.add(stamp, rows.tolist(), keypoints[frame, rows], camera, poses[frame])
    seen_people = memory.recent()
    findings = diagnose(seen_people)
    if findings == []:
        findings = pose_findings(seen_people, camera.focal_length, statures) or []
    doubt = ['columns'] if column_doubt(keypoints, stamps) else []
    return None if findings is None else [f.key for f in findings] + doubt


def rectified(camera, alpha):
    P, _ = cv2.getOptimalNewCameraMatrix(camera.K, camera.distortion, camera.image_size, alpha)
    return CameraModel.from_calibration(P, (), 'plumb_bob', camera.image_size)


def report(name, results, wanted):
    judged = [r for r in results if r is not None]
    hits = sum(bool(r) for r in judged)
    named = sum(wanted in r for r in judged)
    print(f'{name:38s} judged {len(judged):4d} of {len(results):4d}   found {hits:4d}   '
          f'named rightly {named:4d}', flush=True)


def print_recall(count, only, seconds, told_statures):
    stamps = np.arange(0, seconds, 1 / FPS)
    scenes = [scene(k, seconds) for k in range(count)]
    images = [pixels(people, camera, pose, seed) for people, camera, pose, _, seed, _ in scenes]
    known = [dict(enumerate(s[-1])) if told_statures else None for s in scenes]
    if only in 'right poses':
        report('right poses', [found(kp, stamps, camera, [pose] * len(kp), heights)
                               for kp, (_, camera, pose, *_), heights in zip(
                                   images, scenes, known, strict=True)], '')
    for name, make in ((n, make) for n, make in POSES.items() if only in n):
        report(name, [found(kp, stamps, camera, [make(told)] * len(kp), heights)
                      for kp, (_, camera, _, told, *_), heights in zip(
                          images, scenes, known, strict=True)], name)
    for name, (make, key) in ((f'keypoints: {n}', row) for n, row in KEYPOINTS.items()):
        if only not in name:
            continue
        report(name, [found(make(kp), stamps, camera, [told] * len(kp)) for kp, (
            _, camera, _, told, *_) in zip(images, scenes, strict=True)], key)
    for factor in STATURES:
        name = f'statures told {factor:g} times the true ones'
        if only in name:
            report(name, [found(kp, stamps, camera, [told] * len(kp),
                                dict(enumerate(factor * np.array(statures))))
                          for kp, (_, camera, _, told, _, statures) in zip(
                              images, scenes, strict=True)], name)
    for name, (scale, whole) in ((n, size) for n, size in SIZES.items() if only in n):
        results = []
        for kp, (_, camera, _, told, *_), heights in zip(images, scenes, known, strict=True):
            K = camera.K * [[scale, 1, scale if whole else 1], [1, scale, scale if whole else 1],
                            [1, 1, 1]]
            wrong = CameraModel.from_calibration(K, (), 'plumb_bob', camera.image_size)
            results.append(found(kp, stamps, wrong, [told] * len(kp), heights))
        report(name, results, 'K of another size')
    for lens, alpha, swapped in product(('mild', 'wide'), (0, 1), (False, True)):
        what = 'raw as rectified' if swapped else 'rectified as raw'
        if only not in what:
            continue
        results = []
        for people, plain, pose, told, seed, _ in scenes:
            camera = CameraModel.from_calibration(
                plain.K, LENSES[lens], 'plumb_bob', plain.image_size)
            other = rectified(camera, alpha)
            camera, other = (other, camera) if swapped else (camera, other)
            results.append(found(pixels(people, other, pose, seed), stamps,
                                 replace(camera, counterpart=other), [told] * len(stamps)))
        report(f'{what}, {lens} lens, alpha {alpha}', results, 'rectification')


def print_false_alarms():
    for name in SETS:
        results = []
        for sequence in make_set(name):
            lift = sequence.lift_input
            size = tuple(lift['image_size'].tolist())
            own = CameraModel.from_calibration(
                lift['K'], lift['distortion'], str(lift['distortion_model']), size)
            poses = np.broadcast_to(lift['world_T_camera'], (len(lift['stamps']), 4, 4))
            for lens in LENSES.values():
                camera, keypoints = own, lift['keypoints']
                if lens:
                    camera = CameraModel.from_calibration(lift['K'], lens, 'plumb_bob', size)
                    keypoints = keypoints.copy()
                    keypoints[..., :2] = camera.distort(own.undistort(keypoints[..., :2]))
                    camera = replace(camera, counterpart=rectified(camera, 0))
                results.append(found(keypoints, lift['stamps'], camera, poses))
        report(f'right: {name}, three lenses', results, 'right')


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--scenes', type=int, default=40)
    parser.add_argument('--seconds', type=float, default=12.0, help='of people in each scene')
    parser.add_argument('--only', default='', help='words in the name of the mistake')
    parser.add_argument('--statures', action='store_true', help='they are told, rightly')
    parser.add_argument('--sets', action='store_true', help='the evaluation sets alone')
    arguments = parser.parse_args()
    print(f'{arguments.scenes} scenes of one to three people who walk about for '
          f'{arguments.seconds:g} s (recorded walks), noise of {NOISE:g} px; looked at every '
          f'{INTERVAL} s')
    if not arguments.sets:
        print_recall(arguments.scenes, arguments.only, arguments.seconds, arguments.statures)
    if not arguments.only:
        print_false_alarms()
