# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Training of the networks: stages, losses, data, export."""
