# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checks whether inputs and outputs are possible, and names the mistake in the set-up."""
