# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Play a bag and lift what it shows, in the time of the bag."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch.action import Action
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from launch import LaunchContext, LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments of the bag; those of lifter.launch.py may be given as well."""
    lifter = Path(get_package_share_directory('mocap23_ros')) / 'launch' / 'lifter.launch.py'
    return LaunchDescription([
        DeclareLaunchArgument('bag', description='folder or file of the bag'),
        DeclareLaunchArgument('rate', default_value='1.0', description='speed of the playback'),
        DeclareLaunchArgument(
            'delay', default_value='3.0',
            description='seconds before the first message, so that the node is ready for it'),
        DeclareLaunchArgument(
            'loop', default_value='false', choices=['true', 'false'],
            description='play again and again; the node begins anew each time'),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(lifter)),
            launch_arguments={'use_sim_time': 'true'}.items()),
        OpaqueFunction(function=_player),
    ])


def _player(context: LaunchContext) -> list[Action]:
    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    command = ['ros2', 'bag', 'play', value('bag'), '--clock', '--rate', value('rate'),
               '--delay', value('delay')]
    if value('loop') == 'true':
        command.append('--loop')
    return [ExecuteProcess(cmd=command, output='screen')]
