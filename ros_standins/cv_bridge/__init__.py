# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Stand-in for cv_bridge where the real package is absent; see ros_standins/README.md."""

from cv_bridge.core import CvBridge, CvBridgeError

__all__ = ['CvBridge', 'CvBridgeError']
