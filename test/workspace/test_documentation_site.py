# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The site of docs/ builds strictly, shows what git hosts show, and asks nothing of the network."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# Not imported: that takes each process of the tests half a second.
if not all(map(find_spec, ('mkdocs', 'material', 'mkdocstrings'))):
    pytest.skip('what builds the site is not installed', allow_module_level=True)


@pytest.fixture(scope='module')
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The HTML of every page by its path."""
    folder = tmp_path_factory.mktemp('site')
    done = subprocess.run(
        [sys.executable, '-m', 'mkdocs', 'build', '--strict', '--quiet', '--site-dir', folder],
        cwd=root, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {str(path.relative_to(folder)): path.read_text(encoding='utf-8')
            for path in folder.rglob('*.html')}


def test_every_page_stands_in_the_navigation(site: dict[str, str], root: Path) -> None:
    pages = [path.relative_to(root / 'docs') for path in (root / 'docs').rglob('*.md')]
    missing = [str(page) for page in pages
               if f'href="{page.with_suffix(".html")}"' not in site['index.html']
               and page.name != 'index.md']
    assert len(pages) > 10 and not missing, f'add to nav of mkdocs.yml: {", ".join(missing)}'


def test_nothing_is_fetched_from_elsewhere(site: dict[str, str]) -> None:
    found = [f'{page}: {match[0]}' for page, text in site.items() for match in re.finditer(
        r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="?(?:https?:)?//[^\s>]*', text)]
    assert not found


def test_lists_and_tables_need_a_blank_line_before_them(site: dict[str, str]) -> None:
    # Git hosts do without; here they would be swallowed by the paragraph.
    swallowed = [f'{page}: {match[1]}' for page, text in site.items() for paragraph in
                 re.findall(r'<(?:p|li)>(.*?)</(?:p|li)>', text, re.DOTALL)
                 for match in re.finditer(r'\n\s*((?:[*|-]|\d+\.) .{,60})', paragraph)]
    assert not swallowed


def test_no_code_shows_an_escaped_bar(site: dict[str, str]) -> None:
    found = [f'{page}: {code}' for page, text in site.items()
             for code in re.findall(r'<code>([^<]*\\\|[^<]*)</code>', text)]
    assert not found


def test_the_reference_holds_the_docstrings(site: dict[str, str]) -> None:
    from mocap23_ros.client.people import People
    summary = (People.clearance.__doc__ or '').partition(';')[0]
    assert summary and summary in site['API.html']
    assert 'id="mocap23_ros.recordings.recording.load_recording"' in site['API.html']
