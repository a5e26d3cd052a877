# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded walks before a camera whose pose is known."""

from functools import cache

import numpy as np
import pytest

from mocap23_ros.calibration.floor_start import floor_T_camera, pitch_roll_height
from mocap23_ros.datasets.cmu import load_cmu
from mocap23_ros.datasets.mocap34 import COCO17_JOINTS
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import invert_transform, transform_points
from mocap23_ros.skeletons.formats import MOCAP34

FPS = 30.0


def _motion():
    """Training motion of CMU; a test that has none is skipped."""
    try:
        return load_cmu()
    except InputError as error:
        pytest.skip(str(error))


def walks(subject, seconds, distance, seed):
    """Joints [F,17,3] of a person who walks here and there before the camera, and the stature."""
    clips, rng = _motion(), np.random.default_rng(seed)
    own = [k for k in range(len(clips)) if clips.subject[k] == subject
           and 'walk' in clips.description[k] and clips.flat[k]]
    parts, frames = [], 0
    while frames < seconds * FPS:
        joints = clips.positions(int(rng.choice(own)))[:, COCO17_JOINTS].astype(float)
        turn = rng.uniform(-np.pi, np.pi)
        c, s = np.cos(turn), np.sin(turn)
        joints = joints @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        joints[..., :2] -= joints[:, 11:13, :2].mean(axis=(0, 1))
        joints[..., :2] += (distance, 0) + rng.uniform(-1, 1, 2) * (1.8, 1.5)
        parts.append(joints)
        frames += len(joints)
    return np.concatenate(parts)[:int(seconds * FPS)], float(clips.stature[own[0]])


@cache
def _head_shares():
    """How high the top of the head is while subjects walk, in the statures of the data, by subject.

    Under '' the mean over all clips.
    """
    clips, shares = _motion(), {}
    for k in range(len(clips)):
        if 'walk' in clips.description[k] and clips.flat[k]:
            top = np.median(clips.positions(k)[:, MOCAP34.index('head_top'), 2])
            share = float(top / clips.stature[k])
            for whose in ('', clips.subject[k]):
                shares.setdefault(whose, []).append(share)
    return {whose: np.mean(found) for whose, found in shares.items()}


def tape_stature(subject, stature):
    """The body height [m] as a tape tells it, by the top of the head.

    CMU tells none: statures of its packed clips are lengths of legs over those of the average body.
    """
    shares = _head_shares()
    return stature * shares[subject] / shares['']


def passers_by(seconds, distance, rng, what='', rate=FPS, towards=False):
    """Frames (stamp, number of the person, joints [17,3], stature) of one person after the other.

    what: a word in the description of their clips of CMU; '': they do whatever subjects did.
    towards: they walk towards the camera, which is at the origin; else in any direction.
    """
    clips = _motion()
    flat = [k for k in range(len(clips)) if clips.flat[k] and clips.length[k] > 60
            and what in clips.description[k]]
    now, person, every = 0.0, 0, round(FPS / rate)
    while now < seconds:
        clip = int(rng.choice(flat))
        first = int(rng.integers(0, max(clips.length[clip] - 450, 1)))
        joints = clips.positions(clip)[first:first + 450][:, COCO17_JOINTS].astype(float)
        turn = rng.uniform(-np.pi, np.pi)
        if towards:
            way = (joints[-1] - joints[0])[11:13, :2].mean(axis=0)
            turn = np.pi - np.arctan2(way[1], way[0])
        c, s = np.cos(turn), np.sin(turn)
        joints = joints @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        joints[..., :2] -= joints[:, 11:13, :2].mean(axis=(0, 1))
        joints[..., :2] += (distance, 0) + rng.uniform(-1, 1, 2) * (2.0, 1.5)
        for frame in joints[::every]:
            yield now, person, frame, float(clips.stature[clip])
            now += every / FPS
        person, now = person + 1, now + 1.0


def told_by_mistake(pose, wrong):
    """The pose that somebody tells who is wrong by (pitch deg, roll deg, height m)."""
    pitch, roll, height = (float(value) for value in pitch_roll_height(pose))
    return floor_T_camera(pitch - np.radians(wrong[0]), roll - np.radians(wrong[1]),
                          height - wrong[2])


def camera_above_floor(height, pitch_deg, roll_deg, focal=900.0, size=(1280, 720),
                       distortion=()):
    K = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    camera = CameraModel.from_calibration(K, distortion, 'plumb_bob', size)
    return camera, floor_T_camera(np.radians(pitch_deg), np.radians(roll_deg), height)


def seen(joints, camera, pose, noise, seed):
    """Keypoints [F,17,3] with noise (px); what is outside the image is missing."""
    rng = np.random.default_rng(seed)
    pixels = camera.project(transform_points(invert_transform(pose), joints))
    pixels = pixels + noise * rng.standard_normal(pixels.shape)
    keypoints = np.concatenate([pixels, np.full((*pixels.shape[:-1], 1), 0.9)], axis=-1)
    inside = ((pixels >= 0) & (pixels < camera.image_size)).all(axis=-1)
    keypoints[~inside] = (np.nan, np.nan, 0)
    return keypoints
