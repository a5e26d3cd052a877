# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Bodies of other height and proportions performing the same motion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.mocap34 import COUNT, FOOT_JOINTS, PARENTS
from mocap23_ros.skeletons.body_proportions import LEG
from mocap23_ros.skeletons.formats import MOCAP34

# Bones that are scaled together, both sides alike, by the names of their child joints.
_GROUPS = {
    'thigh': 'knee', 'shank': 'ankle', 'foot': 'foot heel toe', 'hip_width': 'hip',
    'trunk': 'spine1 spine2 spine3 neck', 'shoulder_width': 'collar shoulder',
    'upper_arm': 'elbow', 'forearm': 'wrist', 'hand': 'hand', 'neck': 'head',
    'head': 'head_top nose eye ear',
}
_GROUP_NAMES = tuple(_GROUPS)
_GROUP_OF_JOINT = np.zeros(COUNT, np.intp)
for _number, _members in enumerate(_GROUPS.values()):
    for _joint, _name in enumerate(MOCAP34.joint_names):
        if _name.removeprefix('left_').removeprefix('right_') in _members.split():
            _GROUP_OF_JOINT[_joint] = _number
# Share of standing height that each group makes up (legs as LEG).
_HEIGHT_SHARE = np.array([{'thigh': .24, 'shank': .245, 'foot': .045, 'trunk': .27, 'neck': .10,
                           'head': .10}.get(name, 0.0) for name in _GROUP_NAMES], np.float32)


@dataclass(frozen=True)
class BodyVariation:
    """How bodies are drawn. Statures in metres, sd of ratios without unit.

    Mixture of statures: men, women, children (uniform) and, as the rest, uniform over the whole
    range. ``keep`` is the share of windows that keep the recorded body.
    """

    men: tuple[float, float, float] = (0.40, 1.76, 0.07)        # share, mean, sd
    women: tuple[float, float, float] = (0.38, 1.63, 0.065)
    children: tuple[float, float, float] = (0.07, 1.0, 1.5)     # share, low, high
    stature_range: tuple[float, float] = (1.0, 2.05)
    limb_ratio_sd: float = 0.04
    width_ratio_sd: float = 0.06
    keep: float = 0.1

    def draw_stature(self, rng: np.random.Generator, count: int) -> NDArray[np.float32]:
        """Body heights [count] in metres."""
        choice = rng.random(count)
        edges = np.cumsum([self.men[0], self.women[0], self.children[0]])
        stature = rng.uniform(*self.stature_range, count)
        stature = np.where(choice < edges[2], rng.uniform(*self.children[1:], count), stature)
        stature = np.where(choice < edges[1], rng.normal(*self.women[1:], count), stature)
        stature = np.where(choice < edges[0], rng.normal(*self.men[1:], count), stature)
        return np.clip(stature, *self.stature_range).astype(np.float32)


def reshape_bodies(joints: NDArray[np.float32], stature: NDArray[np.float32],
                   variation: BodyVariation, rng: np.random.Generator
                   ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Put the motion of B windows on newly drawn bodies.

    joints: [B,T,34,3] metres; stature: [B]. Bones are scaled along the tree with directions
    kept, the root path by the leg length, and the result is lowered or raised so that the
    lowest foot keeps its (scaled) height. Returns new joints and statures.
    """
    count = len(joints)
    deviation = rng.standard_normal((count, len(_GROUP_NAMES)), dtype=np.float32)
    common = rng.standard_normal((count, 2), dtype=np.float32)
    ratio = 1 + variation.limb_ratio_sd * deviation
    # Both leg bones and both arm bones also vary together.
    ratio[:, :2] += variation.limb_ratio_sd * common[:, :1] * 0.5
    ratio[:, 6:8] += variation.limb_ratio_sd * common[:, 1:] * 0.5
    for name in ('hip_width', 'shoulder_width'):
        column = _GROUP_NAMES.index(name)
        ratio[:, column] = 1 + variation.width_ratio_sd * deviation[:, column]
    target = variation.draw_stature(rng, count)
    young = np.clip((1.5 - target) / 0.5, 0, 1.4)        # children: short legs, large head
    ratio[:, :2] *= 1 - 0.06 * young[:, None]
    ratio[:, _GROUP_NAMES.index('head')] *= 1 + 0.25 * young
    keep = rng.random(count) < variation.keep
    ratio = np.clip(ratio, 0.8, 1.35)
    ratio *= (target / (stature * (ratio @ _HEIGHT_SHARE)))[:, None]
    ratio[keep] = 1.0
    target = np.where(keep, stature, target).astype(np.float32)
    leg = (ratio[:, 0] * 0.24 + ratio[:, 1] * 0.245) / LEG

    factor = ratio[:, _GROUP_OF_JOINT]                   # B,34 (the root's is unused)
    source = np.ascontiguousarray(np.moveaxis(joints, 2, 0))
    scaled = np.empty_like(source)
    scaled[0] = source[0] * leg[:, None, None]
    for joint in range(1, COUNT):
        parent = PARENTS[joint]
        scaled[joint] = scaled[parent] + factor[:, joint, None, None] * (
            source[joint] - source[parent])
    feet = FOOT_JOINTS.ravel()
    low = source[feet, :, :, 2].min(axis=0) * leg[:, None]
    lift = low - scaled[feet, :, :, 2].min(axis=0)
    weight = np.exp(-(low / 0.05) ** 2) + 1e-3           # frames with a foot near the floor count
    scaled[..., 2] += ((lift * weight).sum(axis=1) / weight.sum(axis=1))[:, None]
    return np.moveaxis(scaled, 0, 2), target
