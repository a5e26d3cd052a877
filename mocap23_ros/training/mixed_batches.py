# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Training batches of projected motion, of 2D recordings, or of both."""

from mocap23_ros.datasets.augmentation import Augmentation, preset
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.network.models import configured_skeleton, configured_tier
from mocap23_ros.training.batch_workers import BatchFunction
from mocap23_ros.training.keypoint_source import KeypointSource
from mocap23_ros.training.targets import TrainingWindows, training_windows


def mixed_batches(configuration: TrainingConfiguration, clips: MotionClips | None,
                  recorded: KeypointSource | None = None, share: float = 0.0,
                  augmentation: Augmentation | None = None) -> BatchFunction:
    """Batches of projected motion, of which 2D recordings, where given, take ``share``.

    augmentation: of projected motion, in place of the configuration's preset.
    A batch depends only on its index. Where the share of a batch is not a whole number of windows,
    batches differ by one window, so that the share holds in the long run. InputError where
    motion is needed and ``clips`` is None.
    """
    size, skeleton = configuration.batch_size, configured_skeleton(configuration)
    if recorded is not None and share >= 1:
        return lambda index: recorded.batch(size, index)
    if clips is None:
        raise InputError('there is no motion to train on; give motion data, or 2D recordings '
                         'with --keypoints-share 1')
    tier = configured_tier(configuration)
    source = WindowSource(clips, WindowSpec(tier.window_length, tier.rate),
                          augmentation or preset(configuration.augmentation), configuration.seed,
                          skeleton)

    def projected(count: int, index: int) -> TrainingWindows:
        return training_windows(source.batch(count, index), skeleton,
                                configuration.seed + index, configuration.proportions)

    if recorded is None:
        return lambda index: projected(size, index)

    def mixed(index: int) -> TrainingWindows:
        count = int(size * share * (index + 1)) - int(size * share * index)
        if count == 0:
            return projected(size, index)
        if count == size:
            return recorded.batch(size, index)
        return projected(size - count, index).joined(recorded.batch(count, index))

    return mixed
