# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 ablate``: the ablation table by one command."""

import argparse
from math import inf
from pathlib import Path

from mocap23_ros.atomic_files import write_json, write_text
from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.errors import InputError
from mocap23_ros.markdown import markdown_table

_COLUMNS = ('mpjpe_mm', 'pa_mpjpe_mm', 'abs_mpjpe_mm', 'root_mm', 'coverage_95',
            'training_minutes')
_DECIMALS = {'coverage_95': 2, 'training_minutes': 1}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument('--out', type=Path, required=True,
                        help='folder of the runs, of ablations.json and ablations.md; trainings '
                        'in it are reused where they are the same')
    parser.add_argument('--tier', default='xs')
    parser.add_argument('--steps', type=int, default=400, help='of fine-tuning, per variant')
    parser.add_argument('--pretrain-steps', type=int, default=200)
    parser.add_argument('--batch-size', type=int, default=32)
    parser.add_argument('--batches', type=int, default=16, help='of 32 validation windows per set')
    parser.add_argument('--only', nargs='+', metavar='VARIANT', help='names as in the table')
    parser.add_argument('--data', type=Path, help='motion data folder (default: MOCAP23_DATA)')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--mixed-precision', choices=('no', 'bf16', 'fp16'), default='no')
    parser.add_argument('--threads', type=int, help='CPU threads of torch')


def run(arguments: argparse.Namespace) -> int:
    """Train and validate every variant; write the table."""
    import torch

    from mocap23_ros.datasets.cmu import load_cmu
    from mocap23_ros.evaluation.machine_description import commit_line, hardware_line
    from mocap23_ros.experiments.ablations import ABLATIONS, run_ablations
    from mocap23_ros.network.configuration import TrainingConfiguration
    from mocap23_ros.writable_places import check_output_folder

    names = arguments.only or list(ABLATIONS)
    unknown = [name for name in names if name not in ABLATIONS]
    if unknown:
        raise InputError(f'there is no variant {unknown[0]!r}; choose from: {", ".join(ABLATIONS)}')
    check_numbers(arguments, steps=(1, inf), pretrain_steps=(1, inf), batches=(1, inf),
                  threads=(1, inf))
    base = TrainingConfiguration(
        tier=arguments.tier, steps=arguments.steps, batch_size=arguments.batch_size,
        learning_rate=4e-3, warm_up=min(100, arguments.steps // 4 + 1), ema=0.99,
        one_step_share=0.7, seed=arguments.seed, mixed_precision=arguments.mixed_precision)
    check_output_folder(arguments.out)
    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    errors = run_ablations(
        names, base, arguments.pretrain_steps, load_cmu('train', arguments.data),
        load_cmu('validation', arguments.data), arguments.out,
        lambda name, errors: print(f'{name}: ' + '  '.join(
            f'{column} {errors[column]:.3g}' for column in _COLUMNS), flush=True),
        arguments.batches)
    about = {'tier': base.tier, 'pretrain_steps': arguments.pretrain_steps, 'steps': base.steps,
             'batch_size': base.batch_size, 'mixed_precision': base.mixed_precision,
             'seed': base.seed, 'commit': commit_line(), 'hardware': hardware_line()}
    write_json(arguments.out / 'ablations.json', {**about, 'table': errors})
    write_text(arguments.out / 'ablations.md', ', '.join(
        f'{name}: {value}' for name, value in about.items()) + '\n\n' + as_markdown(errors))
    print(arguments.out / 'ablations.md')
    return 0


def as_markdown(errors: dict[str, dict[str, dict[str, float]]]) -> str:
    """One table per validation set."""
    lines = []
    for set_name in next(iter(errors.values())):
        lines += [f'### {set_name}', '', *markdown_table(('variant', *_COLUMNS), (
            [variant, *(f'{sets[set_name][column]:.{_DECIMALS.get(column, 0)}f}'
                        for column in _COLUMNS)] for variant, sets in errors.items())), '']
    return '\n'.join(lines)
