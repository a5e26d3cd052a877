# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints of the people in a video file."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detector
from mocap23_ros.detection.upright_detector import UprightDetector
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import load_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.plausibility.black_bars import BlackBars
from mocap23_ros.plausibility.scene_points import shrunk
from mocap23_ros.plausibility.still_scene import SceneMotion, StillScene
from mocap23_ros.recordings.followed_people import FollowedPeople
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.recordings.video_file import VideoFile
from mocap23_ros.reporting import Progress, Say, silent
from mocap23_ros.skeletons.formats import COCO17, COCO21
from mocap23_ros.tracking.floor_places import CameraView


def record_video(video: Path, camera_file: Path, detector: Detector,
                 progress: Progress = silent, *,
                 rate: float | None = None, rectified: bool = False, pose_needed: bool = True,
                 say: Say = silent, feet: bool = False) -> KeypointRecording:
    """Detect and track everybody in a video of a fixed camera.

    The keypoints stay in the detector's format, or in COCO21 where heels and toes are wanted
    (feet) of a detector that has them beside COCO-17. Stamps are the container's, from 0, or those
    of the ``rate`` in frames per second. People who were never confirmed by the tracker are left
    out. progress: called with (frames done, frames in all, 0 = unknown). rectified: the video is;
    see load_camera_file. pose_needed: whether a camera file without ``world_T_camera`` is refused;
    the poses are the identity otherwise. say: called with lines about what the user should know.
    Raises InputError for files that cannot be read.
    """
    contents = load_camera_file(camera_file, rectified)
    pose = contents.required_pose(camera_file) if pose_needed else contents.floor_T_camera
    if contents.doubt:
        say(f'{camera_file}: {contents.doubt}')
    upright = UprightDetector(detector)
    if pose is not None:
        upright.follow(pose)
    people = FollowedPeople()
    bars, scene, moved = BlackBars(), StillScene(), list[SceneMotion]()
    camera: CameraModel | None = None
    stamps: list[float] = []
    with VideoFile(video, rate) as frames:
        for stamp, image in frames:
            if camera is None:
                image_size, camera = _fit(frames, image, contents.camera, video)
            if image.shape[1::-1] != image_size:
                image = np.asarray(cv2.resize(image, image_size), np.uint8)
            bars.look(stamp, image)
            view = None if pose is None else CameraView(camera, pose)
            detections = upright.detect(image)
            if scene.is_due(stamp):
                scene.look(stamp, shrunk(image), np.array([d.bounding_box for d in detections]),
                           camera)
                moved += [scene.motion] if scene.motion else []
            people.add(detections, stamp, view)
            stamps.append(stamp)
            progress(len(stamps), frames.frames)
        if frames.turn:
            say(f'{video}: its metadata turns the picture by {frames.turn} degrees; it is taken as '
                'it is shown')
        if frames.shortfall:
            say(f'{video}: {frames.shortfall}')
        if moved:
            say(f'{video}: {max(moved, key=lambda motion: motion.turn).message}')
    if camera is None:
        raise InputError(f'{video} has no frames that can be read')
    if doubt := bars.doubt(camera):
        say(f'{video}: {doubt}')
    skeleton = COCO21 if feet and detector.format == COCO17 else detector.format
    return KeypointRecording.of_still_camera(
        people.keypoints(len(skeleton)), np.array(stamps), camera, pose, skeleton)


def video_images(video: Path, image_size: tuple[int, int], rate: float | None = None
                 ) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Iterate over stamps and images at (width, height) of a video, as record_video sees them."""
    with VideoFile(video, rate) as frames:
        for stamp, image in frames:
            if image.shape[1::-1] != tuple(image_size):
                image = np.asarray(cv2.resize(image, image_size), np.uint8)
            yield stamp, image


def _fit(frames: VideoFile, image: NDArray[np.uint8], camera: CameraModel, video: Path
         ) -> tuple[tuple[int, int], CameraModel]:
    """Size to which images are brought, and the camera of it.

    The calibration is of the pictures as shown, with square pixels or with those of the file:
    its shape says which.
    """
    height, width = image.shape[:2]
    squared = max(1, round(width * frames.pixel_aspect)), height
    for size in (squared, (width, height)):
        try:
            return size, camera.with_image_size(size)
        except InputError as error:
            mismatch = error
    if frames.turn in (90, 270) and camera.fits(frames.stored_size):
        raise InputError(
            f'{video} is turned against the calibration: its metadata turns the picture by '
            f'{frames.turn} degrees to {width} x {height}, and CAMERA.yaml is of '
            f'{camera.image_size[0]} x {camera.image_size[1]}. Calibrate on the picture as it is '
            'shown, or remove the turn from the metadata')
    raise InputError(f'{video}: {mismatch}')
