# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Bad arguments of every command are one line on stderr and exit status 2."""

import os
import subprocess
import sys

import pytest

from mocap23_ros.cli.main import COMMANDS, main


@pytest.mark.parametrize(('words', 'start', 'message'), [
    ([], 'mocap23: ', 'COMMAND'),
    (['lfit'], 'mocap23: ', "invalid choice: 'lfit'"),
    (['--lag', '3', 'lift'], 'mocap23', ''),
    (['lift'], 'mocap23 lift: ', '--out'),
    (['lift', '--out', 'x'], 'mocap23 lift: ', '--keypoints --video'),
    (['lift', '--out'], 'mocap23 lift: ', 'expected one argument'),
    (['lift', '--keypoints', 'x', '--out', 'y', '--foo'], 'mocap23 lift: ', '--foo'),
    (['lift', '--keypoints', 'x', '--out', 'y', '--lag', 'two'], 'mocap23 lift: ', "'two'"),
    (['lift', '--keypoints', 'x', '--out', 'y', '--mode', 'z'], 'mocap23 lift: ', 'streaming'),
    (['lift', '--keypoints', 'x', '--out', 'y', '--backend', 'z'], 'mocap23 lift: ', 'torch'),
    (['lift', '--keypoints', 'x', '--video', 'y', '--out', 'z'], 'mocap23 lift: ', 'not allowed'),
    (['lift', '--keypoints', 'a\nb', '--out', 'y', '--tier', 'c\nd'], 'mocap23 lift: ', 'tier'),
    (['evaluate'], 'mocap23 evaluate: ', '--pred'),
    (['bench', '--backends', 'z'], 'mocap23 bench: ', 'tensorrt'),
    (['demo', '--rate', 'fast'], 'mocap23 demo: ', "'fast'"),
])
def test_bad_arguments_are_one_line(words, start, message, capsys):
    try:
        status = main(words)
    except SystemExit as error:
        status = error.code
    written = capsys.readouterr()
    assert status == 2 and not written.out
    assert written.err.startswith(start) and message in written.err
    assert written.err.count('\n') == 1 and written.err.endswith('\n')


@pytest.mark.parametrize('command', sorted(COMMANDS))
def test_unknown_options_name_the_command(command, capsys):
    with pytest.raises(SystemExit) as error:
        main([command, '--nonsense=3'])
    written = capsys.readouterr().err
    assert error.value.code == 2
    assert written.startswith(f'mocap23 {command}: ') and written.count('\n') == 1


def test_help_still_shows_the_usage(capsys):
    with pytest.raises(SystemExit) as error:
        main(['lift', '--help'])
    assert error.value.code == 0 and 'usage: mocap23 lift' in capsys.readouterr().out


@pytest.mark.parametrize('words', [
    ['evaluate', '--set', 'e1_clean'], ['demo'], ['bench'], ['train', 'pretrain'], ['ablate'],
    ['evaluate-steps'], ['draw-samples'], ['export']], ids=lambda words: words[0])
def test_results_in_an_impossible_place_are_refused_before_the_work(words, tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    assert main([*words, '--out', str(tmp_path / 'file' / 'out.png')]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f'mocap23 {words[0]}: ') and error.count('\n') == 1
    assert 'cannot be written (Not a directory)' in error or 'is not a folder' in error
    assert [path.name for path in tmp_path.iterdir()] == ['file']


@pytest.mark.skipif(os.cpu_count() == 1, reason='one core has no second thread')
@pytest.mark.parametrize('entry', ['mocap23_ros.cli.main', 'mocap23_ros.ros.run_node'])
def test_small_matrices_keep_no_second_core_busy(entry):
    code = f"""if True:
        import os
        from {entry} import main
        try:
            main(['--ros-args', '-p', 'nonsense'])  # ends at once
        except SystemExit:
            pass
        before = len(os.listdir('/proc/self/task'))
        import numpy, scipy.linalg
        print(len(os.listdir('/proc/self/task')) - before)"""
    environment = {name: value for name, value in os.environ.items() if 'NUM_THREADS' not in name}
    done = subprocess.run([sys.executable, '-c', code], env=environment, capture_output=True,
                          text=True, check=False)
    assert done.stdout == '0\n', done
