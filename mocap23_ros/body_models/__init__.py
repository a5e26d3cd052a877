# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Fitted bodies in the rest poses of animation software, and as SMPL."""
