# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Motion made by rules: walking, bending, sitting, crawling, falling, lying, kicks and punches.

It widens what recorded motion covers, above all low and lying bodies, and needs no data. It is
stylised: real motion should stay the larger part of any training mix.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from mocap23_ros.datasets.kinematic_model import INDEX, STATURE, pose_joints, stand_on_contacts
from mocap23_ros.datasets.motion_clips import MotionClips, pack
from mocap23_ros.datasets.procedural_poses import POSES, SIDES, pose_vector

FPS = 30.0


def _bump(phase: NDArray[np.float64], centre: float, width: float) -> NDArray[np.float64]:
    distance = (phase - centre + 0.5) % 1.0 - 0.5
    return np.exp(-0.5 * (distance / width) ** 2)


def _walk(rng: np.random.Generator, frames: int) -> NDArray[np.float64]:
    """Gait angles [frames,26]: sums of smooth bumps over the stride, after textbook curves."""
    stride, size = rng.uniform(.6, 1.1), rng.uniform(.35, 1.25)
    phase = rng.random() + np.cumsum(np.full(frames, stride / FPS))
    if rng.random() < .12:
        phase = -phase                                   # backwards
    angles = np.tile(pose_vector(POSES['stand'](rng)), (frames, 1))
    busy = rng.random() < .3                             # carries or holds something
    for number, s in enumerate(SIDES):
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
    angles = np.tile(pose_vector(POSES['fours'](rng)), (frames, 1))
    for number, s in enumerate(SIDES):
        leg, arm = 2 * np.pi * (phase + .5 * number), 2 * np.pi * (phase + .5 * number + .45)
        angles[:, INDEX[f'{s}_hip_flex']] += .28 * np.cos(leg)
        angles[:, INDEX[f'{s}_knee']] += .18 * np.maximum(-np.sin(leg), 0)
        angles[:, INDEX[f'{s}_shoulder_flex']] += .28 * np.cos(arm)
        angles[:, INDEX[f'{s}_elbow']] += .35 * np.maximum(-np.sin(arm), 0)
    angles[:, INDEX['root_yaw']] = np.cumsum(np.full(frames, rng.normal(0, .3) / FPS))
    return angles


# What may follow what; a figure gets up from the floor over its hands and knees.
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
            pose = POSES['lie' if fast else action](rng)
            piece = np.tile(pose_vector(pose), (frames, 1))
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
