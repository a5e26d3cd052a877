# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how often keypoints that are late are told by people, and right ones are doubted.

Not a test. From the repository, in its environment: python test/plausibility/measure_image_delay.py
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mocap23_ros.evaluation.sets import make_set
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.plausibility.image_delay import best_offset
from mocap23_ros.plausibility.people_samples import PeopleMemory
from mocap23_ros.plausibility.people_swing import swing_curve
from mocap23_ros.plausibility.pose_track import PoseTrack

sys.path.append(str(Path(__file__).parents[1] / 'calibration'))
from walkers import FPS, camera_above_floor, seen, walks

NOISE = 4.0  # pixels
EVERY = 6  # frames: images that are looked at
OFFSETS = (0.0, 0.02, 0.05, 0.1, -0.15)  # s
SETS = ('e2_moving', 'e3_moving')


def bodies(rng, count, frames, distance, speed):
    """Joints [F,P,17,3] of recorded bodies, carried along smooth random paths; speed: m/s (rms)."""
    people = []
    for person in range(count):
        joints = walks(('16', '08', '07')[person % 3], frames / FPS, distance,
                       int(rng.integers(1000)))[0]
        joints = joints if speed else np.repeat(joints[20:21], frames, axis=0)
        joints = joints - joints[:, 11:13].mean(axis=1, keepdims=True) * (1, 1, 0)
        velocity = gaussian_filter1d(rng.normal(size=(frames, 2)), FPS, axis=0, mode='wrap')
        sway = gaussian_filter1d(rng.normal(size=(frames, 2)), 0.5 * FPS, axis=0)
        path = 0.03 * sway / sway.std() + np.cumsum(speed * velocity / velocity.std(), axis=0) / FPS
        path -= path.mean(axis=0)
        path *= min(1, 1.6 / np.abs(path).max())
        place = (distance, rng.uniform(-0.6, 0.6) * (not speed))
        people.append(joints + np.append(path + place, np.zeros((frames, 1)), axis=1)[:, None])
    return np.stack(people, axis=1)


def heading(rng, frames, bearing):
    """Radians: a robot that looks here and there, or with a bearing [F] turns after somebody."""
    turned, rate = np.zeros(frames), 0.0
    fastest, acceleration = rng.uniform(0.4, 1.0), rng.uniform(1.0, 4.0)
    gain, lag = rng.uniform(1.0, 4.0), int(rng.uniform(0, 0.4) * FPS)
    goal = wait = 0.0
    for frame in range(1, frames):
        if bearing is not None:
            goal = bearing[max(0, frame - 1 - lag)]
        elif abs(goal - turned[frame - 1]) < 0.02:
            wait += 1 / FPS
            if wait > rng.uniform(0.2, 2.0):
                goal, wait = rng.uniform(-0.5, 0.5), 0.0
        wanted = np.clip(gain * (goal - turned[frame - 1]), -fastest, fastest)
        rate += np.clip(wanted - rate, -acceleration / FPS, acceleration / FPS)
        turned[frame] = turned[frame - 1] + rate / FPS
    return turned


def scene(k, seconds, count, speed, follows, drives):
    """Keypoints of every sixth frame (frame, persons, [P,17,3]), camera, and the track of poses."""
    rng = np.random.default_rng([23, k])
    frames, distance = int(seconds * FPS), rng.uniform(2.5, 5.0)
    height = rng.uniform(0.5, 1.6)
    camera, pose = camera_above_floor(height, np.degrees(np.arctan((height - 0.9) / distance)),
                                      rng.normal(0, 0.5), rng.uniform(500, 900))
    people = bodies(rng, count, frames, distance, speed)
    first = people[:, 0, 11:13].mean(axis=1)
    turned = heading(rng, frames, np.arctan2(first[:, 1], first[:, 0]) if follows else None)
    time = np.arange(frames) / FPS
    motion = np.tile(np.eye(4), (frames, 1, 1))
    motion[:, 0, 0] = motion[:, 1, 1] = np.cos(turned)
    motion[:, 1, 0] = np.sin(turned)
    motion[:, 0, 1] = -motion[:, 1, 0]
    motion[:, 0, 3], motion[:, 1, 3] = drives * np.sin(0.5 * time), drives * np.sin(0.3 * time)
    poses = motion @ pose
    keypoints = [(frame, np.stack([seen(people[frame:frame + 1, p], camera, poses[frame], NOISE,
                                        [k, frame, p])[0] for p in range(count)]))
                 for frame in range(0, frames, EVERY)]
    return keypoints, camera, PoseTrack(time, poses)


def told(keypoints, camera, track, late):
    memory = PeopleMemory(float(track.stamps[-1]) + 1)
    for frame, people in keypoints:
        stamp = float(track.stamps[frame]) + late
        rows = np.flatnonzero((people[..., 2] > 0).any(axis=1))
        if memory.is_due(stamp):
            memory.add(stamp, rows.tolist(), people[rows], camera, track.world_T_camera[frame])
    return best_offset(swing_curve(memory.recent(), track))


def print_recall(count, seconds, only):
    kinds = {'one who stands': (1, 0.0, False, 0.0), 'one who walks about': (1, 0.6, False, 0.0),
             'three who walk about, a robot that drives': (3, 0.6, False, 0.5),
             'one who walks, a robot that follows': (1, 0.6, True, 0.0),
             'one who walks, a robot that follows and drives': (1, 0.6, True, 0.5)}
    for name, kind in ((n, kind) for n, kind in kinds.items() if only in n):
        scenes = [scene(k, seconds, *kind) for k in range(count)]
        for late in OFFSETS:
            found = [told(*each, late) for each in scenes]
            named = [offset for offset in found if offset.is_there()]
            errors = [1e3 * abs(offset.seconds - late) for offset in named]
            print(f'{name:48s} late by {1e3 * late:4.0f} ms: named {len(named):3d} of {count}, '
                  f'off by {np.max(errors, initial=0):3.0f} ms at most', flush=True)


def print_false_alarms():
    for name in SETS:
        found = []
        for sequence in make_set(name):
            lift = sequence.lift_input
            camera = CameraModel.from_calibration(
                lift['K'], lift['distortion'], str(lift['distortion_model']),
                tuple(lift['image_size'].tolist()))
            memory = PeopleMemory(100.0)
            for frame, stamp in enumerate(lift['stamps'].tolist()):
                if memory.is_due(stamp) and (lift['keypoints'][frame, ..., 2] > 0).any():
                    memory.add(stamp, [0], lift['keypoints'][frame], camera,
                               lift['world_T_camera'][frame])
            found.append(best_offset(swing_curve(memory.recent(), PoseTrack(
                lift['stamps'], lift['world_T_camera']))))
        print(f'right: {name}, {len(found)} sequences: named '
              f'{sum(offset.is_there() for offset in found)}, largest evidence '
              f'{max(offset.evidence for offset in found):.1f}', flush=True)


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--scenes', type=int, default=24)
    parser.add_argument('--seconds', type=float, default=30.0, help='of turning in each scene')
    parser.add_argument('--only', default='', help='words in the name of a kind of scene')
    arguments = parser.parse_args()
    print(f'{arguments.scenes} scenes of {arguments.seconds:g} s; recorded bodies, noise of '
          f'{NOISE:g} px')
    print_recall(arguments.scenes, arguments.seconds, arguments.only)
    if not arguments.only:
        print_false_alarms()
