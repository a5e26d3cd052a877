# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifts the images of a bag with what the node runs: every frame, in order, without a clock."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from mocap23_ros.detection.remembered_detector import Found, RememberedDetector
from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.geometry.camera_description import GivenCamera
from mocap23_ros.plausibility.set_up_check import PEOPLE_SEEN
from mocap23_ros.recordings.bag_camera import (
    COMPRESSED,
    IMAGE,
    KEYPOINTS,
    BagCameraInfos,
    BagTransforms,
    CameraTopics,
    find_topics,
)
from mocap23_ros.recordings.bag_feed import BagFeed
from mocap23_ros.recordings.bag_reader import BagReader
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.recordings.recording_checks import set_up_findings
from mocap23_ros.reporting import Progress, silent
from mocap23_ros.ros.camera_poses import CameraPoses
from mocap23_ros.ros.camera_source import Cameras, CameraSource
from mocap23_ros.ros.core import Core
from mocap23_ros.ros.frame_processor import FrameProcessor
from mocap23_ros.ros.given_camera import GivenModel, GivenPose, given_camera
from mocap23_ros.ros.problems import ProblemLog
from mocap23_ros.ros.settings import Settings


@dataclass(frozen=True)
class BagSource:
    """Where images, calibration and poses come from.

    bag: with the images. topic: theirs, needed where the bag has several cameras. tf_bags: further
    bags with TF. A camera file stands in the settings, as for the node.
    """

    bag: Path
    topic: str | None = None
    tf_bags: tuple[Path, ...] = ()


@dataclass
class LiftedBag:
    """What came out of a bag.

    motion: everybody who was confirmed, at the stamps of all images. observed: what the detector
    saw of them, with cameras and poses, at the images whose camera is known. images: how many the
    bag holds. refused: why images were not lifted -> how many. notes: sentences for the user.
    topics: of the input and of CameraInfo. judged: whether enough was seen of people to judge the
    set-up.
    """

    motion: RecordedMotion
    observed: KeypointRecording
    images: int
    refused: dict[str, int]
    notes: list[str]
    topics: CameraTopics
    judged: bool


def lift_bag(source: BagSource, settings: Settings, core: Core,
             progress: Progress = silent, found: Found | None = None) -> LiftedBag:
    """Feed every frame to the frame path of the node; a bag always gives the same numbers.

    core: made from these settings; it forgets everybody first. With the detector ``external`` the
    keypoints of the bag are lifted. progress: called with (frames done, frames in all). found: the
    people whom the same detector found in the same images; where it is empty, it is filled. Raises
    InputError where there is nothing to lift, in one line that says what is missing.
    """
    if found is not None and core.detector is not None:
        core = replace(core, detector=RememberedDetector(core.detector, found))
    # TF of the whole bag is there, and everybody is lifted however long it takes.
    settings = replace(settings, tf_timeout=0.0, lift_budget=0.0)
    core.reset(restart_ids=True)
    log = _Notes()
    problems = ProblemLog(log, time.monotonic)
    with BagReader(source.bag) as bag:
        given = _given_camera(settings)
        topics = find_topics(bag, source.bag, source.topic, settings.detector == 'external',
                             info_needed=given.camera is None)
        cameras: Cameras = CameraSource(
            BagCameraInfos(bag, topics.info).find, problems, topics) if given.camera is None else (
            GivenModel(given.camera, settings.image_is_rectified))
        poses: CameraPoses = (
            GivenPose(given.floor_T_camera) if given.floor_T_camera is not None
            else _transforms(bag, source, settings, topics.input, problems))
        processor = FrameProcessor(core, cameras, poses, problems, lambda: processor.reset(
            same_time=True))
        feed = BagFeed(source.bag, processor, settings, problems)
        total = bag.count(topics.input)
        for number, item in enumerate(bag.messages([topics.input], by_stamp=True), 1):
            feed.take(item.message)
            progress(number, total)
        feed.finish(core)
        notes = [*log.lines, *feed.notes(), *filter(None, [bag.shortfall])]
    observed = feed.observed(core.keypoint_format)
    # The check of the set-up judges people over the whole bag, not over its last seconds.
    notes = [note for note in notes if PEOPLE_SEEN not in note]
    findings = set_up_findings(observed)
    notes += [finding.message for finding in findings or []]
    return LiftedBag(feed.motion(core.output_format), observed, feed.images, feed.refused, notes,
                     topics, findings is not None)


def _given_camera(settings: Settings) -> GivenCamera:
    """Read given_camera; InputError where file and settings both give the floor's height."""
    given = given_camera(settings)
    if given.world_T_camera is not None and given.floor_height and settings.floor_height:
        raise InputError(f'{settings.camera_file} and floor_height both say how high the floor is; '
                         'leave floor_height out')
    return given


def _transforms(bag: BagReader, source: BagSource, settings: Settings, topic: str,
                problems: ProblemLog) -> BagTransforms:
    transforms = BagTransforms.of(bag, source.tf_bags)
    with errors_of(source.bag):
        first = transforms.check_world(settings.world_frame, bag, topic)
    problems.judge('tf static', transforms.doubt(settings.world_frame, first))
    return transforms


def fitting(settings: Settings, bag: Path) -> Settings:
    """Return settings that take the keypoints of a bag without images. Raises InputError."""
    with BagReader(bag) as reader:
        alone = reader.of_type(KEYPOINTS) and not reader.of_type(IMAGE, COMPRESSED)
    return replace(settings, detector='external') if alone else settings


def check_bag(source: BagSource, settings: Settings) -> None:
    """Refuse a bag without the topics that are needed, before a model is loaded; InputError."""
    given = _given_camera(settings)
    with BagReader(source.bag) as bag:
        find_topics(bag, source.bag, source.topic, settings.detector == 'external',
                    info_needed=given.camera is None)


class _Notes:
    """Takes warnings of the frame path down; the run itself collects errors."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str) -> None:
        """Do nothing: the problem is over."""

    def warning(self, message: str) -> None:
        """Note it once."""
        if message not in self.lines:
            self.lines.append(message)

    def error(self, message: str) -> None:
        """Do nothing: see BagFeed.notes."""
