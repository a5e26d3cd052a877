# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Start a lifter node, a process of its own, for each of several cameras."""

import re
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch.action import Action
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource

from launch import LaunchContext, LaunchDescription

# Where a camera is one of several, its name stands in the value.
PER_CAMERA = ('image', 'camera_info', 'keypoints', 'camera_file', 'params_file')


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments of all cameras; those of lifter.launch.py may be given as well."""
    return LaunchDescription([
        DeclareLaunchArgument(
            'cameras', description='names of the cameras, separated by spaces; each is the '
            'namespace of a node'),
        DeclareLaunchArgument(
            'image', default_value='/{camera}/image_raw',
            description='image topic; {camera} stands for the name of each camera, here and in '
            'camera_info, keypoints, camera_file and params_file'),
        DeclareLaunchArgument('namespace', default_value='', description='before the names'),
        OpaqueFunction(function=_nodes),
    ])


def _nodes(context: LaunchContext) -> list[Action]:
    given = dict(context.launch_configurations)
    cameras = given['cameras'].replace(',', ' ').split()
    wrong = [name for name in cameras if not re.fullmatch(r'[A-Za-z_]\w*', name, re.ASCII)]
    if wrong or not cameras or len(set(cameras)) < len(cameras):
        raise RuntimeError('cameras must be different names of letters, digits and underscores, '
                           f'separated by spaces, not "{given["cameras"]}"')
    if len(cameras) > 1 and '{camera}' not in given['image'] and not given.get('keypoints'):
        raise RuntimeError(f'image:={given["image"]} is the same for all cameras; write {{camera}} '
                           'where their names differ')
    lifter = Path(get_package_share_directory('mocap23_ros')) / 'launch' / 'lifter.launch.py'
    return [
        GroupAction([IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(lifter)),
            launch_arguments={
                'namespace': '/'.join(filter(None, (given['namespace'], camera))),
                **{name: given[name].replace('{camera}', camera)
                   for name in PER_CAMERA if name in given}}.items())])
        for camera in cameras]
