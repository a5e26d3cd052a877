# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The table of the node's parameters, row by row, as it is declared, checked and documented."""

import dataclasses
import difflib
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mocap23_ros.ros.settings import Settings


@dataclass(frozen=True)
class ParameterEntry:
    """One row of the table, as documented: name, ROS type name, default, range."""

    name: str
    type_name: str
    default: Any
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False
    fault: Callable[[str], str] = lambda value: ''

    @property
    def range_text(self) -> str:
        """The range as the documentation prints it."""
        if self.choices:
            return ', '.join(self.choices)
        if self.minimum is None:
            return ''
        return f'{self.minimum:g} to {self.maximum:g}'

    def check(self, value: Any) -> str:
        """Return why a value is refused, or an empty text; ranges are checked by rclpy."""
        if self.choices and value not in self.choices:
            return f'{self.name} must be one of {", ".join(self.choices)}, not "{value}"'
        if isinstance(value, float) and not math.isfinite(value):
            return f'{self.name} must be a finite number, not {value}'
        fault = self.fault(value)
        return f'{self.name} {fault}' if fault else ''


_TYPE_NAMES = {bool: 'bool', int: 'int', float: 'double', str: 'string'}


def parameter_table() -> Iterator[ParameterEntry]:
    """Iterate over all parameters in the order of the documentation."""
    for entry in dataclasses.fields(Settings):
        yield ParameterEntry(
            name=entry.name, type_name=_TYPE_NAMES[type(entry.default)], default=entry.default,
            **entry.metadata)


def misspelt_parameters(names: Iterable[str]) -> dict[str, str]:
    """Return the parameter that is meant for each name that is none, but nearly one.

    Others are left alone: one parameter file may serve many nodes.
    """
    known = [entry.name for entry in parameter_table()]
    nearest = {name: difflib.get_close_matches(name, known, 1, 0.75)
               for name in names if name not in known}
    return {name: found[0] for name, found in nearest.items() if found}
