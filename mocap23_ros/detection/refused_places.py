# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Remembers places where a find was no person: the detector leaves them alone for a while."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.keypoint_similarity import box_overlap

_SAME = 0.6  # overlap of boxes that are one place
_FIRST_REST, _LONGEST_REST = 1, 64  # images; doubled from refusal to refusal
_FORGOTTEN = 300  # images without a refusal


@dataclass
class _Place:
    box: NDArray
    rest: int  # images
    refused: int  # number of the image


class RefusedPlaces:
    """Counts images; a person refused once may be tried at once, then after longer and longer."""

    def __init__(self) -> None:
        self._image = 0
        self._places: list[_Place] = []

    def next_image(self) -> None:
        """Go on to the next image."""
        self._image += 1
        self._places = [place for place in self._places
                        if self._image - place.refused < _FORGOTTEN]

    def rests(self, box: NDArray) -> bool:
        """Whether the detector may leave a box [4] px alone now."""
        place = self._find(box)
        return place is not None and self._image - place.refused <= place.rest

    def refuse(self, box: NDArray) -> None:
        """Remember that no person is in a box [4] px."""
        place = self._find(box)
        if place is None:
            self._places.append(_Place(box, 0, self._image))
        else:
            place.rest = min(max(2 * place.rest, _FIRST_REST), _LONGEST_REST)
            place.box, place.refused = box, self._image

    def _find(self, box: NDArray) -> _Place | None:
        if not self._places:
            return None
        overlap = box_overlap(box, np.stack([place.box for place in self._places]))
        best = int(overlap.argmax())
        return self._places[best] if overlap[best] >= _SAME else None
