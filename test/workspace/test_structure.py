# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Rooms import what docs/ARCHITECTURE.md allows, modules have users, tests look from outside."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = 'mocap23_ros'
HEAVY = ('torch', 'rclpy')  # only where the table says so


def module_name(path: Path, root: Path) -> str:
    return '.'.join(path.relative_to(root).with_suffix('').parts).removesuffix('.__init__')


@pytest.fixture(scope='session')
def modules(root: Path) -> dict[str, Path]:
    """All modules of the package by dotted name."""
    return {module_name(path, root): path for path in (root / PACKAGE).rglob('*.py')}


@pytest.fixture(scope='session')
def imports(modules: dict[str, Path]) -> dict[str, set[str]]:
    """What each module imports when it runs, of the package and of HEAVY; within functions too."""
    return {name: imported_by(path.read_text(), modules) for name, path in modules.items()}


def imported_by(text: str, modules: dict[str, Path], types: bool = False) -> set[str]:
    found: set[str] = set()
    tree = ast.parse(text)
    typing_only = {id(node) for block in ast.walk(tree) if isinstance(block, ast.If)
                   and isinstance(block.test, ast.Name) and block.test.id == 'TYPE_CHECKING'
                   and not types for statement in block.body for node in ast.walk(statement)}
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {full if (full := f'{node.module}.{alias.name}') in modules else node.module
                      for alias in node.names}
    return {name for name in found if name.split('.')[0] in (PACKAGE, *HEAVY)}


class Rules:
    """One line of the table: what a room may import."""

    def __init__(self, text: str) -> None:
        self.everything = text == 'everything'
        self.allowed: set[str] = set()
        self.only: list[tuple[set[str], set[str]]] = []
        self.never: list[tuple[set[str], set[str]]] = []
        for clause in text.split(';'):
            condition, colon, names = clause.rpartition(':')
            found = set(re.findall(r'`([^`]+)`', names))
            if not colon:
                self.allowed |= found
                continue
            kind, members = condition.strip().split(' ', 1)
            rules = {'only': self.only, 'never': self.never}[kind]
            rules.append((set(re.findall(r'`([^`]+)`', members)), found))

    def allow(self, module: str, wanted: str) -> bool:
        """Whether a module (below its room) may import a room, a module of one, or a library."""
        names = {'/'.join(wanted.split('/')[:depth + 1]) for depth in range(wanted.count('/') + 1)}
        if any(module in members and names & what for members, what in self.never):
            return False
        return self.everything or bool(names & self.allowed) or any(
            module in members and names & what for members, what in self.only)


@pytest.fixture(scope='session')
def table(root: Path) -> dict[str, Rules]:
    text = (root / 'docs' / 'ARCHITECTURE.md').read_text()
    rows = re.findall(rf'^\| `{PACKAGE}/(\w+)` \|[^|]*\| ([^|]*) \|$', text, re.MULTILINE)
    return {room: Rules(rules) for room, rules in rows}


def test_the_table_names_every_room(table: dict[str, Rules], root: Path) -> None:
    rooms = {path.parent.name for path in (root / PACKAGE).glob('*/__init__.py')}
    assert set(table) == rooms


def test_rooms_import_only_what_the_table_allows(
    table: dict[str, Rules], imports: dict[str, set[str]]
) -> None:
    wrong = []
    for name, wanted in imports.items():
        _, room, *rest = [*name.split('.'), '', '']
        if room not in table:
            continue  # the few modules that belong to no room
        module = '/'.join(part for part in rest if part)
        for target in sorted(wanted):
            _, _, path = target.partition('.')
            path = path.replace('.', '/') if target.startswith(PACKAGE) else target.split('.')[0]
            if '/' not in path and target.startswith(PACKAGE) or path.split('/')[0] == room:
                continue  # errors, registry, ...; its own room
            if not table[room].allow(module, path):
                wrong.append(f'{name} imports {target}')
    assert not wrong, '\n'.join(['not allowed by docs/ARCHITECTURE.md:', *wrong])


