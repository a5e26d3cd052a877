# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The managed node: images, CameraInfo and TF in, skeletons of the world out."""

import math
import time
from collections import deque
from typing import Any

import tf2_ros
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_msgs.msg import Header

from mocap23_msgs.srv import Reset, SetStature
from mocap23_ros.errors import InputError
from mocap23_ros.ros.diagnostics import make_status
from mocap23_ros.ros.health import NodeHangsError
from mocap23_ros.ros.lifecycle_requests import refuse_impossible_transitions
from mocap23_ros.ros.parameters import declare_parameters, read_settings
from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.ros.session import Session
from mocap23_ros.ros.transforms import transform_memory

NODE_NAME = 'lifter_node'
LEAPS, LEAPS_WITHIN = 4, 5.0  # more often in so many seconds than any bag restarts


class LifterNode(LifecycleNode):
    """Thin: transitions make, start, stop and close a session, which does the work.

    Raises InputError where a parameter given at start cannot be used.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        refuse_impossible_transitions(self)
        declare_parameters(self)
        self._problems = ProblemLog(self.get_logger(), time.monotonic)
        self._session: Session | None = None
        # One for the life of the node: each buffer of tf2_ros brings a service along.
        self._transforms = tf2_ros.Buffer(
            Duration(seconds=transform_memory(read_settings(self))), self)
        self._leaps: deque[float] = deque(maxlen=LEAPS)  # of the clock, back; steady seconds
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
        self._problems.forget_all()
        try:
            self._session = Session(self, self._transforms, self._problems)
        except (InputError, ImportError) as error:
            self.get_logger().error(f'cannot configure: {error}')
        except Exception as error:  # rclpy would swallow it without a word
            if self.context.ok():
                self.get_logger().error(f'cannot configure: {type(error).__name__}: {error}')
        else:
            settings = read_settings(self)
            self.get_logger().info(
                f'configured: detector {settings.detector}, lifter {settings.lifter}, world frame '
                f'"{settings.world_frame}"')
            return super().on_configure(state)
        return TransitionCallbackReturn.FAILURE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to take images."""
        assert self._session is not None
        try:
            self._session.start()
        except Exception as error:  # rclpy would swallow it without a word
            if self.context.ok():
                self.get_logger().error(f'cannot activate: {error}')
            return TransitionCallbackReturn.FAILURE
        self.get_logger().info(f'active: waiting for {self._session.input_topic}')
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop taking images and tell everybody that nobody is followed."""
        assert self._session is not None
        self._session.stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the models."""
        self._close_session()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free everything, from whatever state."""
        self._close_session()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to unconfigured after a transition failed half way."""
        return self.on_shutdown(state)

    def close(self) -> None:
        """Stop the worker and free the models; also after the context was shut down."""
        self._close_session()
        self._jump_handle.unregister()

    def _close_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _on_time_jump(self, jump: TimeJump) -> None:
        # Called with the clock locked: nothing slow here.
        if self._session is not None and self._session.is_active:
            self._session.forget_everybody()
            self._leaps.append(time.monotonic())
            if not self._clock_leaps():  # else it is a problem, which is logged once
                seconds = 1e-9 * jump.delta.nanoseconds
                self.get_logger().info(f'time jumped by {seconds:.3f} s: beginning anew')

    def _clock_leaps(self) -> bool:
        """Whether the clock leaps back again and again."""
        return len(self._leaps) == LEAPS and time.monotonic() - self._leaps[0] < LEAPS_WITHIN

    # Services

    def _on_reset(self, request: Reset.Request, response: Reset.Response) -> Reset.Response:
        if self._session is None or not self._session.is_active:
            response.message = 'the node is not active: nothing to forget'
            return response
        self._session.forget_everybody(restart_ids=True)
        response.success = True
        response.message = 'people, windows and transforms are forgotten'
        return response

    def _on_set_stature(
        self, request: SetStature.Request, response: SetStature.Response
    ) -> SetStature.Response:
        if self._session is None or not self._session.is_active:
            response.message = 'the node is not active'
            return response
        stature = float(request.stature)
        try:
            self._session.set_stature(int(request.id), stature)
        except InputError as error:
            response.message = str(error)
        else:
            response.success = True
            response.message = f'stature of person {request.id} is ' + (
                'estimated again' if math.isnan(stature) else f'{stature:.3f} m')
        return response

    # Health

    def _publish_diagnostics(self) -> None:
        """Judge and publish the health; raises NodeHangsError, which ends the node."""
        session, settings = self._session, read_settings(self)
        is_active = session is not None and session.is_active
        values = {'detector': settings.detector, 'lifter': settings.lifter,
                  'state': 'active' if is_active else 'inactive'}
        try:
            if session is not None:
                values = session.figures(time.monotonic()) | values
                self._problems.judge('clock leaps', (
                    'the clock leaps back again and again, and everybody is forgotten each time: '
                    f'{self.count_publishers("/clock")} nodes publish /clock; stop all but one'
                    ) if self._clock_leaps() else '', Severity.ERROR)
                session.check()
        except NodeHangsError as error:
            self.get_logger().fatal(str(error))
            raise
        finally:
            self._problems.settle()
            status = make_status(
                f'{self.get_fully_qualified_name().lstrip("/")}: skeletons',
                (session.camera_frame if session is not None else '') or 'none',
                self._problems.present(), values, fine='working' if is_active else 'inactive')
            self._diagnostics.publish(DiagnosticArray(
                header=Header(stamp=self.get_clock().now().to_msg()), status=[status]))
