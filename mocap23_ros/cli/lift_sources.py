# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The sources of keypoints for ``mocap23 lift``, and what it prints about them."""

import argparse
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.cli.progress import progress
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.plausible_camera import camera_doubt
from mocap23_ros.recordings.imports.keypoint_formats import is_foreign
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording, load_recording
from mocap23_ros.recordings.recording_checks import set_up_findings
from mocap23_ros.reporting import Say
from mocap23_ros.skeletons.formats import COCO21
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


def check_camera(arguments: argparse.Namespace) -> bool:
    """Whether --keypoints are of another program, which as --video needs --camera; InputError."""
    if arguments.video and not arguments.camera:
        raise InputError('--video needs --camera CAMERA.yaml with the calibration and the pose')
    foreign = bool(arguments.keypoints) and is_foreign(arguments.keypoints)
    if foreign and not arguments.camera:
        raise InputError(f'{arguments.keypoints} is of another program: give --camera CAMERA.yaml '
                         'with the calibration and the pose')
    return foreign


def read_keypoints(arguments: argparse.Namespace, source: Path, label: str, say: Say,
                   lifted: SkeletonFormat) -> KeypointRecording:
    """The keypoints of a video, of a file, or of another program; InputError."""
    if arguments.video:
        return detect_in_video(arguments, label, arguments.detector_model, rate=arguments.fps,
                               say=say, feet=arguments.feet)
    if is_foreign(source):
        from mocap23_ros.recordings.imports.imported_recording import import_keypoints
        return import_keypoints(source, arguments.camera, arguments.fps, arguments.rectified, say)
    return load_recording(source, COCO21) if arguments.feet else \
        load_recording(source, also=lifted)


def detect_in_video(arguments: argparse.Namespace, label: str, model: Path | None = None,
                    **options: Any) -> KeypointRecording:
    """The keypoints of everybody in --video, found by --detector; options: of record_video."""
    from mocap23_ros.detection.detectors import create_detector
    from mocap23_ros.geometry.camera_file import load_camera_file
    from mocap23_ros.recordings.video_recording import record_video
    # Before the detector: its start takes seconds.
    load_camera_file(arguments.camera, arguments.rectified)
    name = arguments.detector or 'blazepose'
    with closing(create_detector(name, model=model)) as detector, \
            progress(f'detecting in {label}') as report:
        return replace(record_video(arguments.video, arguments.camera, detector, report,
                                    rectified=arguments.rectified, **options), detector=name)


def images_of(arguments: argparse.Namespace, recording: KeypointRecording
              ) -> Iterable[tuple[float, NDArray[np.uint8]]]:
    """Stamps and images of --video, in the size of the recording's camera; none without it."""
    if not arguments.video:
        return ()
    from mocap23_ros.recordings.video_recording import video_images
    return video_images(arguments.video, recording.camera(0).image_size, arguments.fps)


def say_doubts(source: Path, recording: KeypointRecording, of_camera: bool, say: Say) -> None:
    """Lines about a calibration or a pose that is strange, but may be right.

    of_camera: whether the calibration's doubt is not said yet, as it is for videos.
    """
    doubts = [finding.message for finding in set_up_findings(recording) or []]
    if of_camera:
        doubts.insert(0, camera_doubt(recording.cameras[0]))
    for doubt in filter(None, doubts):
        say(f'{source}: {doubt}')


def say_who_is_missing(source: Path, unseen: list[int], motion: RecordedMotion, say: Say
                       ) -> None:
    """A line about people who are never seen, and one about those who could not be lifted."""
    lifted = np.isfinite(motion.joints).any(axis=(0, 2, 3))
    silent = [person for person in (np.flatnonzero(~lifted) + 1).tolist() if person not in unseen]
    if unseen:
        say(f'{source}: never seen, so without an estimate: {_persons(unseen)}')
    if silent:
        say(f'{source}: seen, but too little, too far away or from too low a camera for an '
             f'estimate: {_persons(silent)}')


def _persons(numbers: list[int]) -> str:
    return f'person{"s" * (len(numbers) > 1)} {", ".join(map(str, numbers))}'
