# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Takes each frame through the core: from an image or keypoints to skeletons in the world.

It reads messages by their fields alone: the node has those of rclpy, recordings those of a bag.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.plausible_camera import check_above_floor
from mocap23_ros.pipeline.lift_budget import LiftBudget
from mocap23_ros.plausibility.black_bars import BlackBars
from mocap23_ros.plausibility.scene_points import shrunk
from mocap23_ros.ros.camera_changes import CameraChanges
from mocap23_ros.ros.camera_poses import CameraPoses, NoTransformError
from mocap23_ros.ros.camera_source import Cameras, NoCameraInfoError
from mocap23_ros.ros.core import Core
from mocap23_ros.ros.external_keypoints import detections_from_message
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.frozen_images import FrozenImages
from mocap23_ros.ros.image_decoding import decode_message
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog, Severity
from mocap23_ros.ros.set_up_watch import SetUpWatch
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.stamps import earlier, nanoseconds
from mocap23_ros.ros.still_watch import StillWatch
from mocap23_ros.ros.time_watch import TimeWatch
from mocap23_ros.tracking.floor_places import CameraView

if TYPE_CHECKING:
    from builtin_interfaces.msg import Time
    from sensor_msgs.msg import CompressedImage, Image

    from mocap23_msgs.msg import Keypoints2DArray

MAX_WAITING = 300  # frames, of which only the people in 2D are kept
# TF and CameraInfo of the first images may come after them, or before time began anew: forgotten.
_BEGINNING = 1.0  # s

Input: TypeAlias = 'Image | CompressedImage | Keypoints2DArray'


class _WaitError(Exception):
    """What a frame needs may still come."""


@dataclass
class _Waiting:
    """A frame whose people are known in 2D and whose camera is not known yet."""

    result: FrameResult
    settings: Settings
    since: float
    deadline: float
    camera: CameraModel | None = None


