# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the node between configuration and clean-up: models, input, outputs, worker."""

import time
from contextlib import ExitStack
from typing import TypeAlias

import tf2_ros
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CameraInfo

from mocap23_ros.errors import InputError
from mocap23_ros.ros.camera_infos import CameraInfoCache
from mocap23_ros.ros.camera_poses import CameraPoses
from mocap23_ros.ros.camera_source import Cameras, CameraSource
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.diagnostics import FrameStatistics
from mocap23_ros.ros.frame_input import FrameInput
from mocap23_ros.ros.frame_names import FrameNameWatch
from mocap23_ros.ros.frame_processor import MAX_WAITING, FrameProcessor, Input
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.given_camera import GivenModel, GivenPose, check_floor, given_camera
from mocap23_ros.ros.health import OutputHealth
from mocap23_ros.ros.input_subscription import InputSubscription
from mocap23_ros.ros.native_output import native_lines_to
from mocap23_ros.ros.outputs import Outputs
from mocap23_ros.ros.parameters import read_settings
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog, Severity
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.topics import camera_info_topic, frame_prefix, image_topic
from mocap23_ros.ros.transform_listener import CameraTransformListener
from mocap23_ros.ros.transforms import LiveTransforms
from mocap23_ros.ros.worker import FrameWorker
from mocap23_ros.skeletons.body_proportions import check_given_stature

Arrived: TypeAlias = tuple[Input, float]  # and when, on the steady clock [s]


