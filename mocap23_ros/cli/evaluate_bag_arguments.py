# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Options of ``mocap23 evaluate`` for the images of bags, and what they ask for."""

import argparse
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mocap23_ros.cli.bag_arguments import (
    add_bag_source,
    check_bag_options,
    parse_configuration,
    settings_from,
)
from mocap23_ros.cli.batch_arguments import add_batch_options, check_batch_options
from mocap23_ros.cli.option_checks import refuse
from mocap23_ros.cli.viewer_arguments import add_viewers, check_viewers, wants_viewer
from mocap23_ros.errors import InputError

if TYPE_CHECKING:
    from mocap23_ros.evaluation.recording_evaluation import Configuration
    from mocap23_ros.evaluation.truth_alignment import AlignmentWanted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of bags whose images are lifted."""
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
    """The alignment that --align-time and --align-rigid ask for."""
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


def is_lifted(arguments: argparse.Namespace) -> bool:
    """Whether the images of the bag are meant, and not skeletons that the node published."""
    from mocap23_ros.evaluation.motion_files import SKELETONS
    from mocap23_ros.recordings.bag_camera import COMPRESSED, IMAGE, KEYPOINTS
    from mocap23_ros.recordings.bag_reader import BagReader
    if (len(arguments.bag) > 1 or arguments.configurations or arguments.truth_topic
            or arguments.live is not None or arguments.overlay or wants_viewer(arguments)):
        return True
    with BagReader(arguments.bag[0]) as bag:
        return not bag.of_type(SKELETONS) or (
            arguments.truth is None and bool(bag.of_type(IMAGE, COMPRESSED, KEYPOINTS)))


def configurations(arguments: argparse.Namespace) -> list['Configuration']:
    """The configurations of --with, or the defaults of the node; InputError."""
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
