# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What users mark in an image of a camera, and know of it."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError

HEIGHTS = {'camera': (0.05, 100.0), 'edge': (0.1, 30.0)}  # metres, by what they are of
_MOST_TURNED, _MOST_ROWS = 180.0, 500
_COLUMNS = {'points': 'u, v, x, y, z for every point', 'lines': 'u, v of both ends of every edge'}


@dataclass(frozen=True)
class Marks:
    """Points at known places, or vertical edges and one known height.

    rows: float64; of points [N,5]: u, v (raw px), x, y, z (m, z up, floor at 0); of lines [N,4]: u,
    v of the lower end, then of the upper one. height_of: 'camera' (above the floor) or 'edge' (the
    first, from the floor up); height: metres, None while unknown; turned: degrees, the roll that
    the camera is mounted with. The last three are those of lines.
    """

    kind: Literal['points', 'lines']
    rows: NDArray[np.float64]
    height_of: Literal['camera', 'edge'] = 'camera'
    height: float | None = None
    turned: float = 0.0

    @classmethod
    def from_json(cls, data: Any) -> 'Marks':
        """From JSON of unknown origin; InputError."""
        kind = data.get('kind') if isinstance(data, dict) else None
        if kind not in ('points', 'lines'):
            raise InputError('give points or lines')
        try:
            rows = np.array(data.get('rows'), np.float64)
        except (ValueError, TypeError, OverflowError):
            rows = np.full((1, 0), np.nan)
        if rows.size == 0 and rows.shape[0] == 0:
            rows = rows.reshape(0, 5 if kind == 'points' else 4)
        if rows.ndim != 2 or rows.shape[1] != (5 if kind == 'points' else 4) \
                or not np.isfinite(rows).all():
            raise InputError(f'give {_COLUMNS[kind]}')
        if len(rows) > _MOST_ROWS:
            raise InputError(f'{len(rows)} {kind} are more than {_MOST_ROWS}')
        if kind == 'points':
            return cls(kind, rows)
        height_of = data.get('height_of')
        if height_of not in HEIGHTS:
            raise InputError('say of what the height is: camera or edge')
        least, most = HEIGHTS[height_of]
        return cls(kind, rows, height_of,
                   _number(data.get('height'), least, most, 'the known height', 'metres'),
                   _number(data.get('turned'), -_MOST_TURNED, _MOST_TURNED, 'turned', 'degrees'))

    def as_json(self) -> dict[str, Any]:
        """As ``from_json`` takes it, and with a height of None."""
        return {'kind': self.kind, 'rows': self.rows.tolist(), 'height_of': self.height_of,
                'height': self.height, 'turned': self.turned}


def _number(value: Any, least: float, most: float, name: str, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f'{name} must be a number of {unit}')
    if not least <= value <= most:
        raise InputError(f'{name} of {value:.10g} {unit}: give {least:g} to {most:g}')
    return float(value)
