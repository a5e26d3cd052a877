# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Probabilities behind SideFilter: how often detectors exchange left and right, how limbs move.

A state says which of the groups face, arms and legs carry the wrong side's labels; it is a number
of one bit per group. Lengths are in body heights in the image, so that distance does not matter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

GROUPS = ('face', 'arms', 'legs')
STATES = 2 ** len(GROUPS)
FACE, ARMS, LEGS = 1, 2, 4
BITS = (np.arange(STATES)[:, None] >> np.arange(len(GROUPS))) & 1  # [S,G]: exchanged
SIGN = 1.0 - 2.0 * BITS  # [S,G]: -1 where exchanged

# Share of the time that a detector spends in each state (every other: _RARE), and how often per
# second it would change between two states that were equally frequent.
_SHARES = {0: 0.93, FACE: 0.01, ARMS: 0.01, LEGS: 0.02, FACE | ARMS: 0.004,
           FACE | ARMS | LEGS: 0.025}
_RARE = 0.0005
# Nats by which an exchange of parts must be more probable than none: soon after a person came, it
# is as likely that the parts were exchanged before; the lifter hears of them from the rest too.
AS_DETECTED = np.where(np.arange(STATES) % (STATES - 1) == 0, 2.2, 0.0)
_CHANGE_RATE = 0.2

# Joints: group; standard deviation of the detected offset from left to right; spectral density
# (1/s^3) of its acceleration: how unlike constant velocity a limb moves.
_PAIRS = {
    'eye': ('face', 0.010, 0.2), 'ear': ('face', 0.012, 0.6),
    'shoulder': ('arms', 0.022, 1.2), 'elbow': ('arms', 0.025, 6.0),
    'wrist': ('arms', 0.030, 16.0), 'hip': ('legs', 0.022, 1.2),
    'knee': ('legs', 0.025, 5.0), 'ankle': ('legs', 0.030, 10.0),
}


@dataclass(frozen=True, eq=False)
class PairTable:
    """The K pairs of left and right joints of a format that carry evidence.

    left, right: [K] joints. group: [K] index into GROUPS. noise: [K]; acceleration: [K] as above.
    shoulders, hips: index of the pair, -1 where the format lacks it.
    members: bool [G,J] joints that change sides with each group.
    mirror: [J] partners.
    """

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    group: NDArray[np.intp]
    noise: NDArray[np.float64]
    acceleration: NDArray[np.float64]
    shoulders: int
    hips: int
    members: NDArray[np.bool_]
    mirror: NDArray[np.intp]


def pair_table(skeleton: SkeletonFormat) -> PairTable:
    """Pairs of a format; joints next to the eyes, hands and feet belong to their groups."""
    names = skeleton.joint_names
    pairs = [(name, *row) for name, row in _PAIRS.items()
             if f'left_{name}' in names and f'right_{name}' in names]
    found = [pair[0] for pair in pairs]
    members = np.zeros((len(GROUPS), len(names)), bool)
    for joint, name in enumerate(names):
        if skeleton.mirror[joint] != joint:
            members[GROUPS.index(_group(name)), joint] = True
    return PairTable(
        np.array([names.index(f'left_{name}') for name in found], np.intp),
        np.array([names.index(f'right_{name}') for name in found], np.intp),
        np.array([GROUPS.index(pair[1]) for pair in pairs], np.intp),
        np.array([pair[2] for pair in pairs]), np.array([pair[3] for pair in pairs]),
        found.index('shoulder') if 'shoulder' in found else -1,
        found.index('hip') if 'hip' in found else -1,
        members, np.array(skeleton.mirror, np.intp))


def _group(joint_name: str) -> str:
    if any(part in joint_name for part in ('eye', 'ear', 'mouth')):
        return 'face'
    legs = ('hip', 'knee', 'ankle', 'foot', 'heel', 'toe')
    return 'legs' if any(part in joint_name for part in legs) else 'arms'


def _rates() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Stationary shares [S] and rates [S,S] of the Markov chain, in detailed balance."""
    share = np.array([_SHARES.get(state, _RARE) for state in range(STATES)])
    share /= share.sum()
    rate = _CHANGE_RATE * np.sqrt(share[None] / share[:, None])
    np.fill_diagonal(rate, 0)
    np.fill_diagonal(rate, -rate.sum(axis=1))
    return share, rate


_SHARE, _RATE = _rates()
_VALUES, _VECTORS = np.linalg.eig(_RATE)
_VALUES, _VECTORS = _VALUES.real, _VECTORS.real
_INVERSE = np.linalg.inv(_VECTORS)
LOG_SHARE = np.log(_SHARE)


def log_transition(time_step: float) -> NDArray[np.float64]:
    """Log probabilities [from, to] of the states after ``time_step`` seconds."""
    probability = (_VECTORS * np.exp(_VALUES * time_step)) @ _INVERSE
    return np.log(np.maximum(probability, 1e-12))
