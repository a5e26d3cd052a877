# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Building the message packages with colcon."""

import os
import shutil
from pathlib import Path

from command import run_quietly

_COMPILE_TOGETHER = Path(__file__).resolve().with_name('compile_together.cmake')


def interface_sources(folders):
    """Return every file that the build reads."""
    return [path for folder in folders for path in sorted(Path(folder).rglob('*'))
            if path.suffix in ('.msg', '.srv', '.action', '.xml')
            or path.name == 'CMakeLists.txt']


def build_interfaces(folders, *, environment_folder, install_folder, build_folder,
                     ros_installation=None):
    """Build message packages into one merged prefix, from nothing: half a build is never used."""
    environment = dict(os.environ)
    environment['PATH'] = f'{environment_folder}/bin{os.pathsep}{environment.get("PATH", "")}'
    environment.pop('COLCON_DEFAULTS_FILE', None)
    if not ros_installation:
        for name in ('PYTHONPATH', 'LD_LIBRARY_PATH', '_ROS_WHEELS_BOOTSTRAP_COMPLETE'):
            environment.pop(name, None)
        environment['AMENT_PREFIX_PATH'] = str(environment_folder)
        environment['CMAKE_PREFIX_PATH'] = str(environment_folder)
    for folder in (build_folder, install_folder):
        shutil.rmtree(folder, ignore_errors=True)
    Path(build_folder).mkdir(parents=True)
    command = [
        'colcon', '--log-base', Path(build_folder) / 'log', 'build', '--merge-install',
        '--build-base', Path(build_folder) / 'build', '--install-base', install_folder,
        '--base-paths', *folders, '--event-handlers', 'console_cohesion+',
        '--cmake-args', f'-DPython3_EXECUTABLE={environment_folder}/bin/python',
        '-DCMAKE_BUILD_TYPE=Release', '-DBUILD_TESTING=OFF']
    if not ros_installation:  # tried with the generators of PyPI's wheels alone
        command.append(f'-DCMAKE_PROJECT_INCLUDE={_COMPILE_TOGETHER}')
    run_quietly(command, environment=environment, directory=build_folder,
                failure='colcon could not build the message packages (see the lines above)')
    shutil.rmtree(build_folder, ignore_errors=True)
