# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Skeleton formats as data and the conversions between them."""
