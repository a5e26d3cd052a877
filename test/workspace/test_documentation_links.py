# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Links, files, tests and modules that the pages name exist."""

import ast
import re
from pathlib import Path

import pytest
from documentation_pages import PAGES, ROOT, blocks, every_page, prose, shell_commands, spans


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as git hosts make them."""
    found: dict[str, int] = {}
    for title in re.findall(r'^#+ (.*)$', prose(page.read_text(encoding='utf-8')), re.MULTILINE):
        plain = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', title).replace('`', '')
        slug = re.sub(r'[^\w\- ]', '', plain.strip().lower()).replace(' ', '-')
        count = found[slug] = found.get(slug, -1) + 1
        if count:
            found[f'{slug}-{count}'] = 0
    return set(found)


@pytest.mark.parametrize('page', [*PAGES, ROOT / 'CHANGELOG.md'], ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r'`[^`\n]*`', '', prose(page.read_text(encoding='utf-8')))
    links = [link for link in re.findall(r'\]\(([^)\s]+)\)', text)
             if not re.match(r'[a-z]+:', link)]
    faults = []
    for link in links:
        path, _, anchor = link.partition('#')
        target = page.parent / path if path else page
        if not target.exists():
            faults.append(f'{link}: no such file')
        elif anchor and anchor not in anchors(target):
            faults.append(f'{link}: no such heading')
        elif ROOT / 'docs' in page.parents and ROOT / 'docs' not in target.resolve().parents:
            faults.append(f'{link}: leads out of docs/, which is all that the site has')
    assert not faults, '\n'.join(faults)


@pytest.mark.parametrize('start', ['README.md', 'docs/index.md'])
def test_links_lead_to_every_page(start: str) -> None:
    reached, waiting = set(), [ROOT / start]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        waiting += {(page.parent / link).resolve() for link in re.findall(
            r'\]\(([\w./-]+\.md)', page.read_text(encoding='utf-8'))} - reached
    missing = {str(page.relative_to(ROOT)) for page in PAGES} - {
        str(page.relative_to(ROOT)) for page in reached}
    assert not missing - {'README.md', 'CONTRIBUTING.md'}


@every_page
def test_files_and_tests_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding='utf-8')
    words = [word for item in (*spans(text), *map(' '.join, shell_commands(text)))
             for word in item.split()]
    faults = [word for word in words if re.fullmatch(
        r'(?:test|examples|scripts|launch|config|docs|mocap23_ros|engines)/[\w./-]+\.\w+', word)
        and '...' not in word and 'NAME' not in word
        and not any((folder / word).exists() for folder in (ROOT, ROOT / 'mocap23_ros'))]
    defined = {test for path in (ROOT / 'test').rglob('test_*.py')
               for test in re.findall(r'^ *(?:async )?def (test_\w+)', path.read_text(), re.M)}
    faults += [name for name in re.findall(r'::(test_\w+)', text) if name not in defined]
    assert not faults, '\n'.join(faults)


@every_page
def test_python_in_blocks_imports_what_exists(page: Path) -> None:
    for block in blocks(page.read_text(encoding='utf-8')):
        if not re.search(r'^(?:from|import) mocap23_ros', block, re.MULTILINE):
            continue
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or '').startswith('mocap23_ros'):
                module = pytest.importorskip(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), block
