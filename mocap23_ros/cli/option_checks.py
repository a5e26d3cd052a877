# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the ranges of numbers on the command line."""

import argparse
import math
from collections.abc import Iterable

from mocap23_ros.errors import InputError


def check_numbers(arguments: argparse.Namespace, **ranges: tuple[float, float]) -> None:
    """Refuse options outside (least, most), of lists any item, and NaN; InputError.

    ranges: by the option's name in ``arguments``; an option that is None was not given.
    """
    for name, (least, most) in ranges.items():
        given = getattr(arguments, name)
        for value in given if isinstance(given, list) else [given]:
            if value is not None and not least <= value <= most:
                wanted = (f'{least:.10g} or more' if most == math.inf
                          else f'{least:.10g} to {most:.10g}')
                raise InputError(f'{option(name)} {value:.10g}: give {wanted}')


def refuse(arguments: argparse.Namespace, names: Iterable[str], reason: str) -> None:
    """Raise InputError, in which the reason follows the option, where one of them is given."""
    for name in names:
        if getattr(arguments, name):
            raise InputError(f'{option(name)} {reason}')


def option(name: str) -> str:
    """An option as it is written, from its name in ``arguments``."""
    return '--with' if name == 'configurations' else f'--{name.replace("_", "-")}'
