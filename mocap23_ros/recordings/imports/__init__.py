# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints that other programs wrote, as recordings that can be lifted."""
