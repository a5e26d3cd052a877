# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Is a ROS 2 installation sourced in this shell?"""

import importlib.util
import os

from command import progress


def find_ros_installation():
    """Return the name of the sourced ROS 2 distribution whose rclpy this Python sees, or None."""
    distro = os.environ.get('ROS_DISTRO', '')
    if not distro.isalnum():
        return None
    specification = importlib.util.find_spec('rclpy')
    if specification is None or specification.origin is None:
        progress(f'ROS_DISTRO is {distro}, but this python3 sees no rclpy: ROS 2 from PyPI is used')
        return None
    return distro
