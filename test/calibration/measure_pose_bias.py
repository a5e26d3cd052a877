# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how a wrong camera pose is found from passers-by, and how often a right one is doubted.

Not a test. From the repository, in its environment: python test/calibration/measure_pose_bias.py
[poses] [passers] [crowds] [fits] [sets] (default: all)
"""

import sys
import time

import numpy as np
from walkers import FPS, camera_above_floor, passers_by, seen, told_by_mistake, walks

from mocap23_ros.calibration import pose_bias_filter
from mocap23_ros.calibration.given_pose import given_pose_doubt
from mocap23_ros.calibration.pose_bias_filter import PoseBiasFilter
from mocap23_ros.datasets.evaluation_sets import EVALUATION_SETS
from mocap23_ros.evaluation.sets import make_set
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.plausibility.people_samples import MEMORY, PeopleMemory

SCENES = 12
SHOWN = np.array([180 / np.pi, 180 / np.pi, 100])


class Stream:
    """What the node would do with a stream of people: collect, judge every two seconds."""

    def __init__(self, keep=MEMORY):
        self.filter, self.memory = PoseBiasFilter(), PeopleMemory(keep)
        self.judged, self.first, self.estimates, self.seconds = -np.inf, np.nan, [], 0.0

    def feed(self, stamp, ids, keypoints, camera, told):
        if self.memory.is_due(stamp):
            self.memory.add(stamp, ids, keypoints, camera, told)
        if stamp - self.judged < 2:
            return
        self.judged, started = stamp, time.process_time()
        recent = self.memory.recent()
        self.filter.update(recent.stamps, recent.person_ids, recent.points,
                           recent.floor_T_camera, camera.focal_length)
        self.seconds += time.process_time() - started
        bias = self.filter.bias()
        if bias is not None:
            self.estimates.append((stamp, bias))
            if bias.significant().any() and np.isnan(self.first):
                self.first = stamp

    def longest_doubt(self):
        """The most seconds on end that a bias is significant."""
        longest, since = 0.0, None
        for stamp, bias in self.estimates:
            since = (stamp if since is None else since) if bias.significant().any() else None
            longest = max(longest, stamp - since if since is not None else 0.0)
        return longest


def walkers(subjects, seconds, wrong, given, scene):
    """A wrong pose, (pitch deg, roll deg, height m): error and first alarm."""
    rng = np.random.default_rng([7, scene])
    height, distance = rng.uniform(1.2, 3.0), rng.uniform(4.5, 6.0)
    pitch = np.degrees(np.arctan((height - 0.9) / distance)) + rng.uniform(-3, 3)
    roll = rng.normal(0, 2)
    camera, pose = camera_above_floor(height, pitch, roll)
    told = told_by_mistake(pose, wrong)
    motion = [walks(subject, seconds, distance, scene) for subject in subjects]
    keypoints = np.stack([seen(joints, camera, pose, 2.0, scene) for joints, _ in motion], 1)
    stream = Stream()
    for k, (_, stature) in enumerate(motion):
        stream.filter.set_stature(k, stature if given else np.nan)
    for frame, people in enumerate(keypoints):
        stream.feed(frame / FPS, list(range(len(motion))), people, camera, told)
    bias = stream.estimates[-1][1]
    error = bias.value * SHOWN - (*wrong[:2], 100 * wrong[2] / (height - wrong[2]))
    return error, bias.sd * SHOWN, stream.first, stream.seconds / (seconds / 2)


def table_of_wrong_poses():
    print('walkers  seconds  stature  wrong by        pitch deg  roll deg  height %   NEES  found  '
          'after s  ms/update')
    for subjects, seconds, given, wrong in [
            (('16',), 120, True, (0, 0, 0)), (('16',), 120, True, (0.6, 0, 0)),
            (('16',), 120, False, (0.6, 0, 0)), (('16', '08'), 120, False, (0.6, 0, 0)),
            (('16', '08'), 120, False, (0, 0.6, 0)), (('16', '08'), 120, True, (0, 0, 0.08)),
            (('16', '08'), 120, False, (0, 0, 0.08)), (('16', '08'), 120, True, (0.6, 0, 0.08)),
            (('16', '08'), 120, False, (0, 0, 0)), (('08',), 120, False, (0, 0, 0))]:
        rows = [walkers(subjects, seconds, wrong, given, scene) for scene in range(SCENES)]
        errors, sds, first, cost = (np.array(values) for values in zip(*rows, strict=True))
        rms = np.sqrt((errors ** 2).mean(axis=0))
        found = np.isfinite(first)
        print(f'{"+".join(subjects):8s} {seconds:7d}  {"given" if given else "unknown":8s}'
              f'{wrong!s:15s} {rms[0]:9.2f} {rms[1]:9.2f} {rms[2]:9.1f} '
              f'{((errors / sds) ** 2).mean():7.2f}  {found.sum():2d}/{SCENES} '
              f'{np.median(first[found]) if found.any() else np.nan:8.0f} '
              f'{1e3 * cost.mean():9.1f}', flush=True)


def stream_of(minutes, wrong, scene, what='', given=False, noise=4.0, heights=(1.2, 3.0),
              towards=False, change=None, keep=MEMORY):
    """What is made of passers-by before a fixed camera whose pose is told wrongly.

    heights: bounds of the camera's (m); towards: all walk towards it; change: made of each frame's
    joints [17,3]; keep: seconds of sightings that are kept.
    """
    rng = np.random.default_rng([11, scene])
    height, distance = rng.uniform(*heights), rng.uniform(4.0, 7.0)
    pitch = np.degrees(np.arctan((height - 0.9) / distance)) + rng.uniform(-3, 3)
    camera, pose = camera_above_floor(height, pitch, rng.normal(0, 2))
    told, stream = told_by_mistake(pose, wrong), Stream(keep)
    for frame, (stamp, person, joints, stature) in enumerate(
            passers_by(60 * minutes, distance, rng, what, towards=towards)):
        if change is not None:
            joints = change(joints)
        if given:
            stream.filter.set_stature(person, stature)
        stream.feed(stamp, [person], seen(joints[None], camera, pose, noise, frame), camera, told)
    return stream


def table_of_passers_by(minutes=15):
    print(f'{minutes} minutes of people one after the other\npeople      stature  wrong by         '
          'alarms  after s  pitch sd  roll sd  height sd %   NEES')
    for what, given, wrong in (
            ('', False, (0, 0, 0)), ('walk', False, (0, 0, 0)), ('walk', True, (0, 0, 0)),
            ('walk', False, (0.6, 0, 0)), ('walk', False, (0, 0.6, 0)), ('', False, (1.5, 0, 0)),
            ('walk', True, (0, 0, 0.08)), ('walk', False, (0, 0, 0.08)),
            ('walk', False, (0, 0, 0.25))):
        first, errors, sds = [], [], []
        for scene in range(SCENES):
            stream = stream_of(minutes, wrong, scene, what, given)
            first.append(stream.first)
            if not stream.estimates:
                continue
            bias = stream.estimates[-1][1]
            sds.append(bias.sd * SHOWN)
            errors.append((bias.value * SHOWN - (*wrong[:2], 100 * wrong[2] / bias.told_height))
                          / sds[-1])
        found = np.isfinite(first)
        after = np.median(np.array(first)[found]) if found.any() else np.nan
        sd = np.median(sds, axis=0)
        print(f'{what or "all kinds":11s} {"given" if given else "unknown":8s} {wrong!s:15s} '
              f'{found.sum():3d}/{SCENES} {after:8.0f} {sd[0]:9.2f} {sd[1]:8.2f} {sd[2]:12.1f} '
              f'{np.mean(np.square(errors)):6.2f}', flush=True)


def over_telephones(joints):
    """Head 10 cm ahead and 6 cm lower, shoulders 3 cm ahead."""
    left = joints[11] - joints[12]
    ahead = np.array([left[1], -left[0], 0.0]) / np.hypot(*left[:2])
    joints = joints.copy()
    joints[:5] += 0.10 * ahead - (0, 0, 0.06)
    joints[5:7] += 0.03 * ahead
    return joints


def low_shoulders(joints):
    """As a detector may put them."""
    joints = joints.copy()
    joints[5:7, 2] -= 0.03
    return joints


def children(joints):
    """People of three quarters of the size."""
    feet = np.append(joints[11:13, :2].mean(axis=0), 0.0)
    return feet + 0.75 * (joints - feet)


CROWDS = (
    ('all walk towards the camera', {'towards': True}),
    ('camera at 0.4 to 0.8 m', {'heights': (0.4, 0.8)}),
    ('camera at 3.2 to 4.5 m', {'heights': (3.2, 4.5)}),
    ('all bend over a telephone', {'change': over_telephones}),
    ('... and walk towards the camera', {'change': over_telephones, 'towards': True}),
    ('shoulders seen 3 cm low', {'change': low_shoulders}),
    ('children', {'change': children}))


def table_of_crowds(minutes=12, scenes=8):
    print(f'right poses, {minutes} minutes of people who walk one after the other\n'
          'people                           alarms  longest s  pitch, roll, height at the end')
    for name, options in CROWDS:
        streams = [stream_of(minutes, (0, 0, 0), scene, 'walk', **options)
                   for scene in range(scenes)]
        alarms = sum(np.isfinite(stream.first) for stream in streams)
        longest = max(stream.longest_doubt() for stream in streams)
        last = np.sum([stream.estimates[-1][1].significant() for stream in streams
                       if stream.estimates], axis=0)
        print(f'{name:32s} {alarms:3d}/{scenes} {longest:9.0f}  {last}', flush=True)


def table_of_fits(scenes=8):
    print('the fit of given_pose to the last minute, right poses, people who walk one after the '
          'other\npeople                           fitted  doubted')
    for name, options in CROWDS:
        said = []
        for scene in range(scenes):
            stream = stream_of(1, (0, 0, 0), scene, 'walk', keep=60.0, **options)
            s = stream.memory.recent()
            said.append(given_pose_doubt(s.stamps, s.person_ids, s.points, s.floor_T_camera, 900.0))
        print(f'{name:32s} {sum(words is not None for words in said):4d}/{scenes} '
              f'{sum(map(bool, said)):8d}', flush=True)


def table_of_right_poses(names):
    """All sequences of a set are the passers-by of one camera, whose bias is none.

    It has another pose for each: the filter is kept from beginning anew for that. Shown are the
    last estimate, and the most that pitch, roll and height were off in their sd at any time.
    """
    pose_bias_filter._MOVED = np.full(3, np.inf)
    print('set               people  seconds  pitch deg        roll deg         height %         '
          'most sd            alarm')
    for name in names:
        stream, now, people = Stream(), 0.0, 0
        for sequence in make_set(name):
            given = sequence.lift_input
            camera = CameraModel.from_calibration(
                given['K'].reshape(-1, 3, 3)[0], given['distortion'],
                str(given['distortion_model']), tuple(given['image_size']))
            frames = len(given['stamps'])
            poses = np.broadcast_to(given['world_T_camera'], (frames, 4, 4))
            stamps = now + given['stamps'] - given['stamps'][0]
            stream.memory.clear()  # its neighbours are not of this camera
            for frame in range(frames):
                stream.feed(stamps[frame], [people], given['keypoints'][frame], camera,
                            poses[frame])
            now, people = stamps[-1] + 1.0, people + 1
        if not stream.estimates:
            print(f'{name:16s} {people:7d} {now:8.0f}  too little')
            continue
        bias = stream.estimates[-1][1]
        shown = [f'{value:+.2f} +- {sd:.2f}' for value, sd in zip(
            SHOWN * bias.value, SHOWN * bias.sd, strict=True)]
        most = np.max([np.abs(b.value) / b.sd for _, b in stream.estimates], axis=0)
        alarm = 'none' if np.isnan(stream.first) else f'after {stream.first:.0f} s'
        print(f'{name:16s} {people:7d} {now:8.0f}  {shown[0]:16s} {shown[1]:16s} {shown[2]:16s} '
              f'{str(most.round(1)):18s} {alarm}', flush=True)


if __name__ == '__main__':
    tables = {'poses': table_of_wrong_poses, 'passers': table_of_passers_by,
              'crowds': table_of_crowds, 'fits': table_of_fits,
              'sets': lambda: table_of_right_poses([*EVALUATION_SETS, 'sample'])}
    for wanted in sys.argv[1:] or tables:
        tables[wanted]()
