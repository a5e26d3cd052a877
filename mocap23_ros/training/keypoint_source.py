# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of training windows from recorded 2D keypoints: what a detector saw, without 3D truth."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mocap23_ros.datasets.augmentation import Augmentation
from mocap23_ros.datasets.keypoint_noise import KeypointNoise, add_detector_errors
from mocap23_ros.datasets.occlusion import hidden_keypoints
from mocap23_ros.datasets.random_processes import chance
from mocap23_ros.datasets.training_windows import WindowSpec
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.rays import levelled, world_rays
from mocap23_ros.lifting.network_inputs import make_network_inputs
from mocap23_ros.lifting.root_evidence import MINIMUM_FORWARD
from mocap23_ros.skeletons.conversion import mirror_keypoints
from mocap23_ros.skeletons.keypoint_layout import keypoint_layout
from mocap23_ros.skeletons.person_scale import person_scale
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.skeletons.unobserved import UNOBSERVED
from mocap23_ros.training.keypoint_tracks import KeypointTrack, load_keypoint_tracks
from mocap23_ros.training.targets import TrainingWindows, tensor
from mocap23_ros.windows.recording_windows import recording_windows
from mocap23_ros.windows.resampling import MAX_GAP, resample_keypoints

TRUSTED_CONFIDENCE = 0.5  # keypoints below it are observed, but are not a target
_TRUSTED_JOINTS = 0.6  # of a usable sample, besides both hips
_USABLE_SAMPLES = 0.5  # of a window
# Added to the detector's own errors, in the units of those of projected motion.
_EXTRA_NOISE = KeypointNoise(spread=(0.02, 0.2), floor_px=0.0, swap=0.0, grab=0.0,
                             stamp_jitter=0.0)
_DROPPED_JOINTS, _DROPPED_SAMPLES = 0.3, 0.2  # of half of the windows, for masked in-painting
_MINIMUM_DEPTH = 0.5  # metres
_STREAM = 2  # tells the random numbers of this source from those of projected motion


