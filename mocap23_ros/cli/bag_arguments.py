# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Options of the commands that lift the images of a bag."""

import argparse
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from mocap23_ros.cli.option_checks import refuse
from mocap23_ros.cli.progress import progress
from mocap23_ros.cli.viewer_arguments import save_viewers, wants_viewer
from mocap23_ros.errors import InputError
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.reporting import Say
from mocap23_ros.ros.parameter_entries import parameter_table
from mocap23_ros.ros.settings import Settings

_FLOOR = 1000.0  # m


def add_bag_source(parser: argparse.ArgumentParser, topic: bool = True) -> None:
    """Declare where the camera of a bag comes from; topic: whether --topic too."""
    if topic:
        parser.add_argument('--topic', help='with --bag: the topic of the images, or of the '
                            'keypoints of another detector, where there are several')
    parser.add_argument('--tf', type=Path, action='append', default=[], metavar='BAG',
                        help='with --bag: another bag whose TF counts too (repeatable)')
    parser.add_argument('--world-frame', metavar='FRAME',
                        help='with --bag: z-up TF frame of the result (default: map)')
    parser.add_argument('--floor-height', type=float, metavar='M',
                        help='with --bag: height of the floor in the world frame (default: 0)')
    parser.add_argument('--image-time-offset', type=float, metavar='S',
                        help='with --bag: by how much its images are stamped later than the poses '
                        '(TF) that hold for them (default: 0)')


def check_bag_options(arguments: argparse.Namespace) -> None:
    """Refuse options of bags without a bag, and numbers that cannot be true; InputError."""
    if not (arguments.bag or getattr(arguments, 'bags', None)):
        refuse(arguments, ('topic', 'tf', 'world_frame', 'floor_height', 'image_time_offset'),
               'goes with --bag')
    if arguments.floor_height is not None and not abs(arguments.floor_height) <= _FLOOR:
        raise InputError(f'--floor-height {arguments.floor_height:g}: give metres')


def settings_from(arguments: argparse.Namespace, **changes: Any) -> Settings:
    """The parameters of the node, as options of the same names say; None: the default."""
    given = {entry.name: getattr(arguments, entry.name, None) for entry in parameter_table()}
    given |= {'image_is_rectified': getattr(arguments, 'rectified', None),
              'camera_file': getattr(arguments, 'camera', None)} | changes
    return checked(Settings(), {name: str(value) if isinstance(value, Path) else value
                                for name, value in given.items() if value is not None})


def checked(settings: Settings, changes: dict[str, Any]) -> Settings:
    """The settings with some changes, each within its range; InputError."""
    entries = {entry.name: entry for entry in parameter_table()}
    for name, value in changes.items():
        entry = entries[name]
        fault = entry.check(value)
        if not fault and entry.minimum is not None and entry.maximum is not None and not (
                entry.minimum <= value <= entry.maximum):
            fault = f'{name} must be {entry.range_text}, not {value:g}'
        if fault:
            raise InputError(fault)
    return replace(settings, **changes)


def lift_settings(arguments: argparse.Namespace, lifter: str) -> Settings:
    """The parameters of the node that the options of ``mocap23 lift`` stand for; InputError."""
    rotation, position, stamp = arguments.camera_sd or (None, None, None)
    return settings_from(arguments, lifter=lifter, camera_rotation_sd=rotation,
                         camera_position_sd=position, camera_stamp_sd=stamp)


def lift_bag_of(arguments: argparse.Namespace, lifter: str, say: Say) -> RecordedMotion:
    """Lift the bag of ``mocap23 lift``; save its keypoints and a view where that is wanted."""
    from mocap23_ros.pipeline.refinement import RefinementSteps
    from mocap23_ros.recordings.bag_lifter import BagSource, check_bag, fitting, lift_bag
    from mocap23_ros.ros.core import create_core
    settings = lift_settings(arguments, lifter)
    source = BagSource(arguments.bag, arguments.topic, tuple(arguments.tf))
    if arguments.detector is None:
        settings = fitting(settings, arguments.bag)
    check_bag(source, settings)
    with closing(create_core(settings, RefinementSteps.without(arguments.without), live=False)
                 ) as core, progress(f'lifting {arguments.bag.name}') as report:
        lifted = lift_bag(source, settings, core, report)
    for note in lifted.notes:
        say(f'{arguments.bag}: {note}')
    if not lifted.motion.person_ids.size:
        say(f'{arguments.bag}: nobody is seen in {lifted.images} images')
    if arguments.save_keypoints:
        lifted.observed.save(arguments.save_keypoints)
    if wants_viewer(arguments):
        from mocap23_ros.recordings.bag_images import bag_images
        save_viewers(arguments, {'lift': lifted.motion.raised(-settings.floor_height)},
                     lifted.observed, bag_images(arguments.bag, lifted.topics.input))
    return lifted.motion


def parse_configuration(text: str, base: Settings) -> tuple[str, Settings, str | None]:
    """``[NAME:]KEY=VALUE[,KEY=VALUE...]`` to a name, settings, and a topic where one is given.

    Keys are node parameters, and ``topic``: that of the images, or of the keypoints, in the bag.
    """
    name, _, assignments = text.rpartition(':') if ':' in text.split('=')[0] else ('', '', text)
    entries = {entry.name: entry for entry in parameter_table()}
    changes: dict[str, Any] = {}
    topic = None
    for assignment in assignments.split(','):
        key, equals, value = (part.strip() for part in assignment.partition('='))
        if equals and key == 'topic':
            topic = value
            continue
        if not equals or key not in entries:
            raise InputError(f'--with {text[:80]}: write [NAME:]KEY=VALUE,... with parameters of '
                             f'the node, or topic, as keys ({_closest(key, list(entries))})')
        kind = type(entries[key].default)
        try:
            changes[key] = (value.lower() in ('true', '1', 'yes') if kind is bool
                            else kind(value))
        except ValueError:
            raise InputError(f'--with {text[:80]}: {key} is not of type {kind.__name__}') from None
    return name.strip() or assignments, checked(base, changes), topic


def _closest(key: str, names: Sequence[str]) -> str:
    import difflib
    near = difflib.get_close_matches(key, names, 3, 0.4)
    return f'did you mean {" or ".join(near)}?' if near else 'docs/NODE.md lists them'
