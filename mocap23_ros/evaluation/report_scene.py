# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the player of report.html shows: people, the camera, and curves over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.skeletons.coco17 import COCO_JOINTS, HIPS

FRUSTUM = 0.6  # m, the distance at which the image is drawn


@dataclass(frozen=True)
class ScenePeople:
    """The people of one method, or of the truth.

    joints: float [F,P,17,3] m, world; NaN: unknown. ids: of the P people. covariance: float
    [F,P,17,3,3] m^2 or None.
    """

    name: str
    joints: NDArray[np.floating]
    ids: Sequence[int]
    covariance: NDArray[np.floating] | None = None


@dataclass(frozen=True)
class Curve:
    """Values [N] at stamps [N] s. row: see ROWS. method: name of the ScenePeople. part: of it."""

    row: str
    method: str
    stamps: NDArray[np.float64]
    values: NDArray[np.floating]
    part: str = ''


@dataclass(frozen=True)
class Scene:
    """stamps: float64 [F] s from the start, of all people. people: the truth first where known.

    frustum: float [F,5,3] m, centre and corners of the image; None where no camera is known.
    """

    stamps: NDArray[np.float64]
    people: Sequence[ScenePeople]
    truth: ScenePeople | None = None
    frustum: NDArray[np.floating] | None = None
    curves: Sequence[Curve] = ()


# Rows of the time line: heading, unit, and which value of many stands for them all.
ROWS: Mapping[str, tuple[str, str, str]] = {
    'root': ('root error', 'mm', 'max'), 'local': ('pose error', 'mm', 'max'),
    'sd': ('stated error', 'mm', 'max'), 'contact': ('foot contact<br>(right: dots)', '', 'near'),
    'confidence': ('confidence', '', 'min')}


def frustum_of(camera: CameraModel, world_T_camera: NDArray[np.floating]) -> NDArray[np.float64]:
    """Centre and corners [F,5,3] m of the image at FRUSTUM; world_T_camera: [F,4,4]."""
    width, height = camera.image_size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    p_camera = np.zeros((5, 3))
    p_camera[1:, :2] = FRUSTUM * (corners - camera.K[:2, 2]) / camera.K[[0, 1], [0, 1]]
    p_camera[1:, 2] = FRUSTUM
    return np.asarray(np.einsum('fab,pb->fpa', world_T_camera[:, :3, :3], p_camera)
                      + world_T_camera[:, None, :3, 3])


def error_curves(method: str, stamps: NDArray[np.float64], joints: NDArray[np.floating],
                 truth: NDArray[np.floating]) -> list[Curve]:
    """Distance of the mid-hips, and mean joint error with these aligned, in mm; NaN: unknown.

    joints, truth: [F,P,17,3], person by person; means over people.
    """
    root = _mean(root_errors_mm(joints, truth))
    local = _mean(local_errors_mm(joints, truth))
    return [Curve('root', method, stamps, root), Curve('local', method, stamps, local)]


def motion_curves(method: str, stamps: NDArray[np.float64],
                  covariance: NDArray[np.floating] | None = None,
                  contact: NDArray[np.floating] | None = None,
                  confidence: NDArray[np.floating] | None = None) -> list[Curve]:
    """Curves that need no truth.

    covariance [F,P,J,3,3]: mean standard deviation of the joints; contact [F,P,2]: the largest of
    all people; confidence [F,P,J]: mean over joints and people.
    """
    curves = []
    if covariance is not None:
        variance = np.trace(covariance, axis1=-2, axis2=-1)
        curves.append(Curve('sd', method, stamps, 1000 * np.sqrt(_mean(_flat(variance)))))
    if contact is not None:
        known = np.isfinite(contact)
        most = np.where(known, contact, -np.inf).max(axis=1, initial=-np.inf)
        most = np.where(np.isfinite(most), most, np.nan)
        curves += [Curve('contact', method, stamps, most[:, side], part)
                   for side, part in enumerate(('left', 'right'))]
    if confidence is not None:
        curves.append(Curve('confidence', method, stamps, _mean(_flat(confidence))))
    return [curve for curve in curves if np.isfinite(curve.values).any()]


def root_errors_mm(joints: NDArray[np.floating], truth: NDArray[np.floating]
                   ) -> NDArray[np.float64]:
    """Distance of the mid-hips [...] of joints [...,17,3] m, NaN without estimate."""
    return np.asarray(1000 * np.linalg.norm(
        (joints[..., HIPS, :] - truth[..., HIPS, :]).mean(-2), axis=-1))


def local_errors_mm(joints: NDArray[np.floating], truth: NDArray[np.floating]
                    ) -> NDArray[np.float64]:
    """Mean joint error [...] with the mid-hips aligned."""
    estimate = joints[..., COCO_JOINTS, :] - joints[..., HIPS, :].mean(-2, keepdims=True)
    true = truth[..., COCO_JOINTS, :] - truth[..., HIPS, :].mean(-2, keepdims=True)
    return _mean(1000 * np.linalg.norm(estimate - true, axis=-1))


def _flat(values: NDArray[np.floating]) -> NDArray[Any]:
    return values.reshape(len(values), -1)


def _mean(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean over the last axis of what is known."""
    known = np.isfinite(values)
    mean = np.where(known, values, 0.0).sum(-1) / np.maximum(known.sum(-1), 1)
    return np.asarray(np.where(known.any(-1), mean, np.nan))
