# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The packed HDM05 motion (share-alike): for evaluation out of distribution, never for training."""

from pathlib import Path

from mocap23_ros.datasets.cmu import data_root
from mocap23_ros.datasets.motion_clips import MotionClips, load_packed


def load_hdm05(path: Path | str | None = None) -> MotionClips:
    """Load all clips; ``path`` is the data folder. Raises InputError where it is absent."""
    return load_packed(data_root(path) / 'hdm05' / 'hdm05_train.npz')
