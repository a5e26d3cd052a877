# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The pages of the documentation, and what stands in them: code, prose, commands."""

import contextlib
import glob
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


def mocap23_words(words: list[str]) -> list[str] | None:
    """What follows the command mocap23, however it is called; None for other commands."""
    if words[:4] == ['ros2', 'run', 'mocap23_ros', 'mocap23']:
        return words[4:]
    if re.fullmatch(r'python3?', words[0]) and words[1:3] == ['-m', 'mocap23_ros']:
        return words[3:]
    return words[1:] if words[0] in ('mocap23', './mocap23') else None


def documented(page: str, *holding: str, instead: dict[str, object] | None = None) -> list[str]:
    """The arguments of the first mocap23 command of a page that holds these words.

    page: below docs/. instead: what stands for words of the page, such as IN.npz. Patterns of file
    names become the files of the current folder. With it a test runs what a user is told to type.
    """
    for words in shell_commands((ROOT / 'docs' / page).read_text(encoding='utf-8')):
        found = mocap23_words(words)
        if found and all(word in ' '.join(found) for word in holding):
            chosen = [str((instead or {}).get(word, word)) for word in found]
            return [file for word in chosen for file in (
                sorted(glob.glob(word)) or [word])]
    raise LookupError(f'{page} has no command that holds {holding}')
