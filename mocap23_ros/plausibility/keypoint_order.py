# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tells keypoints in other orders from COCO's by the shape of the body."""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.formats import BODY25, COCO17, H36M17, OPENPOSE18
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

_LIMB_NAMES = tuple(f'{side}_{joint}' for joint in (
    'shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle') for side in ('left', 'right'))
_BONES = np.array([(0, 1), (0, 2), (2, 4), (1, 3), (3, 5), (0, 6), (1, 7), (6, 7), (6, 8), (8, 10),
                   (7, 9), (9, 11)])
_SHORTER, _MUCH_SHORTER = 0.9, 0.75  # bones in the right order against those in a wrong one
_OFF_THE_MIDDLE = 0.3  # of thorax and pelvis, in trunk lengths
_FEWEST_BONES = 4
_NOSE, _EYES = 0, [COCO17.index('left_eye'), COCO17.index('right_eye')]
_FACE, _SHOULDERS, _HIPS = slice(0, 5), COCO17.pair('shoulder'), COCO17.pair('hip')
_ANKLES = COCO17.pair('ankle')
_NEARER = 0.6  # of a face to the hips, against that to the shoulders; of ankles against hips
_NARROW = 0.4  # shoulders against hips
_BELOW, _ABOVE = -0.06, 0.1  # trunk lengths from the nose: PoseTrack has neck and top of the head
_MOSTLY, _NEARLY_ALL = 0.6, 0.8  # of the people seen


def _limbs(skeleton: SkeletonFormat) -> list[int]:
    return [skeleton.index(name) for name in _LIMB_NAMES]


class _Order(NamedTuple):
    """Where limbs are in another order, and its keypoints between shoulders and between hips."""

    name: str
    remedy: str
    limbs: list[int]
    between_shoulders: int
    between_hips: int | None


_COCO = _limbs(COCO17)
_HUMAN36M = _Order('Human3.6M ("nose" lies between the hips)', 'put them into COCO order, eyes and '
                   'ears as not detected', _limbs(H36M17), 8, 0)
_ORDERS = (
    _HUMAN36M,
    _Order('OpenPose ("left_eye" lies between the shoulders)', 'put them into COCO order, or name '
           'their format (openpose18)', _limbs(OPENPOSE18), 1, None),
    _Order('OpenPose ("left_eye" lies between the shoulders)', 'put them into COCO order, or name '
           'their format (body25)', _limbs(BODY25), 1, 8),
    _Order('MPII (the right foot first)', 'put them into COCO order, eyes and ears as not detected',
           [13, 12, 14, 11, 15, 10, 3, 2, 4, 1, 5, 0], 7, 6))


def order_doubt(points: NDArray, contradicted: bool = False) -> str:
    """The order of keypoints [N,17,2] of N people, if it is not that of COCO-17; '' for COCO-17.

    contradicted: people do not stand in COCO's order; then others are looked for that odd postures
    look like, too.
    """
    if contradicted:
        fits = [_fit(points, order) for order in _ORDERS]
        best = int(np.argmin([np.nan_to_num(np.nanmedian(fit), nan=np.inf) for fit in fits]))
        is_other = _mostly(_below(fits[best], _MUCH_SHORTER), _NEARLY_ALL)
        return _words(_ORDERS[best]) if is_other else ''
    if _mostly(_below(_fit(points, _HUMAN36M), _SHORTER)):
        return _words(_HUMAN36M)
    shoulders, hips, ankles = (
        points[:, pair].mean(axis=1) for pair in (_SHOULDERS, _HIPS, _ANKLES))
    widths = [np.linalg.norm(points[:, left] - points[:, right], axis=1)
              for left, right in (_SHOULDERS, _HIPS)]
    if np.nansum(widths[0]) < _NARROW * np.nansum(np.where(np.isnan(widths[0]), 0, widths[1])):
        return ('the shoulders are less than half as wide as the hips, as where the first 17 of '
                'the 33 keypoints of MediaPipe are taken for COCO-17: name their format '
                '(blazepose33), or put them into COCO order')
    with np.errstate(invalid='ignore'):
        to_ankles, to_hips = (np.linalg.norm(end - shoulders, axis=1) for end in (ankles, hips))
        known, upside_down = np.isfinite(to_ankles + to_hips), to_ankles < _NEARER * to_hips
    if _mostly(np.where(known, upside_down, np.nan)):
        return ('the ankles are nearer to the shoulders than the hips are: the legs are not in the '
                'order of COCO-17, hips, knees, ankles')
    up = shoulders - hips
    with np.errstate(invalid='ignore'), warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # no face is seen
        face = np.nanmean(points[:, _FACE], axis=1)
        to_hips, to_shoulders = (np.linalg.norm(face - end, axis=1) for end in (hips, shoulders))
    known = np.isfinite(to_hips + to_shoulders)
    if _mostly(np.where(known, to_hips < _NEARER * to_shoulders, np.nan)):
        return ('the face is nearer to the hips than to the shoulders: the keypoints are not in '
                'the order of COCO-17')
    with np.errstate(invalid='ignore', divide='ignore'):
        beside = ((points[:, _EYES] - points[:, [_NOSE]]) * up[:, None]).sum(axis=2) / (
            up ** 2).sum(axis=1)[:, None]
        is_posetrack = (beside[:, 0] < _BELOW) & (beside[:, 1] > _ABOVE)
    if _mostly(np.where(np.isfinite(beside).all(axis=1), is_posetrack, np.nan)):
        return ('the keypoints are in the order of PoseTrack (neck and top of the head where the '
                'eyes belong), but are taken for COCO-17: give the eyes as not detected')
    return ''


def _mostly(which: NDArray, share: float = _MOSTLY) -> bool:
    """Whether more than this share are 1, of those that are not NaN."""
    return bool(np.isfinite(which).any() and np.nanmean(which) > share)


def _below(values: NDArray, limit: float) -> NDArray[np.float64]:
    return np.where(np.isnan(values), np.nan, values < limit)


def _words(order: _Order) -> str:
    return (f'the keypoints are in the order of {order.name}, but are taken for COCO-17: '
            f'{order.remedy}')


def _fit(points: NDArray, order: _Order) -> NDArray[np.float64]:
    """How long bones [N] are in another order against COCO's; NaN: not known.

    Infinite where its keypoints between the shoulders and the hips are elsewhere.
    """
    coco, other = _lengths(points[:, _COCO]), _lengths(points[:, order.limbs])
    both = np.isfinite(coco) & np.isfinite(other)
    with np.errstate(invalid='ignore', divide='ignore'):
        shorter = np.where(both, other, 0).sum(axis=1) / np.where(both, coco, 0).sum(axis=1)
        neck = points[:, order.limbs[:2]].mean(axis=1)
        hips = points[:, order.limbs[6:8]].mean(axis=1)
        trunk = np.linalg.norm(neck - hips, axis=1)
        for middle, joint in ((neck, order.between_shoulders), (hips, order.between_hips)):
            if joint is not None:
                off = np.linalg.norm(points[:, joint] - middle, axis=1)
                shorter[~(np.isnan(off) | (off < _OFF_THE_MIDDLE * trunk))] = np.inf
    return np.where(both.sum(axis=1) >= _FEWEST_BONES, shorter, np.nan)


def _lengths(limbs: NDArray) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(
        limbs[:, _BONES[:, 0]] - limbs[:, _BONES[:, 1]], axis=-1)
    return lengths
