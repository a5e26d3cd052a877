# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Frame by frame: tracks in, skeletons out. Used by the node and by the offline commands."""
