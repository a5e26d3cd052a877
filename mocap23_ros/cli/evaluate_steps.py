# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 evaluate-steps``: steps, forms of triangulation and precisions, by one command."""

import argparse
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.cli.progress import say
from mocap23_ros.errors import InputError
from mocap23_ros.network.triangulation_forms import TRIANGULATIONS
from mocap23_ros.writable_places import check_writable

if TYPE_CHECKING:  # torch is only imported when the command runs
    from mocap23_ros.engines.model_files import ModelEntry

_PRECISIONS = ('fp16', 'int8')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument('--tier', default='s', help='tier of the weights (default %(default)s)')
    parser.add_argument('--weights', type=Path,
                        help='default: lifter_<tier>.safetensors in the engines folder')
    parser.add_argument('--starts', nargs='+', default=['1', '2', '4', '10', '50', 'warm'],
                        metavar='N|warm', help='steps from noise, or warm: one from the motion '
                        'before (default 1 2 4 10 50 warm)')
    parser.add_argument('--precisions', nargs='*', default=list(_PRECISIONS), choices=_PRECISIONS,
                        help='exported graphs that are compared with FP32 (default: all)')
    parser.add_argument('--triangulations', nargs='*', default=list(TRIANGULATIONS),
                        choices=TRIANGULATIONS,
                        help='forms that are compared on the single windows (default: all)')
    parser.add_argument('--set', dest='set_name', default='e1_noisy', metavar='SET',
                        help='evaluation set, as in mocap23 evaluate (default %(default)s)')
    parser.add_argument('--sequences', type=int, default=8, metavar='N',
                        help='sequences of the set (default %(default)s)')
    parser.add_argument('--windows', type=int, default=192, metavar='N',
                        help='single windows (default %(default)s)')
    parser.add_argument('--draws', type=int, default=5, metavar='N',
                        help='draws of the noise for each window (default %(default)s)')
    parser.add_argument('--seconds', type=float, default=2.0,
                        help='longest time of one measured latency (default %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of windows and draws')
    parser.add_argument('--threads', type=int, help='CPU threads of torch and of ONNX Runtime')
    parser.add_argument('--data', type=Path, help='motion data folder (default: MOCAP23_DATA)')
    parser.add_argument('--out', type=Path, default=Path('out/steps'),
                        help='folder for steps.json and steps.md (default %(default)s)')


def run(arguments: argparse.Namespace) -> int:
    """Measure, write both files and print the Markdown; raises InputError for bad arguments."""
    starts = [_start(word) for word in dict.fromkeys(arguments.starts)]
    check_numbers(arguments, sequences=(1, inf), windows=(1, inf), draws=(2, inf), seed=(0, inf),
                  seconds=(0.001, 600), threads=(1, inf))
    check_writable(arguments.out / 'steps.json')

    import torch

    from mocap23_ros.checksum import file_sha256
    from mocap23_ros.datasets.evaluation_sets import EVALUATION_SETS, SET_NAMES
    from mocap23_ros.engines.model_files import engines_folder
    from mocap23_ros.evaluation.machine_description import commit_line, hardware_line, present_load
    from mocap23_ros.experiments.precision_study import study_precisions
    from mocap23_ros.experiments.steps_report import compare_steps, write_steps
    from mocap23_ros.experiments.steps_study import StudyScope, study_steps, study_windows
    from mocap23_ros.experiments.triangulation_study import study_triangulations
    from mocap23_ros.network.lifter_model import LifterModel
    from mocap23_ros.network.models import load_network
    from mocap23_ros.network.tiers import Temperatures

    if arguments.set_name not in EVALUATION_SETS:
        raise InputError(f'no evaluation set {arguments.set_name}; choose from {SET_NAMES}')
    weights = arguments.weights or engines_folder() / f'lifter_{arguments.tier}.safetensors'
    model, card = load_network(weights)
    if not isinstance(model, LifterModel):
        raise InputError(f'{weights} holds a baseline, which takes no steps; give the weights of a '
                         'lifter')
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    scope = StudyScope(arguments.set_name, arguments.sequences, arguments.windows,
                       arguments.draws, arguments.seed, arguments.data, arguments.seconds)
    tier, sha256 = model.tier.name, file_sha256(weights)
    exported = _exported(tier, sha256)
    temperatures = Temperatures(1.0, 1.0) if exported is None else Temperatures(
        exported.ray_temperature, exported.across_temperature)
    load = present_load(say)
    windows = study_windows(model, weights, scope)
    rows = study_steps(model, weights, starts, windows, temperatures, exported, scope, say)
    forms = study_triangulations(model, list(dict.fromkeys(arguments.triangulations)), windows,
                                 scope, say)
    if not arguments.precisions:
        precision: dict = {'reason': 'left out (--precisions)'}
    elif exported is None:
        precision = {'reason': f'{engines_folder()} has no graphs of these weights; run `mocap23 '
                     f'export --tier {tier} --weights {weights}`'}
    else:
        precision = {'rows': study_precisions(
            tier, exported.full.parent, arguments.precisions, windows, scope, say)}
    result = {
        'commit': commit_line(), 'hardware': hardware_line(),
        'threads': torch.get_num_threads(), 'load': load, 'seed': scope.seed,
        'weights': {'file': weights.name, 'sha256': sha256, 'tier': tier,
                    'stage': card.get('stage'), 'steps': card.get('steps'),
                    'commit': card.get('commit')},
        'temperatures': {'ray': temperatures.ray, 'across': temperatures.across,
                         'calibrated': exported is not None},
        'set': scope.set_name, 'windows': scope.windows, 'draws': scope.draws, 'rows': rows,
        'triangulation': forms, 'comparisons': compare_steps(rows), 'precision': precision}
    print(write_steps(result, arguments.out), end='')
    return 0


def _start(word: str) -> int | str:
    if word == 'warm':
        return word
    if not (word.isascii() and word.isdigit() and 1 <= int(word) <= 1000):
        raise InputError(f'--starts {word}: give 1 to 1000 steps, or warm')
    return int(word)


def _exported(tier: str, sha256: str) -> 'ModelEntry | None':
    """The graphs in the engines folder, where they come from these very weights."""
    from mocap23_ros.engines.model_files import engines_folder, find_model, read_manifest

    path = engines_folder() / 'manifest.json'
    entry = read_manifest(path)['tiers'].get(tier) if path.exists() else None
    if not entry or entry.get('weights', {}).get('sha256') != sha256:
        return None
    return find_model(tier)
