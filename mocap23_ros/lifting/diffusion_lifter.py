# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The learned lifter at run time: canonical inputs, one engine call, back to the world."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.engines.backend import Backend
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.rays import depth_covariance
from mocap23_ros.lifting.floor_doubt import floor_doubt
from mocap23_ros.lifting.hidden_arms import arm_doubt
from mocap23_ros.lifting.hidden_legs import distance_doubt, may_sit
from mocap23_ros.lifting.lifter import LiftedMotion
from mocap23_ros.lifting.network_inputs import MAXIMUM_RANGE, NetworkInputs, make_network_inputs
from mocap23_ros.lifting.proportions import RememberedProportions, takes_proportions
from mocap23_ros.lifting.stated_uncertainty import AS_STATED, StatedUncertainty
from mocap23_ros.lifting.stature_state import StatureState
from mocap23_ros.lifting.warm_start import WarmStart
from mocap23_ros.skeletons.coco17 import FACE, PELVIS
from mocap23_ros.skeletons.conversion import (
    convert_covariance,
    convert_joints,
    convert_keypoints,
    defined_joints,
)
from mocap23_ros.skeletons.formats import COCO17, OUTPUT19
from mocap23_ros.skeletons.message_arrays import symmetric
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.windows.keypoint_windows import KeypointWindows

_UNKNOWN_STATURE_SD = 0.05  # relative; above it the network gets no stature
_VAGUE = 0.3  # relative standard deviation of the anchor's distance, from which nobody is placed
_MINIMUM_SEEN = 6  # keypoint samples in the window below which there is no estimate


