# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Which commands of the pages tests run as they stand there, and why the others are not."""

import ast
from pathlib import Path

import pytest
from documentation_pages import ROOT, documented, mocap23_words, shell_commands

# Pages that test_tutorials.py types from top to bottom, but for what it leaves out.
TYPED = ('tutorials/bag.md', 'tutorials/video.md')
# What no test runs from the page, by the words it begins with, and why.
NOT_RUN = {
    'needs the videos of the sample, or a camera': (
        'lift --video ~/.cache', 'lift --video walk.mp4', 'calibrate people --video',
        'calibrate people --live', 'lift --bag out/demo/bag'),
    'a page in the browser; test_click_page.py starts it with the same options': (
        'calibrate points --click',),
    'minutes to hours of a core, or torch: smaller ones run in test/training and '
    'test/experiments': (
        'train', 'evaluate-steps', 'ablate', 'export --tier', 'evaluate --set'),
    'motion that users must have a licence for; imitations run in test/datasets': (
        'draw-samples', 'evaluate --write-set rich191'),
    'a GPU and its libraries; simulated ones run in test/engines': ('build-engine',),
    'other networks, whose weights users fetch; networks made for the test run in '
    'test/detection': ('detector-noise', 'fetch-weights rtmpose-m', 'fetch-weights blazepose'),
    'runs with other names in test/evaluation and test/recordings': (
        'evaluate --bag', 'evaluate --bags LIST', 'evaluate --write-set sample',
        'check --keypoints', 'lift --keypoints FOLDER', 'lift --keypoints set/',
        'lift --keypoints openpose_json/', 'export-motion'),
    'only names the command': ('--help',),
}


def asked_for() -> list[tuple[str, ...]]:
    """The arguments of every ``documented`` of the tests: page, and words of the command."""
    return [tuple(argument.value for argument in node.args)
            for path in (ROOT / 'test').rglob('*.py') if path != Path(__file__)
            for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
            if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'documented'
            and node.args and all(isinstance(argument, ast.Constant) for argument in node.args)]


def test_every_command_is_run_or_has_a_reason() -> None:
    run = [documented(*words) for words in asked_for()]
    assert len(run) > 15
    starts = [start for listed in NOT_RUN.values() for start in listed]
    used, faults = set(), []
    for page in sorted((ROOT / 'docs').rglob('*.md')):
        if str(page.relative_to(ROOT / 'docs')) in TYPED:
            continue
        for words in map(mocap23_words, shell_commands(page.read_text(encoding='utf-8'))):
            if not words or words in run:
                continue
            why = [start for start in starts if ' '.join(words).startswith(start)]
            used |= set(why)
            if not why:
                faults.append(f'{page.name}: mocap23 {" ".join(words)}')
    assert not faults, '\n'.join(faults)
    unused = set(starts) - used - {'lift --video ~/.cache'}
    assert not unused, f'no page has these any more: {unused}'


def test_a_command_that_is_not_there_is_an_error() -> None:
    with pytest.raises(LookupError):
        documented('LIFT.md', 'lift', '--nonsense')
    assert documented('LIFT.md', 'IN.npz', instead={'IN.npz': Path('a')})[2] == 'a'
