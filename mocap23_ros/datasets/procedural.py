# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Motion made by rules: walking, bending, sitting, crawling, falling, lying, kicks and punches.

It widens what recorded motion covers, above all low and lying bodies, and needs no data. It is
stylised: real motion should stay the larger part of any training mix.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from mocap23_ros.datasets.kinematic_model import (
    ANGLES,
    INDEX,
    STATURE,
    pose_joints,
    stand_on_contacts,
)
from mocap23_ros.datasets.motion_clips import MotionClips, pack

FPS = 30.0
Pose = dict[str, float]
_SIDES = ('l', 'r')


def _vector(pose: Pose) -> NDArray[np.float64]:
    angles = np.zeros(len(ANGLES))
    for name, value in pose.items():
        angles[INDEX[name]] = value
    return angles


def _flat_feet(pose: Pose) -> Pose:
    """Turn the ankles so that the soles are level, as far as ankles go."""
    for s in _SIDES:
        level = pose.get('root_pitch', 0) - pose.get(f'{s}_hip_flex', 0) + pose.get(f'{s}_knee', 0)
        pose[f'{s}_ankle'] = float(np.clip(level, -0.8, 0.65))
    return pose


def _arms(rng: np.random.Generator, pose: Pose) -> Pose:
    for s in _SIDES:
        kind = rng.integers(5)
        if kind == 0:                                    # hanging
            pose |= {f'{s}_shoulder_flex': rng.normal(0, .1), f'{s}_shoulder_abduct': .12,
                     f'{s}_elbow': rng.uniform(.1, .5)}
        elif kind == 1:                                  # reach forward or up
            pose |= {f'{s}_shoulder_flex': rng.uniform(.8, 2.9),
                     f'{s}_shoulder_abduct': rng.uniform(-.3, .5), f'{s}_elbow': rng.uniform(0, .7)}
        elif kind == 2:                                  # hold something, phone, eat
            pose |= {f'{s}_shoulder_flex': rng.uniform(.1, .8),
                     f'{s}_shoulder_twist': rng.uniform(-.9, .1), f'{s}_elbow': rng.uniform(1, 2.3)}
        elif kind == 3:                                  # to the side
            pose |= {f'{s}_shoulder_abduct': rng.uniform(.5, 2.4),
                     f'{s}_elbow': rng.uniform(0, 1.2)}
        else:                                            # hand on the hip, behind
            pose |= {f'{s}_shoulder_flex': rng.uniform(-.6, 0), f'{s}_shoulder_abduct': .5,
                     f'{s}_shoulder_twist': -.6, f'{s}_elbow': rng.uniform(.8, 1.7)}
    return pose


def _stand(rng: np.random.Generator) -> Pose:
    pose = {'spine_bend': rng.normal(.05, .06), 'spine_side': rng.normal(0, .06),
            'spine_twist': rng.normal(0, .2), 'neck_twist': rng.normal(0, .4),
            'neck_bend': rng.normal(.05, .2)}
    for s in _SIDES:
        pose |= {f'{s}_hip_flex': rng.uniform(0, .15), f'{s}_knee': rng.uniform(0, .2),
                 f'{s}_hip_abduct': rng.uniform(0, .2), f'{s}_hip_twist': rng.uniform(-.1, .4)}
    return _flat_feet(_arms(rng, pose))


def _bend(rng: np.random.Generator) -> Pose:
    pose, depth = _stand(rng), rng.uniform(.3, 1)
    pose |= {'root_pitch': .8 * depth, 'spine_bend': .9 * depth, 'neck_bend': rng.uniform(-.5, .3)}
    for s in _SIDES:
        pose |= {f'{s}_hip_flex': .8 * depth + .2, f'{s}_knee': .25,
                 f'{s}_shoulder_flex': rng.uniform(.5, 2), f'{s}_elbow': rng.uniform(0, .6)}
    return _flat_feet(pose)


def _squat(rng: np.random.Generator) -> Pose:
    pose, depth = _stand(rng), rng.uniform(.4, 1)
    pose |= {'root_pitch': .5 * depth, 'spine_bend': .4 * depth}
    for s in _SIDES:
        pose |= {f'{s}_hip_flex': 1.9 * depth, f'{s}_knee': 2.1 * depth,
                 f'{s}_hip_abduct': rng.uniform(.05, .4)}
    return _flat_feet(_arms(rng, pose))


