# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The motion that training draws from: recorded, made by rules, or both."""

from pathlib import Path

from mocap23_ros.datasets.cmu import load_cmu
from mocap23_ros.datasets.motion_clips import MotionClips, merge
from mocap23_ros.datasets.procedural import procedural_motion
from mocap23_ros.errors import InputError


def training_motion(source: str = 'both', data: Path | str | None = None,
                    procedural_minutes: float = 20.0, seed: int = 0) -> MotionClips:
    """Training subjects of CMU (``cmu``), generated motion (``procedural``), or ``both``."""
    if source == 'cmu':
        return load_cmu('train', data)
    if source == 'procedural':
        return procedural_motion(procedural_minutes, seed)
    if source == 'both':
        return merge(load_cmu('train', data), procedural_motion(procedural_minutes, seed))
    raise InputError(f'no source of motion {source}; choose cmu, procedural or both')
