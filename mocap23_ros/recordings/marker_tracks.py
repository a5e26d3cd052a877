# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Markers or joints by name, as files of motion capture hold them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError

_METRES = {'m': 1.0, 'meters': 1.0, 'metres': 1.0, 'cm': 0.01, 'mm': 0.001, 'millimeters': 0.001}


@dataclass(frozen=True)
class MarkerTracks:
    """F frames of M points.

    points: float64 [F,M,3] in the unit and the axes of the file; NaN = unobserved. times: float64
    [F] seconds, increasing. names: M names. unit: as the file calls it.
    """

    points: NDArray[np.float64]
    times: NDArray[np.float64]
    names: tuple[str, ...]
    unit: str

    @property
    def metres(self) -> float:
        """What the unit is in metres; InputError for an unknown one."""
        try:
            return _METRES[self.unit.strip().lower()]
        except KeyError:
            raise InputError(f'the unit {self.unit[:20]!r} is not known; it must be m, cm or mm'
                             ) from None


def hide_lost(points: NDArray) -> None:
    """Set points [...,3] to NaN that are not finite or at exactly the origin, in place.

    Programs write zeros for unobserved points; nothing that moves is there.
    """
    points[~(np.isfinite(points).all(axis=-1) & points.any(axis=-1))] = np.nan
