# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Every lifting method on the same recorded keypoints, frame by frame or as a whole."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.baselines.optimisation import optimise_motion
from mocap23_ros.baselines.pose_prior import PosePrior, fit_pose_prior
from mocap23_ros.datasets.cmu import load_cmu
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.lifting.lifter import Lifter
from mocap23_ros.lifting.lifters import LIFTERS, create_lifter
from mocap23_ros.lifting.load_lifter import load_lifter
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.pipeline.refinement import ALL_STEPS, RefinementSteps
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.recordings.offline_lifter import lift_offline
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.recordings.recording_lifter import lift_streaming

LiftInput = dict[str, NDArray[Any]]
_OPTIMISATION_RATE = 15.0     # Hz; between its samples the fit is interpolated
_STRETCH, _OVERLAP = 48, 8    # samples of one fit, and shared with the next


@lru_cache(maxsize=4)
def _pose_prior(data: str | None) -> PosePrior:
    return fit_pose_prior(load_cmu('train', data))


def _camera(lift_input: LiftInput) -> CameraModel:
    return CameraModel.from_calibration(
        lift_input['K'], lift_input.get('distortion', np.zeros(0)),
        str(lift_input.get('distortion_model', 'plumb_bob')), lift_input['image_size'].tolist())


def optimise_recording(lift_input: LiftInput, data: Path | str | None = None) -> LiftInput:
    """B1 on a whole recording of one person; arrays as OUT.npz of ``mocap23 lift``.

    Uses all frames (it is an offline method) and gives no covariance and no contact.
    """
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


def as_recording(lift_input: LiftInput) -> KeypointRecording:
    """The arrays of IN.npz of ``mocap23 lift``, unchecked."""
    frames, people = lift_input['keypoints'].shape[:2]
    return KeypointRecording(
        lift_input['keypoints'], np.asarray(lift_input['stamps'], np.float64),
        (_camera(lift_input),),
        np.ascontiguousarray(np.broadcast_to(lift_input['world_T_camera'], (frames, 4, 4))),
        lift_input.get('stature', np.full(people, np.nan, np.float32)),
        detector=str(lift_input.get('detector', '')),
        pose_uncertainty=CameraPoseUncertainty(*lift_input['camera_sd'].tolist())
        if 'camera_sd' in lift_input else None)


def lift_recording(lifter: Lifter, lift_input: LiftInput, lag: int = 0, offline: bool = False,
                   refinement: RefinementSteps = ALL_STEPS,
                   pose_uncertainty: CameraPoseUncertainty | None = None) -> LiftInput:
    """Lift a recording the way ``mocap23 lift`` does; arrays as its OUT.npz.

    Streaming, the estimate at frame i uses frames <= i + lag, as in the node; offline, all. What
    the lifter knows of earlier recordings is forgotten first. pose_uncertainty: in place of what
    the recording tells.
    """
    lifter.forget()
    recording = as_recording(lift_input)
    pose_uncertainty = pose_uncertainty or recording.pose_uncertainty
    motion = (lift_offline(lifter, recording, bones=refinement.bones,
                           pose_uncertainty=pose_uncertainty) if offline else
              lift_streaming(StreamingLifter(lifter, lag, refinement=refinement,
                                             pose_uncertainty=pose_uncertainty), recording))
    return {'joints': motion.joints, 'covariance': motion.covariance, 'contact': motion.contact,
            'stature': motion.stature, 'stamps': motion.stamps}


def method(name: str, lag: int = 0, offline: bool = False, data: Path | str | None = None,
           without: Sequence[str] = ()) -> tuple[str, Callable[[LiftInput], LiftInput]]:
    """Look up a method; returns its label and what runs it.

    name: ``[LABEL=]WHAT`` with WHAT one of ``optimisation`` (always offline), ``geometric``,
    ``diffusion`` or ``diffusion:TIER`` (exported), ``weights:FILE[@STEPS]`` (run in torch).
    without: RefinementSteps that lifters leave out.
    Raises InputError for an unknown name or absent weights.
    """
    refinement = RefinementSteps.without(without)
    label, _, what = name.rpartition('=')
    label = label or what
    if what == 'optimisation':
        return label, lambda lift_input: optimise_recording(lift_input, data)
    kind, _, detail = what.partition(':')
    lifter: Lifter
    if kind == 'weights' and detail:
        path, _, steps = detail.rpartition('@') if '@' in detail else (detail, '', '2')
        if not steps.isdigit() or int(steps) < 1:
            raise InputError(f'{name}: the number of steps after @ must be 1 or more')
        if not Path(path).is_file():
            raise InputError(f'{path}: no such weights file')
        lifter = load_lifter(Path(path), steps=int(steps), warm_start=False)
    elif kind in LIFTERS:
        lifter = create_lifter(kind, **({'tier': detail} if detail else {}))
    else:
        raise InputError(f'no method {name}; choose from {", ".join(LIFTERS)}, optimisation, '
                         f'weights:FILE')
    return label, lambda lift_input: lift_recording(lifter, lift_input, lag, offline, refinement)
