# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Live runs: a player, the node and a recorder as processes in real time, and their figures."""