def _chair(rng: np.random.Generator) -> Pose:
    pose = _stand(rng)
    pose |= {'root_pitch': rng.uniform(-.25, .35), 'spine_bend': rng.uniform(0, .4)}
    for s in _SIDES:
        pose |= {f'{s}_hip_flex': rng.uniform(1.3, 1.6) + pose['root_pitch'],
                 f'{s}_knee': rng.uniform(1.1, 1.8), f'{s}_hip_abduct': rng.uniform(0, .35)}
    return _flat_feet(_arms(rng, pose))


def _floor_seat(rng: np.random.Generator) -> Pose:
    pose: Pose = {'root_pitch': rng.uniform(-.5, .1), 'spine_bend': rng.uniform(.1, .6)}
    crossed = rng.random() < .4
    for s in _SIDES:
        pose |= {f'{s}_hip_flex': 1.5 + pose['root_pitch'] + (.1 if crossed else 0),
                 f'{s}_knee': 2.0 if crossed else rng.uniform(.05, 1.6),
                 f'{s}_hip_abduct': .8 if crossed else rng.uniform(0, .4),
                 f'{s}_hip_twist': 1.4 if crossed else 0.0}
        if not crossed:
            pose[f'{s}_hip_flex'] += pose[f'{s}_knee'] * .5
    return _arms(rng, pose)


def _kneel(rng: np.random.Generator) -> Pose:
    pose: Pose = {'spine_bend': rng.uniform(0, .4), 'root_pitch': rng.uniform(-.05, .3)}
    one = rng.integers(3)
    for number, s in enumerate(_SIDES):
        if one == number:
            pose |= {f'{s}_hip_flex': 1.5, f'{s}_knee': 1.5, f'{s}_ankle': 0.0}
        else:
            pose |= {f'{s}_hip_flex': pose['root_pitch'] + rng.uniform(0, .2),
                     f'{s}_knee': rng.uniform(1.6, 1.9), f'{s}_ankle': -1.0}
    return _arms(rng, pose)


def _all_fours(rng: np.random.Generator) -> Pose:
    pose: Pose = {'root_pitch': 1.35, 'neck_bend': rng.uniform(-1.0, -.2)}
    for s in _SIDES:
        pose |= {f'{s}_hip_flex': 1.4, f'{s}_knee': 1.5, f'{s}_ankle': -1.0, f'{s}_elbow': .1,
                 f'{s}_shoulder_flex': 1.45, f'{s}_shoulder_abduct': .1}
    return pose


def _guard(rng: np.random.Generator) -> Pose:
    pose: Pose = {'root_pitch': rng.uniform(0, .2), 'spine_bend': rng.uniform(.05, .35),
                  'spine_twist': rng.uniform(-.5, .5), 'neck_bend': rng.uniform(-.2, .2)}
    bend, lead = rng.uniform(.2, .9), rng.integers(2)
    for number, s in enumerate(_SIDES):
        stride = rng.uniform(.1, .6) * (1 if number == lead else -1)
        pose |= {f'{s}_hip_flex': .5 * bend + stride + pose['root_pitch'], f'{s}_knee': bend,
                 f'{s}_hip_abduct': rng.uniform(0, .3), f'{s}_shoulder_flex': rng.uniform(.4, 1.3),
                 f'{s}_shoulder_twist': rng.uniform(-.8, 0), f'{s}_elbow': rng.uniform(1.3, 2.4)}
    return _flat_feet(pose)


def _punch(rng: np.random.Generator) -> Pose:
    pose, s = _guard(rng), _SIDES[rng.integers(2)]
    pose |= {f'{s}_shoulder_flex': rng.uniform(1.1, 1.9), f'{s}_elbow': rng.uniform(0, .5),
             f'{s}_shoulder_abduct': rng.uniform(-.3, .8), f'{s}_shoulder_twist': 0.0}
    return pose


def _kick(rng: np.random.Generator) -> Pose:
    pose, s = _guard(rng), _SIDES[rng.integers(2)]
    high = rng.uniform(.6, 1.9)
    pose |= {f'{s}_hip_flex': high, f'{s}_knee': rng.choice((.1, .3, 1.6)), f'{s}_ankle': -.3,
             f'{s}_hip_abduct': rng.uniform(-.2, .9), f'{s}_hip_twist': rng.uniform(-.6, .8),
             'root_pitch': rng.uniform(-.45, .15), 'root_roll': rng.normal(0, .25)}
    return pose


