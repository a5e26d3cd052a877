# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Every mistake of a set-up made on purpose, with people projected by OpenCV, and right ones."""

import math
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from synthetic_people import look_at, walking_person

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.plausibility.people_samples import CAPACITY, PeopleMemory
from mocap23_ros.plausibility.set_up_check import diagnose
from mocap23_ros.skeletons.formats import COCO17

SIZE = (1280, 720)
K = np.array([[900.0, 0, 640], [0, 900.0, 360], [0, 0, 1]])
SECONDS, RATE = 4.0, 10.0
STAMPS = 50.0 + np.arange(0, SECONDS, 1 / RATE)
LINK_T_OPTICAL = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
WALL = look_at((0, 0, 2.2), (4.0, 0, 0.9))
ROBOT = look_at((0, 0, 0.6), (4.0, 0, 0.8))


def walkers():
    """Joints [T,2,17,3] of a woman who walks across and a child who walks away."""
    time = STAMPS - STAMPS[0]
    return np.stack([
        walking_person(time, start=(4.5, -1.5), heading=1.5, speed=0.8, stature=1.64),
        walking_person(time, start=(3.5, 0.6), heading=0.1, speed=0.6, stature=1.15)], axis=1)


def pixels(joints, pose, distortion=(), K_true=K):
    """What OpenCV makes of joints [...,3]: keypoints [...,3] with confidence 0.9."""
    camera_T_world = np.linalg.inv(pose)
    seen, _ = cv2.projectPoints(
        joints.reshape(-1, 3), cv2.Rodrigues(camera_T_world[:3, :3])[0], camera_T_world[:3, 3],
        K_true, np.array(distortion, float) if distortion else None)
    seen = seen.reshape(*joints.shape[:-1], 2)
    return np.concatenate([seen, np.full((*joints.shape[:-1], 1), 0.9)], axis=-1)


def findings(keypoints, pose, K_told=K, size=SIZE, distortion=(), camera=None):
    memory = PeopleMemory()
    camera = camera or CameraModel.from_calibration(K_told, distortion, 'plumb_bob', size)
    for stamp, people in zip(STAMPS, keypoints, strict=True):
        if memory.is_due(stamp):
            memory.add(stamp, range(1, len(people) + 1), people, camera, pose)
    return diagnose(memory.recent())


def named(keypoints, pose, **told):
    """Message of the one finding, of which the cause is known."""
    (finding,) = findings(keypoints, pose, **told)
    assert finding.is_named, finding.message
    return finding.message


def turned(quarters):
    pose = np.eye(4)
    c, s = np.cos(quarters * np.pi / 2).round(), np.sin(quarters * np.pi / 2).round()
    pose[:2, :2] = [[c, -s], [s, c]]
    return pose


@pytest.mark.parametrize('pose', [WALL, ROBOT, look_at((1, 1, 4.0), (4.0, 0, 0.0)),
                                  look_at((3.8, 0, 5.0), (4.0, 0, 0.0))])
@pytest.mark.parametrize('distortion', [(), (-0.21, 0.06, 0.0006, -0.0004, -0.01)])
def test_right_set_ups_are_not_doubted(pose, distortion):
    """From a robot's height to a ceiling, with two degrees of error in the pose."""
    keypoints = pixels(walkers(), pose, distortion)
    tilt = np.eye(4)
    tilt[:3, :3] = cv2.Rodrigues(np.radians([1.0, 0.0, 2.0]))[0]
    for told in (pose, pose @ tilt):
        assert findings(keypoints, told, distortion=distortion) == []


@pytest.mark.parametrize('place', [WALL, ROBOT])
@pytest.mark.parametrize(('make', 'words'), [
    (lambda pose: pose @ np.linalg.inv(LINK_T_OPTICAL), 'body frame'),
    (np.linalg.inv, 'inverted'),
    (lambda pose: pose @ np.diag([1.0, -1, -1, 1]), 'OpenGL'),
    (lambda pose: pose @ turned(2), 'upside down'),
    (lambda pose: pose @ turned(1), 'turned by 90 degrees to the right'),
    (lambda pose: pose @ turned(-1), 'turned by 90 degrees to the left'),
    (lambda pose: np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]]) @ pose,
     'y up'),
    (lambda pose: np.diag([1.0, -1, -1, 1]) @ pose, 'z down'),
    (lambda pose: pose @ LINK_T_OPTICAL, 'twice'),
    (lambda pose: np.concatenate([np.concatenate([pose[:3, :3], 1000 * pose[:3, 3:]], axis=1),
                                  pose[3:]]), 'millimetres'),
])
def test_wrong_poses_are_named(place, make, words):
    told = make(place)
    message = named(pixels(walkers(), place), told)
    assert words in message and 'people seen contradict' in message


def cv2_roll(angle):
    pose = np.eye(4)
    pose[:3, :3] = cv2.Rodrigues(np.array([0, 0, angle]))[0]
    return pose


