# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Counts people of the truth without an estimate, and estimates of nobody; no error shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.evaluation.motion_files import MotionArrays
from mocap23_ros.evaluation.motion_matching import match_frames
from mocap23_ros.skeletons.coco17 import HIPS

_FEW = 0.02  # of the people of all frames


@dataclass
class UnpairedPeople:
    """Counts people, each once in every frame, at the frames that truth and estimate share.

    true: people of the truth; missed: those without an estimate. estimated: people of the
    estimate; extra: those who are nobody of the truth.
    """

    true: int = 0
    missed: int = 0
    estimated: int = 0
    extra: int = 0

    def add(self, estimate: MotionArrays, truth: MotionArrays,
            matched: Sequence[tuple[int, MotionArrays, MotionArrays]]) -> None:
        """Take in a recording. matched: what match() made of these two."""
        frames = match_frames(estimate, truth)
        everybody = int(_present(estimate['joints'][frames.row[frames.near]]).sum())
        self.estimated += everybody
        self.extra += everybody
        for _, own, true in matched:
            found, there = (_present(motion['joints'][frames.near]) for motion in (own, true))
            self.true += int(there.sum())
            self.missed += int((there & ~found).sum())
            self.extra -= int(found.sum())

    def words(self, name: str) -> str:
        """A sentence about a method, '' where nearly everybody has a partner."""
        parts = []
        if self.missed > _FEW * self.true:
            parts.append(f'{100 * self.missed / self.true:.0f} % of the people of the truth have '
                         'no estimate')
        if self.extra > _FEW * self.estimated:
            parts.append(f'{100 * self.extra / self.estimated:.0f} % of the people estimated are '
                         'nobody of the truth')
        return f'{name}: {" and ".join(parts)} (frame by frame); no error counts them' if (
            parts) else ''


def _present(joints: NDArray) -> NDArray[np.bool_]:
    """Which people have known hips."""
    return np.asarray(np.isfinite(joints[..., HIPS, :]).all(axis=(-2, -1)))
