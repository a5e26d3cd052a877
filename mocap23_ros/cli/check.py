# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 check``: mistakes in a set-up, recognised from what the camera sees of people."""

import argparse
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from mocap23_ros.cli.bag_arguments import add_bag_source, check_bag_options, settings_from
from mocap23_ros.cli.lift_sources import check_camera, detect_in_video
from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.cli.progress import progress
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.plausible_camera import camera_doubt
from mocap23_ros.plausibility.black_bars import BETWEEN_BARS
from mocap23_ros.plausibility.still_scene import STANDS_STILL
from mocap23_ros.recordings.imports.imported_recording import import_keypoints
from mocap23_ros.recordings.recording import KeypointRecording, load_recording
from mocap23_ros.recordings.recording_checks import check_liftable, heights_seen, set_up_findings
from mocap23_ros.skeletons.body_proportions import MEAN_STATURE, check_given_stature
from mocap23_ros.skeletons.formats import COCO17

_ODD_HEIGHT = 0.15  # of people against adults; children may be as small
Judgement: TypeAlias = tuple[list[str], list[str]]
"""Mistakes, and what is said where there are none."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sources."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--bag', type=Path, metavar='BAG', help='rosbag2 recording of keypoints or '
                        'images, CameraInfo and TF')
    source.add_argument('--video', type=Path, metavar='FILE', help='video of a fixed camera')
    source.add_argument('--keypoints', type=Path, metavar='IN.npz',
                        help='keypoint file of mocap23 lift, a folder of them, or what another '
                             'program wrote (with --camera and --fps)')
    source.add_argument('--live', action='store_true', help='listen to running nodes')
    parser.add_argument('--camera', type=Path, metavar='CAMERA.yaml',
                        help='with --video and keypoints of other programs; with --bag: in place '
                             'of CameraInfo, and of TF where it has a pose')
    parser.add_argument('--fps', type=float, metavar='RATE',
                        help='with keypoints of other programs: frames per second of their video')
    add_bag_source(parser)
    parser.add_argument('--stature', type=float, metavar='M',
                        help='body height of who walks about, alone, shoes included, in metres: '
                             'judges the height of the camera and the focal length, too')
    parser.add_argument('--seconds', type=float, default=15.0,
                        help='with --live: how long to listen (default: %(default)g)')
    parser.add_argument('--rectified', action='store_true',
                        help='with --video or --bag: the images are')
    parser.add_argument('--detector', help='with --video or --bag (default: blazepose, and the '
                        'keypoints of a bag that has them)')
    parser.add_argument('--detector-model', type=Path, metavar='FILE',
                        help='with --video or --bag: weights of the detector')


def run(arguments: argparse.Namespace) -> int:
    """Print a line for every mistake; status 1 where there are some. Raises InputError."""
    check_bag_options(arguments)
    if arguments.stature is not None:
        if arguments.live:
            raise InputError('--stature does not go with --live: tell the node by ~/set_stature')
        check_given_stature(arguments.stature, '--stature')
    if arguments.live:
        check_numbers(arguments, seconds=(2, 3600))
        return _live(arguments.seconds)
    found = False
    for name, (mistakes, otherwise) in _recordings(arguments):
        found = found or bool(mistakes)
        for line in mistakes or otherwise:
            print(f'{name}: {line}', flush=True)
    return int(found)


def _live(seconds: float) -> int:
    from mocap23_ros.ros.listening import listen

    problems, people = listen(seconds)
    for name, messages in sorted(problems.items()):
        for message in messages or ['nothing is wrong' if people else
                                    'nothing is wrong, but nobody was seen: walk about in view']:
            print(f'{name}: {message}')
    return int(any(problems.values()))


def _recordings(arguments: argparse.Namespace) -> Iterator[tuple[str, Judgement]]:
    """Name and judgement of each recording."""
    foreign = check_camera(arguments)
    if arguments.keypoints is not None:
        folder: Path = arguments.keypoints
        if foreign:
            check_numbers(arguments, fps=(0.1, 1000))
            odd: list[str] = []
            recording = import_keypoints(folder, arguments.camera, arguments.fps,
                                         arguments.rectified, odd.append)
            mistakes, otherwise = _judge(recording.converted(COCO17, partly=True),
                                        arguments.stature)
            yield str(folder), ([line.removeprefix(f'{folder}: ') for line in odd[:-1]] + mistakes,
                                otherwise)
            return
        files = sorted(folder.glob('*.npz')) if folder.is_dir() else [folder]
        if not files:
            raise InputError(f'{folder} has no *.npz files')
        for file in files:
            yield str(file), _judge(load_recording(file), arguments.stature)
        return
    if arguments.bag is not None:
        yield str(arguments.bag), _judge_bag(arguments)
        return
    said: list[str] = []
    mistakes, otherwise = _judge(detect_in_video(
        arguments, arguments.video.name, arguments.detector_model, say=said.append
        ).converted(COCO17), arguments.stature)
    seen = [line.removeprefix(f'{arguments.video}: ') for line in said
            if STANDS_STILL in line or BETWEEN_BARS in line]
    yield str(arguments.video), (seen + mistakes, otherwise)


def _judge_bag(arguments: argparse.Namespace) -> Judgement:
    """Judge a bag as a node would have."""
    from mocap23_ros.recordings.bag_camera import KEYPOINTS
    from mocap23_ros.recordings.bag_lifter import BagSource, check_bag, lift_bag
    from mocap23_ros.recordings.bag_reader import BagReader
    from mocap23_ros.ros.core import create_core

    with BagReader(arguments.bag) as bag:
        detector = arguments.detector or (
            'external' if bag.of_type(KEYPOINTS) else 'blazepose')
    settings = settings_from(arguments, lifter='geometric', detector=detector)
    source = BagSource(arguments.bag, arguments.topic, tuple(arguments.tf))
    check_bag(source, settings)
    with closing(create_core(settings, live=False)) as core:
        try:
            with progress(f'reading {arguments.bag.name}') as report:
                lifted = lift_bag(source, settings, core, report)
        except InputError as error:  # a bag as it should be, in which no image can be used
            return [str(error)], []
    mistakes = lifted.notes
    if arguments.stature is not None:  # the node did not get it
        mistakes = mistakes or _judge(lifted.observed, arguments.stature)[0]
    return mistakes, [_nothing(lifted.observed, lifted.judged)]


def _judge(recording: KeypointRecording, stature: float | None) -> Judgement:
    """Judge a recording; one that cannot be lifted is a mistake, too. stature: metres, of all."""
    try:
        check_liftable(recording)
    except InputError as error:
        return [str(error)], []
    if stature is not None:
        recording = replace(recording, stature=np.full_like(recording.stature, stature))
    findings = set_up_findings(recording)
    messages = [finding.message for finding in findings or []]
    return (list(filter(None, [camera_doubt(recording.cameras[0]), *messages])),
            [_nothing(recording, findings is not None)])


def _nothing(recording: KeypointRecording, judged: bool) -> str:
    """judged: whether enough was seen of people."""
    seen = np.any(recording.keypoints[..., 2] > 0, axis=2)
    people = int(seen.any(axis=0).sum())
    if not judged:
        return 'nothing is wrong, but too little was seen of people to judge the camera pose'
    duration = recording.stamps[seen.any(axis=1)][[0, -1]]
    return (f'nothing is wrong: {people} {"person" if people == 1 else "people"} in '
            f'{float(duration[1] - duration[0]):.1f} s{_heights(recording)}')


def _heights(recording: KeypointRecording) -> str:
    """Body heights under the given camera: the user must judge whether they are right."""
    heights = heights_seen(recording)
    if not heights:
        return ''
    text = f', {" and ".join(f"{height:.2f}" for height in heights)} m tall under this camera pose'
    middle = float(np.median(heights))
    if abs(middle / MEAN_STATURE - 1) < _ODD_HEIGHT:
        return text
    return (f'{text}: if they are grown-ups, the camera stands {MEAN_STATURE / middle:.2f} times '
            'as high as told, or K is of other images')
