# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Learns where each person's eyes, ears and nose lie in the head, constant over the track."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.kinematic_tree import SEGMENTS
from mocap23_ros.lifting.person_memory import PersonMemory
from mocap23_ros.skeletons.body_proportions import FACE_FRACTIONS
from mocap23_ros.skeletons.coco17 import FACE, NECK

MEMORY = 64  # measurements kept per person
_FEWEST = 5  # below which the average face is taken


class FacePoints(PersonMemory[NDArray]):
    """Running medians by person id, in the axes of the head, from the neck."""

    def update(self, person_ids: NDArray, joints: NDArray, rotations: NDArray, stature: NDArray
               ) -> NDArray[np.float64]:
        """Take in frames joints [P,T,19,3] and world_R_segment [P,T,11,3,3]; stature: [P].

        Returns face points [P,5,3] in metres; NaN in the input counts as unobserved.
        """
        head = rotations[:, :, SEGMENTS.index('head')]
        offset = joints[:, :, list(FACE)] - joints[:, :, NECK, None]
        measured = np.einsum('ptik,ptji->ptjk', head, offset)
        face = FACE_FRACTIONS * np.asarray(stature, np.float64)[:, None, None]
        for row, person_id in enumerate(person_ids):
            known = self._people.get(int(person_id))
            points = measured[row] if known is None else np.concatenate([known, measured[row]])
            points = points[np.isfinite(points).any(axis=(1, 2))]
            if len(points) > MEMORY:  # thinned out evenly, so that the whole track stays in view
                points = points[np.linspace(0, len(points) - 1, MEMORY).round().astype(int)]
            self._people[int(person_id)] = points
            often = np.isfinite(points[..., 0]).sum(axis=0) >= _FEWEST
            if often.any():
                seen = points[:, often]
                # nanmedian masks arrays as small as these, which takes longer than all the rest.
                median = np.median if np.isfinite(seen).all() else np.nanmedian
                face[row, often] = median(seen, axis=0)
        return face
