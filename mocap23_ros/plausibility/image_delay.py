# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds how much later images are stamped than the poses of their camera, as it turns.

Each piece of evidence is a curve of log likelihoods over a grid of offsets. Curves of pieces that
err independently are added.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LARGEST = 0.4  # seconds
_STEP = 0.02
OFFSETS: NDArray[np.float64] = np.linspace(-LARGEST, LARGEST, 2 * round(LARGEST / _STEP) + 1)
_LEAST, _STILL_THERE = 0.04, 0.03  # seconds, from which an offset is named, and again
_SURE, _UNSURE, _EVIDENCE = 4.0, 0.015, 12.0  # standard deviations; s; log likelihood


@dataclass(frozen=True)
class TimeOffset:
    """Seconds by which images are stamped later than poses.

    sd: seconds, infinite where nothing can be told. evidence: log likelihood that this offset has
    over none.
    """

    seconds: float
    sd: float
    evidence: float

    def is_there(self, named: bool = False) -> bool:
        """Whether the offset is beyond doubt and worth a word; named: it was named before."""
        return (abs(self.seconds) > (_STILL_THERE if named else _LEAST)
                and self.sd < min(_UNSURE, abs(self.seconds) / _SURE)
                and self.evidence > _EVIDENCE)

    def message(self, seen: str, set_so_far: float = 0.0) -> str:
        """What is seen, its likely cause and remedy. set_so_far: s, of image_time_offset."""
        way = 'later' if self.seconds > 0 else 'earlier'
        return (f'{seen} as the camera turns: images seem {1e3 * abs(self.seconds):.0f} +- '
                f'{1e3 * self.sd:.0f} ms {way} than the poses (TF) that they are given. Stamp '
                'images at exposure and poses when they hold, or set image_time_offset to '
                f'{self.seconds + set_so_far:.3f} (s)')


def best_offset(curve: NDArray[np.float64]) -> TimeOffset:
    """The offset at the maximum of a curve over OFFSETS, between its points by a parabola."""
    top = int(np.argmax(curve))
    evidence = float(curve[top] - np.interp(0.0, OFFSETS, curve))
    if not 0 < top < len(curve) - 1:
        return TimeOffset(float(OFFSETS[top]), np.inf, evidence)
    before, here, after = (float(value) for value in curve[top - 1:top + 2])
    bend = before - 2 * here + after
    if bend >= 0:
        return TimeOffset(float(OFFSETS[top]), np.inf, evidence)
    shift = 0.5 * (before - after) / bend
    return TimeOffset(float(OFFSETS[top] + _STEP * shift), float(_STEP / np.sqrt(-bend)), evidence)
