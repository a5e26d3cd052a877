# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One sequence of an evaluation set: the input of ``mocap23 lift`` and its truth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import write_npz
from mocap23_ros.evaluation.limits import LimitPriors, information_limit
from mocap23_ros.skeletons.coco17 import HIPS


@dataclass
class EvaluationSequence:
    """F frames of one person before one camera.

    lift_input: the arrays of IN.npz of ``mocap23 lift`` (one person).
    joints: float32 [F,17,3] true world; contact: float32 [F,2]; stature: true height, m.
    contact_known: whether the clip has a reliable floor. camera_position: float64 [F,3] true.
    sigma_px: sd of the 2D errors per coordinate, pixels; pitch_sd_deg, height_sd: sd of the
    errors of the believed camera pose (0 where it is exact).
    """

    name: str
    description: str
    lift_input: dict[str, NDArray[Any]]
    joints: NDArray[np.float32]
    contact: NDArray[np.float32]
    stature: float
    contact_known: bool
    camera_position: NDArray[np.float64]
    sigma_px: float
    pitch_sd_deg: float = 0.0
    height_sd: float = 0.0

    @property
    def fps(self) -> float:
        """Frames per second."""
        return float(1.0 / np.median(np.diff(self.lift_input['stamps'])))

    def limit(self) -> NDArray[np.float64]:
        """Least Abs-MPJPE per frame, metres [F], given what this input tells."""
        root = self.joints[:, HIPS].mean(axis=1, dtype=np.float64)
        distance = np.linalg.norm(root[:, :2] - self.camera_position[:, :2], axis=-1)
        k = self.lift_input['K']
        known = np.isfinite(self.lift_input.get('stature', np.array([np.nan]))[0])
        feet = self.contact.sum(axis=1) if self.contact_known else np.zeros(len(root))
        return information_limit(
            distance, self.camera_position[:, 2], float(np.sqrt(k[0, 0] * k[1, 1])),
            self.sigma_px, feet, 0.01 if known else None,
            LimitPriors(pitch_deg=self.pitch_sd_deg, height=self.height_sd)).abs_mpjpe

    def truth(self) -> dict[str, NDArray[Any]]:
        """The arrays of a truth file; P = 1 people."""
        return {
            'joints': self.joints[:, None], 'stamps': self.lift_input['stamps'],
            'contact': self.contact[:, None] if self.contact_known
            else np.full((len(self.joints), 1, 2), np.nan, np.float32),
            'stature': np.array([self.stature], np.float32),
            'camera_position': self.camera_position, 'limit': self.limit()[:, None],
        }

    def save(self, folder: Path) -> None:
        """Write ``folder/input/NAME.npz`` and ``folder/truth/NAME.npz``."""
        for kind, arrays in (('input', self.lift_input), ('truth', self.truth())):
            path = Path(folder) / kind / f'{self.name}.npz'
            write_npz(path, arrays)
