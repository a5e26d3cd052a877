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
from launch.logging import get_logger

from launch import LaunchDescription, LaunchService
from mocap23_ros.ros.parameter_entries import parameter_table

LAUNCH = Path(__file__).parents[2] / 'launch'
REQUIRED = {'image', 'camera_info', 'keypoints', 'params_file', 'namespace', 'name', 'use_sim_time',
            'respawn', 'rviz', 'log_level', *(entry.name for entry in parameter_table())}


@pytest.fixture(autouse=True)
def installed():
    try:
        get_package_share_directory('mocap23_ros')
    except PackageNotFoundError:
        pytest.skip('mocap23_ros is not built: launch cannot find its executable')


@pytest.mark.parametrize(('name', 'expected'), [
    ('lifter.launch.py', REQUIRED), ('cameras.launch.py', {'cameras', 'image', 'namespace'}),
    ('replay.launch.py', REQUIRED | {'bag', 'loop'})])
def test_arguments_are_declared_and_described(name, expected):
    description = get_launch_description_from_python_launch_file(str(LAUNCH / name))
    arguments = {argument.name: argument for argument in description.get_launch_arguments()}
    assert expected <= set(arguments)
    assert all(argument.description for argument in arguments.values())


def run(file='lifter.launch.py', /, **arguments):
    """Launch until every node is active or one ends; returns what they said and exit statuses."""
    output, status = [], []
    nodes = len(arguments.get('cameras', 'one').split())

    def hear(event):
        output.append(event.text.decode())
        done = ''.join(output).count('active: waiting') >= nodes
        return [EmitEvent(event=Shutdown())] if done else []

    include = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(LAUNCH / file)),
        launch_arguments=[(key, str(value)) for key, value in arguments.items()])

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
        keypoints='/det/people', camera_info='/cam/info', use_sim_time='True', max_people=2,
        publish_tf='False')
    assert '[robot.eyes]' in output and 'world frame "5"' in output
    assert 'active: waiting for /det/people' in output
    assert status == [0]


def test_each_camera_has_a_node_in_its_namespace():
    output, status = run(
        'cameras.launch.py', cameras='front rear', namespace='robot', lifter='geometric',
        detector='external', keypoints='/detector/{camera}/people', world_frame='odom')
    for camera in ('front', 'rear'):
        assert f'[robot.{camera}.lifter_node]: active: waiting for /detector/{camera}/pe' in output
    assert output.count('world frame "odom"') == 2
    assert status == [0, 0]


def test_a_node_that_cannot_start_says_why():
    output, status = run(detector='onnx', detector_model='absent.onnx')
    assert 'cannot configure: ' in output
    assert status == [1]


def is_installed(package):
    try:
        get_package_share_directory(package)
    except PackageNotFoundError:
        return False
    return True


@pytest.mark.parametrize(('file', 'arguments', 'reason'), [
    ('lifter.launch.py', {'params_file': '/absent.yaml'}, 'params_file:=/absent.yaml does not'),
    ('lifter.launch.py', {'detector': 'openpose'}, "'onnx', 'external'"),
    ('lifter.launch.py', {'max_people': 'two'}, 'max_people must be a whole number, not "two"'),
    ('lifter.launch.py', {'floor_height': 'low'}, 'floor_height must be a number, not "low"'),
    ('lifter.launch.py', {'use_sim_time': '1'}, "'true', 'false', 'True', 'False'"),
    pytest.param('lifter.launch.py', {'rviz': 'True'}, 'ros-$ROS_DISTRO-rviz2',
                 marks=pytest.mark.skipif(is_installed('rviz2'), reason='rviz2 is installed')),
    ('cameras.launch.py', {'cameras': 'front front'}, 'cameras must be different names'),
    ('cameras.launch.py', {'cameras': 'front rear', 'image': '/image'}, 'the same for all cameras'),
    ('replay.launch.py', {'bag': '/absent'}, 'bag:=/absent does not exist'),
    ('replay.launch.py', {'bag': '/tmp', 'rate': 'fast'}, 'rate must be a number, not "fast"'),
    ('replay.launch.py', {'bag': '/tmp', 'rate': '0'}, 'rate must be positive, not 0'),
    ('replay.launch.py', {'bag': '/tmp', 'delay': '-1'}, 'delay must be positive, not -1'),
])
def test_what_cannot_be_launched_starts_nothing(caplog, file, arguments, reason):
    get_logger('launch').addHandler(caplog.handler)  # it hands nothing on to the root
    output, status = run(file, **arguments)
    assert output == '' and status == [], 'no process was started'
    assert reason in caplog.text