def _lie(rng: np.random.Generator) -> Pose:
    kind = rng.integers(4)                               # back, front, right side, left side
    pose: Pose = {'root_pitch': (-1.52, 1.5, 0, 0)[kind], 'root_roll': (0, 0, 1.45, -1.45)[kind],
                  'neck_bend': (.1, -.2, 0, 0)[kind] + rng.normal(0, .15),
                  'neck_twist': rng.normal(0, .4)}
    for s in _SIDES:
        curl = rng.uniform(0, 1.2) if kind != 1 else rng.uniform(-.05, .05)
        pose |= {f'{s}_hip_flex': curl, f'{s}_knee': curl * rng.uniform(1.6, 2.1),
                 f'{s}_hip_abduct': rng.uniform(0, .3 if kind < 2 else .1), f'{s}_ankle': -.5}
        if kind < 2:
            pose |= {f'{s}_shoulder_flex': (rng.uniform(-.1, .2), rng.uniform(-.15, 0))[kind],
                     f'{s}_shoulder_abduct': rng.uniform(.1, 2.6),
                     f'{s}_elbow': rng.uniform(0, (1.2, .15)[kind])}
        else:
            pose |= {f'{s}_shoulder_flex': rng.uniform(.2, 1.5), f'{s}_elbow': rng.uniform(0, 1.5)}
    return pose


def _bump(phase: NDArray[np.float64], centre: float, width: float) -> NDArray[np.float64]:
    distance = (phase - centre + 0.5) % 1.0 - 0.5
    return np.exp(-0.5 * (distance / width) ** 2)


def _walk(rng: np.random.Generator, frames: int) -> NDArray[np.float64]:
    """Gait angles [frames,26]: sums of smooth bumps over the stride, after textbook curves."""
    stride, size = rng.uniform(.6, 1.1), rng.uniform(.35, 1.25)
    phase = rng.random() + np.cumsum(np.full(frames, stride / FPS))
    if rng.random() < .12:
        phase = -phase                                   # backwards
    angles = np.tile(_vector(_stand(rng)), (frames, 1))
    busy = rng.random() < .3                             # carries or holds something
    for number, s in enumerate(_SIDES):
        p = (phase + .5 * number) % 1.0
        hip = .12 + size * .36 * np.cos(2 * np.pi * p)
        knee = .1 + size * (.22 * _bump(p, .14, .06)) + (.35 + .65 * size) * _bump(p, .73, .09)
        ankle = size * (.12 * _bump(p, .42, .12) - .32 * _bump(p, .63, .05))
        ankle += .05 * _bump(p, .9, .08)
        angles[:, INDEX[f'{s}_hip_flex']], angles[:, INDEX[f'{s}_knee']] = hip, knee
        angles[:, INDEX[f'{s}_ankle']] = ankle
        angles[:, INDEX[f'{s}_hip_abduct']] = rng.uniform(.0, .06)
        if not busy:
            swing = -size * rng.uniform(.2, .45) * np.cos(2 * np.pi * p)
            angles[:, INDEX[f'{s}_shoulder_flex']] = swing
            angles[:, INDEX[f'{s}_shoulder_abduct']] = .12
            angles[:, INDEX[f'{s}_shoulder_twist']] = 0
            angles[:, INDEX[f'{s}_elbow']] = rng.uniform(.2, .6) + .3 * np.maximum(swing, 0)
    angles[:, INDEX['spine_twist']] = .1 * size * np.cos(2 * np.pi * phase)
    turn = gaussian_filter1d(rng.standard_normal(frames), 20, mode='reflect')
    turn *= rng.uniform(0, 1.2) / FPS / max(float(np.std(turn)), 1e-6)
    angles[:, INDEX['root_yaw']] = np.cumsum(turn)
    return angles


def _crawl(rng: np.random.Generator, frames: int) -> NDArray[np.float64]:
    phase = rng.random() + np.arange(frames) / FPS * rng.uniform(.5, 1.0)
    angles = np.tile(_vector(_all_fours(rng)), (frames, 1))
    for number, s in enumerate(_SIDES):
        leg, arm = 2 * np.pi * (phase + .5 * number), 2 * np.pi * (phase + .5 * number + .45)
        angles[:, INDEX[f'{s}_hip_flex']] += .28 * np.cos(leg)
        angles[:, INDEX[f'{s}_knee']] += .18 * np.maximum(-np.sin(leg), 0)
        angles[:, INDEX[f'{s}_shoulder_flex']] += .28 * np.cos(arm)
        angles[:, INDEX[f'{s}_elbow']] += .35 * np.maximum(-np.sin(arm), 0)
    angles[:, INDEX['root_yaw']] = np.cumsum(np.full(frames, rng.normal(0, .3) / FPS))
    return angles


# What may follow what; a figure gets up from the floor over its hands and knees.
_POSES = {'stand': _stand, 'bend': _bend, 'squat': _squat, 'chair': _chair, 'seat': _floor_seat,
          'kneel': _kneel, 'fours': _all_fours, 'lie': _lie,
          'guard': _guard, 'punch': _punch, 'kick': _kick}
