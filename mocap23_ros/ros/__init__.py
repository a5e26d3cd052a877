# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 face: thin node, parameters, message conversions."""
