# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifters by name."""

import inspect
from typing import Any

from mocap23_ros.engines.backends import load_part
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.lifter import Lifter

# name -> (module, class or function that makes one); imported only when asked for.
LIFTERS = {
    'geometric': ('mocap23_ros.lifting.geometric_lifter', 'GeometricLifter'),
    'diffusion': ('mocap23_ros.lifting.diffusion_lifter', 'load_diffusion_lifter'),
}
# The same with the backend torch: weights that need not have been exported.
_IN_TORCH = ('mocap23_ros.lifting.weights_lifter', 'load_weights_lifter')


def create_lifter(name: str, **options: Any) -> Lifter:
    """Make a lifter.

    Options are those of what makes it (diffusion: tier, backend, steps, ...). Raises
    InputError for an unknown name or option, and passes on what it raises for absent
    or damaged weights.
    """
    if name not in LIFTERS:
        raise InputError(f'there is no lifter {name!r}; choose one of {", ".join(LIFTERS)}')
    in_torch = name == 'diffusion' and options.get('backend') == 'torch'
    make_lifter = load_part('the backend torch' if in_torch else f'the {name} lifter',
                            *(_IN_TORCH if in_torch else LIFTERS[name]))
    known = inspect.signature(make_lifter).parameters
    if not any(p.kind is p.VAR_KEYWORD for p in known.values()):
        for option in options:
            if option not in known:
                raise InputError(f'the {name} lifter has no option {option!r}; it has '
                                 f'{", ".join(known)}')
    return make_lifter(**options)
