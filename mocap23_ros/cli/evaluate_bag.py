# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 evaluate --bag`` for the images of a bag: configurations side by side."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mocap23_ros.cli.bag_arguments import parse_configuration, settings_from
from mocap23_ros.cli.batch_arguments import (
    add_batch_options,
    check_batch_options,
    jobs_of,
    run_jobs,
    say_failures,
    shard_suffix,
)
from mocap23_ros.cli.progress import progress
from mocap23_ros.cli.rerun_argument import add_rerun, check_rerun_file
from mocap23_ros.errors import InputError
from mocap23_ros.writable_places import check_writable

if TYPE_CHECKING:
    from mocap23_ros.evaluation.recording_evaluation import Configuration, JudgedBag
    from mocap23_ros.evaluation.truth_alignment import AlignmentWanted

SKELETONS = 'mocap23_msgs/msg/SkeletonArray'


def is_lifted(arguments: argparse.Namespace) -> bool:
    """Whether the images of the bag are meant, and not skeletons that the node published."""
    from mocap23_ros.recordings.bag_reader import BagReader
    if arguments.configurations or arguments.truth_topic:
        return True
    with BagReader(arguments.bag) as bag:
        return not bag.of_type(SKELETONS)


def configurations(arguments: argparse.Namespace) -> list['Configuration']:
    """What --with says, or the defaults of the node; InputError."""
    from mocap23_ros.evaluation.recording_evaluation import Configuration
    base = settings_from(arguments)
    common: dict[str, Any] = {
        'topic': arguments.topic, 'tf_bags': tuple(arguments.tf), 'truth': arguments.truth,
        'truth_topic': arguments.truth_topic, 'truth_mapping': arguments.truth_mapping,
        'align': alignment_wanted(arguments)}
    found = [Configuration(name, settings, find_input='detector=' not in text, **common)
             for text in arguments.configurations
             for name, settings in [parse_configuration(text, base)]]
    names = [configuration.name for configuration in found]
    if len(set(names)) < len(names):
        raise InputError('two configurations are called '
                         f'{next(n for n in names if names.count(n) > 1)}; tell them apart: '
                         '--with NAME:KEY=VALUE')
    return found or [Configuration(settings=base, **common)]


def evaluate_bag(arguments: argparse.Namespace) -> int:
    """Lift the bag with every configuration and write the report."""
    from mocap23_ros.evaluation import recording_evaluation as evaluation
    judged: dict[str, JudgedBag] = {}
    wanted = configurations(arguments)
    for configuration in wanted:
        first = next(iter(judged.values()), None)
        if first is not None and first.comparison is not None and first.comparison.alignments:
            # All configurations are judged by the same truth.
            known = next(iter(first.comparison.alignments.values()))
            configuration = replace(configuration, align=replace(configuration.align, known=known))
        with progress(f'{arguments.bag.name}: {configuration.name}') as report:
            judged[configuration.name] = evaluation.judge_bag(
                arguments.bag, configuration, report)
    for name, result in judged.items():
        for note in result.lifted.notes:
            print(f'mocap23 evaluate: {name}: {note}', file=sys.stderr, flush=True)
    write(judged, arguments.bag, arguments.out)
    if arguments.rerun:
        from mocap23_ros.recordings.rerun_file import save_rerun
        floor = wanted[0].settings.floor_height
        save_rerun(arguments.rerun, {name: result.lifted.motion.raised(-floor)
                                     for name, result in judged.items()},
                   next(iter(judged.values())).lifted.observed)
    for name, result in judged.items():
        print(f'{name}: {evaluation.text_of_figures(result.figures)}')
    return 0


def evaluate_bags(arguments: argparse.Namespace) -> int:
    """Lift and judge many bags; exit status 1 where some failed."""
    from mocap23_ros.evaluation import batch_report, recording_batch
    from mocap23_ros.evaluation.recording_evaluation import evaluate_recording
    batch_report.check_parquet()
    jobs = jobs_of(arguments, configurations(arguments))
    suffix = shard_suffix(arguments)
    check_writable(arguments.out / f'rows{suffix}.parquet')
    arguments.out.mkdir(parents=True, exist_ok=True)
    manifest = recording_batch.Manifest(arguments.out / f'rows{suffix}.jsonl')
    outcomes = run_jobs(arguments, jobs, manifest, evaluate_recording)
    batch_report.write_rows(outcomes, arguments.out / f'rows{suffix}.parquet')
    document = batch_report.write_report(outcomes, arguments.bags.name, arguments.out, suffix)
    for name, values in document['recordings'].items():
        text = ', '.join(f'{key} {value:.4g}' for key, value in values.items()
                         if value is not None)
        print(f'{name}: {text}')
    return say_failures('evaluate', document['failures'])


