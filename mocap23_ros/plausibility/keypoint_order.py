# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tells keypoints in other orders from COCO's by the shape of the body."""

import warnings

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.formats import COCO17, H36M17

_LIMB_NAMES = tuple(f'{side}_{joint}' for joint in (
    'shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle') for side in ('left', 'right'))
_BONES = np.array([(0, 1), (0, 2), (2, 4), (1, 3), (3, 5), (0, 6), (1, 7), (6, 7), (6, 8), (8, 10),
                   (7, 9), (9, 11)])
_COCO = [COCO17.joint_names.index(name) for name in _LIMB_NAMES]
_H36M = [H36M17.joint_names.index(name) for name in _LIMB_NAMES]
_THORAX, _SHOULDERS, _PELVIS, _HIPS = 8, H36M17.pair('shoulder'), 0, H36M17.pair('hip')
_SHORTER = 0.9  # bones in the right order against those in a wrong one
_OFF_THE_MIDDLE = 0.3  # of thorax and pelvis, in trunk lengths
_FEWEST_BONES = 4
_NOSE, _EYES = 0, [COCO17.index('left_eye'), COCO17.index('right_eye')]
_FACE, _COCO_SHOULDERS, _COCO_HIPS = slice(0, 5), COCO17.pair('shoulder'), COCO17.pair('hip')
_NEARER = 0.6  # of a face to the hips, against that to the shoulders
_BELOW, _ABOVE = -0.06, 0.1  # trunk lengths from the nose: PoseTrack has neck and top of the head
_MOSTLY = 0.6  # of the people seen


def order_doubt(points: NDArray) -> str:
    """The order of keypoints [N,17,2] of N people, if it is not that of COCO-17; '' for COCO-17."""
    def mostly(which: NDArray) -> bool:
        return bool(np.isfinite(which).any() and np.nanmean(which) > _MOSTLY)
    if mostly(looks_like_human36m(points)):
        return ('the keypoints are in the order of Human3.6M ("nose" lies between the hips), but '
                'are taken for COCO-17: put them into COCO order, eyes and ears as not detected')
    shoulders, hips = points[:, _COCO_SHOULDERS].mean(axis=1), points[:, _COCO_HIPS].mean(axis=1)
    up = shoulders - hips
    with np.errstate(invalid='ignore'), warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # no face is seen
        face = np.nanmean(points[:, _FACE], axis=1)
        to_hips, to_shoulders = (np.linalg.norm(face - end, axis=1) for end in (hips, shoulders))
    known = np.isfinite(to_hips + to_shoulders)
    if mostly(np.where(known, to_hips < _NEARER * to_shoulders, np.nan)):
        return ('the face is nearer to the hips than to the shoulders: the keypoints are not in '
                'the order of COCO-17')
    with np.errstate(invalid='ignore', divide='ignore'):
        beside = ((points[:, _EYES] - points[:, [_NOSE]]) * up[:, None]).sum(axis=2) / (
            up ** 2).sum(axis=1)[:, None]
        is_posetrack = (beside[:, 0] < _BELOW) & (beside[:, 1] > _ABOVE)
    if mostly(np.where(np.isfinite(beside).all(axis=1), is_posetrack, np.nan)):
        return ('the keypoints are in the order of PoseTrack (neck and top of the head where the '
                'eyes belong), but are taken for COCO-17: give the eyes as not detected')
    return ''


def looks_like_human36m(points: NDArray) -> NDArray[np.float64]:
    """Per person 1 where the keypoints [N,17,2] fit H36M-17 better than COCO-17, 0, or NaN.

    In the right order bones are short, and Human3.6M has a keypoint between the shoulders and one
    between the hips.
    """
    coco, h36m = _lengths(points[:, _COCO]), _lengths(points[:, _H36M])
    both = np.isfinite(coco) & np.isfinite(h36m)
    with np.errstate(invalid='ignore'):
        shorter = np.where(both, h36m, 0).sum(axis=1) < _SHORTER * np.where(both, coco, 0).sum(1)
        neck, hips = points[:, _SHOULDERS].mean(axis=1), points[:, _HIPS].mean(axis=1)
        trunk = np.linalg.norm(neck - hips, axis=1)
        between = np.ones(len(points), bool)
        for middle, joint in ((neck, _THORAX), (hips, _PELVIS)):
            off = np.linalg.norm(points[:, joint] - middle, axis=1)
            between &= np.isnan(off) | (off < _OFF_THE_MIDDLE * trunk)
    return np.where(both.sum(axis=1) >= _FEWEST_BONES, (shorter & between).astype(float), np.nan)


def _lengths(limbs: NDArray) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(
        limbs[:, _BONES[:, 0]] - limbs[:, _BONES[:, 1]], axis=-1)
    return lengths
