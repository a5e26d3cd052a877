# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Start the lifter node, and RViz where wanted."""

from pathlib import Path

from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)
from launch.action import Action
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchContext, LaunchDescription
from mocap23_ros.ros.parameter_entries import (
    ParameterEntry,
    misspelt_parameters,
    parameter_table,
)

BOOLEANS = ['true', 'false', 'True', 'False']
PYTHON_TYPES = {'bool': bool, 'int': int, 'double': float, 'string': str}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; the node is built when their values are known.

    Every parameter of the node is an argument, too: where it is not given, the parameter file and
    the node's defaults hold.
    """
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
            'use_sim_time', default_value='false', choices=BOOLEANS,
            description='take the time from /clock (simulation, bags)'),
        DeclareLaunchArgument(
            'respawn', default_value='false', choices=BOOLEANS,
            description='start the node again when it ends'),
        DeclareLaunchArgument(
            'log_level', default_value='info', choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='log level of the node'),
        DeclareLaunchArgument(
            'rviz', default_value='false', choices=BOOLEANS,
            description='show markers and TF in RViz'),
    ]
    arguments += [_parameter_argument(entry) for entry in parameter_table()]
    return LaunchDescription([*arguments, OpaqueFunction(function=_nodes)])


def _parameter_argument(entry: ParameterEntry) -> DeclareLaunchArgument:
    choices = BOOLEANS if entry.type_name == 'bool' else list(entry.choices)
    text = f'{entry.description}; empty: as the parameter file says'
    if not choices:
        limits = f' ({entry.range_text})' if entry.range_text else ''
        return DeclareLaunchArgument(entry.name, default_value='', description=text + limits)
    return DeclareLaunchArgument(
        entry.name, default_value='', choices=['', *choices], description=text)


def _nodes(context: LaunchContext) -> list[Action]:
    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    params_file = Path(value('params_file')).expanduser()
    if not params_file.is_file():
        # launch only warns, and the node would run with its defaults.
        raise RuntimeError(f'params_file:={params_file} does not exist; give the path of a file')
    show = value('rviz').lower() == 'true'
    if show:
        _require('rviz2', 'rviz:=true')
    # launch takes whatever is given.
    for name, near in misspelt_parameters(context.launch_configurations).items():
        get_logger('mocap23_ros').warning(
            f'there is no launch argument {name}, and it has no effect; {near} may be meant')
    use_sim_time = value('use_sim_time').lower() == 'true'
    parameters: dict[str, object] = {'use_sim_time': use_sim_time}
    for entry in parameter_table():
        if value(entry.name):
            value_type = PYTHON_TYPES[entry.type_name]
            # Without its type, a frame called 5 would reach the node as a number.
            parameters[entry.name] = ParameterValue(
                _parse(entry.name, value(entry.name), value_type), value_type=value_type)
    remappings = [('image', value('image')), ('keypoints_2d_in', value('keypoints'))]
    if value('camera_info'):
        remappings.append(('camera_info', value('camera_info')))
    lifter = Node(
        package='mocap23_ros', executable='lifter_node', name=value('name'),
        namespace=value('namespace'), output='screen', emulate_tty=True,
        parameters=[str(params_file), parameters],
        remappings=[(old, new) for old, new in remappings if old != new],
        arguments=['--ros-args', '--log-level', value('log_level')],
        respawn=value('respawn').lower() == 'true', respawn_delay=2.0)
    if not show:
        return [lifter]
    rviz_config = Path(get_package_share_directory('mocap23_ros')) / 'rviz' / 'mocap23.rviz'
    fixed_frame = ['-f', value('world_frame')] if value('world_frame') else []
    rviz = Node(
        package='rviz2', executable='rviz2', name='mocap23_rviz', namespace=value('namespace'),
        arguments=['-d', str(rviz_config), *fixed_frame],
        parameters=[{'use_sim_time': use_sim_time}],
        remappings=[('image', value('image'))] if value('image') != 'image' else [])
    return [lifter, rviz]


def _require(package: str, why: str) -> None:
    """Refuse before anything runs: launch would leave the node that it has started behind."""
    try:
        get_package_prefix(package)
    except PackageNotFoundError:
        raise RuntimeError(
            f'{why} needs the package {package}, which is not installed; install it with: '
            f'sudo apt-get install ros-$ROS_DISTRO-{package}') from None


def _parse(name: str, text: str, value_type: type) -> object:
    if value_type is bool:
        return text.lower() == 'true'  # a choice of four, checked by launch
    try:
        return value_type(text)
    except ValueError:
        kind = 'a whole number' if value_type is int else 'a number'
        raise RuntimeError(f'launch argument {name} must be {kind}, not "{text}"') from None