def test_y_counted_from_below_is_named():
    keypoints = pixels(walkers(), WALL)
    keypoints[..., 1] = SIZE[1] - keypoints[..., 1]
    assert 'y of the keypoints is counted from below' in named(keypoints, WALL)
    rolled = WALL @ cv2_roll(0.3)
    keypoints = pixels(walkers(), rolled)
    keypoints[..., 1] = SIZE[1] - keypoints[..., 1]
    message = named(keypoints, rolled)
    assert 'counted from below' in message and 'upside down' not in message


@pytest.mark.parametrize('scale', [1.5, 2.0])
def test_k_of_another_size_is_named(scale):
    told = K * [[scale, 1, scale], [1, scale, scale], [1, 1, 1]]
    camera = look_at((0, 0, 2.6), (4.0, 0, 0.0))
    assert 'K is of an image of another size' in named(pixels(walkers(), camera), camera,
                                                       K_told=told)


def test_a_crop_with_its_principal_point_off_the_middle_is_right():
    keypoints = pixels(walkers(), WALL)
    assert findings(keypoints, WALL, size=(1000, 560)) == []


@pytest.mark.parametrize('height', [3.5, -1.7])
def test_a_floor_elsewhere_is_doubted_without_a_name(height):
    told = WALL.copy()
    told[2, 3] += height
    (finding,) = findings(pixels(walkers(), WALL), told)
    assert not finding.is_named and 'height' in finding.message


def strollers(stature=1.7):
    """Two who walk away from the camera, from 2.5 m to 7 m."""
    time = STAMPS - STAMPS[0]
    return np.stack([walking_person(time, start=(2.5, -0.5), heading=0.1, speed=1.1,
                                    stature=stature),
                     walking_person(time, start=(3.0, 0.6), heading=-0.1, speed=1.0,
                                    stature=stature)], axis=1)


@pytest.mark.parametrize('is_rectified', [True, False])
def test_rectified_images_that_are_taken_for_raw_ones_are_named_and_raw_for_rectified(is_rectified):
    lens = (-0.33, 0.1, 0.002, -0.0008, 0.0)
    P, _ = cv2.getOptimalNewCameraMatrix(K, np.array(lens), SIZE, 1)
    raw = CameraModel.from_calibration(K, lens, 'plumb_bob', SIZE)
    flat = CameraModel.from_calibration(P, (), 'plumb_bob', SIZE)
    right, wrong = (flat, raw) if is_rectified else (raw, flat)
    pose = look_at((0, 0, 2.2), (4.0, 0, 0.9))
    keypoints = pixels(strollers(), pose, () if is_rectified else lens, P if is_rectified else K)
    assert findings(keypoints, pose, camera=replace(right, counterpart=wrong)) == []
    assert 'image_is_rectified' in named(keypoints, pose,
                                         camera=replace(wrong, counterpart=right))
    unknown = findings(keypoints, pose, camera=wrong)
    assert not any('rectified' in finding.message for finding in unknown)


@pytest.mark.parametrize(('height', 'pitch', 'focal', 'words'), [
    (1.4, 0, 1.0, 'one at 2.4 m would'),
    (0.5, 0, 1.0, 'would be 0.8'),
    (1.0, 8, 1.0, '8 degrees further down'),
    (1.0, -10, 1.0, '10 degrees further up'),
    (1.0, 0, 0.75, 'or a focal length 1.'),
    (1.0, 0, 1.7, 'or a focal length 0.'),
])
def test_wrong_heights_pitches_and_focal_lengths_are_doubted_with_a_mend(
        height, pitch, focal, words):
    pose = look_at((0, 0, 2.4), (4.0, 0, 0.2))
    told = pose @ cv2_pitch(pitch)
    told[2, 3] *= height
    (finding,) = findings(pixels(strollers(), pose), told,
                          K_told=K * [[focal, 1, 1], [1, focal, 1], [1, 1, 1]])
    assert words in finding.message and 'm tall' in finding.message


def test_toddlers_and_people_who_sit_are_right():
    toddlers = strollers(1.1)
    hips = toddlers[..., 11:13, 2].mean(axis=-1, keepdims=True)
    shorter = 0.35 * hips  # less leg than a small grown-up has
    low = toddlers[..., 2] < hips
    toddlers[..., 2] = np.where(low, toddlers[..., 2] * 0.65, toddlers[..., 2] - shorter)
    assert 0.7 < toddlers[0, 0, :, 2].max() < 0.95
    assert findings(pixels(toddlers, WALL), WALL) == []
    sitting = strollers()[:1].repeat(len(STAMPS), axis=0)
    sitting[..., 2] -= 0.42
    sitting[..., 13:15, :2] += (-0.42, 0)  # knees before the hips, feet below them
    sitting[..., 15:17, :2] += (-0.40, 0)
    sitting[..., 13:15, 2], sitting[..., 15:17, 2] = 0.46, 0.08
    assert findings(pixels(sitting, WALL), WALL) == []


def cv2_pitch(degrees):
    pose = np.eye(4)
    pose[:3, :3] = cv2.Rodrigues(np.radians([degrees, 0, 0]))[0]
    return pose


def columns(order):
    """Makes keypoints [...,17,3] in another order of COCO's; a pair: the middle of two."""
    return lambda keypoints: np.stack(
        [keypoints[..., np.atleast_1d(joint), :].mean(axis=-2) for joint in order], axis=-2)


