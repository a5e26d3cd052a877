# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``--rerun`` of the commands that lift."""

import argparse
from pathlib import Path

from mocap23_ros.errors import InputError
from mocap23_ros.writable_places import check_writable


def add_rerun(parser: argparse.ArgumentParser) -> None:
    """Declare it."""
    parser.add_argument('--rerun', type=Path, metavar='FILE.rrd',
                        help='also write skeletons, ellipsoids, floor, camera and keypoints for '
                             'the viewer Rerun (make setup FOR=rerun)')


def check_rerun_file(target: Path | None) -> None:
    """Refuse before the work what could not be written after it; InputError."""
    if target is None:
        return
    from mocap23_ros.recordings.rerun_file import check_rerun
    if target.suffix != '.rrd' or target.is_dir():
        raise InputError(f'--rerun {target} must be a file whose name ends in .rrd')
    check_rerun()
    check_writable(target)
