# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reads yaml of unknown origin: plain maps, lists and text, and nothing that can explode."""

from pathlib import Path
from typing import Any, TypeAlias

import yaml

from mocap23_ros.bounded_files import read_bounded
from mocap23_ros.errors import InputError

LARGEST_FILE = 64 * 1024  # bytes; the parser takes about a second for as many
_DEEPEST, _MOST_ENTRIES = 8, 10_000
_NULL = ('', '~', 'null', 'Null', 'NULL')

Plain: TypeAlias = 'dict[str, Plain] | list[Plain] | str | None'


def read_yaml(path: Path) -> Any:
    """Return the contents of a small yaml file: maps with text keys, lists, text, None.

    Numbers stay text, as they stand in the file: yaml's own readings (1:30 is 90, 1e3 is text,
    ``no`` is false) are not those of its writers. Raises InputError, naming the file and the
    line, for what is not yaml, for aliases, tags and repeated keys, and for what is too large.
    """
    data = read_bounded(path, LARGEST_FILE)
    try:
        _check_events(data)
        node = yaml.compose(data, yaml.BaseLoader)
        return None if node is None else _plain(node)
    except InputError as error:
        raise InputError(f'{path}{error}') from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        mark = getattr(error, 'problem_mark', None)
        where = f' (line {mark.line + 1})' if mark is not None else ''
        raise InputError(f'{path} is not plain yaml{where}') from None


def _check_events(data: bytes) -> None:
    """Refuse what would explode, before anything is built of it."""
    depth = 0
    for count, event in enumerate(yaml.parse(data, yaml.BaseLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise InputError(f' has an alias (line {line}): write the value out')
        if getattr(event, 'tag', None) not in (None, '!'):
            raise InputError(f' is not plain yaml (line {line} has a tag)')
        if depth > _DEEPEST or count > _MOST_ENTRIES:
            raise InputError(f' has more entries, or deeper ones, than are read (line {line})')


def _plain(node: yaml.Node) -> Plain:
    if isinstance(node, yaml.SequenceNode):
        return [_plain(entry) for entry in node.value]
    if isinstance(node, yaml.MappingNode):
        content: dict[str, Plain] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise InputError(f' is not plain yaml (line {line} has a key that is not text)')
            if key.value in content:
                raise InputError(f' has the key {" ".join(key.value.split())[:60]} twice (line '
                                 f'{line})')
            content[key.value] = _plain(value)
        return content
    return None if node.style is None and node.value in _NULL else node.value