_NEXT = {
    'stand': ('walk', 'walk', 'stand', 'stand', 'bend', 'squat', 'chair', 'kneel', 'fall', 'guard'),
    'walk': ('stand', 'bend', 'squat', 'fall'), 'bend': ('stand', 'squat', 'bend'),
    'squat': ('stand', 'squat', 'seat', 'kneel'), 'chair': ('stand', 'chair', 'chair'),
    'seat': ('lie', 'kneel', 'seat'), 'kneel': ('stand', 'fours', 'kneel'),
    'fours': ('crawl', 'crawl', 'kneel', 'lie'), 'crawl': ('kneel', 'lie', 'fours'),
    'lie': ('seat', 'fours', 'lie'), 'fall': ('lie', 'seat'),
    'guard': ('punch', 'punch', 'kick', 'kick', 'squat', 'stand', 'fall'),
    'punch': ('guard', 'guard', 'punch', 'kick'), 'kick': ('guard', 'guard', 'kick', 'punch'),
}
_STARTS = ('stand', 'walk', 'walk', 'chair', 'seat', 'kneel', 'crawl', 'lie', 'guard')


def make_motion(rng: np.random.Generator, seconds: float, start: str | None = None
                ) -> tuple[NDArray[np.float32], list[str]]:
    """One motion of about that many seconds: joints float32 [F,34,3] metres, and its actions."""
    action = start or str(rng.choice(_STARTS))
    pieces: list[NDArray[np.float64]] = []
    actions: list[str] = []
    total, yaw = 0, 0.0
    while total < seconds * FPS:
        actions.append(action)
        fast = action == 'fall'
        strike = action in ('punch', 'kick')
        if action in ('walk', 'crawl'):
            frames = int(rng.uniform(2.0, 5.0) * FPS)
            piece = (_walk if action == 'walk' else _crawl)(rng, frames)
        else:
            frames = max(3, int(rng.uniform(.1, .25 if strike else 1.2) * FPS))
            pose = _lie(rng) if fast else _POSES[action](rng)
            piece = np.tile(_vector(pose), (frames, 1))
        yaw += rng.normal(0, .5) if action in ('stand', 'walk') else 0.0
        piece[:, INDEX['root_yaw']] += yaw
        if pieces:
            duration = rng.uniform(.45, .9) if fast else rng.uniform(.6, 1.8)
            if strike or actions[-2] in ('punch', 'kick'):
                duration = rng.uniform(.2, .6)
            u = np.linspace(0, 1, max(4, int(duration * FPS)))[1:-1, None]
            ease = u ** 2 if fast else u ** 3 * (10 - 15 * u + 6 * u * u)   # minimum jerk
            pieces.append(pieces[-1][-1] * (1 - ease) + piece[0] * ease)
            total += len(u)
        pieces.append(piece)
        total += frames
        yaw = float(piece[-1, INDEX['root_yaw']])
        action = str(rng.choice(_NEXT[action]))
    angles = np.concatenate(pieces)
    alive = gaussian_filter1d(rng.standard_normal(angles.shape), 9, axis=0, mode='reflect')
    alive *= rng.uniform(.01, .05) / max(float(alive.std()), 1e-6)
    alive[:, INDEX['root_yaw']] *= .3
    angles = gaussian_filter1d(angles, 1.6, axis=0, mode='nearest') + alive
    joints = stand_on_contacts(pose_joints(angles), FPS)
    # The packed range is +-16 m.
    joints[..., :2] -= (joints[:, :1, :2].max(axis=0) + joints[:, :1, :2].min(axis=0)) / 2
    return joints.astype(np.float32), actions


def procedural_motion(minutes: float = 20.0, seed: int = 0) -> MotionClips:
    """Make clips of 6 to 12 s, ``minutes`` in all; the same for the same arguments."""
    motions: list[NDArray[np.float32]] = []
    descriptions: list[str] = []
    frames = 0
    while frames < minutes * 60 * FPS:
        rng = np.random.default_rng([seed, len(motions)])
        joints, actions = make_motion(rng, rng.uniform(6, 12))
        motions.append(joints)
        descriptions.append('procedural - ' + ', '.join(actions)[:80])
        frames += len(joints)
    count = len(motions)
    return pack(motions, FPS, np.full(count, STATURE, np.float32), np.ones(count, bool),
                ['procedural'] * count, [f'procedural_{k:03d}' for k in range(count)],
                descriptions, 'procedural')
