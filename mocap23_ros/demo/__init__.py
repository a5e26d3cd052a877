# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The calibrated real video sample: fetching, truth and the live demo."""
