# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Where a camera stands above the floor, from what it sees."""
