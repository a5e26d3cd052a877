# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the pages tell users to type and to open exists: commands, options, parameters."""

import argparse
import ast
import contextlib
import dataclasses
import functools
import importlib
import io
import re
import shlex
import sys
from pathlib import Path

import pytest
from documentation_pages import (
    PAGES,
    ROOT,
    every_page,
    mocap23_words,
    prose,
    shell_commands,
    spans,
    words_of,
)

from mocap23_ros.cli.bag_arguments import parse_configuration
from mocap23_ros.cli.main import COMMANDS
from mocap23_ros.errors import InputError
from mocap23_ros.network.configuration import TrainingConfiguration
from mocap23_ros.ros.parameter_entries import parameter_table
from mocap23_ros.ros.settings import Settings

TOPICS = {'image', 'camera_info', 'keypoints_2d_in', 'skeletons', '__ns', '__node'}
PARAMETERS = {entry.name for entry in parameter_table()}
# Options of other programs that the pages name.
FOREIGN_OPTIONS = {'--base-paths', '--clock', '--delay', '--keypoint_scale', '--ros-args',
                   '--topics'}
# What is written like parameters: keys of messages, camera files and training configurations.
FOREIGN_KEYS = {'bond_timeout', 'frame_id', 'problem', 'world_T_camera',
                *(field.name for field in dataclasses.fields(TrainingConfiguration))}


