# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Feet that stand do not slide: causal correction of root and legs, frame by frame.

A foot in contact stays where it was first planted (its anchor). Its drift moves the whole body,
mostly along the viewing ray, because one camera measures depth worst. The leg takes up the rest.
An anchor that the observations contradict is released.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.lifted_frame import LiftedFrame
from mocap23_ros.lifting.person_memory import PersonMemory
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, KNEES, PELVIS

_BEGIN, _END = 0.65, 0.40  # contact probability at which a foot is planted, and let go
# Share of the feet's drift that moves the body per frame, along the viewing ray and across it.
_ALONG, _ACROSS = 0.5, 0.05
_RELEASE = 0.08  # metres of remaining drift at which an anchor is given up
_LARGEST = 0.12  # metres, of the body's displacement
_FADE = 0.25  # seconds in which displacements fade to a third once no foot stands
_CREEP = 0.5  # share of the drift that an anchor follows per second


class ContactCorrection(PersonMemory['_Anchors']):
    """Keeps anchors per person id between the frames of one camera."""

    def apply(self, frame: LiftedFrame, p_camera: NDArray) -> LiftedFrame:
        """Correct one frame of all people; p_camera: [3] camera centre in the world."""
        if not frame.people:
            return frame
        state = _gather([self._people.get(int(i)) for i in frame.person_ids])
        joints = frame.joints.copy()
        elapsed = np.clip(frame.stamp - state.stamp, 0.0, 1.0)
        fade = np.exp(-elapsed / _FADE)[:, None]
        joints += (state.shift * fade)[:, None]
        planted = self._planted(frame.contact, joints[:, ANKLES], state.planted)
        new = planted & ~state.planted
        anchor = np.where(new[..., None], joints[:, ANKLES] + state.foot * fade[:, None],
                          state.anchor)

        move = self._body_move(joints, frame.contact, anchor, planted & ~new, p_camera)
        shift = state.shift * fade + move
        size = np.linalg.norm(shift, axis=-1, keepdims=True)
        limited = shift * np.minimum(1.0, _LARGEST / np.maximum(size, 1e-9))
        joints += (limited - state.shift * fade)[:, None]

        drift = np.where(planted[..., None], anchor - joints[:, ANKLES], 0.0)
        planted &= np.linalg.norm(drift, axis=-1) < _RELEASE
        creep = np.clip(_CREEP * elapsed, 0.0, 1.0)[:, None, None]
        anchor = np.where(planted[..., None], anchor - creep * drift, anchor)
        foot = np.where(planted[..., None], anchor - joints[:, ANKLES],
                        state.foot * fade[:, None])
        self._bend_legs(joints, foot)
        self._keep(frame, _Anchors(anchor, planted, foot, limited,
                                   np.full(frame.people, frame.stamp)))
        return replace(frame, joints=joints)

    @staticmethod
    def _planted(contact: NDArray, ankles: NDArray, before: NDArray) -> NDArray[np.bool_]:
        threshold = np.where(before, _END, _BEGIN)
        return (contact > threshold) & np.isfinite(ankles[..., 0])

    @staticmethod
    def _body_move(joints: NDArray, contact: NDArray, anchor: NDArray, held: NDArray,
                   p_camera: NDArray) -> NDArray:
        """Displacement [P,3] that takes back a part of the planted feet's mean drift."""
        weight = np.where(held, contact**2, 0.0)
        total = weight.sum(axis=1, keepdims=True)
        weight = weight / np.where(total > 0, total, 1.0)
        drift = np.where(held[..., None], anchor - joints[:, ANKLES], 0.0)
        mean = np.einsum('pf,pfi->pi', weight, drift)
        ray = joints[:, PELVIS] - p_camera
        ray = ray / np.maximum(np.linalg.norm(ray, axis=-1, keepdims=True), 1e-9)
        along = np.sum(mean * ray, axis=-1, keepdims=True) * ray
        return _ALONG * along + _ACROSS * (mean - along)

    @staticmethod
    def _bend_legs(joints: NDArray, foot: NDArray) -> None:
        hips, knees, ankles = joints[:, HIPS], joints[:, KNEES], joints[:, ANKLES]
        bent = place_middle_joint(hips, knees, ankles, ankles + foot)
        joints[:, KNEES] = np.where(np.isfinite(bent), bent, knees)
        joints[:, ANKLES] = ankles + foot

    def _keep(self, frame: LiftedFrame, state: '_Anchors') -> None:
        for row, person_id in enumerate(frame.person_ids):
            self._people[int(person_id)] = state.row(row)


@dataclass(frozen=True)
class _Anchors:
    """anchor, foot [P,2,3]; planted [P,2]; shift [P,3]; stamp [P]; without P for one person."""

    anchor: NDArray
    planted: NDArray
    foot: NDArray
    shift: NDArray
    stamp: NDArray

    def row(self, index: int) -> '_Anchors':
        return _Anchors(self.anchor[index], self.planted[index], self.foot[index],
                        self.shift[index], self.stamp[index])


_NEW = _Anchors(np.zeros((2, 3)), np.zeros(2, bool), np.zeros((2, 3)), np.zeros(3),
                np.asarray(-np.inf))


def _gather(people: list['_Anchors | None']) -> _Anchors:
    rows = [_NEW if person is None else person for person in people]
    return _Anchors(np.stack([r.anchor for r in rows]), np.stack([r.planted for r in rows]),
                    np.stack([r.foot for r in rows]), np.stack([r.shift for r in rows]),
                    np.array([r.stamp for r in rows], float))


def place_middle_joint(start: NDArray, middle: NDArray, end: NDArray, new_end: NDArray
                       ) -> NDArray[np.float64]:
    """Middle joint [...,3] of limbs whose end moves, bone lengths and bending side kept.

    start, middle, end: [...,3] the limb as it is (hip, knee, ankle); new_end: [...,3].
    Where the new end is out of reach, the limb is straight and stretched in proportion; where it
    is too near, the middle joint keeps the longer bone's length as far as geometry allows.
    """
    upper = np.linalg.norm(middle - start, axis=-1, keepdims=True)
    lower = np.linalg.norm(end - middle, axis=-1, keepdims=True)
    line = new_end - start
    reach = np.linalg.norm(line, axis=-1, keepdims=True)
    safe_reach = np.maximum(reach, 1e-6)
    direction = line / safe_reach
    along = (upper**2 - lower**2 + safe_reach**2) / (2 * safe_reach)
    stretched = reach >= upper + lower
    along = np.where(stretched, reach * upper / np.maximum(upper + lower, 1e-6), along)
    along = np.clip(along, -upper, None)
    aside = np.sqrt(np.clip(upper**2 - along**2, 0.0, None))
    aside = np.where(stretched, 0.0, aside)
    bend = middle - start
    bend = bend - np.sum(bend * direction, axis=-1, keepdims=True) * direction
    length = np.linalg.norm(bend, axis=-1, keepdims=True)
    bend = bend / np.maximum(length, 1e-9)
    return start + along * direction + np.where(length > 1e-9, aside, 0.0) * bend
