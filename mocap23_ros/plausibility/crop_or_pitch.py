# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds crops and pitches that would put people on the floor where no usual mistake does."""

import warnings
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.plausibility.standing import standing
from mocap23_ros.skeletons.coco17 import ANKLES

_PITCHES = np.concatenate([np.arange(-40.0, 0, 2), np.arange(2.0, 41, 2)])  # degrees
_FEWEST_POINTS, _FEWEST = 10, 8  # keypoints of a body, sightings of such bodies
_SAME_PLACE, _STEPPING = 0.05, 0.05  # body heights: spread of places, and of how far feet are apart


def crop_or_pitch(samples: PeopleSamples, enough: float) -> tuple[str, str]:
    """Return (key, words) of what would make people stand; ('', '') where nothing does.

    enough: how many of the samples must stand then.
    """
    if _stay_in_one_place(samples):
        return 'crop', ('All who walk stay at one place of the image: the keypoints look like '
                        'those of crops around people. Undo the scale of each crop and add its '
                        'corner')
    judged = {degrees: standing(pitched(samples, degrees)) for degrees in _PITCHES.tolist()}
    mended = [degrees for degrees, way in judged.items() if way.stands.sum() >= enough]
    if not mended:
        return '', ''
    degrees = max(mended, key=lambda each: float(judged[each].likelihood.mean()))
    height = 2 * float(np.median(samples.middle[:, 1] + samples.principal_point[:, 1]))
    share = 100 * abs(np.tan(np.radians(degrees))) / height
    way = 'up' if degrees > 0 else 'down'
    return 'people seen', (
        f'A camera that looks about {abs(degrees):.0f} degrees further {way} would mend it, and so '
        f'would keypoints {share:.0f} % of the image further {way}. Check the pitch and height of '
        'the camera pose, K, and that keypoints count from the corner of the whole image, not of '
        'a crop')


def pitched(samples: PeopleSamples, degrees: float) -> PeopleSamples:
    """The camera turned about its x axis: upwards, since y is down."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.eye(4)
    turn[1:3, 1:3] = [[c, -s], [s, c]]
    return replace(samples, floor_T_camera=samples.floor_T_camera @ turn)


def _stay_in_one_place(samples: PeopleSamples) -> bool:
    """Whether everybody stays at one place of the image while the legs move."""
    points = samples.points[np.isfinite(samples.points[..., 0]).sum(axis=1) >= _FEWEST_POINTS]
    if len(points) < _FEWEST:
        return False
    low, high = np.nanmin(points, axis=1), np.nanmax(points, axis=1)
    size = float(np.median(high[:, 1] - low[:, 1]))
    steady = min(_spread(low), _spread(0.5 * (low + high))) < _SAME_PLACE * size
    apart = np.linalg.norm(points[:, ANKLES[0]] - points[:, ANKLES[1]], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # no feet are seen
        return bool(steady and np.nanstd(apart) > _STEPPING * size)


def _spread(places: NDArray[np.float64]) -> float:
    """Median distance of places [N,2] from their middle."""
    return float(np.median(np.linalg.norm(places - np.median(places, axis=0), axis=1)))
