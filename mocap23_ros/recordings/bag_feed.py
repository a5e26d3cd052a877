# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Feeds the images of a bag to the frame path of the node, and gathers what comes of them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.recordings.bag_reader import ANOTHER_RUN
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.ros.core import Core
from mocap23_ros.ros.frame_processor import FrameProcessor
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog, Severity
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.stamps import nanoseconds
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.skeletons.unobserved import UNOBSERVED, unobserved_keypoints
from mocap23_ros.tracking.track import TrackState

_LARGEST_RESULT = 4 * 2**30  # bytes


@dataclass
class BagFeed:
    """Takes frames one after the other and keeps what became of them."""

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

    def take(self, message: Any) -> None:
        """Take in one image or keypoint message."""
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
        """Take the last frames of a lagging lifter; InputError where nothing was lifted."""
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
