# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Metric 3D skeletons of people from one calibrated RGB camera."""

__version__ = '0.1.0'
