# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 evaluate --bag`` for the images of a bag: configurations side by side."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mocap23_ros.cli.bag_arguments import parse_configuration, settings_from
from mocap23_ros.cli.batch_arguments import (
    add_batch_options,
    check_batch_options,
    jobs_of,
    run_jobs,
    say_failures,
    shard_suffix,
)
from mocap23_ros.cli.option_checks import refuse
from mocap23_ros.cli.progress import progress, say
from mocap23_ros.cli.viewer_arguments import (
    add_viewers,
    check_viewers,
    save_viewers,
    wants_viewer,
)
from mocap23_ros.errors import InputError
from mocap23_ros.writable_places import check_writable

if TYPE_CHECKING:
    from mocap23_ros.evaluation.recording_evaluation import Configuration, JudgedBag
    from mocap23_ros.evaluation.truth_alignment import AlignmentWanted
    from mocap23_ros.live.bag_run import BagRun


def is_lifted(arguments: argparse.Namespace) -> bool:
    """Whether the images of the bag are meant, and not skeletons that the node published."""
    from mocap23_ros.evaluation.motion_files import SKELETONS
    from mocap23_ros.recordings.bag_reader import BagReader
    if (len(arguments.bag) > 1 or arguments.configurations or arguments.truth_topic
            or arguments.live is not None or arguments.overlay or wants_viewer(arguments)):
        return True
    with BagReader(arguments.bag[0]) as bag:
        return not bag.of_type(SKELETONS)


def configurations(arguments: argparse.Namespace) -> list['Configuration']:
    """What --with says, or the defaults of the node; InputError."""
    from mocap23_ros.evaluation.recording_evaluation import Configuration
    base = settings_from(arguments)
    common: dict[str, Any] = {
        'tf_bags': tuple(arguments.tf), 'truth': arguments.truth,
        'truth_topic': arguments.truth_topic, 'truth_mapping': arguments.truth_mapping,
        'align': alignment_wanted(arguments)}
    found = [Configuration(name, settings, find_input='detector=' not in text,
                           topic=topic or arguments.topic, **common)
             for text in arguments.configurations
             for name, settings, topic in [parse_configuration(text, base)]]
    names = [configuration.name for configuration in found]
    if len(set(names)) < len(names):
        raise InputError('two configurations are called '
                         f'{next(n for n in names if names.count(n) > 1)}; tell them apart: '
                         '--with NAME:KEY=VALUE')
    return found or [Configuration(settings=base, topic=arguments.topic, **common)]


def evaluate_bag(arguments: argparse.Namespace) -> int:
    """Lift the bags with every configuration and write the report."""
    from mocap23_ros.evaluation import recording_evaluation as evaluation
    from mocap23_ros.evaluation.recording_report import (
        NO_TRUTH,
        names_of,
        write_recording_report,
    )
    judged: dict[str, JudgedBag] = {}
    wanted = configurations(arguments)
    for bag, place in names_of(arguments.bag).items():
        known_people, known = evaluation.FoundPeople(), None
        for configuration in wanted:
            if len(arguments.bag) > 1:
                named = configuration.name if arguments.configurations else ''
                configuration = replace(configuration, name=': '.join(filter(None, [place, named])))
            # All configurations are judged by the same truth.
            configuration = replace(configuration, align=replace(configuration.align, known=known))
            with progress(f'{bag.name}: {configuration.name}') as report:
                result = evaluation.judge_bag(bag, configuration, report, known_people)
            judged[configuration.name] = result
            if result.comparison is not None:
                known = next(iter(result.comparison.alignments.values()), None)
    live = _play(arguments, wanted)
    floor = wanted[0].settings.floor_height
    document = write_recording_report(judged, arguments.out, live, floor)
    for note in document['notes']:
        if note != NO_TRUTH:
            say(f'mocap23 evaluate: {note}')
    if wants_viewer(arguments):
        from mocap23_ros.recordings.bag_images import bag_images
        lifted = judged[wanted[0].name].lifted
        save_viewers(arguments, {name: result.lifted.motion.raised(-floor)
                                 for name, result in judged.items()},
                     lifted.observed, bag_images(arguments.bag[0], lifted.topics.input))
    if arguments.overlay:
        _draw_overlays(arguments, judged, floor)
    for name, result in judged.items():
        print(f'{name}: {evaluation.text_of_figures(result.figures)}')
        if live:
            print(f'{name}, live: {_live_text(live[name].figures)}')
    return 0


def _draw_overlays(arguments: argparse.Namespace, judged: dict[str, 'JudgedBag'],
                   floor_height: float) -> None:
    from mocap23_ros.recordings.bag_images import bag_images
    from mocap23_ros.recordings.overlay_file import save_overlay
    for name, result in judged.items():
        lifted = result.lifted
        suffix = '' if len(judged) == 1 else '-' + re.sub(r'[^\w.=,-]', '_', name)
        with progress(f'{result.bag.name}: {name}, overlay') as report:
            save_overlay(arguments.out / f'overlay{suffix}.mp4', name,
                         lifted.motion.raised(-floor_height), lifted.observed,
                         bag_images(result.bag, lifted.topics.input), report)


