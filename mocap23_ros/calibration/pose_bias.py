# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How far a camera's pose seems off, and the pose with that corrected."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.calibration.floor_start import floor_T_camera, pitch_roll_height

# Errors of proportions, lenses and floors that remain however many people are seen.
_MODEL_SD = np.array([np.radians(0.1), np.radians(0.1), 0.01])
_LEAST = np.array([np.radians(0.4), np.radians(0.4), 0.03])  # that is worth a word
_SURE = 3.0  # standard deviations


@dataclass(frozen=True)
class PoseBias:
    """True minus given pose of a camera, as the people seen say.

    value: float64 [3], pitch and roll in radians, signs as in floor_start, and height over the told
    height (0.05 = 5 % higher). covariance: float64 [3,3]. told_height: metres.
    """

    value: NDArray[np.float64]
    covariance: NDArray[np.float64]
    told_height: float

    @property
    def sd(self) -> NDArray[np.float64]:
        """Standard deviations [3]."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def significant(self, ease: float = 1.0) -> NDArray[np.bool_]:
        """Which [3] of pitch, roll and height are surely off, and by enough to matter.

        ease: factor on both bounds; below 1 for what was significant before.
        """
        size = np.abs(self.value)
        return (size > ease * _LEAST) & (size > ease * _SURE * self.sd)

    def given_the_rest(self, which: NDArray) -> NDArray[np.float64]:
        """The bias [3] if those not in ``which`` [3] have none."""
        value = np.zeros(3)
        rest = ~which
        if which.any():
            coupling = self.covariance[np.ix_(which, rest)]
            value[which] = self.value[which] - coupling @ np.linalg.solve(
                self.covariance[np.ix_(rest, rest)], self.value[rest])
        return value

    def text(self) -> str:
        """All three in figures."""
        value, sd = self._shown
        return (f'pitch {value[0]:+.2f} +- {sd[0]:.2f} degrees, roll {value[1]:+.2f} +- '
                f'{sd[1]:.2f} degrees, height {value[2]:+.0f} +- {sd[2]:.0f} cm')

    @property
    def _shown(self) -> tuple[NDArray, NDArray]:
        """Value and sd in degrees and centimetres."""
        unit = np.array([180 / np.pi, 180 / np.pi, 100 * self.told_height])
        return self.value * unit, self.sd * unit

    def message(self, which: NDArray) -> str:
        """The biases of pitch, roll and height in ``which`` [3] in words."""
        (pitch, roll, height), sd = self._shown
        parts = [
            f'{abs(pitch):.1f} +- {sd[0]:.1f} degrees (pitch: it looks '
            f'{"down" if pitch > 0 else "up"} more than told)',
            f'{abs(roll):.1f} +- {sd[1]:.1f} degrees (roll: its '
            f'{"right" if roll > 0 else "left"} side is lower than told)',
            f'{abs(height):.0f} +- {sd[2]:.0f} cm (it stands '
            f'{"higher" if height > 0 else "lower"} than told)']
        return ' and '.join(part for part, is_off in zip(parts, which, strict=True) if is_off)


def mended(floor_T_camera_told: NDArray, bias: NDArray) -> NDArray[np.float64]:
    """The pose [4,4] with a bias [3] taken out; place on the floor and heading stay."""
    told = floor_T_camera_told
    pitch, roll, height = (float(value) for value in pitch_roll_height(told))
    # The given pose is its pitch, roll and height, then a turn about the vertical and a shift.
    turn = told[:3, :3] @ floor_T_camera(pitch, roll, height)[:3, :3].T
    pose = told.copy()
    pose[:3, :3] = turn @ floor_T_camera(pitch + bias[0], roll + bias[1], height)[:3, :3]
    pose[2, 3] = height * (1 + bias[2])
    return pose


def honest_covariance(covariance: NDArray) -> NDArray[np.float64]:
    """Covariance [3,3] of an estimate with what its model leaves added."""
    return np.asarray(covariance + np.diag(_MODEL_SD ** 2))
