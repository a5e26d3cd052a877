# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Cameras, lenses, rays and poses; numpy only."""
