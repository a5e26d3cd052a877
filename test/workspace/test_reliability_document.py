# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of docs/RELIABILITY.md name tests that exist; its tables are those that were measured."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / 'docs' / 'RELIABILITY.md').read_text()


def rows(section):
    """Cells of the table below a heading."""
    body = TEXT.split(f'\n## {section}\n')[1].split('\n## ')[0]
    lines = [line for line in body.splitlines() if line.startswith('| ')]
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines[1:]]


@pytest.mark.parametrize(('section', 'columns', 'least'), [
    ('Starting, launching, replaying', 3, 15), ('While it runs', 5, 45),
    ('Data and files of others', 3, 14)])
def test_every_fault_has_its_answers_and_a_test_that_is_there(section, columns, least):
    faults = rows(section)
    assert len(faults) >= least
    assert len({cells[0] for cells in faults}) == len(faults), 'a fault stands twice'
    for cells in faults:
        assert len(cells) == columns and all(cells), cells
        named = re.findall(r'`(test_\w+?)(?:\.py)?(?:::(test_\w+))?`', cells[-1])
        assert named, f'no test is named: {cells[0]}'
        for file, name in named:
            (path,) = ROOT.glob(f'test/*/{file}.py')
            assert not name or re.search(rf'^def {name}\(', path.read_text(), re.M), (file, name)


@pytest.mark.parametrize(('name', 'section'), [
    ('load', 'Load'), ('soak', 'Soak'), ('day', 'A simulated day')])
def test_tables_are_those_of_the_figures(name, section):
    figures = json.loads((ROOT / 'docs' / 'results' / 'reliability.json').read_text())[name]
    assert rows(section) == figures['rows']
    for words in ('command', 'commit', 'machine', 'summary'):
        assert figures[words] in TEXT
