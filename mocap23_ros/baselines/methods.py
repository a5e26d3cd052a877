# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Every lifting method on the same recorded keypoints, frame by frame or as a whole."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel

if TYPE_CHECKING:
    from mocap23_ros.baselines.pose_prior import PosePrior

LiftInput = dict[str, NDArray[Any]]
_OPTIMISATION_RATE = 15.0     # Hz; between its samples the fit is interpolated
_STRETCH, _OVERLAP = 48, 8    # samples of one fit, and shared with the next


@lru_cache(maxsize=4)
def _pose_prior(data: str | None) -> 'PosePrior':
    from mocap23_ros.baselines.pose_prior import fit_pose_prior
    from mocap23_ros.datasets.cmu import load_cmu

    return fit_pose_prior(load_cmu('train', data))


def _camera(lift_input: LiftInput) -> CameraModel:
    return CameraModel.from_calibration(
        lift_input['K'], lift_input.get('distortion', np.zeros(0)),
        str(lift_input.get('distortion_model', 'plumb_bob')), lift_input['image_size'].tolist())


def optimise_recording(lift_input: LiftInput, data: Path | str | None = None) -> LiftInput:
    """B1 on a whole recording of one person; arrays as OUT.npz of ``mocap23 lift``.

    Uses all frames (it is an offline method) and gives no covariance and no contact.
    """
    from mocap23_ros.baselines.optimisation import optimise_motion

    camera, stamps = _camera(lift_input), np.asarray(lift_input['stamps'], np.float64)
    keypoints = lift_input['keypoints'][:, 0].astype(np.float64)
    keypoints[..., :2] = camera.undistort(keypoints[..., :2])
    pose = np.broadcast_to(lift_input['world_T_camera'], (len(stamps), 4, 4))
    rate = 1.0 / np.median(np.diff(stamps)) if len(stamps) > 1 else _OPTIMISATION_RATE
    rows = np.arange(0, len(stamps), max(1, round(rate / _OPTIMISATION_RATE)))
    stature = float(lift_input.get('stature', np.array([np.nan]))[0])
    prior = _pose_prior(None if data is None else str(data))
    joints = np.full((len(rows), 17, 3), np.nan)
    weight = np.zeros(len(rows))
    statures = []
    first = 0
    while first < len(rows):
        last = len(rows) if len(rows) - first < _STRETCH + 2 * _OVERLAP else first + _STRETCH
        part = rows[first:last]
        fit, height = optimise_motion(stamps[part], keypoints[part], pose[part],
                                      camera.focal_length, prior, stature)
        statures.append(height)
        # Where stretches overlap, fade from one to the next.
        fade = np.minimum(np.arange(1, len(part) + 1), _OVERLAP) / _OVERLAP
        old = np.nan_to_num(joints[first:last]) * weight[first:last, None, None]
        weight[first:last] += fade
        joints[first:last] = (old + fit * fade[:, None, None]) / weight[first:last, None, None]
        if last == len(rows):
            break
        first = last - _OVERLAP
    dense = np.full((len(stamps), 17, 3), np.nan)
    if len(rows) > 1:
        for index in np.ndindex(17, 3):
            dense[(slice(None), *index)] = np.interp(stamps, stamps[rows],
                                                     joints[(slice(None), *index)])
    seen = (lift_input['keypoints'][:, 0, :, 2] > 0).sum(axis=1) >= 4
    dense[~seen] = np.nan
    return {'joints': dense[:, None].astype(np.float32), 'stamps': stamps,
            'stature': np.full((len(stamps), 1), np.median(statures), np.float32)}


def stream_recording(lifter: Any, lift_input: LiftInput, lag: int = 0) -> LiftInput:
    """Feed a recording to a lifter frame by frame, as the node does; arrays as OUT.npz.

    The lifter forgets what it knows first. Frames <= i + lag count for the estimate at frame i.
    """
    from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
    from mocap23_ros.tracking.track import Track, TrackState

    lifter.forget()
    streaming = StreamingLifter(lifter, lag=lag)
    camera, stamps = _camera(lift_input), np.asarray(lift_input['stamps'], np.float64)
    frames, people = lift_input['keypoints'].shape[:2]
    pose = np.broadcast_to(lift_input['world_T_camera'], (frames, 4, 4))
    known = lift_input.get('stature', np.full(people, np.nan))
    row_of = {float(stamp): f for f, stamp in enumerate(stamps)}
    joints_count = len(lifter.output_format)
    out: LiftInput = {
        'joints': np.full((frames, people, joints_count, 3), np.nan, np.float32),
        'covariance': np.full((frames, people, joints_count, 3, 3), np.nan, np.float32),
        'contact': np.full((frames, people, 2), np.nan, np.float32),
        'stature': np.full((frames, people), np.nan, np.float32), 'stamps': stamps}

    def keep(estimates: list[Any]) -> None:
        for estimate in estimates:
            cell = row_of[float(estimate.stamp)], estimate.person_id - 1
            out['joints'][cell], out['covariance'][cell] = estimate.joints, estimate.covariance
            out['contact'][cell], out['stature'][cell] = estimate.contact, estimate.stature

    last_seen = np.full(people, -np.inf)
    for f in range(frames):
        tracks = []
        for p in range(people):
            keypoints = lift_input['keypoints'][f, p].astype(np.float32)
            seen = np.isfinite(keypoints[:, 0])
            if seen.any():
                if not np.isfinite(last_seen[p]) and np.isfinite(known[p]):
                    streaming.set_stature(p + 1, float(known[p]))
                last_seen[p] = stamps[f]
            elif not np.isfinite(last_seen[p]):
                continue
            corners = keypoints[seen, :2] if seen.any() else np.full((1, 2), np.nan)
            box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
            tracks.append(Track(p + 1, TrackState.TRACKED if seen.any() else TrackState.PREDICTED,
                                keypoints, box.astype(np.float32), float(stamps[f] - stamps[0]),
                                float(stamps[f] - last_seen[p])))
        keep(streaming.update(float(stamps[f]), tracks, camera, pose[f]))
    for estimates in streaming.finish():
        keep(estimates)
    return out


def method(name: str, lag: int = 0, data: Path | str | None = None, **options: Any
           ) -> Callable[[LiftInput], LiftInput]:
    """Look up a method: ``optimisation``, or a lifter such as ``geometric``, ``diffusion:s``.

    What follows the colon is the tier. Raises InputError for an unknown name or absent weights.
    """
    if name == 'optimisation':
        return lambda lift_input: optimise_recording(lift_input, data)
    from mocap23_ros.lifting.registry import LIFTERS, create_lifter

    lifter_name, _, tier = name.partition(':')
    if lifter_name not in LIFTERS:
        raise InputError(f'no method {name}; choose from {", ".join(LIFTERS)}, optimisation')
    if tier:
        options['tier'] = tier
    lifter = create_lifter(lifter_name, **options)
    return lambda lift_input: stream_recording(lifter, lift_input, lag)