class FrameProcessor:
    """Runs the core on one frame after the other. Belongs to the worker's thread.

    ``begin`` finds the people of a frame. ``finish_next`` lifts the oldest frame that was begun, as
    soon as the pose of its camera is known. Frames wait for TF while newer ones are begun.
    set_up: what the people seen say against the camera. stage: what is being done.
    """

    def __init__(
        self, core: Core, cameras: Cameras, poses: CameraPoses, problems: ProblemLog,
        on_other_camera: Callable[[], None],
    ) -> None:
        """on_other_camera: called where nobody can be followed on; must call ``reset``."""
        self._core = core
        self._cameras = cameras
        self._poses = poses
        self._problems = problems
        self._on_other_camera = on_other_camera
        self._changes = CameraChanges(problems)
        self.set_up = SetUpWatch(problems, core.live)
        self._frozen = FrozenImages(problems)
        self._bars = BlackBars()
        self._still = StillWatch(problems)
        self._time = TimeWatch(problems)
        self._scene: NDArray[np.uint8] | None = None  # of the newest image, where it is wanted
        self._told_sd = core.streaming.pose_uncertainty
        self._budget = LiftBudget()
        self.stage = ''
        self._view: CameraView | None = None  # of the newest frame that was lifted
        self._waiting: deque[_Waiting] = deque()
        self._lifted: deque[Time] = deque(maxlen=core.lag + 1)  # stamps, the newest last
        self._began = -np.inf  # the first image after TF was forgotten, steady seconds

    @property
    def is_waiting(self) -> bool:
        """Whether a frame was begun that is not finished."""
        return bool(self._waiting)

    def reset(self, restart_ids: bool = False, same_time: bool = False) -> None:
        """Forget everybody, the frames that were begun and, unless ``same_time``, TF."""
        self._core.reset(restart_ids)
        self.set_up.reset()
        self._frozen.reset()
        self._bars.forget()
        self._still.reset()
        self._time.reset()
        if not same_time:
            self._poses.clear()
            self._began = np.inf
        self._waiting.clear()
        self._lifted.clear()
        self._view = None

    def set_stature(self, person_id: int, stature: float) -> None:
        """Fix the body height [m] of a person; NaN: estimate it again."""
        self._core.streaming.set_stature(person_id, stature)
        self.set_up.set_stature(person_id, stature)

    def begin(
        self,
        message: Input,
        settings: Settings,
        on_tracks: Callable[[FrameResult], None] = lambda result: None,
        arrived: float | None = None,
    ) -> None:
        """Find the people of a frame; ``on_tracks`` gets the 2D part as soon as it is known.

        arrived: seconds of the steady clock; None: now. Raises FrameRejectedError where the frame
        cannot be used; the problem log says why.
        """
        header = message.header
        arrived = time.monotonic() if arrived is None else arrived
        self.stage = 'detect and track'
        stages: dict[str, float] = {}
        started = time.perf_counter()
        with self._problems.guard('input data'):
            detections, image_size = self._detect(message, settings, stages)
        if self._changes.in_images(image_size, header.frame_id):
            self._problems.clear('transform', 'camera_info')  # of the other one
            self._on_other_camera()
        tracks = self._core.tracker.update(detections, 1e-9 * nanoseconds(header.stamp), self._view)
        _lap(stages, 'detect and track', started)
        result = FrameResult(header, None, image_size, tracks, arrived, stages=stages,
                             frozen_for=self._frozen.seconds, scene=self._scene)
        on_tracks(result)
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
        now = time.monotonic()
        self._began = min(self._began, now)
        self._waiting.append(_Waiting(result, settings, now, now + settings.tf_timeout))

    def finish_next(self) -> FrameResult | None:
        """Lift the oldest frame that was begun; None while its transform is not there.

        Raises FrameRejectedError where the frame cannot be lifted or has waited too long, and drops
        it.
        """
        self.stage = 'wait for transform'
        frame = self._waiting[0]
        header, settings, result = frame.result.header, frame.settings, frame.result
        try:
            if frame.camera is None:
                with self._patience('camera_info', frame):
                    frame.camera = self._cameras.camera_for(
                        header, result.image_size, settings.image_is_rectified)
            camera = frame.camera
            with self._patience('transform', frame):
                world_T_camera = self._poses.camera_pose(
                    settings.world_frame, earlier(header, settings.image_time_offset))
        except _WaitError:
            return None
        except FrameRejectedError:
            self._waiting.popleft()
            raise
        self._waiting.popleft()
        result.stages['wait for transform'] = time.monotonic() - frame.since

        self.stage = 'lift'
        started = time.perf_counter()
        if self._changes.in_calibration(camera):
            self._on_other_camera()
            raise FrameRejectedError('camera change')
        self._problems.judge('black bars', self._bars.doubt(camera), Severity.ERROR)
        self._frozen.judge(result.frozen_for, result.tracks, world_T_camera)
        stamp = 1e-9 * nanoseconds(header.stamp)
        self._still.feed(stamp, result.scene, result.tracks, camera, world_T_camera)
        self._time.feed(stamp, result.scene, result.tracks, camera, world_T_camera,
                        settings.image_time_offset)
        self._core.follow(world_T_camera)
        # In the core, and nowhere else, the floor is z = 0.
        world_T_camera[2, 3] -= settings.floor_height
        self.set_up.feed(stamp, result.tracks, camera, header.frame_id, world_T_camera,
                         settings.refine_camera_pose)
        world_T_camera = self.set_up.pose.mended(world_T_camera)
        self._core.streaming.pose_uncertainty = self._time.uncertainty(self._still.uncertainty(
            self.set_up.pose.uncertainty(self._told_sd, world_T_camera)))
        result.camera, result.world_T_camera = camera, world_T_camera.copy()
        result.world_T_camera[2, 3] += settings.floor_height
        # Where every image counts the outcome must not depend on time.
        budget = 0.0 if settings.keeps_all else settings.lift_budget
        with self._problems.guard('camera pose'):
            # Lifters notice it late: windows still hold frames of the poses before.
            check_above_floor(world_T_camera)
            estimates = self._core.streaming.update(
                stamp, result.tracks, camera, world_T_camera,
                self._budget.most_people(budget))
        # The tracker runs before the pose of its frame is known. It takes the pose before.
        self._view = CameraView(camera, self._core.streaming.steady_T_camera)
        self._note_cost(time.perf_counter() - started)
        self.set_up.count_placed(result.tracks, estimates)
        result.estimates = [estimate.raised(settings.floor_height) for estimate in estimates]
        self._lifted.append(header.stamp)
        result.stamp = self._lifted[0] if len(self._lifted) > self._core.lag else None
        _lap(result.stages, 'lift', started)
        return result

    @contextmanager
    def _patience(self, key: str, frame: _Waiting) -> Iterator[None]:
        """Raise _WaitError for what may still come; treat other and late errors as ``guard``.

        Frames of the beginning that miss something are rejected without a word.
        """
        with self._problems.guard(key):
            try:
                yield
            except (NoTransformError, NoCameraInfoError) as error:
                if time.monotonic() < frame.deadline:
                    raise _WaitError from error
                if frame.since < self._began + _BEGINNING:
                    raise FrameRejectedError(key) from error
                raise

    def _note_cost(self, seconds: float) -> None:
        lifted, left_out = (
            self._core.streaming.people_lifted, self._core.streaming.people_left_out)
        self._budget.note(lifted, seconds)
        if not left_out:
            self._problems.clear('crowd')
            return
        self._problems.report(
            'crowd', f'{lifted + left_out} people are seen and {lifted} computed in each image, '
            'the nearest first and the others in turn; in between they are predicted. Take a '
            'smaller tier or a GPU, or raise lift_budget', Severity.WARN)

    def _detect(
        self, message: Input, settings: Settings, stages: dict[str, float]
    ) -> tuple[list[Detection], tuple[int, int]]:
        stamp = 1e-9 * nanoseconds(message.header.stamp)
        self._scene = None
        if hasattr(message, 'people'):
            size = (int(message.image_width), int(message.image_height))
            detections = detections_from_message(message, self._core.keypoint_format)
            self._frozen.look(stamp, np.array([d.keypoints for d in detections], np.float32))
            return [d for d in detections if d.score >= settings.min_score], size
        started = time.perf_counter()
        image = decode_message(message)
        self._frozen.look(stamp, image)
        self._bars.look(stamp, image)
        if self._still.is_due(stamp) or self._time.is_due(stamp):
            self._scene = shrunk(image)
        _lap(stages, 'decode', started)
        return self._core.detect(image), (image.shape[1], image.shape[0])


def _lap(stages: dict[str, float], name: str, started: float) -> None:
    stages[name] = time.perf_counter() - started
