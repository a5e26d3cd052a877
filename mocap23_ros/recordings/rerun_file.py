# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifted motion as a recording of the viewer Rerun."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.atomic_files import saving
from mocap23_ros.errors import InputError
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.skeletons.formats import OUTPUT19

_COLOURS = ((86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167), (213, 94, 0),
            (240, 228, 66), (0, 114, 178))
_GREY = (120, 120, 120)
_WITHIN_95 = 7.815  # squared deviations of three normal variables
_UNIX = 1e8  # s; smaller stamps count from the beginning of the recording
_GRID, _MOST_LINES = 1.0, 200  # m
_FRUSTUM = 0.4  # m, the distance at which the image is drawn


def check_rerun() -> None:
    """Refuse to begin without the package; InputError."""
    _rerun()


def save_rerun(path: Path, motions: Mapping[str, RecordedMotion],
               observed: KeypointRecording | None = None) -> None:
    """Write skeletons, their 95 % ellipsoids, the floor, the camera and its keypoints.

    motions: by the name under which they are shown, z up, floor at z = 0. observed: what the camera
    saw, in the same world. Raises InputError where rerun is absent or the file cannot be written.
    """
    rr = _rerun()
    with saving(path) as temporary:
        stream = rr.RecordingStream('mocap23')
        stream.save(str(temporary))
        stream.log('world', rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
        stream.log('world/floor', rr.LineStrips3D(
            _grid(motions), colors=[_GREY], radii=[0.004]), static=True)
        for name, motion in motions.items():
            for column, person_id in enumerate(motion.person_ids.tolist()):
                _log_person(rr, stream, f'world/{rr.escape_entity_path_part(name)}/{person_id}',
                            motion, column)
        if observed is not None:
            _log_camera(rr, stream, observed)
        stream.flush()
        stream.disconnect()


def _rerun() -> Any:
    try:
        import rerun
    except ImportError:
        raise InputError('--rerun needs the package rerun-sdk, which is not installed: pip install '
                         'rerun-sdk') from None
    return rerun


def _set_time(stream: Any, stamp: float) -> None:
    stream.set_time('stamp', **{'timestamp' if stamp > _UNIX else 'duration': stamp})


def _log_person(rr: Any, stream: Any, path: str, motion: RecordedMotion, column: int) -> None:
    colour = _COLOURS[column % len(_COLOURS)]
    joints = motion.joints[:, column].astype(np.float64)
    known: NDArray[np.bool_] = np.asarray(np.isfinite(joints).all(axis=2))
    half_sizes, quaternions = _ellipsoids(motion.covariance[:, column].astype(np.float64))
    drawn: NDArray[np.bool_] = np.asarray(known & np.isfinite(half_sizes).all(axis=2))
    bones = np.array(OUTPUT19.bones)
    before = False
    for frame, stamp in enumerate(motion.stamps.tolist()):
        here = bool(known[frame].any())
        if not here and not before:
            continue
        before = here
        _set_time(stream, stamp)
        # Empty where nobody is: what was logged last would stay.
        stream.log(f'{path}/joints', rr.Points3D(
            joints[frame, known[frame]], colors=[colour], radii=[0.02]))
        whole = bones[known[frame, bones].all(axis=1)]
        stream.log(f'{path}/bones', rr.LineStrips3D(
            joints[frame, whole], colors=[colour], radii=[0.01]))
        rows = drawn[frame]
        stream.log(f'{path}/within_95', rr.Ellipsoids3D(
            centers=joints[frame, rows], half_sizes=half_sizes[frame, rows],
            quaternions=quaternions[frame, rows], colors=[(*colour, 60)]))


def _ellipsoids(covariance: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Half axes [F,J,3] (m) and their quaternions [F,J,4] of the 95 % ellipsoids; NaN as given."""
    half_sizes = np.full(covariance.shape[:-1], np.nan)
    quaternions = np.full((*covariance.shape[:-2], 4), np.nan)
    known = np.isfinite(covariance).all(axis=(2, 3))
    if known.any():
        values, vectors = np.linalg.eigh(covariance[known])
        vectors[np.linalg.det(vectors) < 0, :, 0] *= -1
        half_sizes[known] = np.sqrt(_WITHIN_95 * np.maximum(values, 0))
        quaternions[known] = Rotation.from_matrix(vectors).as_quat()
    return half_sizes, quaternions


def _log_camera(rr: Any, stream: Any, observed: KeypointRecording) -> None:
    """The frustum without distortion, and the keypoints where it would show them."""
    seen = observed.undistorted().astype(np.float64)
    poses = observed.world_T_camera
    still = bool((poses == poses[0]).all())
    for frame, stamp in enumerate(observed.stamps.tolist()):
        camera = observed.camera(frame)
        _set_time(stream, stamp)
        if frame == 0 or not still:
            stream.log('world/camera', rr.Transform3D(
                translation=poses[frame, :3, 3], mat3x3=poses[frame, :3, :3]), static=still)
        if frame == 0 or len(observed.cameras) > 1:
            stream.log('world/camera/image', rr.Pinhole(
                image_from_camera=camera.K, resolution=camera.image_size,
                camera_xyz=rr.ViewCoordinates.RDF, image_plane_distance=_FRUSTUM),
                static=len(observed.cameras) == 1)
        K = camera.K
        for column in range(observed.people):
            points = seen[frame, column]
            points = points[points[:, 2] > 0, :2] * (K[0, 0], K[1, 1]) + (K[0, 2], K[1, 2])
            stream.log(f'world/camera/image/person_{column + 1}', rr.Points2D(
                points, colors=[_COLOURS[column % len(_COLOURS)]], radii=[3.0]))


def _grid(motions: Mapping[str, RecordedMotion]) -> list[NDArray[np.float64]]:
    """Lines of the floor, a metre apart, about everybody."""
    places = [m.joints[..., :2].reshape(-1, 2) for m in motions.values()]
    places = [p[np.isfinite(p).all(axis=1)] for p in places]
    everywhere = np.concatenate([*places, np.zeros((1, 2))])
    low, high = np.floor(everywhere.min(axis=0)) - 1, np.ceil(everywhere.max(axis=0)) + 1
    step = _GRID * max(1.0, np.ceil((high - low).max() / _MOST_LINES))
    x, y = (np.arange(low[axis], high[axis] + step / 2, step) for axis in (0, 1))
    return [*(np.array([[v, low[1], 0], [v, high[1], 0]]) for v in x),
            *(np.array([[low[0], v, 0], [high[0], v, 0]]) for v in y)]
