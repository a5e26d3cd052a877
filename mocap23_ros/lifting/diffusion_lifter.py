# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The learned lifter at run time: canonical inputs, one engine call, back to the world."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.engines.backend import Backend
from mocap23_ros.lifting.hidden_legs import distance_doubt, may_sit
from mocap23_ros.lifting.lifter import LiftedMotion
from mocap23_ros.lifting.network_inputs import MAXIMUM_RANGE, NetworkInputs, make_network_inputs
from mocap23_ros.lifting.stature_state import StatureState
from mocap23_ros.lifting.warm_start import WarmStart
from mocap23_ros.skeletons.coco17 import HIPS, SHOULDERS
from mocap23_ros.skeletons.formats import COCO17, OUTPUT19
from mocap23_ros.skeletons.message_arrays import symmetric
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.windows.keypoint_windows import KeypointWindows

_UNKNOWN_STATURE_SD = 0.05  # relative; above it the network is told nothing
_VAGUE = 0.3  # relative standard deviation of the anchor's distance, from which nobody is placed
_MINIMUM_SEEN = 6  # keypoint samples in the window below which there is no estimate


class DiffusionLifter:
    """Few-step multi-view diffusion lifter behind the Lifter protocol.

    full: network that starts from noise; warm: one evaluation per hop from the previous window's
    motion, or None; a full start is made for new people and every ``refresh`` seconds.
    skeleton: format that the network was trained on. It is the output too, except that COCO-17
    gains pelvis and neck (OUTPUT19).
    See ``load_lifter`` for the usual way to make one.
    """

    def __init__(self, full: Backend, warm: Backend | None, window_length: int, rate: float,
                 refresh: float = 1.0, skeleton: SkeletonFormat = COCO17) -> None:
        self.input_format = skeleton
        self.output_format = OUTPUT19 if skeleton == COCO17 else skeleton
        self.window_length, self.rate = window_length, rate
        self._full, self._warm = full, warm
        self._warm_start = WarmStart(refresh)
        self._stature = StatureState()

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
            stature_sd)
        usable = _usable(windows, inputs)
        outputs = self._run(windows, inputs)
        motion = self._to_world(windows, inputs, outputs, usable)
        sits = may_sit(windows, motion.joints)
        if sits.any():
            doubt = distance_doubt(windows, motion.joints, stature, stature_sd)
            motion.covariance[sits] += doubt[sits]
        self._remember_stature(windows, outputs['stature_estimate'], usable & ~sits)
        self._warm_start.store(windows, motion.joints[:, :, :len(self.input_format)])
        # Publish what the whole track, or the user, says; a window alone knows less.
        stature, stature_sd = self._stature.current(windows.person_ids, windows.stature)
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

    def _to_world(self, windows: KeypointWindows, inputs: NetworkInputs,
                  outputs: dict[str, NDArray], usable: NDArray) -> LiftedMotion:
        rotation = inputs.world_T_window[:, None, None, :3, :3]
        p_window = outputs['joints'].astype(np.float64)
        joints = np.einsum('ptjab,ptjb->ptja', np.broadcast_to(
            rotation, (*p_window.shape[:3], 3, 3)), p_window) \
            + inputs.world_T_window[:, None, None, :3, 3]
        window_covariance = symmetric(outputs['covariance'].astype(np.float64))
        covariance = rotation @ window_covariance @ np.swapaxes(rotation, -1, -2)
        if self.input_format == COCO17:
            joints, covariance = with_derived_joints(joints, covariance)
        joints[~usable], covariance[~usable] = np.nan, np.nan
        confidence = np.empty(joints.shape[:3], np.float32)
        # Observed joints carry the detector's confidence, missing ones what their spread leaves.
        spread = np.sqrt(np.trace(covariance, axis1=-2, axis2=-1))
        confidence[:] = np.nan_to_num(np.exp(-spread / 0.5))
        observed = np.nan_to_num(windows.keypoints[..., 2])
        confidence[:, :, :observed.shape[-1]] *= 0.5 + 0.5 * observed
        unknown = np.full(windows.people, np.nan, np.float32)
        return LiftedMotion(
            windows.stamps, joints.astype(np.float32), covariance.astype(np.float32), confidence,
            np.where(usable[:, None, None], outputs['contact'], 0).astype(np.float32),
            unknown, unknown)


def with_derived_joints(joints: NDArray, covariance: NDArray) -> tuple[NDArray, NDArray]:
    """Append pelvis (mid-hip) and neck (mid-shoulder) to COCO-17 joints [...,17,3]."""
    pairs = (HIPS, SHOULDERS)
    extra = np.stack([0.5 * (joints[..., a, :] + joints[..., b, :]) for a, b in pairs], axis=-2)
    # The errors of a pair are nearly the same along the ray: no averaging down.
    spread = np.stack([0.5 * (covariance[..., a, :, :] + covariance[..., b, :, :])
                       for a, b in pairs], axis=-3)
    return (np.concatenate([joints, extra], axis=-2),
            np.concatenate([covariance, spread], axis=-3))


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