def _play(arguments: argparse.Namespace, wanted: Sequence['Configuration']
          ) -> dict[str, 'BagRun']:
    """Play the bag through the node with every configuration; nothing without --live."""
    if arguments.live is None:
        return {}
    from mocap23_ros.evaluation.recording_evaluation import settings_of
    from mocap23_ros.live.bag_run import play_bag
    from mocap23_ros.recordings.bag_lifter import BagSource
    runs, bag = {}, arguments.bag[0]
    for number, configuration in enumerate(wanted):
        source = BagSource(bag, configuration.topic, configuration.tf_bags)
        with progress(f'{bag.name}: {configuration.name}, live') as report:
            runs[configuration.name] = play_bag(
                source, settings_of(bag, configuration),
                arguments.out / 'logs' / f'live-{number + 1}', arguments.live, report)
    return runs


def _live_text(figures: dict[str, Any]) -> str:
    latency = figures['latency_ms']
    times = ', '.join(f'{name} -' if value is None else f'{name} {value:.0f} ms'
                      for name, value in latency.items())
    memory = figures['memory_mb']['peak']
    return (f'latency {times}; {figures["frames_out"]} of {figures["frames_in"]} images published; '
            f'{figures["node_cpu_cores"]:.2f} cores'
            + ('' if memory is None else f', {memory:.0f} MB'))


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of bags whose images are lifted."""
    from mocap23_ros.cli.bag_arguments import add_bag_source
    parser.add_argument('--with', dest='configurations', action='append', default=[],
                        metavar='[NAME:]KEY=VALUE,...',
                        help='with --bag: lift the images with these parameters of the node; '
                             'topic=TOPIC: those of one camera (repeat for several side by side)')
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
    parser.add_argument('--live', nargs='?', const=inf, type=float, metavar='SECONDS',
                        help='with --bag: also play it (SECONDS of it) at its pace through a node '
                             'process, and report latency, drops, CPU and memory (needs ROS 2)')
    parser.add_argument('--camera', type=Path, metavar='CAMERA.yaml',
                        help='with --bag: in place of CameraInfo, and of TF where it has a pose')
    parser.add_argument('--rectified', action='store_true', default=None,
                        help='with --bag: the images are rectified')
    add_batch_options(parser)
    add_viewers(parser)
    parser.add_argument('--overlay', action='store_true', default=None,
                        help='with --bag: also write overlay.mp4, the images with keypoints and '
                             'skeletons, for each configuration')
    add_bag_source(parser, topic=False)


def _seconds(text: str) -> float | str:
    return text if text == 'estimate' else float(text)


def alignment_wanted(arguments: argparse.Namespace) -> 'AlignmentWanted':
    """What --align-time and --align-rigid say."""
    from mocap23_ros.evaluation.truth_alignment import AlignmentWanted
    return AlignmentWanted(arguments.align_time, arguments.align_rigid)


def _check_live(arguments: argparse.Namespace) -> None:
    if not arguments.bag:
        raise InputError('--live goes with --bag')
    if not arguments.live > 0:
        raise InputError(f'--live {arguments.live:g}: give seconds, or nothing for the whole bag')
    try:
        import rclpy  # noqa: F401

        import mocap23_msgs.msg  # noqa: F401
    except ImportError as error:
        raise InputError(f'--live needs ROS 2 and mocap23_msgs ({error}); "make demo" sets up '
                         'both, or source your workspace') from None


def _check_several(arguments: argparse.Namespace) -> None:
    """Refuse what goes with one bag only; InputError."""
    from mocap23_ros.evaluation.comparison import MOST_SCENES
    bags = arguments.bag or []
    if len(bags) < 2:
        return
    if len({bag.resolve() for bag in bags}) < len(bags):
        raise InputError('--bag names the same bag twice; several configurations of a bag: --with')
    if len(bags) > MOST_SCENES:
        raise InputError(f'--bag is given {len(bags)} times; at most {MOST_SCENES} are shown side '
                         'by side: --bags FOLDER judges any number')
    if wants_viewer(arguments):
        raise InputError(f'{wants_viewer(arguments)} goes with one --bag')
    refuse(arguments, ('live',), 'goes with one --bag')
    refuse(arguments, ('truth',), 'is of one --bag; give --truth-topic, a topic of each')


def check(arguments: argparse.Namespace) -> None:
    """Refuse what does not go with the images of a bag; InputError."""
    from mocap23_ros.cli.bag_arguments import check_bag_options
    check_bag_options(arguments)
    check_batch_options(arguments)
    if wants_viewer(arguments) and not arguments.bag:
        raise InputError(f'{wants_viewer(arguments)} goes with --bag')
    _check_several(arguments)
    check_viewers(arguments)
    if not arguments.bag:
        refuse(arguments, ('overlay',), 'goes with --bag')
    if arguments.live is not None:
        _check_live(arguments)
    if arguments.align_time not in (None, 'estimate') and not abs(arguments.align_time) < 1e11:
        raise InputError(f'--align-time {arguments.align_time:g}: give seconds')
    if not (arguments.truth or arguments.truth_topic):
        refuse(arguments, ('truth_mapping', 'align_time', 'align_rigid'),
               'goes with --truth or --truth-topic')
    if not (arguments.bag or arguments.bags):
        refuse(arguments, ('configurations', 'truth_topic', 'camera', 'rectified'),
               'goes with --bag')
    else:
        refuse(arguments, ('sequences', 'without'), 'does not go with --bag')
