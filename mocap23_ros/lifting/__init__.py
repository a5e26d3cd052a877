# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""From 2D keypoint windows to metric 3D motion."""
