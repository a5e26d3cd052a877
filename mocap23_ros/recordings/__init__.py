# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings: keypoint files and videos, lifting them whole, and the files that results go to."""
