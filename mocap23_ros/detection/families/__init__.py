# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How the networks of each family are fed and read: one file per family."""
