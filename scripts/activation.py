# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The environment file: the one place that says what a shell needs to run mocap23."""

import os
import shlex
from pathlib import Path


def environment_variables(root, environment_folder, python_version, ros_installation):
    """Return ({name: value}, {name: [folders to put in front]}) for a shell.

    With the wheels every ROS variable is replaced, so that nothing of a half-sourced installation
    gets in; over an installation they are extended.
    """
    site_packages = f'lib/python{python_version}/site-packages'
    interfaces = [environment_folder / 'interfaces']
    if (environment_folder / 'test_interfaces').exists():
        interfaces.append(environment_folder / 'test_interfaces')
    values = {'VIRTUAL_ENV': str(environment_folder)}
    in_front = {'PATH': [environment_folder / 'bin']}
    # Debian's Python may install below local/lib and dist-packages.
    python_path = [path for folder in interfaces for path in sorted(folder.glob('**/*-packages'))
                   if path.name in ('site-packages', 'dist-packages')]
    python_path += [environment_folder / 'stand_ins']
    libraries = [folder / 'lib' for folder in interfaces]
    if ros_installation:
        in_front['AMENT_PREFIX_PATH'] = interfaces
        in_front['PYTHONPATH'] = [*python_path, root]
    else:
        wheels = sorted((environment_folder / site_packages).glob('ros_*.libs'))
        libraries += [environment_folder / 'lib', *wheels]
        values['AMENT_PREFIX_PATH'] = _joined([*interfaces, environment_folder])
        values['PYTHONPATH'] = _joined([*python_path, root])
        # Only this middleware comes with the wheels.
        values['RMW_IMPLEMENTATION'] = 'rmw_fastrtps_cpp'
        # The library path below is complete: the wheels need not start Python a second time.
        values['_ROS_WHEELS_BOOTSTRAP_COMPLETE'] = '1'
    in_front['LD_LIBRARY_PATH'] = libraries
    return values, in_front


def _joined(folders):
    return os.pathsep.join(str(folder) for folder in folders)


def process_environment(values, in_front):
    """Return a copy of this process's environment with the variables applied."""
    environment = dict(os.environ, **values)
    for name, folders in in_front.items():
        rest = environment.get(name)
        environment[name] = _joined(folders) + (os.pathsep + rest if rest else '')
    environment.pop('PYTHONHOME', None)
    return environment


def write_activation(path, values, in_front):
    """Write a file for `.` in any POSIX shell."""
    lines = ['# Written by the set-up. Use it with:  . ' + shlex.quote(str(path)),
             'unset PYTHONHOME']
    lines += [f'export {name}={shlex.quote(value)}' for name, value in sorted(values.items())]
    for name, folders in sorted(in_front.items()):
        front = shlex.quote(_joined(folders))
        lines.append(f'export {name}={front}"${{{name}:+:${name}}}"')
    temporary = Path(f'{path}.{os.getpid()}')
    temporary.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    os.replace(temporary, path)
