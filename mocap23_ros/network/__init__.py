# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The networks of the learned lifter: what is sampled, from the denoiser to the triangulation."""
