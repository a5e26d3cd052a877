# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Many bags: what is done stays done, what fails stops nothing, shards make the whole."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import bag_examples as bags
import pytest
from documentation_pages import documented

from mocap23_ros.cli.main import main
from mocap23_ros.evaluation.recording_batch import (
    Manifest,
    Outcomes,
    find_recordings,
    make_jobs,
    run_batch,
)
from mocap23_ros.evaluation.recording_evaluation import Configuration, evaluate_recording
from mocap23_ros.evaluation.report import document_problems
from mocap23_ros.ros.settings import Settings

parquet = pytest.importorskip('pyarrow.parquet')


@pytest.fixture
def folder(tmp_path):
    """Two bags, one in a folder of its own, and one that cannot be used."""
    store = tmp_path / 'store'
    first = bags.write(store / 'monday' / 'a', [*bags.camera_messages(),
                                                *bags.keypoint_messages(25)])
    shutil.copytree(first, store / 'b')
    bags.write(store / 'c', list(bags.keypoint_messages(2)))
    return store


def evaluate(folder, out, *words):
    command = documented('EVALUATE.md', '--bags FOLDER', instead={
        'FOLDER': folder, 'DIR': out, '8': 1})
    return main([*command, '--with', 'flat:lifter=geometric', *words])


def test_a_folder_of_bags(folder, tmp_path, capsys):
    out = tmp_path / 'out'
    assert evaluate(folder, out) == 1
    said = capsys.readouterr().err
    assert f'failed: {folder / "c"} (flat)' in said and 'CameraInfo' in said
    rows = parquet.read_table(out / 'rows.parquet').to_pylist()
    assert [row['recording'] for row in rows] == [str(folder / 'b'), str(folder / 'monday' / 'a')]
    assert rows[0]['people'] == 2 and rows[0]['mpjpe_mm'] is None
    assert rows[0]['reprojection_px'] == rows[1]['reprojection_px']
    document = json.loads((out / 'report.json').read_text())
    assert not document_problems(document) and len(document['failures']) == 1
    assert document['recordings']['flat']['recordings'] == 2
    assert '## 1 failed' in (out / 'report.md').read_text()

    # A killed run goes on: one row is whole, the other was being written.
    lines = (out / 'rows.jsonl').read_bytes().splitlines(keepends=True)
    (out / 'rows.jsonl').write_bytes(lines[0] + lines[1][:40])
    table = (out / 'rows.parquet').read_bytes()
    shutil.rmtree(folder / 'c')
    assert evaluate(folder, out) == 0
    assert '2 recordings: 1 to do, 1 are done' in capsys.readouterr().err
    assert (out / 'rows.parquet').read_bytes() == table
    assert (out / 'rows.jsonl').read_bytes() == b''.join(lines)


def test_shards_make_the_whole(tmp_path):
    paths = [tmp_path / f'{i}.mcap' for i in range(7)]
    configurations = [Configuration('a'), Configuration('b', Settings(lag=3))]
    jobs = make_jobs(paths, configurations)
    parts = [make_jobs(paths, configurations, (i, 3)) for i in (1, 2, 3)]
    assert sorted(job.key for part in parts for job in part) == sorted(job.key for job in jobs)
    assert len({job.key for job in jobs}) == 14


@pytest.mark.parametrize('named', [
    lambda file: Configuration(settings=Settings(camera_file=str(file))),
    lambda file: Configuration(tf_bags=(file.parent,)),
    lambda file: Configuration(truth_mapping=str(file))])
def test_what_files_of_the_configuration_hold_counts(tmp_path, named):
    file = tmp_path / 'tf' / 'file'
    file.parent.mkdir()
    keys = set()
    for text in ('some', 'other text'):
        file.write_text(text)
        keys |= {job.key for job in make_jobs([tmp_path / 'a.mcap'], [named(file)])}
    assert len(keys) == 2


def test_lists_and_wrong_places(tmp_path, capsys):
    (tmp_path / 'list.txt').write_text('# bags\na\n\n# /store/left_out\nsub/b.mcap\na\n')
    assert find_recordings(tmp_path / 'list.txt') == [tmp_path / 'a', tmp_path / 'sub' / 'b.mcap']
    (tmp_path / 'empty').mkdir()
    for words, message in (([], 'holds no bags'), (['--shard', '3/2'], 'write I/N'),
                           (['--workers', '0'], 'give 1 to 1024'),
                           (['--truth', 'x.npz'], '--truth-topic')):
        assert evaluate(tmp_path / 'empty', tmp_path / 'out', *words) == 2
        assert message in capsys.readouterr().err


def stub(path, configuration):
    """Stands for an evaluation whose process may be killed."""
    if path.name == 'killer':
        os._exit(9)
    if path.name == 'faulty':
        raise RuntimeError('a fault')
    if path.name == 'sleeper':
        path.with_name('pid').write_text(str(os.getpid()))
        time.sleep(300)
    return {'recording': str(path)}


def test_a_process_that_dies_costs_its_recording_only(tmp_path):
    names = ['a', 'killer', 'b', 'faulty', 'c']
    outcomes = run_batch(make_jobs([tmp_path / name for name in names], [Configuration()]),
                         Manifest(tmp_path / 'rows.jsonl'), 2, lambda outcome: None, stub)
    assert [o.row is not None for o in outcomes] == [True, False, True, False, True]
    assert 'its process died' in outcomes[1].failure
    assert outcomes[3].failure == 'RuntimeError: a fault'


def test_models_are_loaded_for_one_configuration_after_the_other(tmp_path):
    jobs = make_jobs([tmp_path / 'a', tmp_path / 'b'], [Configuration('x'), Configuration('y')])
    waiting = Outcomes(jobs, Manifest(tmp_path / 'rows.jsonl'), print).open_jobs()
    assert [job.configuration.name for job in waiting] == ['x', 'x', 'y', 'y']


def is_running(pid):
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


def wait_until(condition):
    deadline = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_processes_end_with_a_command_that_is_killed(tmp_path):
    code = ('import sys; from pathlib import Path; from test_recording_batch import *\n'
            'jobs = make_jobs([Path(sys.argv[1], "sleeper")], [Configuration()])\n'
            'run_batch(jobs, Manifest(Path(sys.argv[1], "rows.jsonl")), 1, print, stub)')
    command = subprocess.Popen([sys.executable, '-c', code, tmp_path],
                               env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)})
    pid = tmp_path / 'pid'
    wait_until(lambda: pid.exists() and pid.read_text())
    assert is_running(pid.read_text())
    command.kill()
    command.wait()
    wait_until(lambda: not is_running(pid.read_text()))


def test_rows_depend_on_recording_and_configuration_alone(folder):
    settings = Settings(lifter='geometric')
    row = evaluate_recording(folder / 'b', Configuration('x', settings))
    evaluate_recording(folder / 'b', Configuration('y', Settings(lifter='geometric', lag=4)))
    assert evaluate_recording(folder / 'b', Configuration('x', settings)) == row
