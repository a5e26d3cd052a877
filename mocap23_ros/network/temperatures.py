# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Temperatures of the predicted uncertainty; training/uncertainty_calibration.py finds them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Temperatures:
    """Factors on the standard deviations along and across the viewing ray."""

    ray: float
    across: float
