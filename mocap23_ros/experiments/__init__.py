# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Studies of the networks: ablations, numbers of steps, precision, sampled 2D motion."""
