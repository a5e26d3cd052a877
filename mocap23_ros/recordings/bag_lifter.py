# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifts the images of a bag with what the node runs: every frame, in order, without a clock."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.remembered_detector import Found, RememberedDetector
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
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
from mocap23_ros.recordings.bag_reader import ANOTHER_RUN, BagReader
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.recordings.recording_checks import set_up_findings
from mocap23_ros.reporting import Progress, silent
from mocap23_ros.ros.camera_poses import CameraPoses
from mocap23_ros.ros.camera_source import Cameras, CameraSource
from mocap23_ros.ros.core import Core
from mocap23_ros.ros.frame_processor import FrameProcessor
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.given_camera import GivenCamera, GivenModel, GivenPose, given_camera
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog, Severity
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.stamps import nanoseconds
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.skeletons.unobserved import UNOBSERVED, unobserved_keypoints
from mocap23_ros.tracking.track import TrackState

_LARGEST_RESULT = 4 * 2**30  # bytes


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
            BagTransforms.of(bag, source.tf_bags) if given.floor_T_camera is None
            else GivenPose(given.floor_T_camera))
        processor = FrameProcessor(core, cameras, poses, problems, lambda: processor.reset(
            same_time=True))
        run = _Run(source.bag, processor, settings, problems)
        total = bag.count(topics.input)
        for number, item in enumerate(bag.messages([topics.input], by_stamp=True), 1):
            run.feed(item.message)
            progress(number, total)
        run.finish(core)
        notes = [*log.lines, *run.notes(), *filter(None, [bag.shortfall])]
    observed = run.observed(core.keypoint_format)
    # What people show of the set-up is judged over the whole bag, not over its last seconds.
    notes = [note for note in notes if PEOPLE_SEEN not in note]
    findings = set_up_findings(observed)
    notes += [finding.message for finding in findings or []]
    return LiftedBag(run.motion(core.output_format), observed, run.images, run.refused, notes,
                     topics, findings is not None)


def _given_camera(settings: Settings) -> GivenCamera:
    """Read given_camera; InputError where file and settings both give the floor's height."""
    given = given_camera(settings)
    if given.world_T_camera is not None and given.floor_height and settings.floor_height:
        raise InputError(f'{settings.camera_file} and floor_height both say how high the floor is; '
                         'leave floor_height out')
    return given


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


