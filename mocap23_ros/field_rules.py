# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of a dataclass of plain values: by the fields' annotations, ranges and choices."""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from mocap23_ros.errors import InputError

_KINDS = {bool: 'true or false', int: 'a whole number', float: 'a number', str: 'text'}


@dataclass(frozen=True)
class Range:
    """Finite numbers from ``low`` to ``high``; above: without ``low`` itself."""

    low: float
    high: float
    above: bool = False

    def holds(self, value: float) -> bool:
        """Whether the range has the value; NaN and infinity are in none."""
        return (self.low < value if self.above else self.low <= value) and value <= self.high

    def __str__(self) -> str:
        if self.above:
            return f'over {self.low:g} and at most {self.high:.10g}'
        return f'from {self.low:g} to {self.high:.10g}'


Rule = Range | tuple[str, ...]


def check_fields(values: Any, rules: Mapping[str, Rule], prefix: str = '') -> None:
    """Check every field of a dataclass instance; InputError names the field and what it may be.

    A field is of its annotation's type (a whole number is a number, true and false are neither),
    None where the annotation has it, and within its rule, where it has one. Fields of other
    types than bool, int, float and str are left to the caller.
    """
    hints = get_type_hints(type(values))
    for field in fields(values):
        hint = hints[field.name]
        options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        kind = next((kind for kind in _KINDS if kind in options), None)
        value, rule = getattr(values, field.name), rules.get(field.name)
        if kind is None or (value is None and NoneType in options):
            continue
        if not _is_of_kind(value, kind) or (rule is not None and not _obeys(value, rule)):
            wanted = f'one of {", ".join(rule)}' if isinstance(rule, tuple) else _KINDS[kind]
            if isinstance(rule, Range):
                wanted += f' {rule}'
            none = ' or null' if NoneType in options else ''
            raise InputError(f'{prefix}{field.name} must be {wanted}{none}, not '
                             f'{reprlib.repr(value)}')


def _is_of_kind(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, int | float if kind is float else kind)


def _obeys(value: Any, rule: Rule) -> bool:
    return rule.holds(value) if isinstance(rule, Range) else value in rule