@pytest.mark.parametrize(('order', 'words'), [
    ((0, (5, 6), 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4), 'OpenPose.*openpose18'),
    ((0, (5, 6), 6, 8, 10, 5, 7, 9, (11, 12), 12, 14, 16, 11, 13, 15, 2, 1), 'OpenPose.*body25'),
    ((16, 14, 12, 11, 13, 15, (11, 12), (5, 6), (5, 6, 0), 0, 10, 8, 6, 5, 7, 9, 0), 'MPII'),
    ((0, 1, 1, 1, 2, 2, 2, 3, 4, 0, 0, 5, 6, 7, 8, 9, 10), 'MediaPipe.*blazepose33'),
    ((*range(11), 15, 16, 13, 14, 11, 12), 'legs are not in the order')])
def test_orders_of_other_programs_are_named(order, words):
    assert re.search(words, named(columns(order)(pixels(walkers(), WALL)), WALL))


def test_exchanged_x_and_y_are_named():
    keypoints = pixels(walkers(), WALL)
    assert 'x and y of the keypoints' in named(keypoints[..., [1, 0, 2]], WALL)


def test_human36m_order_is_named():
    joints = walkers()
    hips, neck = joints[..., 11:13, :].mean(axis=-2), joints[..., 5:7, :].mean(axis=-2)
    head = joints[..., 0, :] + (0, 0, 0.12)
    order = [hips, *(joints[..., i, :] for i in (12, 14, 16, 11, 13, 15)), 0.5 * (hips + neck),
             neck, 0.5 * (neck + head), head, *(joints[..., i, :] for i in (5, 7, 9, 6, 8, 10))]
    keypoints = pixels(np.stack(order, axis=-2), WALL)
    message = named(keypoints, WALL)
    assert 'Human3.6M' in message and 'COCO-17' in message
    keypoints[..., 4, 2] = 0  # what might be a hip: nobody knows where the middle of the hips is
    assert all('Human3.6M' not in found.message for found in findings(keypoints, WALL) or ())


def test_exchanged_sides_and_mirrored_keypoints_are_named():
    """Somebody who walks to and fro before the camera, always forwards."""
    stamps = np.arange(0, 12, 0.2)
    there = walking_person(stamps[:30], start=(3.0, -0.6), heading=0.2, speed=0.7)
    back = walking_person(stamps[:30], start=(7.0, 0.5), heading=np.pi + 0.2, speed=0.7)
    right = pixels(np.concatenate([there, back])[:, None], WALL)
    mirrored = right * (-1, 1, 1) + (SIZE[0], 0, 0)
    exchanged = right[:, :, list(COCO17.mirror)]
    camera = CameraModel.from_calibration(K, (), 'plumb_bob', SIZE)
    for keypoints, words in ((right, ''), (mirrored, 'mirrored'), (exchanged, 'exchanged'),
                             (mirrored[:, :, list(COCO17.mirror)], '')):
        memory = PeopleMemory()
        for stamp, people in zip(stamps, keypoints, strict=True):
            memory.add(stamp, [1], people, camera, WALL)
        found = diagnose(memory.recent())
        assert len(found) == bool(words) and words in (found[0].message if found else '')


def test_people_who_lie_or_crouch_or_are_cut_are_right():
    """Nothing is said about people on the floor, nor about heads and shoulders alone."""
    joints = walkers()[:1].repeat(len(STAMPS), axis=0)
    centre = joints[..., 11:13, :].mean(axis=-2, keepdims=True)
    lying = (joints - centre)[..., [2, 1, 0]] * (1, 1, 0.3) + centre * (1, 1, 0) + (0, 0, 0.15)
    assert findings(pixels(lying, WALL), WALL) == []
    crouching = joints * (1, 1, 0.55)
    assert findings(pixels(crouching, WALL), WALL) == []
    cut = pixels(walkers(), ROBOT)
    cut[..., 7:, :] = np.nan, np.nan, 0
    assert not findings(cut, ROBOT)


def test_too_little_is_not_judged():
    keypoints = pixels(walkers(), WALL)
    keypoints[12:] = np.nan, np.nan, 0
    assert findings(keypoints, np.linalg.inv(WALL)) is None


def test_memory_is_bounded_and_forgets():
    """An hour of a crowd, then the mistake is mended: the past does not count for long."""
    joints = walkers()
    camera = CameraModel.from_calibration(K, (), 'plumb_bob', SIZE)
    memory, everything = PeopleMemory(), PeopleMemory(memory=math.inf)
    wrong = pixels(joints, WALL @ turned(2)).repeat(10, axis=1)
    for frame in range(1000):
        for each in (memory, everything):
            each.add(0.2 * frame, range(20), wrong[frame % len(wrong)], camera, WALL)
    assert diagnose(memory.recent()) and len(everything.recent()) <= CAPACITY
    right = pixels(joints, WALL)
    for frame in range(150):
        memory.add(200 + 0.2 * frame, range(2), right[frame % len(right)], camera, WALL)
    assert diagnose(memory.recent()) == []