def write(judged: dict[str, 'JudgedBag'], bag: Path, folder: Path) -> dict[str, Any]:
    """Write report.json and report.html; returns the JSON document."""
    from mocap23_ros.evaluation.comparison import table
    from mocap23_ros.evaluation.comparison import write as write_comparison
    from mocap23_ros.evaluation.recording_evaluation import main_person, text_of_figures
    from mocap23_ros.evaluation.report import write_report
    from mocap23_ros.evaluation.report_contents import MethodResult, Report

    facts = {f'without truth: {name}': text_of_figures(result.figures)
             for name, result in judged.items()}
    live = {'recording': {name: {
        'bag': bag.name, 'topics': list(result.lifted.topics), 'images': result.lifted.images,
        'refused': result.lifted.refused, 'figures': result.figures}
        for name, result in judged.items()}}
    notes = [f'{name}: {note}' for name, result in judged.items() for note in result.lifted.notes]
    comparisons = [result.comparison for result in judged.values() if result.comparison]
    if comparisons:
        together = comparisons[0]
        for other in comparisons[1:]:
            together.errors |= other.errors
            together.joints |= other.joints
            together.notes += [note for note in other.notes if note not in together.notes]
        together.notes += notes
        print(table(together))
        return write_comparison(together, folder, live, facts)
    methods, stamps = [], next(iter(judged.values())).lifted.motion.stamps
    for name, result in judged.items():
        joints = main_person(result.lifted.motion)
        methods.append(MethodResult(
            name, 'the person who is seen most', {
                'jitter_10ms3': result.figures['jitter_10ms3'],
                'frames': result.figures['frames']}, _at(stamps, result, joints)))
    fps = 1 / float(np.median(np.diff(stamps))) if len(stamps) > 1 else 30.0
    return write_report(Report(
        f'mocap23 evaluate: {bag.name}', bag.name, fps, stamps - stamps[0],
        np.full((len(stamps), 17, 3), np.nan), methods, live=live, facts=facts,
        notes=['There is no truth: the figures tell what cannot be right, not how far it is off.',
               *notes]), folder)


def _at(stamps: np.ndarray, result: 'JudgedBag', joints: np.ndarray) -> np.ndarray:
    """Joints at the stamps of the first configuration, which are those of all images."""
    own = result.lifted.motion.stamps
    rows = np.clip(np.searchsorted(own, stamps), 0, len(own) - 1)
    return np.where((own[rows] == stamps)[:, None, None], joints[rows], np.nan)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of bags whose images are lifted."""
    from mocap23_ros.cli.bag_arguments import add_bag_source
    parser.add_argument('--with', dest='configurations', action='append', default=[],
                        metavar='[NAME:]KEY=VALUE,...',
                        help='with --bag: lift the images with these parameters of the node '
                             '(repeat for several side by side)')
    parser.add_argument('--truth-topic', metavar='TOPIC',
                        help='with --bag: SkeletonArray, mocap4r2 Markers, PoseArray or TF in the '
                             'bag that is the truth')
    parser.add_argument('--truth-mapping', metavar='NAME|FILE.yaml',
                        help='which markers, bones or frames are the joints (default: told by '
                             'their names)')
    parser.add_argument('--align-time', nargs='?', const='estimate', metavar='SECONDS',
                        type=_seconds,
                        help='add SECONDS to the stamps of the truth; without a number they are '
                             'estimated from the motion')
    parser.add_argument('--align-rigid', action='store_true',
                        help='turn and move the truth as a whole onto the estimate')
    parser.add_argument('--camera', type=Path, metavar='CAMERA.yaml',
                        help='with --bag: in place of CameraInfo, and of TF where it has a pose')
    parser.add_argument('--rectified', action='store_true', default=None,
                        help='with --bag: the images are rectified')
    add_batch_options(parser)
    add_rerun(parser)
    add_bag_source(parser, topic=False)


def _seconds(text: str) -> float | str:
    return text if text == 'estimate' else float(text)


def alignment_wanted(arguments: argparse.Namespace) -> 'AlignmentWanted':
    """What --align-time and --align-rigid say."""
    from mocap23_ros.evaluation.truth_alignment import AlignmentWanted
    return AlignmentWanted(arguments.align_time, arguments.align_rigid)


def check(arguments: argparse.Namespace) -> None:
    """Refuse what does not go with the images of a bag; InputError."""
    from mocap23_ros.cli.bag_arguments import check_bag_options
    check_bag_options(arguments)
    check_batch_options(arguments)
    if arguments.rerun and not arguments.bag:
        raise InputError('--rerun goes with --bag')
    check_rerun_file(arguments.rerun)
    if arguments.align_time not in (None, 'estimate') and not abs(arguments.align_time) < 1e11:
        raise InputError(f'--align-time {arguments.align_time:g}: give seconds')
    if not (arguments.truth or arguments.truth_topic):
        for name in ('truth_mapping', 'align_time', 'align_rigid'):
            if getattr(arguments, name) not in (None, False):
                raise InputError(f'--{name.replace("_", "-")} goes with --truth or --truth-topic')
    if not (arguments.bag or arguments.bags):
        for name in ('configurations', 'truth_topic', 'camera', 'rectified'):
            if getattr(arguments, name):
                option = '--with' if name == 'configurations' else '--' + name.replace('_', '-')
                raise InputError(f'{option} goes with --bag')
        return
    for name in ('sequences', 'without'):
        if getattr(arguments, name):
            raise InputError(f'--{name} does not go with --bag')