@functools.cache
def parser_of(name: str) -> argparse.ArgumentParser | None:
    """The real parser of a command; None where what it needs is not installed."""
    try:
        module = importlib.import_module(f'mocap23_ros.cli.{COMMANDS[name][0]}')
    except ImportError:
        return None
    parser = argparse.ArgumentParser(prog=f'mocap23 {name}')
    module.add_arguments(parser)
    return parser


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Every option of a parser and of its sub-commands."""
    found = set()
    for action in parser._actions:
        found |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                found |= options_of(child)
    return found


def faults_of(words: list[str], complete: bool) -> list[str]:
    """What is wrong with ``mocap23 WORDS``; complete: nothing that is needed may be left out."""
    if not words or words[0].startswith('--'):
        return [f'no option {word}' for word in words if word not in ('--help', '--version')]
    name, *rest = words
    if name not in COMMANDS:
        return [f'no command {name}']
    parser = parser_of(name)
    if parser is None:
        return []
    known = options_of(parser)
    faults = [f'mocap23 {name} has no option {word}' for word in rest
              if word.startswith('--') and word.partition('=')[0] not in known]
    if faults or not complete or '--help' in rest:
        return faults
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            arguments = parser.parse_args(rest)
        for text in getattr(arguments, 'configurations', None) or []:
            parse_configuration(text, Settings())
    except InputError as error:
        return [str(error)]
    except SystemExit:
        return [said.getvalue().splitlines()[-1]]
    return []


@every_page
def test_commands_in_blocks_are_accepted(page: Path) -> None:
    faults = []
    for words in shell_commands(page.read_text(encoding='utf-8')):
        rest = mocap23_words(words)
        if rest is not None:
            rest = [word.strip('[]') for word in rest]  # what may be left out
            faults += [f'{shlex.join(words)}: {fault}' for fault in faults_of(rest, True)]
    assert not faults, '\n'.join(faults)


@every_page
def test_commands_and_options_in_prose_exist(page: Path) -> None:
    parsers = [parser for name in COMMANDS if (parser := parser_of(name))]
    known = {'--version', *FOREIGN_OPTIONS}.union(*(options_of(parser) for parser in parsers))
    faults = []
    for span in spans(page.read_text(encoding='utf-8')):
        words = re.sub(r'\[[^\]]*\]', '', span).split()
        rest = mocap23_words(words) if words else None
        if rest:
            faults += faults_of(rest, False)
        elif span.startswith('--') and len(parsers) == len(COMMANDS):
            faults += [f'no command has an option {word}' for word in words
                       if word.startswith('--') and word.partition('=')[0] not in known]
    assert not faults, '\n'.join(faults)


@functools.cache
def launch_arguments(name: str) -> set[str]:
    """The arguments that a launch file declares, and those of the one that it includes."""
    path = ROOT / 'launch' / name
    declared = {node.args[0].value for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Call) and getattr(node.func, 'id', '')
                == 'DeclareLaunchArgument' and isinstance(node.args[0], ast.Constant)}
    if name == 'lifter.launch.py':
        return declared | PARAMETERS
    return declared | launch_arguments('lifter.launch.py')


def ros_faults(words: list[str]) -> list[str]:
    """What is wrong with a command of ROS that names this package."""
    text = shlex.join(words)
    given = [word.partition(':=')[0] for flag, word in zip(words, words[1:], strict=False)
             if flag in ('-p', '-r')]
    if words[:3] == ['ros2', 'launch', 'mocap23_ros']:
        if not (ROOT / 'launch' / words[3]).is_file():
            return [f'{text}: no such launch file']
        names = {word.partition(':=')[0] for word in words[4:] if not word.startswith('-')}
        return [f'{text}: no argument {name}' for name in names - launch_arguments(words[3])]
    if words[:3] == ['ros2', 'run', 'mocap23_ros']:
        known = re.findall(r"'(\w+) = mocap23_ros", (ROOT / 'setup.py').read_text())
        faults = [] if words[3] in known else [f'{text}: no such executable']
        return faults + [f'{text}: no parameter {name}' for name in given
                         if name not in PARAMETERS | TOPICS]
    if words[:2] == ['ros2', 'param'] and 'lifter_node' in text and len(words) > 4:
        return [] if words[4] in PARAMETERS else [f'{text}: no parameter {words[4]}']
    if words[0].startswith('python') and words[1:] and words[1].startswith('examples/'):
        source = (ROOT / words[1]).read_text(encoding='utf-8')
        return [f'{text}: it has no {name}' for name in given if f"'{name}'" not in source]
    if words[0] == 'make':
        targets = set(re.findall(r'^([a-z]+):', (ROOT / 'Makefile').read_text(), re.MULTILINE))
        sys.path.insert(0, str(ROOT / 'scripts'))
        purposes = importlib.import_module('packages').PURPOSES
        sys.path.remove(str(ROOT / 'scripts'))
        return [f'{text}: no {word}' for word in words[1:] if not (
            word in targets or word.startswith('ARGS=') or word.partition('=')[2] in purposes)]
    return []


@every_page
def test_ros_and_make_commands_name_what_exists(page: Path) -> None:
    text = page.read_text(encoding='utf-8')
    commands = [*shell_commands(text), *(w for span in spans(text) for w in words_of(span))]
    faults = [fault for words in commands for fault in ros_faults(words)]
    faults += [f'no message {kind}/{name}' for kind, name in re.findall(
        r'mocap23_msgs/(msg|srv)/(\w+)', text)
        if not (ROOT / 'mocap23_msgs' / kind / f'{name}.{kind}').is_file()]
    assert not faults, '\n'.join(faults)


@every_page
def test_parameters_that_are_named_exist(page: Path) -> None:
    text = prose(page.read_text(encoding='utf-8'))
    known = launch_arguments('replay.launch.py') | FOREIGN_KEYS
    named = re.findall(r'`(\w+)(?::=|: )[^`\n]*`', text)
    named += re.findall(r'`(\w+)` parameter', text)
    for listed in re.findall(r'[Pp]arameters? ((?:`[a-z_]+`(?:, | and | or )?)+)', text):
        named += re.findall(r'`(\w+)`', listed)
    for table in re.findall(r'^\| parameter \|.*\n(?:\|.*\n)+', text, re.MULTILINE):
        for row in table.splitlines()[2:]:
            named += re.findall(r'`(\w+)`', row.split('|')[1])
    faults = sorted(set(named) - known)
    assert not faults, f'no parameters: {", ".join(faults)}'


def test_commands_are_found() -> None:
    found = [words for page in PAGES for words in shell_commands(page.read_text(encoding='utf-8'))]
    assert sum(mocap23_words(words) is not None for words in found) > 40
    assert sum(words[:2] == ['ros2', 'launch'] for words in found) > 2


@pytest.mark.parametrize(('words', 'fault'), [
    ('lift --bag B --out O --nonsense', 'no option --nonsense'), ('lfit', 'no command lfit'),
    ('lift --bag B', '--out'), ('lift --bag B --out O --lag two', "'two'"),
    ('evaluate --bag B --out O --with tir=s', 'tier'), ('calibrate peple', 'peple'),
    ('lift --out O --key IN', '--key')])
def test_faults_are_found(words: str, fault: str) -> None:
    assert fault in '\n'.join(faults_of(words.split(), True))


@pytest.mark.parametrize('line', [
    'ros2 launch mocap23_ros lifter.launch.py imge:=/x', 'ros2 launch mocap23_ros x.launch.py',
    'ros2 run mocap23_ros node', 'ros2 run mocap23_ros lifter_node --ros-args -p tir:=s',
    'ros2 param set /lifter_node florheight 1.0', 'make tests', 'make setup FOR=nothing',
    'python3 examples/slow_down.py --ros-args -p frame:=base_link'])
def test_faults_of_ros_commands_are_found(line: str) -> None:
    (words,) = words_of(line)
    assert ros_faults(words)
