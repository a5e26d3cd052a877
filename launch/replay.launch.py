# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Play a bag and lift what it shows, in the time of the bag."""

import math
from pathlib import Path, PurePosixPath

from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)
from launch.action import Action
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PythonExpression

from launch import LaunchContext, LaunchDescription
from mocap23_ros.ros.bag_topics import topics_to_play


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments of the bag; those of lifter.launch.py may be given as well."""
    lifter = Path(get_package_share_directory('mocap23_ros')) / 'launch' / 'lifter.launch.py'
    # rosbag2 waits for the delay in every loop: silence of that length is no fault.
    patience = LaunchConfiguration(
        'input_timeout', default=PythonExpression([LaunchConfiguration('delay'), ' + 2.0']))
    return LaunchDescription([
        DeclareLaunchArgument('bag', description='folder or file of the bag'),
        DeclareLaunchArgument('rate', default_value='1.0', description='speed of the playback'),
        DeclareLaunchArgument(
            'delay', default_value='3.0',
            description='seconds before the first message, so that the node is ready for it'),
        DeclareLaunchArgument(
            'loop', default_value='false', choices=['true', 'false', 'True', 'False'],
            description='play again and again; the node begins anew each time'),
        OpaqueFunction(function=_check),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(lifter)),
            launch_arguments={'use_sim_time': 'true', 'input_timeout': patience}.items()),
        OpaqueFunction(function=_player),
    ])


def _check(context: LaunchContext) -> None:
    """Refuse before anything runs: launch would leave the node that it has started behind."""
    bag = Path(LaunchConfiguration('bag').perform(context)).expanduser()
    if not bag.exists():
        raise RuntimeError(f'bag:={bag} does not exist; give the folder or file of a bag')
    for name in ('rate', 'delay'):
        text = LaunchConfiguration(name).perform(context)
        try:
            number = float(text)
        except ValueError:
            raise RuntimeError(f'launch argument {name} must be a number, not "{text}"') from None
        if not (math.isfinite(number) and number >= 0 and (number or name == 'delay')):
            raise RuntimeError(f'launch argument {name} must be positive, not {text}')
    try:
        get_package_prefix('ros2bag')
    except PackageNotFoundError:
        raise RuntimeError(
            'replay needs the package ros2bag, which is not installed; install it with: '
            'sudo apt-get install ros-$ROS_DISTRO-ros2bag') from None


def _player(context: LaunchContext) -> list[Action]:
    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    bag = Path(value('bag')).expanduser()
    command = ['ros2', 'bag', 'play', str(bag), '--clock', '--rate', value('rate')]
    if float(value('delay')):  # rosbag2 takes no 0
        command += ['--delay', value('delay')]
    if value('loop').lower() == 'true':
        command.append('--loop')
    # What the node published when the bag was recorded would come between what it says now.
    keypoints = str(PurePosixPath('/', value('namespace'), value('keypoints')))
    topics = topics_to_play(bag, keypoints)
    if topics:
        command += ['--topics', *topics]
    return [ExecuteProcess(cmd=command, output='screen')]
