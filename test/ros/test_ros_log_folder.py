# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Log files are switched off where none can be written, and only there."""

import pytest

from mocap23_ros.ros.log_folder import without_log_files

ARGUMENTS = ['lifter_node', '--ros-args', '-p', 'lag:=1']


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in ('ROS_LOG_DIR', 'ROS_HOME', 'HOME'):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize('variables', [
    {'ROS_LOG_DIR': '/dev/null'}, {'ROS_LOG_DIR': '~/log'}, {'ROS_HOME': '/dev/null'},
    {'HOME': '/dev/null'}, {'HOME': ''}, {}])
def test_switched_off_with_the_mend(monkeypatch, capsys, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert without_log_files(ARGUMENTS) == [*ARGUMENTS, '--ros-args', '--disable-external-lib-logs']
    said = capsys.readouterr().err
    assert said.count('\n') == 1 and 'set ROS_LOG_DIR to a folder' in said


@pytest.mark.parametrize(('name', 'folder'), [
    ('ROS_LOG_DIR', '.'), ('ROS_HOME', 'log'), ('HOME', '.ros/log')])
def test_left_alone_where_the_folder_can_be_made(monkeypatch, capsys, tmp_path, name, folder):
    monkeypatch.setenv(name, str(tmp_path))
    assert without_log_files(ARGUMENTS) == ARGUMENTS
    assert not list((tmp_path / folder).iterdir()), 'the folder is made, and left empty'
    assert capsys.readouterr().err == ''
