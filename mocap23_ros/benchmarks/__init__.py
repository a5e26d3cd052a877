# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Measures what the parts cost on this machine, beside what the machine could do."""
