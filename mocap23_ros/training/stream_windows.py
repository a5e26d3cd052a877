# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Windows as a stream meets them: each with the motion that was lifted one sample earlier."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.augmentation import Augmentation, preset
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.datasets.training_windows import TrainingBatch, WindowSource, WindowSpec
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.training.targets import to_window, window_inputs

Arrays = dict[str, NDArray[np.float32]]
Lift = Callable[[Arrays], NDArray]  # inputs of a full start -> joints [B,T,J,3], window frame
_BATCH = 32  # windows that are drawn and lifted together


@dataclass(frozen=True)
class StreamWindows:
    """B windows of T samples, window frame, metres.

    full: inputs of the graph that starts from noise, by name. previous: float32 [B,T,J,3], the
    motion lifted one sample earlier, as the warm start takes it. joints: float64 [B,T,J,3] truth.
    """

    full: Arrays
    previous: NDArray[np.float32]
    joints: NDArray[np.float64]

    @property
    def warm(self) -> Arrays:
        """Inputs of the graph that starts from the previous motion."""
        return {**self.full, 'previous': self.previous}


def stream_windows(clips: MotionClips, augmentation: str | Augmentation, window: WindowSpec,
                   skeleton: SkeletonFormat, lift: Lift, count: int, seed: int,
                   proportions: bool = False) -> Iterator[StreamWindows]:
    """Draw ``count`` windows, up to 32 at a time.

    augmentation: or name of a preset. The previous motion comes from ``lift``, which starts from
    noise; at its newest sample, which no earlier window saw, it is held, as in
    lifting/warm_start.py. proportions: as of ``window_inputs``.
    """
    # One sample more than a window: all but the newest, then all but the oldest.
    chosen = preset(augmentation) if isinstance(augmentation, str) else augmentation
    source = WindowSource(clips, WindowSpec(window.length + 1, window.rate), chosen, seed, skeleton)
    for index, first in enumerate(range(0, count, _BATCH)):
        batch = source.batch(min(_BATCH, count - first), index)
        earlier = window_inputs(_samples(batch, slice(None, -1)), skeleton, index, proportions)
        inputs = window_inputs(_samples(batch, slice(1, None)), skeleton, index, proportions)
        pose = earlier.world_T_window
        p_world = np.einsum('bij,btkj->btki', pose[:, :3, :3],
                            lift(earlier.graph_inputs()).astype(np.float64)) \
            + pose[:, None, None, :3, 3]
        shifted = np.concatenate([p_world[:, 1:], p_world[:, -1:]], axis=1)
        yield StreamWindows(
            inputs.graph_inputs(), to_window(shifted, inputs.world_T_window).astype(np.float32),
            to_window(batch.joints[:, 1:], inputs.world_T_window))


def _samples(batch: TrainingBatch, part: slice) -> TrainingBatch:
    """Some of the samples of a batch."""
    return replace(batch, **{name: getattr(batch, name)[:, part] for name in (
        'stamps', 'keypoints', 'world_T_camera', 'joints', 'contact', 'kind')})
