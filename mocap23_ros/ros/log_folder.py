# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the folder of ROS's log files; where none can be written, ROS goes without them."""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path


def log_folder() -> Path:
    """Return the folder of the log files: ROS_LOG_DIR, ROS_HOME/log or ~/.ros/log.

    Raises OSError where there is no home folder, as in some containers.
    """
    folder = os.environ.get('ROS_LOG_DIR') or (os.environ.get('ROS_HOME') or '~/.ros') + '/log'
    if folder.startswith('~') and not os.environ.get('HOME'):  # all that ROS asks
        raise FileNotFoundError('HOME is not set')
    return Path(folder).expanduser()


def without_log_files(arguments: Sequence[str]) -> list[str]:
    """Return the arguments for ``rclpy.init``; they switch log files off where none can be written.

    rclpy would end with a traceback in a read-only home or on a full disk. The console and
    /rosout still get every line.
    """
    try:
        folder = log_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b'\0')
    except OSError as error:
        print(f'lifter_node: no log file is written: {error}; set ROS_LOG_DIR to a folder that '
              'can be written', file=sys.stderr)
        return [*arguments, '--ros-args', '--disable-external-lib-logs']
    return list(arguments)
