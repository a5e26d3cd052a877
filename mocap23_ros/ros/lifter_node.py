# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The managed node: images, CameraInfo and TF in, skeletons of the world out."""

import math
import time
from typing import Any

import message_filters
import tf2_ros
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mocap23_msgs.msg import Keypoints2DArray
from mocap23_msgs.srv import Reset, SetStature
from mocap23_ros.errors import InputError
from mocap23_ros.ros.camera_source import CameraSource
from mocap23_ros.ros.core import Core, create_core
from mocap23_ros.ros.diagnostics import FrameStatistics, make_diagnostics, make_status
from mocap23_ros.ros.frame_processor import FrameProcessor, Input
from mocap23_ros.ros.outputs import Outputs
from mocap23_ros.ros.parameters import declare_parameters, read_settings
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog
from mocap23_ros.ros.topics import camera_info_topic, image_topic, sensor_data_qos
from mocap23_ros.ros.watchdog import InputWatchdog
from mocap23_ros.ros.worker import LatestFrameWorker

NODE_NAME = 'lifter_node'
STATURE_RANGE = (0.5, 2.5)  # m


class LifterNode(LifecycleNode):
    """Thin: callbacks hand frames to one worker, which runs the core and publishes.

    Raises InputError where a parameter given at start cannot be used.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        declare_parameters(self)
        self._problems = ProblemLog(self.get_logger(), time.monotonic)
        self._statistics = FrameStatistics()
        self._core: Core | None = None
        self._outputs: Outputs | None = None
        self._processor: FrameProcessor | None = None
        self._worker: LatestFrameWorker[Input] | None = None
        self._watchdog: InputWatchdog | None = None
        self._inputs: list[Subscription] = []
        self._known_people: frozenset[int] = frozenset()
        self._camera_frame = ''
        self._is_active = False
        self._jump_handle = self.get_clock().create_jump_callback(
            JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1),
                          on_clock_change=True),
            post_callback=self._on_time_jump)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        # On a steady clock: a simulation that never starts must be reported, too.
        self._diagnostics_timer = self.create_timer(
            1.0, self._publish_diagnostics, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.create_service(Reset, '~/reset', self._on_reset)
        self.create_service(SetStature, '~/set_stature', self._on_set_stature)

    # Transitions

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load and warm up the models; begin to listen to TF and CameraInfo."""
        try:
            self._configure()
        except (InputError, ImportError) as error:
            self.get_logger().error(f'cannot configure: {error}')
        except Exception as error:  # rclpy would swallow it without a word
            if self.context.ok():
                self.get_logger().error(f'cannot configure: {type(error).__name__}: {error}')
        else:
            return super().on_configure(state)
        self._release()
        return TransitionCallbackReturn.FAILURE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to take images."""
        assert self._processor is not None and self._watchdog is not None
        result = super().on_activate(state)
        self._processor.start()
        self._worker = LatestFrameWorker(self._process, self._on_error)
        self._worker.start()
        self._subscribe()
        self._watchdog.start()
        self._is_active = True
        self.get_logger().info(f'active: waiting for {self._inputs[0].topic_name}')
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop taking images and tell everybody that nobody is followed."""
        self._stop_work()
        if self._outputs is not None and self.context.ok():
            self._outputs.clear()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the models."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free everything, from whatever state."""
        self._stop_work()
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to unconfigured after a transition failed half way."""
        return self.on_shutdown(state)

    def close(self) -> None:
        """Stop the worker and free the models; also after the context was shut down."""
        self._stop_work()
        self._release()
        self._jump_handle.unregister()

    def _configure(self) -> None:
        settings = read_settings(self)
        self._problems.forget_all()
        self._core = core = create_core(settings)
        self._tf_buffer = tf2_ros.Buffer(node=self)
        self._tf_listener = tf2_ros.TransformListener(self._tf_buffer, self)
        self._camera_infos = message_filters.Subscriber(
            self, CameraInfo, camera_info_topic(self), qos_profile=sensor_data_qos(),
            qos_overriding_options=QoSOverridingOptions.with_default_policies())
        self._outputs = Outputs(self, settings, core.keypoint_format, core.output_format)
        self._processor = FrameProcessor(
            core, CameraSource(self._camera_infos, self._problems, (
                image_topic(self, 'raw'), camera_info_topic(self))),
            self._tf_buffer, self._problems, self._forget_everything)
        self._watchdog = InputWatchdog(self, self._problems)
        self.get_logger().info(
            f'configured: detector {settings.detector}, lifter {settings.lifter}, world frame '
            f'"{settings.world_frame}"')

    def _subscribe(self) -> None:
        settings = read_settings(self)
        if settings.detector == 'external':
            message_type: type = Keypoints2DArray
            topic = self.resolve_topic_name('keypoints_2d_in')
        else:
            message_type = Image if settings.image_transport == 'raw' else CompressedImage
            topic = image_topic(self, settings.image_transport)
        self._inputs = [self.create_subscription(
            message_type, topic, self._on_input, sensor_data_qos(),
            qos_overriding_options=QoSOverridingOptions.with_default_policies())]

    def _stop_work(self) -> None:
        self._is_active = False
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        if self._processor is not None:
            self._processor.stopping.set()
        if self._worker is not None and not self._worker.stop():
            self.get_logger().error('the worker did not end in time')
        self._worker = None

    def _release(self) -> None:
        if self._outputs is not None:
            self._outputs.close()
            self.destroy_subscription(self._camera_infos.sub)
            self._tf_listener.unregister()
        if self._core is not None:
            self._core.close()
        self._core = self._outputs = self._processor = self._watchdog = None

    # Frames

    def _on_input(self, message: Input) -> None:
        if self._worker is not None and self._watchdog is not None:
            self._watchdog.feed()
            self._worker.submit(message)

    def _process(self, message: Input) -> None:
        """Run in the worker: one frame from message to messages."""
        assert self._processor is not None and self._outputs is not None
        settings = read_settings(self)  # so that changes hold from the next frame
        self._camera_frame = message.header.frame_id
        try:
            result = self._processor.process(message, settings, self._outputs.publish_keypoints)
        except FrameRejectedError:
            self._statistics.add_failed()
            return
        if self._processor.stopping.is_set() or result.stamp is None:
            return
        self._known_people = frozenset(estimate.person_id for estimate in result.estimates)
        latency = self._outputs.publish(result, settings)
        self._statistics.add_published(latency, len(result.estimates), result.stages)
        self._problems.clear('internal')

    def _on_error(self, error: Exception) -> None:
        if not self.context.ok():  # publishing fails while the node shuts down
            return
        self._statistics.add_failed()
        self._problems.report(
            'internal', f'a frame failed: {type(error).__name__}: {error}; this is a fault of the '
            'node, please report it')

    def _forget_everything(self, restart_ids: bool = False) -> None:
        """Run in the worker."""
        if self._processor is not None and self._outputs is not None:
            self._processor.reset(restart_ids)
            self._outputs.clear()
            self._known_people = frozenset()

    def _on_time_jump(self, jump: TimeJump) -> None:
        # Called with the clock locked: nothing slow here.
        if self._worker is not None:
            self._worker.post(self._forget_everything, drop_frame=True)
            seconds = 1e-9 * jump.delta.nanoseconds
            self.get_logger().info(f'time jumped by {seconds:.3f} s: beginning anew')

    # Services

    def _on_reset(self, request: Reset.Request, response: Reset.Response) -> Reset.Response:
        if self._worker is None:
            response.message = 'the node is not active: nothing to forget'
        else:
            self._worker.post(lambda: self._forget_everything(restart_ids=True), drop_frame=True)
            response.message = 'people, windows and transforms are forgotten'
        response.success = self._worker is not None
        return response

    def _on_set_stature(
        self, request: SetStature.Request, response: SetStature.Response
    ) -> SetStature.Response:
        person_id, stature = int(request.id), float(request.stature)
        known = ', '.join(str(number) for number in sorted(self._known_people)) or 'nobody'
        low, high = STATURE_RANGE
        if self._worker is None or self._processor is None:
            response.message = 'the node is not active'
        elif person_id not in self._known_people:
            response.message = f'nobody has id {person_id}; followed now: {known}'
        elif not (math.isnan(stature) or low <= stature <= high):
            response.message = f'stature must be {low} to {high} m or NaN, not {stature:g}'
        else:
            processor = self._processor
            self._worker.post(lambda: processor.set_stature(person_id, stature))
            response.success = True
            response.message = f'stature of person {person_id} is ' + (
                'estimated again' if math.isnan(stature) else f'{stature:.3f} m')
        return response

    # Health

    def _publish_diagnostics(self) -> None:
        if self._is_active and self._watchdog is not None and self._inputs:
            self._watchdog.check(self._inputs[0].topic_name)
        self._problems.settle()
        worker = self._worker
        values = self._statistics.values(
            worker.received if worker else 0, worker.dropped if worker else 0, time.monotonic())
        settings = read_settings(self)
        values |= {'detector': settings.detector, 'lifter': settings.lifter,
                   'state': 'active' if self._is_active else 'inactive'}
        status = make_status(
            f'{self.get_fully_qualified_name().lstrip("/")}: skeletons', self._camera_frame,
            self._problems.present(), values, fine='working' if self._is_active else 'inactive')
        self._diagnostics.publish(make_diagnostics(self.get_clock().now().to_msg(), [status]))