def test_rules_are_read_as_they_are_written() -> None:
    rules = Rules('`a`, `b/c`; only `x`, `y`: `torch`, `d`; never `z`: `a`')
    assert rules.allow('m', 'a/deep/module') and rules.allow('m', 'b/c')
    assert not rules.allow('m', 'b/other') and not rules.allow('m', 'b')
    assert rules.allow('x', 'torch') and rules.allow('y', 'd/e') and not rules.allow('m', 'torch')
    assert not rules.allow('z', 'a/deep') and rules.allow('z', 'b/c')
    assert Rules('everything').allow('m', 'torch')
    assert not Rules('nothing').allow('m', 'a')


def test_every_module_has_a_user_beside_the_tests(
    root: Path, modules: dict[str, Path], imports: dict[str, set[str]]
) -> None:
    used: set[str] = set().union(*imports.values())
    # Named as text: by registries, where processes are started, by the build.
    sources = [*modules.values(), root / 'setup.py']
    for path in sources:
        used |= set(re.findall(rf'\b{PACKAGE}(?:\.\w+)+', '\n'.join(
            node.value for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            and len(node.value) < 200)))
    for folder in ('launch', 'examples', 'docs'):  # what users are shown
        for path in (root / folder).glob('*.*'):
            if path.suffix in ('.py', '.md'):
                used |= set(re.findall(rf'\b{PACKAGE}(?:\.\w+)+', path.read_text()))
    from mocap23_ros.cli.main import COMMANDS
    used |= {f'{PACKAGE}.cli.{module}' for module, _ in COMMANDS.values()}
    unused = [name for name, path in modules.items()
              if name not in used and path.name not in ('__init__.py', '__main__.py')]
    assert not unused, f'only tests import {", ".join(sorted(unused))}'


def test_no_modules_import_each_other_in_a_circle(modules: dict[str, Path]) -> None:
    """What they import for their types alone counts, too."""
    imports = {name: imported_by(path.read_text(), modules, types=True)
               for name, path in modules.items()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, ' -> '.join([*path[path.index(name):], name])
        if name in done or name not in imports:
            return
        for target in sorted(imports[name]):
            if target != PACKAGE:
                visit(target, (*path, name))
        done.add(name)

    for name in imports:
        visit(name, ())


def test_no_test_looks_at_private_state(root: Path) -> None:
    of_others = ('os._exit', '_replace', '_asdict', 'parser._actions', 'torch.')
    found = []
    for path in sorted((root / 'test').rglob('test_*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith('.setattr'):
                # What a test replaces, by its name in a text, is public, too.
                found += [f'{path.relative_to(root)}:{node.lineno}: {name.value}'
                          for name in node.args if isinstance(name, ast.Constant)
                          and re.search(r'(^|\.)_[A-Za-z]\w*$', str(name.value))
                          and not ast.unparse(node.args[0]).startswith('torch.')]
            if isinstance(node, ast.Attribute) and re.match('_[a-z]', node.attr):
                words = ast.unparse(node)
                if not words.startswith(('self._', 'cls._')) and not any(
                        words.startswith(name) or words.endswith(name) for name in of_others):
                    found.append(f'{path.relative_to(root)}:{node.lineno}: {words}')
    assert not found


def test_no_two_files_of_python_have_one_name(root: Path) -> None:
    fixed = {'__init__.py', 'conftest.py', *(  # and what carries the name of what it stands in for
        path.name for path in (root / 'ros_standins').rglob('*.py'))}
    places: dict[str, list[str]] = {}
    for folder in (PACKAGE, 'scripts', 'test', 'examples', 'launch'):
        for path in (root / folder).rglob('*.py'):
            places.setdefault(path.name, []).append(str(path.relative_to(root)))
    twice = [found for name, found in places.items() if len(found) > 1 and name not in fixed]
    assert not twice
