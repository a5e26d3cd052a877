# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints of everybody in images or keypoint messages, of a camera whose pose is not known."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mocap23_ros.detection.detector import Detection, Detector
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_change import largest_turn
from mocap23_ros.geometry.camera_file import load_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.recordings.bag_camera import KEYPOINTS, BagCameraInfos, find_topics
from mocap23_ros.recordings.bag_reader import ANOTHER_RUN, BagReader
from mocap23_ros.recordings.followed_people import FollowedPeople
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.reporting import Progress
from mocap23_ros.ros.camera_source import Cameras, camera_from_info
from mocap23_ros.ros.external_keypoints import detections_from_message
from mocap23_ros.ros.given_camera import GivenModel
from mocap23_ros.ros.image_decoding import decode_message
from mocap23_ros.ros.stamps import nanoseconds
from mocap23_ros.skeletons.formats import COCO17

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo
    from std_msgs.msg import Header

    from mocap23_msgs.msg import Keypoints2DArray

_SAME_CAMERA = 0.1  # degrees between the rays of two calibrations


class MessageKeypoints:
    """Takes one message after the other: images, or keypoints of another detector."""

    def __init__(self, cameras: Cameras, rectified: bool, detector: Detector | None = None) -> None:
        """cameras: calibration by message. rectified: the images are. detector: for images."""
        self._cameras, self._rectified, self._detector = cameras, rectified, detector
        self._skeleton = COCO17 if detector is None else detector.format
        self._people = FollowedPeople()
        self._stamps: list[float] = []
        self._camera: CameraModel | None = None
        self._last = 0  # ns

    def add(self, message: Any) -> None:
        """Take in a message; one that is not newer than those before is left out.

        Raises InputError for what cannot be used, and for a camera that changes.
        """
        stamp = nanoseconds(message.header.stamp)
        if self._last - stamp > ANOTHER_RUN and stamp > 0:
            raise InputError(f'stamps jump back by {1e-9 * (self._last - stamp):.1f} s: one '
                             'camera and one run of it can be calibrated')
        if stamp <= self._last:
            return
        detections, size = self._detect(message)
        camera = self._cameras.camera_for(message.header, size, self._rectified)
        if self._camera is not None and (
                camera.image_size != self._camera.image_size
                or largest_turn(self._camera, camera) > _SAME_CAMERA):
            raise InputError('the calibration changes; only a still camera without zoom can be '
                             'calibrated from people')
        self._camera, self._last = camera, stamp
        self._people.add(detections, 1e-9 * stamp, None)
        self._stamps.append(1e-9 * stamp)

    def _detect(self, message: Any) -> tuple[list[Detection], tuple[int, int]]:
        if self._detector is None:
            size = int(message.image_width), int(message.image_height)
            return detections_from_message(message, COCO17), size
        image = decode_message(message)
        return self._detector.detect(image), (image.shape[1], image.shape[0])

    def recording(self) -> KeypointRecording:
        """Everybody in COCO-17 with the identity for poses; InputError where nothing came."""
        if self._camera is None:
            raise InputError('no message can be used')
        return KeypointRecording.of_still_camera(
            self._people.keypoints(len(self._skeleton)), np.array(self._stamps), self._camera,
            skeleton=self._skeleton).converted(COCO17)


class InfoCameras:
    """CameraInfo that was recorded, as Cameras."""

    def __init__(self, find: 'Callable[[Header], CameraInfo | None]') -> None:
        self._find = find
        self._last: tuple[Any, tuple[int, int], CameraModel] | None = None

    def camera_for(self, header: 'Header', image_size: tuple[int, int], rectified: bool
                   ) -> CameraModel:
        """Return the model for images of this size; InputError where there is none."""
        info = self._find(header)
        if info is None:
            raise InputError(f'there is no CameraInfo of the frame "{header.frame_id[:80]}"; give '
                             'the calibration with --camera CAMERA.yaml')
        if self._last is None or self._last[0] is not info or self._last[1] != image_size:
            self._last = info, image_size, camera_from_info(info, image_size, rectified)
        return self._last[2]


def record_bag(path: Path, topic: str | None, camera_file: Path | None, rectified: bool,
               detector: str | None, progress: Progress) -> KeypointRecording:
    """Track everybody in a bag that needs no TF.

    topic: of keypoints or images, where the bag has several. camera_file: stands for CameraInfo.
    detector: for images; None: the keypoints of a bag that has them, else blazepose. Raises
    InputError, in one line, for what is missing.
    """
    given = None if camera_file is None else _model_of_file(camera_file, rectified)
    with BagReader(path) as bag:
        has_keypoints = bool(bag.of_type(KEYPOINTS)) if topic is None else (
            bag.topics.get(topic) == KEYPOINTS)
        from_keypoints = has_keypoints and detector is None
        topics = find_topics(bag, path, topic, from_keypoints, info_needed=given is None)
        cameras: Cameras = given or InfoCameras(BagCameraInfos(bag, topics.info).find)
        network = None if from_keypoints else create_detector(detector or 'blazepose')
        try:
            people = MessageKeypoints(cameras, rectified, network)
            total = bag.count(topics.input)
            for number, item in enumerate(bag.messages([topics.input], by_stamp=True), 1):
                people.add(item.message)
                progress(number, total)
            return people.recording()
        except InputError as error:
            raise InputError(f'{path}: {error}') from None
        finally:
            if network is not None:
                network.close()


def record_messages(messages: 'Sequence[Keypoints2DArray]', infos: 'Mapping[str, CameraInfo]',
                    camera_file: Path | None, rectified: bool) -> KeypointRecording:
    """Track everybody in keypoint messages that were heard.

    infos: CameraInfo by the frame_id of its camera; the only one counts for every frame_id.
    camera_file: stands for it. Raises InputError.
    """
    only = next(iter(infos.values())) if len(infos) == 1 else None
    people = MessageKeypoints(
        InfoCameras(lambda header: infos.get(header.frame_id, only)) if camera_file is None
        else _model_of_file(camera_file, rectified), rectified)
    for message in messages:
        people.add(message)
    return people.recording()


def _model_of_file(camera_file: Path, rectified: bool) -> GivenModel:
    return GivenModel(load_camera_file(camera_file, rectified).camera, rectified)
