# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 package mocap23_ros (ament_python).

colcon evaluates this file when it lists packages: it imports nothing but setuptools and needs no
ROS environment.
"""

import os
from glob import glob

from setuptools import find_packages, setup

NAME = 'mocap23_ros'


def share(folder, *patterns):
    """Return the data_files entry of one folder, or nothing where it holds no such file."""
    files = sorted(path for pattern in patterns for path in glob(f'{folder}/{pattern}')
                   if os.path.isfile(path))
    return [(f'share/{NAME}/{folder}', files)] if files else []


setup(
    name=NAME,
    version='0.1.0',
    # By name: the repository's other top-level folders are no Python packages.
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    package_data={NAME: ['py.typed', '**/*.html', '**/*.js', '**/*.jinja', '**/*.j2',
                         '**/*.json', '**/*.yaml', '**/*.onnx']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml', 'LICENSE', 'NOTICE']),
        *share('launch', '*.launch.py'),
        *share('config', '*.yaml', '*.xml', '*.json'),
        *share('config/training', '*.yaml'),
        *share('rviz', '*.rviz'),
        *share('examples', '*.py'),
        # Engines themselves belong to one machine and are never shipped.
        *share('engines', '*.json', '*.yaml', '*.onnx'),
        *share('weights', '*'),
    ],
    python_requires='>=3.10',
    # The dependencies are in package.xml and requirements/run.txt, not here: in a ROS workspace
    # they come from rosdep.
    install_requires=['setuptools'],
    # colcon test runs pytest where it is named here, and nothing otherwise.
    extras_require={'test': ['pytest', 'pytest-timeout', 'hypothesis']},
    zip_safe=False,
    maintainer='The mocap23 authors',
    maintainer_email='mocap23@example.org',
    description='Metric 3D skeletons of people in the world of a robot, from one RGB camera.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'lifter_node = mocap23_ros.ros.run_node:main',
            'mocap23 = mocap23_ros.cli.main:main',
        ],
    },
)