@dataclass
class _Run:
    """Frames one after the other; what became of them."""

    bag: Path
    processor: FrameProcessor
    settings: Settings
    problems: ProblemLog
    images: int = 0
    stamps: list[int] = field(default_factory=list)  # ns
    refused: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    results: list[FrameResult] = field(default_factory=list)
    estimates: list[SkeletonEstimate] = field(default_factory=list)
    image_size: tuple[int, int] = (0, 0)

    def feed(self, message: Any) -> None:
        """One image or keypoint message."""
        self.images += 1
        stamp = nanoseconds(message.header.stamp)
        last = self.stamps[-1] if self.stamps else 0
        if last - stamp > ANOTHER_RUN and stamp > 0:
            raise InputError(
                f'{self.bag}: stamps jump back by {1e-9 * (last - stamp):.1f} s after '
                f'{self.images - 1} images: the bag holds several runs, or several cameras '
                'publish on one topic; split it (ros2 bag convert)')
        if stamp <= last:
            why = ('stamp 0' if stamp <= 0 else 'the stamp of another image')
            self._refuse('stamp', f'images have {why}')
            return
        self.stamps.append(stamp)
        before = set(self.problems.present())
        try:
            self.processor.begin(message, self.settings)
            while self.processor.is_waiting:
                result = self.processor.finish_next()
                if result is not None:
                    self._keep(result)
        except FrameRejectedError as error:
            problem = self.problems.present().get(str(error))
            self._refuse(str(error), problem.message if problem else '')
        for key, problem in self.problems.present().items():
            if key not in before:
                self.reasons.setdefault(key, problem.message)
                if problem.severity == Severity.ERROR:
                    self.errors.setdefault(key, problem.message)

    def finish(self, core: Core) -> None:
        """The last frames of a lagging lifter; InputError where nothing was lifted."""
        for estimates in core.streaming.finish():
            self.estimates += [e.raised(self.settings.floor_height) for e in estimates]
        if not self.images:
            raise InputError(f'{self.bag}: no image can be read')
        if not self.results:
            key = max(self.refused, key=lambda name: self.refused[name])
            raise InputError(f'{self.bag}: none of {self.images} images can be lifted: '
                             f'{self.reasons.get(key, key)}')

    def notes(self) -> list[str]:
        """Sentences about images that were left out, and about errors that left none out."""
        return [f'{count} of {self.images} images are not lifted: {self.reasons.get(key, key)}'
                for key, count in self.refused.items()] + [
            message for key, message in self.errors.items() if key not in self.refused]

    def motion(self, skeleton: SkeletonFormat) -> RecordedMotion:
        """Estimates of everybody who was confirmed once, at the stamps of all images."""
        column = self._columns()
        confirmed = list(column)
        numbers = len(self.stamps) * len(confirmed) * (len(skeleton) * 12 + 3)
        if 4 * numbers > _LARGEST_RESULT:
            raise InputError(f'{self.bag}: {len(self.stamps)} images with {len(confirmed)} people '
                             'are too much for one result; split the bag (ros2 bag convert)')
        motion = RecordedMotion.empty(1e-9 * np.array(self.stamps, np.float64),
                                      np.array(confirmed, np.int64), skeleton.joint_names)
        row = {float(1e-9 * stamp): i for i, stamp in enumerate(self.stamps)}
        for estimate in self.estimates:
            if estimate.person_id not in column or estimate.state == TrackState.LOST:
                continue
            motion.put(row[estimate.stamp], column[estimate.person_id], estimate)
        return motion

    def observed(self, skeleton: SkeletonFormat) -> KeypointRecording:
        """Keypoints of the same people at the images whose camera and pose are known."""
        column = self._columns()
        keypoints = unobserved_keypoints(len(self.results), len(column), len(skeleton))
        poses: NDArray[np.float64] = np.empty((len(self.results), 4, 4))
        cameras: list[CameraModel] = []
        for frame, result in enumerate(self.results):
            assert result.camera is not None and result.world_T_camera is not None
            cameras.append(result.camera)
            poses[frame] = result.world_T_camera
            for track in result.tracks:
                if track.person_id in column:
                    keypoints[frame, column[track.person_id]] = track.keypoints
        keypoints[~np.isfinite(keypoints).all(axis=-1)] = UNOBSERVED
        poses[:, 2, 3] -= self.settings.floor_height
        one = all(camera is cameras[0] for camera in cameras)
        stamps = np.array([1e-9 * nanoseconds(r.header.stamp) for r in self.results])
        detector = self.settings.detector
        return KeypointRecording(keypoints, stamps, tuple(cameras[:1] if one else cameras), poses,
                                 np.full(len(column), np.nan, np.float32), skeleton,
                                 '' if detector == 'external' else detector)

    def _columns(self) -> dict[int, int]:
        """Column of everybody who was confirmed once, by id and in the order of ids."""
        confirmed = sorted({e.person_id for e in self.estimates if e.state == TrackState.TRACKED})
        return {person_id: column for column, person_id in enumerate(confirmed)}

    def _keep(self, result: FrameResult) -> None:
        self.results.append(result)
        self.estimates += result.estimates

    def _refuse(self, key: str, reason: str) -> None:
        self.refused[key] = self.refused.get(key, 0) + 1
        self.reasons.setdefault(key, reason)


class _Notes:
    """Takes warnings of the frame path down; the run itself collects errors."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str) -> None:
        """Nothing: recovered."""

    def warning(self, message: str) -> None:
        """Note it once."""
        if message not in self.lines:
            self.lines.append(message)

    def error(self, message: str) -> None:
        """Nothing: see _Run.notes."""
