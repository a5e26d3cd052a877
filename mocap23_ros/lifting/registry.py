# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifters by name."""

import importlib
import inspect
from typing import Any

from mocap23_ros.errors import InputError
from mocap23_ros.lifting.lifter import Lifter

# name -> (module, class); imported only when asked for.
LIFTERS = {
    'geometric': ('mocap23_ros.lifting.geometric_lifter', 'GeometricLifter'),
    'diffusion': ('mocap23_ros.lifting.diffusion_lifter', 'DiffusionLifter'),
}


def create_lifter(name: str, **options: Any) -> Lifter:
    """Make a lifter.

    Options are those of the class's constructor (diffusion: tier, backend, steps, ...). Raises
    InputError for an unknown name or option, and passes on what the constructor raises for absent
    or damaged weights.
    """
    if name not in LIFTERS:
        raise InputError(f'there is no lifter {name!r}; choose one of {", ".join(LIFTERS)}')
    module_name, class_name = LIFTERS[name]
    lifter_class = getattr(importlib.import_module(module_name), class_name)
    known = inspect.signature(lifter_class).parameters
    if not any(p.kind is p.VAR_KEYWORD for p in known.values()):
        for option in options:
            if option not in known:
                raise InputError(f'the {name} lifter has no option {option!r}; it has '
                                 f'{", ".join(known)}')
    return lifter_class(**options)
