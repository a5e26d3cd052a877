# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Start the lifter node, and RViz where wanted."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch.action import Action
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchContext, LaunchDescription

# Arguments that become parameters where they are given; where they are not, the parameter file and
# the node's defaults hold. The types are those that the node declares.
PARAMETER_ARGUMENTS = {
    'world_frame': (str, 'z-up TF frame in which the skeletons are given'),
    'floor_height': (float, 'height of the floor in world_frame [m]'),
    'image_transport': (str, 'raw or compressed'),
    'detector': (str, 'mediapipe, blazepose, onnx, or external (2D keypoints from a topic)'),
    'lifter': (str, 'diffusion or geometric'),
    'frame_prefix': (str, 'put before person_<id> in the names of TF frames'),
    'autostart': (bool, 'false where a lifecycle manager configures and activates the node'),
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; the node is built when their values are known."""
    share = Path(get_package_share_directory('mocap23_ros'))
    arguments = [
        DeclareLaunchArgument(
            'image', default_value='image', description='image topic, without /compressed'),
        DeclareLaunchArgument(
            'camera_info', default_value='',
            description='CameraInfo topic; empty: camera_info beside the image'),
        DeclareLaunchArgument(
            'keypoints', default_value='keypoints_2d_in',
            description='2D keypoints topic for detector:=external'),
        DeclareLaunchArgument(
            'params_file', default_value=str(share / 'config' / 'lifter.yaml'),
            description='parameter file, keyed /** so that it holds whatever the node is called'),
        DeclareLaunchArgument('namespace', default_value='', description='namespace of the node'),
        DeclareLaunchArgument('name', default_value='lifter_node', description='name of the node'),
        DeclareLaunchArgument(
            'use_sim_time', default_value='false', choices=['true', 'false'],
            description='take the time from /clock (simulation, bags)'),
        DeclareLaunchArgument(
            'respawn', default_value='false', choices=['true', 'false'],
            description='start the node again when it ends'),
        DeclareLaunchArgument(
            'log_level', default_value='info', choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='log level of the node'),
        DeclareLaunchArgument(
            'rviz', default_value='false', choices=['true', 'false'],
            description='show markers and TF in RViz'),
    ]
    arguments += [
        DeclareLaunchArgument(
            name, default_value='', description=f'{text}; empty: as the parameter file says')
        for name, (_, text) in PARAMETER_ARGUMENTS.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=_nodes)])


def _nodes(context: LaunchContext) -> list[Action]:
    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    parameters: dict[str, object] = {'use_sim_time': value('use_sim_time') == 'true'}
    for name, (value_type, _) in PARAMETER_ARGUMENTS.items():
        if value(name):
            # Without its type, a frame called 5 would reach the node as a number.
            parameters[name] = ParameterValue(
                _parse(name, value(name), value_type), value_type=value_type)
    remappings = [('image', value('image')), ('keypoints_2d_in', value('keypoints'))]
    if value('camera_info'):
        remappings.append(('camera_info', value('camera_info')))
    lifter = Node(
        package='mocap23_ros', executable='lifter_node', name=value('name'),
        namespace=value('namespace'), output='screen', emulate_tty=True,
        parameters=[value('params_file'), parameters],
        remappings=[(old, new) for old, new in remappings if old != new],
        arguments=['--ros-args', '--log-level', value('log_level')],
        respawn=value('respawn') == 'true', respawn_delay=2.0)
    if value('rviz') == 'false':
        return [lifter]
    rviz_config = Path(get_package_share_directory('mocap23_ros')) / 'rviz' / 'mocap23.rviz'
    fixed_frame = ['-f', value('world_frame')] if value('world_frame') else []
    rviz = Node(
        package='rviz2', executable='rviz2', name='mocap23_rviz', namespace=value('namespace'),
        arguments=['-d', str(rviz_config), *fixed_frame],
        parameters=[{'use_sim_time': value('use_sim_time') == 'true'}],
        remappings=[('image', value('image'))] if value('image') != 'image' else [])
    return [lifter, rviz]


def _parse(name: str, text: str, value_type: type) -> object:
    if value_type is bool:
        if text.lower() not in ('true', 'false'):
            raise ValueError(f'launch argument {name} must be true or false, not "{text}"')
        return text.lower() == 'true'
    try:
        return value_type(text)
    except ValueError:
        raise ValueError(f'launch argument {name} must be a number, not "{text}"') from None