class Session:
    """Made when the node is configured; between ``start`` and ``stop`` it computes.

    The executor's thread hands frames over; the worker's thread computes and publishes them. What
    frames change belongs to the worker: other threads post commands to it.
    Raises InputError, and keeps nothing, where a parameter or a model cannot be used.
    """

    def __init__(
        self, node: LifecycleNode, transforms: tf2_ros.Buffer, problems: ProblemLog
    ) -> None:
        settings = read_settings(node)
        self._node = node
        self._problems = problems
        self._statistics = FrameStatistics()
        self._health = OutputHealth(problems)
        self._keeps_all = settings.keeps_all
        self._world_frame = settings.world_frame
        self._input = FrameInput(node, problems, self._on_frame, self._statistics.add_failed)
        self._infos_input: InputSubscription | None = None
        self._known_people: frozenset[int] = frozenset()
        self.camera_frame = ''
        self._given = given_camera(settings)
        check_floor(self._given, settings.floor_height)
        with ExitStack() as parts:
            with native_lines_to(node.get_logger().debug):
                core = create_core(settings, live=not self._keeps_all, given=self._given)
            parts.callback(core.close)
            prefix = frame_prefix(node, settings.frame_prefix)
            names = FrameNameWatch(prefix, problems)
            self._listener = CameraTransformListener(
                transforms, node, problems, lambda: self._input.newest_stamp, names)
            parts.callback(self._listener.unregister)
            cameras = self._cameras(settings, parts)
            self._outputs = Outputs(
                node, settings, core.keypoint_format, core.output_format, prefix, names,
                problems)
            parts.callback(self._outputs.close)
            self._worker = FrameWorker[Arrived](
                self._begin, self._on_error, self._finish, capacity=settings.image_queue,
                in_order=self._keeps_all)
            self._processor = FrameProcessor(
                core, cameras, self._poses(LiveTransforms(transforms)), problems,
                lambda: self._forget(same_time=True))
            self._parts = parts.pop_all()

    def _cameras(self, settings: Settings, parts: ExitStack) -> Cameras:
        """CameraInfo, or the file that stands for it."""
        node = self._node
        if self._given.camera is not None:
            return GivenModel(self._given.camera, settings.image_is_rectified)
        camera_infos = CameraInfoCache(MAX_WAITING + settings.image_queue, self._info_patience)
        self._infos_input = InputSubscription(
            node, CameraInfo, camera_info_topic(node), camera_infos.add, 'auto',
            settings.input_depth, reliable_first=self._keeps_all)
        parts.callback(self._infos_input.close)
        return CameraSource(camera_infos.find, self._problems, (
            image_topic(node, 'raw'), camera_info_topic(node)))

    def _poses(self, transforms: LiveTransforms) -> CameraPoses:
        """TF, or the parameters that stand for it."""
        if self._given.world_T_camera is None:
            return transforms
        return GivenPose(self._given.world_T_camera, transforms)

    @property
    def is_active(self) -> bool:
        """Whether frames are taken."""
        return self._input.is_open

    @property
    def input_topic(self) -> str:
        """The topic of the frames, '' while none are taken."""
        return self._input.topic

    def start(self) -> None:
        """Begin to take frames. Raises InputError where the former thread still hangs."""
        if self._worker.is_alive:
            raise InputError(f'"{self._processor.stage}" still hangs: start the node again')
        self._processor.reset()
        self._input.open()  # first: it may fail
        self._worker.start()
        self._health.start()
        if self._given.doubt:
            self._problems.report('calibration', self._given.doubt, Severity.WARN)

    def stop(self) -> None:
        """Stop taking frames; publish that nobody is followed."""
        self._input.close()
        if not self._worker.stop():
            self._node.get_logger().error(
                f'"{self._processor.stage}" hangs: it did not end within 5 s')
        self._known_people = frozenset()
        self._problems.forget_all()  # what is not at work has no faults
        if self._node.context.ok():
            self._outputs.clear()

    def close(self) -> None:
        """Free the models; destroy publishers and subscriptions. May be called while active."""
        if self.is_active:
            self.stop()
        if self._worker.is_alive:
            return  # in the middle of a step: what it uses cannot be freed
        self._parts.close()

    def forget_everybody(self, *, restart_ids: bool = False) -> None:
        """Begin anew before the next frame; discard the frames that wait."""
        self._input.begin_anew()  # a bag that loops, or who asks to begin anew, needs a moment
        self._worker.post(lambda: self._forget(restart_ids), drop_frames=True)

    def set_stature(self, person_id: int, stature: float) -> None:
        """Fix a person's body height [m]; NaN: estimate it again. Raises InputError."""
        known = ', '.join(str(number) for number in sorted(self._known_people)) or 'nobody'
        if person_id not in self._known_people:
            raise InputError(f'nobody has id {person_id}; followed now: {known}')
        check_given_stature(stature)
        self._worker.post(lambda: self._processor.set_stature(person_id, stature))

    def check(self) -> None:
        """Report missing input and missing output; once a second.

        Raises NodeHangsError where a step of the computation does not end.
        """
        if not self.is_active:
            return
        if self._infos_input is not None:
            self._infos_input.check()
        self._input.check()
        self._outputs.check()
        self._listener.check(time.monotonic(), self._world_frame, self.camera_frame)
        self._health.check(self._statistics.totals(
            self._worker.received, self._worker.dropped, time.monotonic()),
            keeps_all=self._keeps_all,
            min_rate=float(self._node.get_parameter('min_rate').value))
        self._health.check_progress(
            self._processor.stage, self._worker.busy_for,
            float(self._node.get_parameter('hang_timeout').value), self._worker.is_alive)

    def figures(self, monotonic: float) -> dict[str, str]:
        """Return what diagnostics show."""
        values = self._statistics.values(self._worker.received, self._worker.dropped, monotonic)
        if self.is_active:
            values['images lost on the way here'] = str(self._input.lost)
        if bias := self._processor.set_up.pose.figure:
            values['camera pose off by'] = bias
        return values

    def _info_patience(self) -> float:
        """Seconds that an image waits for its own CameraInfo, where every image counts."""
        if not self._keeps_all:
            return 0.0
        return 0.5 * float(self._node.get_parameter('tf_timeout').value)

    def _on_frame(self, message: Input, is_another_time: bool) -> None:
        if is_another_time:
            self._worker.post(self._forget, drop_frames=True)
        self._worker.submit((message, time.monotonic()))

    # In the worker's thread

    def _begin(self, frame: Arrived) -> None:
        """Find the people of one frame, in 2D."""
        message, arrived = frame
        settings = read_settings(self._node)  # so that changes hold from the next frame
        self.camera_frame = message.header.frame_id
        try:
            self._processor.begin(
                message, settings, self._outputs.publish_keypoints, arrived)
        except FrameRejectedError:
            self._statistics.add_failed()

    def _finish(self) -> bool:
        """Lift and publish the frames whose camera is known; return whether any frame waits."""
        while self._processor.is_waiting and not self._worker.stopping.is_set():
            try:
                result = self._processor.finish_next()
            except FrameRejectedError:
                self._statistics.add_failed()
                continue
            if result is None:
                return True
            if result.stamp is not None:
                self._publish(result)
        return False

    def _publish(self, result: FrameResult) -> None:
        self._processor.stage = 'publish'
        self._known_people = frozenset(estimate.person_id for estimate in result.estimates)
        latency = self._outputs.publish(result, read_settings(self._node))
        self._statistics.add_published(
            latency, time.monotonic() - result.arrived, len(result.estimates), result.stages)
        self._problems.clear('internal')

    def _on_error(self, error: BaseException) -> None:
        if not self._node.context.ok():  # publishing fails while the node shuts down
            return
        self._statistics.add_failed()
        self._problems.report(
            'internal', f'a frame failed: {type(error).__name__}: {error}; this is a fault of the '
            'node, please report it')

    def _forget(self, restart_ids: bool = False, same_time: bool = False) -> None:
        self._processor.reset(restart_ids, same_time)
        self._outputs.clear()
        self._known_people = frozenset()
