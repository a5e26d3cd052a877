# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the heights of people who stand straight say against a camera, with cause and remedy."""

from dataclasses import replace

import numpy as np

from mocap23_ros.plausibility.body_heights import BodyHeights, body_heights, straight_bodies
from mocap23_ros.plausibility.crop_or_pitch import pitched
from mocap23_ros.plausibility.mistakes import RECTIFICATION
from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.plausibility.standing import Standing, statures
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE

_USUAL = (1.4, 2.0)
# Change of heights and its correlation with distance that matter where another camera explains
# them, and the share of the change that it may leave.
_NOTABLE, _MENDED = (0.08, 0.8), 0.4
_PITCHES = np.arange(-15.0, 15.5)  # degrees
_FOCAL_LENGTHS = np.exp(np.linspace(np.log(0.5), np.log(2.0), 25))


def height_doubt(samples: PeopleSamples, told: Standing) -> tuple[str, str]:
    """Return (key, words) of an oddity, its likely cause and remedy; ('', '') if there is none."""
    straight = straight_bodies(samples, told)
    heights = body_heights(samples, told.stature, straight)
    if heights is None:
        return '', ''
    undone = RECTIFICATION.undo(samples)
    other = None if undone is None else body_heights(undone, statures(undone), straight)
    if other is not None and _explains(heights, other):
        return RECTIFICATION.key, (f'{_seen(heights, True)}. It looks as if '
                                   f'{RECTIFICATION.words}')
    if not _is_odd(heights):
        return '', ''
    seen = _seen(heights, heights.change_with_distance)
    if not heights.change_with_distance:
        height = float(np.median(samples.floor_T_camera[:, 2, 3]))
        return 'height', (
            f'{seen}, under a camera {height:.2g} m above the floor; one at '
            f'{height * MEAN_STATURE / heights.stature:.2g} m would have grown-ups of the usual '
            'height. Check the height of the camera pose, floor_height, and K')

    def left(changed: PeopleSamples) -> float:
        found = body_heights(changed, statures(changed), straight)
        return np.inf if found is None else abs(found.change)
    pitch = min(_PITCHES, key=lambda degrees: left(pitched(samples, degrees)))
    focal = min(_FOCAL_LENGTHS, key=lambda factor: left(
        replace(samples, points=samples.points / factor)))
    way = 'down' if pitch < 0 else 'up'
    return 'height', (
        f'{seen}. A camera that looks {abs(pitch):.0f} degrees further {way}, or a focal length '
        f'{focal:.2g} times that of K, would mend it. Check the pitch of the '
        'camera pose, that K is of these images, and that keypoints count from the corner of the '
        'whole image, not of a crop; mocap23 calibrate measures the pose from people who walk '
        'about')


def _is_odd(heights: BodyHeights) -> bool:
    return heights.are_tall or heights.are_small or heights.change_with_distance


def _explains(told: BodyHeights, other: BodyHeights) -> bool:
    """Whether rectified images in place of raw ones, or the reverse, explain the heights."""
    return ((_is_odd(told) or told.changes_by(*_NOTABLE)) and not _is_odd(other)
            and abs(other.change) < _MENDED * abs(told.change)
            and _USUAL[0] < other.stature < _USUAL[1])


def _seen(heights: BodyHeights, change: bool) -> str:
    if not change:
        return f'would be {heights.stature:.2g} m tall'
    near, far = heights.distances
    half = np.exp(0.5 * heights.change)
    return (f'would be {heights.stature / half:.3g} m tall at {near:.2g} m and '
            f'{heights.stature * half:.3g} m at {far:.2g} m')