class DiffusionLifter:
    """Few-step multi-view diffusion lifter behind the Lifter protocol.

    full: network that starts from noise; warm: one evaluation per hop from the previous window's
    motion, or None; a full start is made for new people and every second. skeleton: format that
    the network was trained on. Joints of OUTPUT19 that it does not tell, as SMPL-22 does not tell
    the face, are NaN in the output. uncertainty: how streams correct the stated one.
    See ``load_lifter`` for the usual way to make one. Raises InputError for a format that does not
    tell where trunk and limbs are.
    """

    def __init__(self, full: Backend, warm: Backend | None, window_length: int, rate: float,
                 skeleton: SkeletonFormat = COCO17,
                 uncertainty: StatedUncertainty = AS_STATED) -> None:
        self.input_format = skeleton
        self.output_format = OUTPUT19
        missing = np.flatnonzero(~defined_joints(skeleton, OUTPUT19))
        body = [OUTPUT19.joint_names[joint] for joint in missing if joint not in FACE]
        if body:
            raise InputError(f'this lifter was trained on {skeleton.name} keypoints, which do not '
                             f'tell where {body[0]} is; a lifter needs trunk, arms and legs')
        self.window_length, self.rate = window_length, rate
        self._full, self._warm = full, warm
        self._uncertainty = uncertainty
        self._warm_start = WarmStart()
        self._stature = StatureState()
        self._proportions = RememberedProportions() if takes_proportions(full) else None

    def lift(self, windows: KeypointWindows) -> LiftedMotion:
        """Lift all people; those who were hardly seen come back as NaN."""
        people, length = windows.people, windows.length
        if length != self.window_length:
            raise ValueError(f'the network works on windows of {self.window_length} samples, '
                             f'not {length}')
        stature, stature_sd = self._stature.current(windows.person_ids, windows.stature)
        inputs = make_network_inputs(
            windows.keypoints,
            np.broadcast_to(windows.world_T_camera, (people, length, 4, 4)),
            np.full(people, windows.focal_length),
            np.where(stature_sd < _UNKNOWN_STATURE_SD, stature, np.nan), self.input_format,
            stature_sd, None if self._proportions is None else self._proportions.features(
                windows.person_ids))
        usable = _usable(windows, inputs)
        outputs = self._run(windows, inputs)
        joints, covariance = _to_world(inputs, outputs)
        covariance = self._uncertainty.covariance(
            covariance, joints, windows.world_T_camera[:, :3, 3],
            np.nan_to_num(windows.keypoints[..., 2]) > 0)
        joints[~usable], covariance[~usable] = np.nan, np.nan
        self._warm_start.store(windows, joints.astype(np.float32))
        windows = self._in_coco(windows)
        motion = self._output(windows, joints, covariance,
                              np.where(usable[:, None, None], outputs['contact'], 0))
        motion.covariance[:, :, :len(COCO17)] += (
            arm_doubt(windows)[:, None, :, None, None] * np.eye(3))
        sits = may_sit(windows, motion.joints)
        if sits.any():
            doubt = distance_doubt(windows, motion.joints, stature, stature_sd)
            motion.covariance[sits] += doubt[sits]
        centre = windows.world_T_camera[:, :3, 3]
        away = np.linalg.norm(motion.joints[:, :, PELVIS, :2] - centre[:, :2], axis=-1)
        raised = floor_doubt(inputs.ground, inputs.apparent_size, away, windows.stature)
        lowered = self._stature.shrunk(windows.person_ids, windows.stature)
        motion.covariance[:] += depth_covariance(
            motion.joints, centre, np.hypot(raised, lowered)[:, None])
        self._remember_stature(windows, outputs['stature_estimate'], usable & ~sits)
        if self._proportions is not None:
            shown = usable & ~sits
            self._proportions.update(
                windows.person_ids[shown], motion.joints[shown, -1:],
                motion.covariance[shown, -1:], stature[shown])
        # Publish what the whole track, or the user, says; a window alone knows less.
        stature, stature_sd = self._stature.current(windows.person_ids, windows.stature)
        stature_sd = np.hypot(stature_sd, np.where(windows.stature > 0, 0, raised))
        return replace(motion,
                       stature=np.where(usable, stature, np.nan).astype(np.float32),
                       stature_sd=np.where(usable, stature * stature_sd, np.nan
                                           ).astype(np.float32))

    def restart(self, person_ids: Iterable[int]) -> None:
        """Begin the next motion of these people from noise, not from the last one."""
        self._warm_start.forget(person_ids)

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop the state of these people; of everybody when None."""
        ids = None if person_ids is None else list(person_ids)
        self._stature.forget(ids)
        if self._proportions is not None:
            self._proportions.forget(ids)
        self._warm_start.forget(ids)

    def close(self) -> None:
        """Free the backends."""
        self._full.close()
        if self._warm is not None:
            self._warm.close()

    def _remember_stature(self, windows: KeypointWindows, estimate: NDArray,
                          usable: NDArray) -> None:
        """One measurement per person and window, at its newest sample."""
        measured = np.full((windows.people, windows.length), np.nan)
        measured[:, -1] = np.where(usable, estimate[:, 0], np.nan)
        self._stature.update(windows.person_ids, windows.stamps, measured,
                             np.broadcast_to(estimate[:, 1:], measured.shape))

    def _run(self, windows: KeypointWindows, inputs: NetworkInputs) -> dict[str, NDArray]:
        """Full start and warm start, each in one batch."""
        feed = inputs.graph_inputs()
        warm = np.zeros(windows.people, bool)
        if self._warm is not None:
            previous, warm = self._warm_start.previous(windows, inputs.world_T_window,
                                                       inputs.anchor)
        if not warm.any():
            return dict(self._full.run(feed))
        assert self._warm is not None
        if warm.all():
            return dict(self._warm.run({**feed, 'previous': previous}))
        parts = [(~warm, self._full, feed), (warm, self._warm, {**feed, 'previous': previous})]
        merged: dict[str, NDArray] = {}
        for rows, backend, arrays in parts:
            result = _run_rows(backend, arrays, rows)
            for name, value in result.items():
                target = merged.setdefault(
                    name, np.empty((windows.people, *value.shape[1:]), value.dtype))
                target[rows] = value
        return merged

    def _in_coco(self, windows: KeypointWindows) -> KeypointWindows:
        if self.input_format == COCO17:
            return windows
        return replace(windows, keypoints=convert_keypoints(
            windows.keypoints, self.input_format, COCO17))

    def _output(self, windows: KeypointWindows, joints: NDArray, covariance: NDArray,
                contact: NDArray) -> LiftedMotion:
        """The motion in OUTPUT19, from joints [P,T,J,3] of the network's own format.

        windows: of COCO-17.
        """
        joints = convert_joints(joints, self.input_format, OUTPUT19)
        covariance = convert_covariance(covariance, self.input_format, OUTPUT19)
        # Observed joints carry the detector's confidence, missing ones what their spread leaves.
        spread = np.sqrt(np.trace(covariance, axis1=-2, axis2=-1))
        confidence = np.nan_to_num(np.exp(-spread / 0.5)).astype(np.float32)
        observed = np.nan_to_num(windows.keypoints[..., 2])
        confidence[:, :, :len(COCO17)] *= 0.5 + 0.5 * observed
        unknown = np.full(windows.people, np.nan, np.float32)
        return LiftedMotion(
            windows.stamps, joints.astype(np.float32), covariance.astype(np.float32), confidence,
            contact.astype(np.float32), unknown, unknown)


def _to_world(inputs: NetworkInputs, outputs: dict[str, NDArray]) -> tuple[NDArray, NDArray]:
    """Joints [P,T,J,3] and covariance [P,T,J,3,3] of the network in the world, float64."""
    rotation = inputs.world_T_window[:, None, None, :3, :3]
    p_window = outputs['joints'].astype(np.float64)
    joints = np.einsum('ptjab,ptjb->ptja', np.broadcast_to(
        rotation, (*p_window.shape[:3], 3, 3)), p_window) \
        + inputs.world_T_window[:, None, None, :3, 3]
    window_covariance = symmetric(outputs['covariance'].astype(np.float64))
    return joints, rotation @ window_covariance @ np.swapaxes(rotation, -1, -2)


def _usable(windows: KeypointWindows, inputs: NetworkInputs) -> NDArray[np.bool_]:
    """People with enough observations, at a known distance, before a camera above the floor."""
    seen = (inputs.observation[..., 2] > 0).sum(axis=(1, 2))
    height = windows.world_T_camera[-1, 2, 3]
    distance, distance_sd = inputs.anchor[:, 0], inputs.anchor[:, 2]
    return ((seen >= _MINIMUM_SEEN) & (height > 0.05) & (distance < MAXIMUM_RANGE)
            & (distance_sd < _VAGUE * distance))


def _run_rows(backend: Backend, arrays: dict[str, NDArray], rows: NDArray) -> dict[str, NDArray]:
    result = backend.run({name: np.ascontiguousarray(value[rows])
                          for name, value in arrays.items()})
    return {name: value.copy() for name, value in result.items()}
