# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Says whether the people of some seconds contradict the given pose of a still camera.

The fit of ``floor_fit`` starts from nothing, so that it sees errors of any size; ``PoseBiasFilter``
sees small ones, over minutes.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.calibration.floor_fit import fit_floor
from mocap23_ros.calibration.floor_start import pitch_roll_height
from mocap23_ros.calibration.gait import walking
from mocap23_ros.calibration.pose_bias import PoseBias, honest_covariance
from mocap23_ros.calibration.standing_people import PAIRS, StandingPeople, middles_of
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.poses import wrap_angle

# Worth a word: pitch and roll; the height where statures are given, and where they are not.
_LARGE = np.radians([1.5, 1.5])
_LARGE_HEIGHT, _LARGE_HEIGHT_ALONE = 0.1, 0.2
_SURE = 4.0  # standard deviations
_FEWEST = 35  # bodies
_MOST = 150  # bodies that are used; more take longer and say little more
_MOST_PERSONS = 4  # people seen most: each adds nine unknowns
_WALKING = 0.5  # share of those bodies that must walk, steadily and upright
_STILL = 0.02  # metres and radians that a camera may move


def given_pose_doubt(stamps: NDArray, person_ids: NDArray, points: NDArray,
                    floor_T_cameras: NDArray, focal_length: float,
                    statures: Mapping[int, float] | None = None) -> str | None:
    """How the given pose contradicts the people, and the remedy, in words; '' where it fits.

    None where too little was seen to tell, or the camera moves.

    stamps: [N] s; person_ids: [N]; points: [N,17,2] COCO keypoints in undistorted normalised
    coordinates, NaN = unobserved; floor_T_cameras: [N,4,4] as told; focal_length: px; statures:
    known body heights [m] by person id. Without them a given height that is too small is not
    doubted: it makes adults as small as children are.
    """
    middles, usable = middles_of(points)
    rows = np.flatnonzero(usable)
    if len(rows) < _FEWEST or np.ptp(floor_T_cameras, axis=0).max() > _STILL:
        return None
    persons, counts = np.unique(person_ids[rows], return_counts=True)
    rows = rows[np.isin(person_ids[rows], persons[np.argsort(-counts, kind='stable')][
        :_MOST_PERSONS])]
    persons, index = np.unique(person_ids[rows], return_inverse=True)
    known = statures or {}
    given = np.array([known.get(int(person), np.nan) for person in persons])
    used = np.linspace(0, len(rows) - 1, min(len(rows), _MOST)).astype(int)
    bodies = StandingPeople(middles[rows[used]], points[rows[used]][:, PAIRS[0]], index[used],
                            stamps[rows[used]], focal_length, given)
    try:
        fit = fit_floor(bodies, quick=True)
        fit.check()
    except InputError:  # they do not stand, or all alike
        return None
    walk = walking(stamps[rows], person_ids[rows], points[rows], np.broadcast_to(
        fit.floor_T_camera, (len(rows), 4, 4)), focal_length).any(axis=1)
    if walk.mean() < _WALKING:
        return None
    pitch, roll, height = (float(v) for v in pitch_roll_height(floor_T_cameras[rows[0]]))
    scale = np.diag([1.0, 1.0, 1.0 / height])
    turns = wrap_angle([fit.pitch - pitch, fit.roll - roll])
    bias = PoseBias(np.array([*turns, fit.height / height - 1]),
                    honest_covariance(scale @ fit.covariance[:3, :3] @ scale), height)
    large = [*_LARGE, _LARGE_HEIGHT if fit.scale_known else _LARGE_HEIGHT_ALONE]
    off = (np.abs(bias.value) > large) & (np.abs(bias.value) > _SURE * bias.sd)
    off[2] &= fit.scale_known or bias.value[2] < 0
    if not off.any():
        return ''
    return ('stand and walk as before a camera with another pose: the one told seems off by '
            f'{bias.message(off)}{_or_statures(bias, bool(off[2] and fit.scale_known))}. Check it, '
            'that K is of these images, and that keypoints are not of a crop; mocap23 calibrate '
            'people measures it')


def _or_statures(bias: PoseBias, told: bool) -> str:
    """The other cause of a height that seems off, where body heights are given."""
    if not told:
        return ''
    share = abs(1 / (1 + float(bias.value[2])) - 1)
    return (f', or the body heights told are {100 * share:.0f} % too '
            f'{"large" if bias.value[2] > 0 else "small"}')
