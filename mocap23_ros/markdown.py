# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of reports that people read."""

from collections.abc import Iterable, Sequence


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a Markdown table."""
    return [_line(heads), '|' + '---|' * len(heads), *map(_line, rows)]


def _line(cells: Sequence[object]) -> str:
    return '| ' + ' | '.join(map(str, cells)) + ' |'