class KeypointSource:
    """Endless source of windows of recorded people; a batch depends on (seed, index, size) alone.

    tracks: people, in ``skeleton``. confidence: what a keypoint needs to be a target.
    InputError where no window has both hips and most joints in half of its samples.
    """

    def __init__(self, tracks: list[KeypointTrack], spec: WindowSpec, skeleton: SkeletonFormat,
                 augmentation: Augmentation | None = None, seed: int = 0,
                 confidence: float = TRUSTED_CONFIDENCE) -> None:
        self.spec, self.skeleton, self.seed = spec, skeleton, int(seed)
        self.layout = keypoint_layout(skeleton)
        self.augmentation = augmentation or Augmentation()
        self.confidence = confidence
        pairs = [(track, ends) for track in tracks if len(ends := self._window_ends(track))]
        if not pairs:
            raise InputError(
                f'the 2D recordings have no window of {(spec.length - 1) / spec.rate:.1f} s in '
                f'which both hips and most joints are seen with a confidence of {confidence:g} '
                f'for half of the time ({len(_people(tracks))} people looked at)')
        self.tracks = [track for track, _ in pairs]
        self._ends = np.concatenate([ends for _, ends in pairs])
        self._last = np.cumsum([len(ends) for _, ends in pairs])

    @classmethod
    def from_files(cls, path: Path, spec: WindowSpec, skeleton: SkeletonFormat,
                   augmentation: Augmentation | None = None, seed: int = 0) -> 'KeypointSource':
        """The people of a keypoint file or of all files of a folder; InputError."""
        return cls(load_keypoint_tracks(path, skeleton), spec, skeleton, augmentation, seed)

    def summary(self) -> dict[str, float]:
        """The training data: recordings, people, and minutes in which these were seen."""
        return {'recordings': len({track.recording for track in self.tracks}),
                'people': len(_people(self.tracks)),
                'minutes': round(sum(track.minutes for track in self.tracks), 1)}

    def _trusted(self, keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
        """Keypoints [...,3] of which those of low confidence count as unobserved."""
        doubtful = keypoints[..., 2:] < self.confidence
        return np.where(doubtful, UNOBSERVED, keypoints)

    def _window_ends(self, track: KeypointTrack) -> NDArray[np.float64]:
        """Stamps, 1 / rate apart, at which usable windows end."""
        length, rate = self.spec.length, self.spec.rate
        samples = int((track.stamps[-1] - track.stamps[0]) * rate) + length
        grid = track.stamps[-1] - np.arange(samples - 1, -1, -1) / rate
        known = resample_keypoints(track.stamps, self._trusted(track.keypoints)[None], grid)[0]
        trusted = known[..., 2] > 0
        usable = (trusted[:, self.layout.hips].all(axis=1)
                  & (trusted.mean(axis=1) >= _TRUSTED_JOINTS))
        total = np.concatenate([[0], np.cumsum(usable)])
        enough = total[length:] - total[:-length] >= _USABLE_SAMPLES * length
        return grid[length - 1:][enough]

    def batch(self, size: int, index: int) -> TrainingWindows:
        """Draw ``size`` windows of batch ``index``.

        ``joints`` are the trusted keypoints, put on their rays at the distance of the anchor:
        right in the real view, made up in all others. ``known`` says which they are.
        """
        rng = np.random.default_rng([self.seed, index, _STREAM])
        augmentation = self.augmentation
        pick = rng.integers(len(self._ends), size=size)
        ends = self._ends[pick] - rng.random(size) / self.spec.rate
        speed = rng.uniform(*augmentation.speed, size)
        tracks = [self.tracks[i] for i in np.searchsorted(self._last, pick, side='right')]
        observed, target, pose, focal = (np.stack(arrays) for arrays in zip(*(
            self._cut(track, end, factor) for track, end, factor in
            zip(tracks, ends.tolist(), speed.tolist(), strict=True)), strict=True))
        stature = np.array([track.stature for track in tracks], np.float32)
        _mirror(observed, target, pose, rng.random(size) < augmentation.mirror, self.skeleton)

        exact = chance(rng, size, augmentation.noise.exact_share)
        p_filled = _filled(observed)
        scale = person_scale(p_filled)
        scale = np.broadcast_to(scale.max(axis=1, keepdims=True), scale.shape)
        observed[..., :2], _, _ = add_detector_errors(
            p_filled, scale, self.spec.rate, _EXTRA_NOISE, exact, rng, self.layout)
        inputs = make_network_inputs(observed, pose, focal, stature, self.skeleton)
        hidden, absent = hidden_keypoints(p_filled, self.spec.rate, augmentation.occlusion, rng,
                                          self.layout)
        hidden |= absent[..., None]
        dropped = chance(rng, (size, 1, 1), 0.5) & (
            chance(rng, (size, 1, hidden.shape[2]), _DROPPED_JOINTS)
            | chance(rng, (size, hidden.shape[1], 1), _DROPPED_SAMPLES))
        # After the anchor: what is to be painted in must not move the origin of the code.
        inputs.observation[(hidden | dropped) & ~exact[:, None, None]] = 0
        joints, known = _on_rays(target, pose, inputs.world_T_window, inputs.camera,
                                 inputs.anchor)

        return TrainingWindows(
            tensor(inputs.observation), tensor(inputs.camera), tensor(inputs.anchor),
            tensor(inputs.stature), tensor(joints), torch.zeros(size, self.spec.length, 2),
            torch.zeros(size), torch.zeros(size), torch.from_numpy(known),
            torch.ones(size, dtype=torch.bool))

    def _cut(self, track: KeypointTrack, end: float, speed: float
             ) -> tuple[NDArray, NDArray, NDArray, float]:
        """Keypoints observed and trusted [T,J,3], poses [T,4,4] and focal length of a window."""
        length, rate = self.spec.length, self.spec.rate / speed
        margin = MAX_GAP + (length - 1) / rate
        first, last = np.searchsorted(track.stamps, (end - margin, end + MAX_GAP))
        near = slice(max(first - 1, 0), last + 1)
        both = np.stack([track.keypoints[near], self._trusted(track.keypoints[near])])
        window, = recording_windows(track.stamps[near], both, track.world_T_camera[near], 1.0,
                                    length, rate, [end])
        return (window.keypoints[0], window.keypoints[1], window.world_T_camera,
                float(np.interp(end, track.stamps, track.focal_length)))


def _people(tracks: list[KeypointTrack]) -> set[tuple[int, int]]:
    return {(track.recording, track.person) for track in tracks}


def _mirror(observed: NDArray[np.float32], target: NDArray[np.float32],
            world_T_camera: NDArray[np.float64], which: NDArray[np.bool_],
            skeleton: SkeletonFormat) -> None:
    """Reflect the chosen windows in place: the images, and the world in its plane y = 0."""
    for keypoints in (observed, target):
        keypoints[which] = mirror_keypoints(keypoints[which], skeleton, 1)
    pose = world_T_camera[which]
    pose[:, :, 1] *= -1
    pose[..., 0] *= -1
    world_T_camera[which] = pose


def _filled(keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
    """x, y [B,T,J,2] with what is not seen at the mean of what is, of the sample or the window."""
    seen = keypoints[..., 2:] > 0
    points = np.where(seen, keypoints[..., :2], 0)
    totals, counts = points.sum(axis=2, keepdims=True), seen.sum(axis=2, keepdims=True)
    whole = totals.sum(axis=1, keepdims=True) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    mean = np.where(counts > 0, totals / np.maximum(counts, 1), whole)
    return np.where(seen, points, mean).astype(np.float32)


def _on_rays(keypoints: NDArray[np.float32], world_T_camera: NDArray[np.float64],
             world_T_window: NDArray[np.float64], camera: NDArray[np.float32],
             anchor: NDArray[np.float32]) -> tuple[NDArray, NDArray[np.bool_]]:
    """Keypoints [B,T,J,3] as points [B,T,J,3] of the window frame at the anchor's depth.

    Returns them, and which are known [B,T,J]; the others lie straight ahead of the camera.
    """
    known = keypoints[..., 2] > 0
    rays = world_rays(np.where(known[..., None], keypoints[..., :2], 0), world_T_camera)
    direction = np.stack(levelled(rays, world_T_window[:, None, None, :2, 0]), axis=-1)
    forward = direction[..., :1]
    known &= forward[..., 0] > MINIMUM_FORWARD * np.linalg.norm(direction, axis=-1)
    ahead = np.where(known[..., None], direction / np.where(known[..., None], forward, 1.0),
                     (1.0, 0.0, 0.0))
    depth = np.maximum(anchor[:, None, 0] - camera[..., 0], _MINIMUM_DEPTH)
    return camera[:, :, None, :3] + depth[..., None, None] * ahead, known
