# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifters by name."""

import importlib
import inspect
from typing import Any

from mocap23_ros.errors import InputError
from mocap23_ros.lifting.lifter import Lifter

# name -> (module, class or function that makes one); imported only when asked for.
LIFTERS = {
    'geometric': ('mocap23_ros.lifting.geometric_lifter', 'GeometricLifter'),
    'diffusion': ('mocap23_ros.lifting.diffusion_lifter', 'load_diffusion_lifter'),
}


def create_lifter(name: str, **options: Any) -> Lifter:
    """Make a lifter.

    Options are those of what makes it (diffusion: tier, backend, steps, ...). Raises
    InputError for an unknown name or option, and passes on what it raises for absent
    or damaged weights.
    """
    if name not in LIFTERS:
        raise InputError(f'there is no lifter {name!r}; choose one of {", ".join(LIFTERS)}')
    module_name, maker_name = LIFTERS[name]
    make_lifter = getattr(importlib.import_module(module_name), maker_name)
    known = inspect.signature(make_lifter).parameters
    if not any(p.kind is p.VAR_KEYWORD for p in known.values()):
        for option in options:
            if option not in known:
                raise InputError(f'the {name} lifter has no option {option!r}; it has '
                                 f'{", ".join(known)}')
    return make_lifter(**options)
