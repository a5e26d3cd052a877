# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of what users choose by name: detectors, backends, lifters; imported only when used."""

import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mocap23_ros.errors import InputError

Part = TypeVar('Part')
_TRAINING = ('torch', 'safetensors', 'onnx', 'onnxscript')  # installed by requirements/train.txt


@dataclass(frozen=True)
class Entry:
    """Where a part is made: a class or function of a module.

    options: keywords that it takes, where they must be known without importing the module; else
    they are read off its signature.
    """

    module: str
    attribute: str
    options: tuple[str, ...] | None = None


class Registry(Generic[Part]):
    """Entries by name, in the order in which users are told of them.

    kind: what they are in a message, e.g. ``detector``.
    """

    def __init__(self, kind: str, entries: Mapping[str, Entry]) -> None:
        self.kind = kind
        self.entries = dict(entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries

    def create(self, name: str, *arguments: Any, **options: Any) -> Part:
        """Make a part.

        Raises InputError for an unknown name or option and for an absent package, and passes on
        what the part itself raises.
        """
        self.check_options(name, options)
        return self.maker(name)(*arguments, **options)

    def check_options(self, name: str, options: Iterable[str]) -> None:
        """Raise InputError for options that a part does not take."""
        known = self.options(name)
        unknown = [] if known is None else sorted(set(options) - set(known))
        if unknown:
            raise InputError(f'the {name} {self.kind} has no option {", ".join(unknown)}; it has '
                             f'{", ".join(known or ()) or "none"}')

    def taken(self, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the options that a part takes."""
        known = self.options(name)
        return {key: value for key, value in options.items() if known is None or key in known}

    def options(self, name: str) -> tuple[str, ...] | None:
        """Keywords that a part takes; None: it passes on those that it does not know."""
        entry = self._entry(name)
        if entry.options is not None:
            return entry.options
        parameters = inspect.signature(self.maker(name)).parameters
        if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            return None
        return tuple(parameters)

    def maker(self, name: str) -> Callable[..., Part]:
        """Import the class or function that makes a part; InputError where a package is absent."""
        entry = self._entry(name)
        try:
            made: Callable[..., Part] = getattr(importlib.import_module(entry.module),
                                                entry.attribute)
        except ModuleNotFoundError as error:
            missing = error.name or ''
            if missing.startswith('mocap23_ros'):
                raise
            how = 'make setup FOR=train' if missing in _TRAINING else f'pip install {missing}'
            raise InputError(f'the {name} {self.kind} needs the package {missing}; install it '
                             f'with: {how}') from None
        return made

    def _entry(self, name: str) -> Entry:
        if name not in self.entries:
            raise InputError(f'there is no {self.kind} {name!r}; choose one of '
                             f'{", ".join(self.entries)}')
        return self.entries[name]
