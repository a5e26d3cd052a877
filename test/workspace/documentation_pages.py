# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The pages of the documentation, and what stands in them: code, prose, commands."""

import contextlib
import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *sorted((ROOT / 'docs').rglob('*.md'))]
every_page = pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def blocks(text: str) -> list[str]:
    """The code blocks of a page, with the lines that end in a backslash joined."""
    found = re.findall(r'(?:^ {4}.*\n|^\n(?= {4}))+', _unfenced(text) + '\n', re.MULTILINE)
    return [re.sub(r'\\\n\s*', ' ', re.sub(r'^ {4}', '', block, flags=re.MULTILINE))
            for block in found]


def _unfenced(text: str) -> str:
    """The text with fenced code indented instead."""
    return re.sub(r'^```.*\n((?:.*\n)*?)```', lambda match: textwrap.indent(match[1], '    '),
                  text, flags=re.MULTILINE)


def prose(text: str) -> str:
    """A page without its code blocks."""
    return re.sub(r'^ {4}(?!\s*(?:[*-]|\d+\.) ).*$', '', _unfenced(text),
                  flags=re.MULTILINE)


def spans(text: str) -> list[str]:
    """What stands in backticks outside of code blocks."""
    return re.findall(r'`([^`\n]+)`', prose(text))


def words_of(line: str) -> Iterator[list[str]]:
    """The simple commands of a shell line, as words; what is no shell gives none."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars='|;&()<>')
    lexer.whitespace_split = True
    lexer.commenters = '#'
    with contextlib.suppress(ValueError):
        words: list[str] = []
        for word in [*lexer, ';']:
            if set(word) <= set('|;&()<>'):
                if words:
                    yield words
                words = []
            else:
                words.append(word)


def shell_commands(text: str) -> Iterator[list[str]]:
    """All commands of the code blocks of a page, without variables set in front of them."""
    for block in blocks(text):
        for line in block.splitlines():
            for words in words_of(line):
                while words and re.fullmatch(r'\w+=.*', words[0]):
                    words = words[1:]
                if words:
                    yield words
