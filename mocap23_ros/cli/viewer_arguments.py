# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``--rerun`` and ``--foxglove`` of the commands that lift."""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.writable_places import check_writable


def add_viewers(parser: argparse.ArgumentParser) -> None:
    """Declare them."""
    parser.add_argument('--rerun', type=Path, metavar='FILE.rrd',
                        help='also write skeletons, ellipsoids, floor, camera and keypoints for '
                             'the viewer Rerun (make setup FOR=rerun)')
    parser.add_argument('--foxglove', type=Path, metavar='FILE.mcap',
                        help='also write skeletons, ellipsoids, camera, keypoints and the images '
                             'of a bag for Foxglove (make setup FOR=foxglove)')


def wants_viewer(arguments: argparse.Namespace) -> str:
    """The option of a viewer that is given, '' for none."""
    return '--rerun' if arguments.rerun else '--foxglove' if arguments.foxglove else ''


def check_viewers(arguments: argparse.Namespace) -> None:
    """Refuse before the work what could not be written after it; InputError."""
    if arguments.rerun is not None:
        from mocap23_ros.viewers.rerun_scene import rerun_module
        _check_file('--rerun', arguments.rerun, '.rrd')
        rerun_module('--rerun')
    if arguments.foxglove is not None:
        from mocap23_ros.recordings.foxglove_file import foxglove_module
        _check_file('--foxglove', arguments.foxglove, '.mcap')
        foxglove_module()


def save_viewers(arguments: argparse.Namespace, motions: Mapping[str, RecordedMotion],
                 observed: KeypointRecording,
                 images: Iterable[tuple[float, NDArray[np.uint8]]] = ()) -> None:
    """Write the files that are wanted; motions and observed as for save_rerun."""
    if arguments.rerun is not None:
        from mocap23_ros.recordings.rerun_file import save_rerun
        save_rerun(arguments.rerun, motions, observed)
    if arguments.foxglove is not None:
        from mocap23_ros.recordings.foxglove_file import save_foxglove
        save_foxglove(arguments.foxglove, motions, observed, images)


def _check_file(option: str, target: Path, suffix: str) -> None:
    if target.suffix != suffix or target.is_dir():
        raise InputError(f'{option} {target} must be a file whose name ends in {suffix}')
    check_writable(target)
