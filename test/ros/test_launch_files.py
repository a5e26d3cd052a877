# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files, where launch and the built package are there."""

from pathlib import Path

import pytest

pytest.importorskip('launch_ros', reason='launch is not on PyPI; a ROS installation has it')

from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_share_directory,
)
from launch.actions import (
    EmitEvent,
    IncludeLaunchDescription,
    RegisterEventHandler,
    TimerAction,
)
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.events import Shutdown
from launch.launch_description_sources import (
    PythonLaunchDescriptionSource,
    get_launch_description_from_python_launch_file,
)

from launch import LaunchDescription, LaunchService

LAUNCH = Path(__file__).parents[2] / 'launch'
REQUIRED = {'image', 'camera_info', 'world_frame', 'params_file', 'namespace', 'use_sim_time',
            'rviz', 'log_level', 'detector', 'lifter', 'floor_height'}


@pytest.fixture(autouse=True)
def installed():
    try:
        get_package_share_directory('mocap23_ros')
    except PackageNotFoundError:
        pytest.skip('mocap23_ros is not built: launch cannot find its executable')


@pytest.mark.parametrize(('name', 'expected'), [
    ('lifter.launch.py', REQUIRED), ('replay.launch.py', REQUIRED | {'bag', 'loop'})])
def test_arguments_are_declared_and_described(name, expected):
    description = get_launch_description_from_python_launch_file(str(LAUNCH / name))
    arguments = {argument.name: argument for argument in description.get_launch_arguments()}
    assert expected <= set(arguments)
    assert all(argument.description for argument in arguments.values())


def run(**arguments):
    """Launch until the node is active or ends; returns what it said and its exit status."""
    output, status = [], []

    def hear(event):
        output.append(event.text.decode())
        return [EmitEvent(event=Shutdown())] if 'active: waiting' in output[-1] else []

    include = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(LAUNCH / 'lifter.launch.py')),
        launch_arguments=[(name, str(value)) for name, value in arguments.items()])
    def end(event, context):
        status.append(event.returncode)
        return [EmitEvent(event=Shutdown())]

    service = LaunchService(noninteractive=True)
    service.include_launch_description(LaunchDescription([
        RegisterEventHandler(OnProcessIO(on_stdout=hear, on_stderr=hear)),
        RegisterEventHandler(OnProcessExit(on_exit=end)),
        TimerAction(period=80.0, actions=[EmitEvent(event=Shutdown(reason='too slow'))]),
        include]))
    service.run()
    return ''.join(output), status


def test_arguments_reach_the_node_with_their_types():
    output, status = run(
        namespace='robot', name='eyes', world_frame=5, floor_height=1, detector='external',
        keypoints='/det/people', camera_info='/cam/info')
    assert '[robot.eyes]' in output and 'world frame "5"' in output
    assert 'active: waiting for /det/people' in output
    assert status == [0]


def test_a_node_that_cannot_start_says_why():
    output, status = run(detector='openpose')
    assert 'one of mediapipe, blazepose, onnx, external' in output
    assert status == [1]
