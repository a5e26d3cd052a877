# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Poses drawn at random: standing, bent, sitting, lying, in a fight; joint angles by name."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.kinematic_model import ANGLES, INDEX

Pose = dict[str, float]
SIDES = ('l', 'r')


def pose_vector(pose: Pose) -> NDArray[np.float64]:
    """Angles [26] in the order of kinematic_model.ANGLES; those not named are 0."""
    angles = np.zeros(len(ANGLES))
    for name, value in pose.items():
        angles[INDEX[name]] = value
    return angles


def _flat_feet(pose: Pose) -> Pose:
    """Turn the ankles so that the soles are level, as far as ankles go."""
    for s in SIDES:
        level = pose.get('root_pitch', 0) - pose.get(f'{s}_hip_flex', 0) + pose.get(f'{s}_knee', 0)
        pose[f'{s}_ankle'] = float(np.clip(level, -0.8, 0.65))
    return pose


def _arms(rng: np.random.Generator, pose: Pose) -> Pose:
    for s in SIDES:
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
    for s in SIDES:
        pose |= {f'{s}_hip_flex': rng.uniform(0, .15), f'{s}_knee': rng.uniform(0, .2),
                 f'{s}_hip_abduct': rng.uniform(0, .2), f'{s}_hip_twist': rng.uniform(-.1, .4)}
    return _flat_feet(_arms(rng, pose))


def _bend(rng: np.random.Generator) -> Pose:
    pose, depth = _stand(rng), rng.uniform(.3, 1)
    pose |= {'root_pitch': .8 * depth, 'spine_bend': .9 * depth, 'neck_bend': rng.uniform(-.5, .3)}
    for s in SIDES:
        pose |= {f'{s}_hip_flex': .8 * depth + .2, f'{s}_knee': .25,
                 f'{s}_shoulder_flex': rng.uniform(.5, 2), f'{s}_elbow': rng.uniform(0, .6)}
    return _flat_feet(pose)


def _squat(rng: np.random.Generator) -> Pose:
    pose, depth = _stand(rng), rng.uniform(.4, 1)
    pose |= {'root_pitch': .5 * depth, 'spine_bend': .4 * depth}
    for s in SIDES:
        pose |= {f'{s}_hip_flex': 1.9 * depth, f'{s}_knee': 2.1 * depth,
                 f'{s}_hip_abduct': rng.uniform(.05, .4)}
    return _flat_feet(_arms(rng, pose))


def _chair(rng: np.random.Generator) -> Pose:
    pose = _stand(rng)
    pose |= {'root_pitch': rng.uniform(-.25, .35), 'spine_bend': rng.uniform(0, .4)}
    for s in SIDES:
        pose |= {f'{s}_hip_flex': rng.uniform(1.3, 1.6) + pose['root_pitch'],
                 f'{s}_knee': rng.uniform(1.1, 1.8), f'{s}_hip_abduct': rng.uniform(0, .35)}
    return _flat_feet(_arms(rng, pose))


def _floor_seat(rng: np.random.Generator) -> Pose:
    pose: Pose = {'root_pitch': rng.uniform(-.5, .1), 'spine_bend': rng.uniform(.1, .6)}
    crossed = rng.random() < .4
    for s in SIDES:
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
    for number, s in enumerate(SIDES):
        if one == number:
            pose |= {f'{s}_hip_flex': 1.5, f'{s}_knee': 1.5, f'{s}_ankle': 0.0}
        else:
            pose |= {f'{s}_hip_flex': pose['root_pitch'] + rng.uniform(0, .2),
                     f'{s}_knee': rng.uniform(1.6, 1.9), f'{s}_ankle': -1.0}
    return _arms(rng, pose)


def _all_fours(rng: np.random.Generator) -> Pose:
    pose: Pose = {'root_pitch': 1.35, 'neck_bend': rng.uniform(-1.0, -.2)}
    for s in SIDES:
        pose |= {f'{s}_hip_flex': 1.4, f'{s}_knee': 1.5, f'{s}_ankle': -1.0, f'{s}_elbow': .1,
                 f'{s}_shoulder_flex': 1.45, f'{s}_shoulder_abduct': .1}
    return pose


def _guard(rng: np.random.Generator) -> Pose:
    pose: Pose = {'root_pitch': rng.uniform(0, .2), 'spine_bend': rng.uniform(.05, .35),
                  'spine_twist': rng.uniform(-.5, .5), 'neck_bend': rng.uniform(-.2, .2)}
    bend, lead = rng.uniform(.2, .9), rng.integers(2)
    for number, s in enumerate(SIDES):
        stride = rng.uniform(.1, .6) * (1 if number == lead else -1)
        pose |= {f'{s}_hip_flex': .5 * bend + stride + pose['root_pitch'], f'{s}_knee': bend,
                 f'{s}_hip_abduct': rng.uniform(0, .3), f'{s}_shoulder_flex': rng.uniform(.4, 1.3),
                 f'{s}_shoulder_twist': rng.uniform(-.8, 0), f'{s}_elbow': rng.uniform(1.3, 2.4)}
    return _flat_feet(pose)


def _punch(rng: np.random.Generator) -> Pose:
    pose, s = _guard(rng), SIDES[rng.integers(2)]
    pose |= {f'{s}_shoulder_flex': rng.uniform(1.1, 1.9), f'{s}_elbow': rng.uniform(0, .5),
             f'{s}_shoulder_abduct': rng.uniform(-.3, .8), f'{s}_shoulder_twist': 0.0}
    return pose


def _kick(rng: np.random.Generator) -> Pose:
    pose, s = _guard(rng), SIDES[rng.integers(2)]
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
    for s in SIDES:
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


POSES = {'stand': _stand, 'bend': _bend, 'squat': _squat, 'chair': _chair, 'seat': _floor_seat,
          'kneel': _kneel, 'fours': _all_fours, 'lie': _lie,
          'guard': _guard, 'punch': _punch, 'kick': _kick}
