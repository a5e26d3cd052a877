# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 bench``: latency, throughput and memory of every stage on this machine."""

import argparse
from pathlib import Path
from typing import Any

from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.cli.progress import say
from mocap23_ros.engines.backends import BACKENDS
from mocap23_ros.errors import InputError
from mocap23_ros.writable_places import check_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument('--tiers', nargs='+', help='default: every exported tier')
    parser.add_argument('--backends', nargs='+',
                        choices=[name for name in BACKENDS if name != 'torch'],
                        help='default: every one that runs here')
    parser.add_argument('--persons', nargs='+', type=int, default=[1, 2, 4, 8, 16])
    parser.add_argument('--seconds', type=float, default=2.0,
                        help='longest time per row (default %(default)s)')
    parser.add_argument('--long', action='store_true',
                        help='also 10 000 calls, to see whether memory grows')
    parser.add_argument('--no-path', action='store_true', help='leave out image to message')
    parser.add_argument('--no-peers', action='store_true', help='leave out other networks')
    parser.add_argument('--out', type=Path, default=Path('out/bench'),
                        help='folder for bench.json and bench.md (default %(default)s)')


def run(arguments: argparse.Namespace) -> int:
    """Measure and write the report; raises InputError for bad arguments."""
    from mocap23_ros.benchmarks.bench_report import write_report
    from mocap23_ros.benchmarks.detector_speed import benchmark_detectors
    from mocap23_ros.benchmarks.lifter_benchmark import (
        available_backends,
        benchmark_lifters,
        memory_over_calls,
        why_not,
    )
    from mocap23_ros.benchmarks.machine_limits import measure_limits
    from mocap23_ros.benchmarks.network_cost import project
    from mocap23_ros.benchmarks.path_benchmark import benchmark_mediapipe, benchmark_path
    from mocap23_ros.benchmarks.peers import benchmark_decoder, compare_work
    from mocap23_ros.engines.model_files import available_tiers, find_model
    from mocap23_ros.evaluation.machine_description import commit_line, hardware_line, present_load

    check_numbers(arguments, persons=(1, 64), seconds=(0.001, 600))
    check_writable(arguments.out / 'bench.json')
    tiers = arguments.tiers or available_tiers()
    for tier in tiers:
        find_model(tier)  # refuses absent or damaged files before anything is measured
    if arguments.backends:
        reasons = {name: why_not(name, tiers[0]) if tiers else 'no tier is exported'
                   for name in arguments.backends}
        if all(reasons.values()):
            raise InputError('none of --backends runs here: ' + '; '.join(
                f'{name}: {reason}' for name, reason in reasons.items()))
    if not tiers:
        say('no exported tier: the learned lifter is left out (mocap23 export makes one)')
    load = present_load(say)
    say('measuring the machine')
    limits = measure_limits()
    backends = arguments.backends or available_backends()
    result: dict[str, Any] = {
        'hardware': hardware_line(), 'commit': commit_line(), 'load': load,
        'limits': {'gflops': round(limits.flops / 1e9, 1),
                   'bandwidth_gb': round(limits.bandwidth / 1e9, 2)},
        'lifter': benchmark_lifters(tiers, backends, arguments.persons, limits, say,
                                    arguments.seconds),
        'work': compare_work(), 'projection': project(), 'path': [], 'memory': []}
    if not arguments.no_path:
        say('image to message')
        result['path'].append(benchmark_path('geometric', {}))
        result['path'] += [benchmark_path('diffusion', {'tier': tier}) for tier in tiers]
    say('detectors')
    result['detectors'] = [] if arguments.no_path else benchmark_detectors(arguments.seconds)
    say('peers')
    left_out = {'reason': 'left out (--no-peers)'}
    result['mediapipe'] = left_out if arguments.no_peers else benchmark_mediapipe()
    result['decoder'] = left_out if arguments.no_peers else benchmark_decoder()
    write_report(result, arguments.out)
    if arguments.long:  # takes minutes: the results so far are written already
        say('memory over 10 000 calls')
        result['memory'] = [memory_over_calls(tier, backend, 10_000)
                            for tier in tiers for backend in backends]
        write_report(result, arguments.out)
    print(f'{arguments.out / "bench.md"}, {arguments.out / "bench.json"}')
    return 0
