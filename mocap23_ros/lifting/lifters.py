# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifters by name. A new one: its file, and a line here."""

from typing import Any

from mocap23_ros.lifting.lifter import Lifter
from mocap23_ros.registry import Entry, Registry

LIFTERS: Registry[Lifter] = Registry('lifter', {
    'geometric': Entry('mocap23_ros.lifting.geometric_lifter', 'GeometricLifter'),
    'diffusion': Entry('mocap23_ros.lifting.load_lifter', 'load_lifter'),
})


def create_lifter(name: str, **options: Any) -> Lifter:
    """Make a lifter; options are those of its maker (diffusion: load_lifter's tier, backend, ...).

    Raises InputError for an unknown name or option, and passes on what it raises for absent or
    damaged weights.
    """
    return LIFTERS.create(name, **options)
