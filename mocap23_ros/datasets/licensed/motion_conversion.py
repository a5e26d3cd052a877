# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Bringing motion of other data sets to this project's joints, axes, floor and rate."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from mocap23_ros.datasets.kinematic_model import STATURE
from mocap23_ros.datasets.mocap34 import COUNT, FOOT_JOINTS, JOINT_NAMES
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.body_proportions import LEG

FPS = 30.0
_J = {name: number for number, name in enumerate(JOINT_NAMES)}
_ALLOWED = {('numpy.core.multiarray', '_reconstruct'), ('numpy._core.multiarray', '_reconstruct'),
            ('numpy', 'ndarray'), ('numpy', 'dtype'), ('_codecs', 'encode'),
            ('numpy.core.multiarray', 'scalar'), ('numpy._core.multiarray', 'scalar')}


def require_folder(root: Path | str, data_set: str, *inside: str) -> Path:
    """The folder ``root``, which must hold ``inside``; raises InputError naming the layout."""
    root = Path(root)
    for name in ('', *inside):
        if not (root / name).is_dir():
            raise InputError(f'{root / name}: no such folder; {data_set} must lie as docs/DATA.md '
                             f'says and is not part of this project')
    return root


class _ArraysOnly(pickle.Unpickler):  # noqa: S301
    """Rebuilds NumPy arrays and plain containers and refuses every other type."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED:
            return super().find_class(module, name)
        raise InputError(f'it holds {module}.{name}, which is not an array')


def read_arrays(path: Path) -> dict[str, Any]:
    """Read a data set's .pkl of arrays without running what a pickle may carry; InputError."""
    try:
        with Path(path).open('rb') as stream:
            value = _ArraysOnly(stream, encoding='latin1').load()
    except InputError as error:
        raise InputError(f'{path}: refused, {error}') from None
    except (OSError, EOFError, ValueError, IndexError, KeyError, AttributeError, TypeError,
            pickle.UnpicklingError) as error:
        raise InputError(f'{path}: not a readable file of arrays ({error})') from error
    if not isinstance(value, dict):
        raise InputError(f'{path}: holds no table of arrays')
    return value


def to_z_up(joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn [F,34,3] so that the axis along which heads are above feet becomes z.

    Right-handed; works for motion that is mostly upright.
    """
    up = np.nanmean(joints[:, _J['head']] - joints[:, FOOT_JOINTS.ravel()].mean(axis=1), axis=0)
    return joints @ up_axis_to_z(up).T


def up_axis_to_z(up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation [3,3] that makes the axis nearest to ``up`` [3] the z axis."""
    axis = int(np.abs(up).argmax())
    sign = np.sign(up[axis])
    rotation = np.zeros((3, 3))
    rotation[2, axis] = sign
    rotation[0, (axis + 1) % 3] = 1.0
    rotation[1, (axis + 2) % 3] = sign
    return rotation


def floor_height(joints: NDArray[np.float64], fps: float) -> float:
    """Height of the floor: the median of the lowest foot point while it is slow."""
    feet = joints[:, FOOT_JOINTS.ravel()]
    lowest = feet[..., 2].argmin(axis=1)
    rows = np.arange(len(feet))
    height = feet[rows, lowest, 2]
    if len(feet) < 3:
        return float(height.min())
    speed = np.linalg.norm(np.gradient(feet, 1 / fps, axis=0), axis=-1)[rows, lowest]
    slow = speed < 0.2
    return float(np.median(height[slow])) if slow.any() else float(np.percentile(height, 5))


def resample(joints: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """Bring [F,...] from ``fps`` to 30 Hz by cubic splines."""
    if abs(fps - FPS) < 1e-6 or len(joints) < 4:
        return joints
    time = np.arange(len(joints)) / fps
    wanted = np.arange(0.0, time[-1] + 1e-9, 1 / FPS)
    return np.asarray(CubicSpline(time, joints, axis=0)(wanted))


def complete(joints: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """All 34 joints [F,34,3] from named main ones [F,3] in a z-up world.

    Needs pelvis, hips, knees, ankles, feet (ball), spine1..3, neck, head (skull base), collars,
    shoulders, elbows, wrists, by their short names. Hands, face, heels and toes are put at
    fixed offsets on the head, foot and forearm, scaled by the legs: expect a few centimetres.
    """
    out = np.full((len(joints['pelvis']), COUNT, 3), np.nan)
    for name, value in joints.items():
        out[:, _J[name]] = value

    def unit(v: NDArray[np.float64]) -> NDArray[np.float64]:
        return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)

    def at(name: str) -> NDArray[np.float64]:
        return out[:, _J[name]]

    size = rough_stature(out) / STATURE
    up = unit(at('head') - at('neck'))
    left = at('l_shoulder') - at('r_shoulder')
    left = unit(left - (left * up).sum(-1, keepdims=True) * up)
    forward = np.cross(left, up)
    for name, (x, y, z) in {'head_top': (.02, 0, .187), 'nose': (.105, 0, .02),
                            'l_eye': (.097, .031, .058), 'r_eye': (.097, -.031, .058),
                            'l_ear': (.017, .073, .058), 'r_ear': (.017, -.073, .058)}.items():
        out[:, _J[name]] = at('head') + size * (x * forward + y * left + z * up)
    across = unit(at('l_hip') - at('r_hip'))
    for s in 'lr':
        out[:, _J[f'{s}_hand']] = at(f'{s}_wrist') + 0.075 * size * unit(
            at(f'{s}_wrist') - at(f'{s}_elbow'))
        along = unit(at(f'{s}_foot') - at(f'{s}_ankle'))
        side = unit(across - (across * along).sum(-1, keepdims=True) * along)
        top = np.cross(along, side)
        out[:, _J[f'{s}_heel']] = at(f'{s}_ankle') + size * (-.012 * along - .085 * top)
        out[:, _J[f'{s}_toe']] = at(f'{s}_foot') + size * (.059 * along + .019 * top)
    return out


def rough_stature(joints: NDArray[np.float64]) -> float:
    """Body height from leg length, metres."""
    legs = [np.linalg.norm(joints[:, _J[a]] - joints[:, _J[b]], axis=-1) for a, b in (
        ('l_hip', 'l_knee'), ('l_knee', 'l_ankle'), ('r_hip', 'r_knee'), ('r_knee', 'r_ankle'))]
    return float(np.median(sum(legs))) / 2 / LEG
