# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Training batches as tensors in the window frame."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mocap23_ros.datasets.training_windows import TrainingBatch
from mocap23_ros.lifting.bone_lengths import bone_lengths
from mocap23_ros.lifting.network_inputs import NetworkInputs, make_network_inputs
from mocap23_ros.lifting.proportions import log_proportions, proportion_features
from mocap23_ros.skeletons.body_proportions import LENGTHS, MEAN_STATURE
from mocap23_ros.skeletons.conversion import convert_joints
from mocap23_ros.skeletons.formats import OUTPUT19
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


@dataclass(frozen=True)
class TrainingWindows:
    """Network inputs and truth of B windows, float32, window frame, metres.

    observation, camera, anchor, stature: as NetworkInputs. joints: [B,T,J,3].
    contact: [B,T,2] 0/1, contact_mask: [B]. log_stature: [B] log(true stature / MEAN_STATURE).
    known: bool [B,T,J], which joints have a truth; None = all. flat: bool [B], windows of 2D
    recordings, whose truth is one of the real view alone (keypoint_source.py); None = none.
    """

    observation: Tensor
    camera: Tensor
    anchor: Tensor
    stature: Tensor
    joints: Tensor
    contact: Tensor
    contact_mask: Tensor
    log_stature: Tensor
    known: Tensor | None = None
    flat: Tensor | None = None

    def to(self, device: torch.device) -> 'TrainingWindows':
        """Copy to a device."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: value.to(device, non_blocking=True)
                                for name, value in tensors.items() if value is not None})

    def joined(self, others: 'TrainingWindows') -> 'TrainingWindows':
        """These windows and then the others; ``known`` and ``flat`` are filled in."""
        parts = [self._with_masks(), others._with_masks()]
        return TrainingWindows(**{field.name: torch.cat([getattr(part, field.name)
                                                         for part in parts])
                                  for field in fields(self)})

    def _with_masks(self) -> 'TrainingWindows':
        known = torch.ones_like(self.joints[..., 0], dtype=torch.bool) \
            if self.known is None else self.known
        flat = torch.zeros_like(self.contact_mask, dtype=torch.bool) \
            if self.flat is None else self.flat
        return replace(self, known=known, flat=flat)


_CARRIED_STATURE = 0.4  # of windows without a given stature: carried over from earlier windows
_UNKNOWN_PROPORTIONS = 0.25  # of windows
_PROPORTIONS_LOG_SD = (np.log(0.008), np.log(0.08))


def window_inputs(batch: TrainingBatch, skeleton: SkeletonFormat, seed: int = 0,
                  proportions: bool = False) -> NetworkInputs:
    """Network inputs of a batch of the window source.

    Some people come with a stature of a standard deviation of 1.5 to 6 %, as a track does that
    carries its estimate from window to window, and, where the network takes them, most with
    proportions good to 0.8 to 8 %; seed draws them.
    """
    rng = np.random.default_rng(seed)
    stature = np.array(batch.stature_known, np.float32)
    stature_sd = np.full(len(stature), 0.01, np.float32)
    carried = ~np.isfinite(stature) & (rng.random(len(stature)) < _CARRIED_STATURE)
    sd = rng.uniform(0.015, 0.06, len(stature)).astype(np.float32)
    estimate = batch.stature * np.exp(sd * rng.standard_normal(len(stature)))
    stature = np.where(carried, estimate, stature)
    stature_sd = np.where(carried, sd, stature_sd)
    told = _told_proportions(batch.joints, skeleton, rng) if proportions else None
    return make_network_inputs(batch.keypoints, batch.world_T_camera.astype(np.float64),
                               batch.focal_length, stature, skeleton, stature_sd, told)


def _told_proportions(joints: NDArray, skeleton: SkeletonFormat,
                      rng: np.random.Generator) -> NDArray[np.float32]:
    """Features [B,14] of the proportions of true joints [B,T,J,3], with errors of a track."""
    people = len(joints)
    sd = np.exp(rng.uniform(*_PROPORTIONS_LOG_SD, (people, 1))
                + 0.4 * rng.standard_normal((people, len(LENGTHS))))
    true = log_proportions(bone_lengths(convert_joints(joints, skeleton, OUTPUT19)))
    told = proportion_features(true + sd * rng.standard_normal(sd.shape), sd)
    told[rng.random(people) < _UNKNOWN_PROPORTIONS] = 0
    return told


def training_windows(batch: TrainingBatch, skeleton: SkeletonFormat, seed: int = 0,
                     proportions: bool = False) -> TrainingWindows:
    """Bring a batch of the window source into the window frame; others as ``window_inputs``."""
    inputs = window_inputs(batch, skeleton, seed, proportions)
    p_window = to_window(batch.joints, inputs.world_T_window)

    return TrainingWindows(
        tensor(inputs.observation), tensor(inputs.camera), tensor(inputs.anchor),
        tensor(inputs.stature), tensor(p_window), tensor(batch.contact),
        tensor(batch.contact_mask), tensor(np.log(batch.stature / MEAN_STATURE)))


def tensor(array: NDArray) -> Tensor:
    """float32 of an array."""
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def to_window(p_world: NDArray[Any], world_T_window: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points [B,T,J,3] of the world in the window frames [B,4,4], metres."""
    offset = p_world - world_T_window[:, None, None, :3, 3]
    return np.einsum('bji,btkj->btki', world_T_window[:, :3, :3], offset)
