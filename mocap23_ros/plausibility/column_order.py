# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tells whether each column of a keypoint file is one person, or detections nobody tracked."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import HIPS, SHOULDERS

_FAR = 0.5  # body lengths in the image, from one frame to the next
_SOON = 0.1  # seconds between these frames
_FEWEST_JUMPS, _JUMPS = 4, 0.02  # and their share, with the known steps as whole
_TRUNK = [*SHOULDERS, *HIPS]


def column_doubt(keypoints: NDArray, stamps: NDArray[np.float64]) -> str:
    """Return what speaks against columns of keypoints [F,P,17,3] being one person each, or ''."""
    found = keypoints[..., 2] > 0
    points = np.where(found[..., None], keypoints[..., :2], np.nan)
    trunk = np.isfinite(points[:, :, _TRUNK, 0])
    count = trunk.sum(axis=2)
    with np.errstate(invalid='ignore', divide='ignore'):
        centre = np.nan_to_num(points[:, :, _TRUNK]).sum(axis=2) / count[..., None]
        size = (np.where(found[..., None], points, -np.inf).max(axis=2)
                - np.where(found[..., None], points, np.inf).min(axis=2)).max(axis=-1)
        # Where other parts of a trunk are seen, its centre is elsewhere.
        same = (trunk[1:] == trunk[:-1]).all(axis=2) & (count[1:] > 0)
        same &= (np.diff(stamps) <= _SOON)[:, None]
        step = np.linalg.norm(np.diff(centre, axis=0), axis=-1) / np.maximum(size[1:], size[:-1])
        jumps = same & (step > _FAR)
    if jumps.sum() < max(_FEWEST_JUMPS, _JUMPS * same.sum()):
        return ''
    share = 100 * jumps.sum() / same.sum()
    return (f'people jump about: in {share:.0f} % of the steps a column of the keypoints is '
            'somewhere else in the next frame. A column must stay one person: track '
            'people first, detectors list them in no order; and frames must be in the order of '
            'time')
