# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""One frame through the core: image or keypoints in, skeletons of the world out."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import tf2_ros
from builtin_interfaces.msg import Time
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from mocap23_msgs.msg import Keypoints2DArray
from mocap23_ros.detection.detector import Detection
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.ros.camera_source import CameraSource
from mocap23_ros.ros.core import Core
from mocap23_ros.ros.image_decoding import decode_compressed_image, decode_image
from mocap23_ros.ros.keypoint_conversions import detections_from_message
from mocap23_ros.ros.parameters import Settings
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog, Severity
from mocap23_ros.ros.transforms import lookup_camera_pose
from mocap23_ros.tracking.track import Track

# Stamps that go back by more than this [s] mean that time begins anew (a bag that loops).
RESTART_AFTER = 1.0

Input: TypeAlias = Image | CompressedImage | Keypoints2DArray


@dataclass
class FrameResult:
    """What became of one frame.

    header: of the newest image. estimates: in the world frame, for the image of ``stamp``, which
    is older where the lifter lags; None while there is none so old. stages: seconds spent.
    """

    header: Header
    stamp: Time | None
    image_size: tuple[int, int]
    tracks: list[Track]
    estimates: list[SkeletonEstimate] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)


class FrameProcessor:
    """Runs the core on one frame after the other. Belongs to the worker's thread."""

    def __init__(
        self, core: Core, cameras: CameraSource, transforms: tf2_ros.Buffer,
        problems: ProblemLog, on_restart: Callable[[], None], stopping: threading.Event,
    ) -> None:
        """``on_restart`` is called when stamps show that time begins anew; it calls ``reset``.

        stopping: set where the worker shall end, so that nothing here waits any longer.
        """
        self._stopping = stopping
        self._core = core
        self._cameras = cameras
        self._transforms = transforms
        self._problems = problems
        self._on_restart = on_restart
        self._last_stamp = 0
        self._lifted: deque[Time] = deque(maxlen=core.lag + 1)  # stamps, the newest last

    def reset(self, restart_ids: bool = False) -> None:
        """Forget everybody and everything that depends on time."""
        self._core.reset(restart_ids)
        self._transforms.clear()
        self._last_stamp = 0
        self._lifted.clear()

    def set_stature(self, person_id: int, stature: float) -> None:
        """Fix the body height [m] of a person; NaN: estimate it again."""
        self._core.streaming.set_stature(person_id, stature)

    def process(
        self,
        message: Input,
        settings: Settings,
        on_tracks: Callable[[FrameResult], None] = lambda result: None,
    ) -> FrameResult:
        """Compute one frame; ``on_tracks`` gets the 2D part as soon as it is known.

        Raises FrameRejectedError where the frame cannot be used; the problem log knows why.
        """
        header = message.header
        stamp = self._check_stamp(header)
        stages: dict[str, float] = {}
        started = time.perf_counter()
        with self._problems.guard('input data'):
            detections, image_size = self._detect(message, settings, stages)
        # The detector runs before the look-up, so that the wait for TF often costs nothing.
        tracks = self._core.tracker.update(detections, stamp)
        _lap(stages, 'detect and track', started)
        result = FrameResult(header, None, image_size, tracks, stages=stages)
        on_tracks(result)

        started = time.perf_counter()
        with self._problems.guard('camera_info'):
            camera = self._cameras.camera_for(header, image_size, settings.image_is_rectified)
        with self._problems.guard('transform'):
            world_T_camera = lookup_camera_pose(
                self._transforms, settings.world_frame, header, settings.tf_timeout,
                self._stopping)
        _lap(stages, 'wait for transform', started)

        started = time.perf_counter()
        self._core.follow(world_T_camera)
        # In the core, and nowhere else, the floor is z = 0.
        world_T_camera[2, 3] -= settings.floor_height
        with self._problems.guard('camera pose'):
            estimates = self._core.streaming.update(stamp, tracks, camera, world_T_camera)
        result.estimates = [estimate.raised(settings.floor_height) for estimate in estimates]
        self._lifted.append(header.stamp)
        result.stamp = self._lifted[0] if len(self._lifted) > self._core.lag else None
        _lap(stages, 'lift', started)
        return result

    def _check_stamp(self, header: Header) -> float:
        """Return the stamp in seconds; begins anew after a jump back, refuses small steps back."""
        nanoseconds = header.stamp.sec * 1_000_000_000 + header.stamp.nanosec
        if nanoseconds <= 0:
            self._problems.report(
                'stamp', 'the images have stamp 0; the camera driver must set header.stamp to the '
                'time of exposure')
            raise FrameRejectedError('stamp')
        back = 1e-9 * (self._last_stamp - nanoseconds)
        if back > RESTART_AFTER:
            self._problems.report(
                'time', f'stamps jumped back by {back:.1f} s (a bag that loops?): everything is '
                'forgotten and begins anew', Severity.WARN)
            self._on_restart()
        elif back >= 0.0:
            self._problems.report(
                'stamp', f'an image is {back:.3f} s older than the one before, or the same again; '
                'it is ignored. Check that only one camera publishes on the image topic',
                Severity.WARN)
            raise FrameRejectedError('stamp')
        else:
            self._problems.clear('time')
        self._problems.clear('stamp')
        self._last_stamp = nanoseconds
        return 1e-9 * nanoseconds

    def _detect(
        self, message: Input, settings: Settings, stages: dict[str, float]
    ) -> tuple[list[Detection], tuple[int, int]]:
        if isinstance(message, Keypoints2DArray):
            size = (int(message.image_width), int(message.image_height))
            detections = detections_from_message(message, self._core.keypoint_format)
            return [d for d in detections if d.score >= settings.min_score], size
        started = time.perf_counter()
        if isinstance(message, Image):
            image: NDArray[np.uint8] = decode_image(message)
        else:
            image = decode_compressed_image(message)
        _lap(stages, 'decode', started)
        return self._core.detect(image), (image.shape[1], image.shape[0])


def _lap(stages: dict[str, float], name: str, started: float) -> None:
    stages[name] = time.perf_counter() - started
