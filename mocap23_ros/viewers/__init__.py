# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What viewers of other programs are shown: shapes, and the scene of Rerun."""
