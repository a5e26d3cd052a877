# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 lift --bags``: a file for each bag, and a killed run goes on."""

import json
import shutil

import bag_examples as bags
import numpy as np
import pytest
from documentation_pages import documented
from refusals import refused

from mocap23_ros.cli.main import main


@pytest.fixture
def store(tmp_path):
    """Two bags of one name in folders of their own, and one that cannot be lifted."""
    store = tmp_path / 'store'
    first = bags.write(store / 'monday' / 'walk.1', [*bags.camera_messages(),
                                                     *bags.keypoint_messages(25)])
    shutil.copytree(first, store / 'tuesday' / 'walk.1')
    bags.write(store / 'blind', list(bags.keypoint_messages(2)))
    return store


def lift(store, out, *words):
    command = documented('LIFT.md', '--bags FOLDER --out')
    assert command == ['lift', '--bags', 'FOLDER', '--out', 'FOLDER']
    return main([*command[:2], str(store), '--out', str(out), '--lifter', 'geometric',
                 '--workers', '1', *map(str, words)])


def test_every_bag_becomes_the_file_that_it_would_be_alone(store, tmp_path, capsys):
    out = tmp_path / 'out'
    assert lift(store, out, '--save-keypoints', tmp_path / 'seen') == 1
    said = capsys.readouterr()
    assert f'failed: {store / "blind"}' in said.err and 'CameraInfo' in said.err
    assert '2 of 3 bags are lifted: 50 images, 4 people' in said.out
    assert main(['lift', '--bag', str(store / 'monday' / 'walk.1'), '--lifter', 'geometric',
                 '--out', str(tmp_path / 'alone.npz')]) == 0
    alone = np.load(tmp_path / 'alone.npz')
    for day in ('monday', 'tuesday'):
        with np.load(out / day / 'walk.1.npz') as motion:
            assert all(np.array_equal(motion[key], alone[key], equal_nan=key != 'joint_names')
                       for key in alone.files)
        with np.load(tmp_path / 'seen' / day / 'walk.1.npz') as seen:
            assert seen['keypoints'].shape[:2] == (25, 2)
    rows = [json.loads(line)['row'] for line in (out / 'lifted.jsonl').read_text().splitlines()]
    assert {row['images'] for row in rows} == {25}

    # What is there is not done again; what was deleted is.
    shutil.rmtree(store / 'blind')
    (out / 'monday' / 'walk.1.npz').unlink()
    kept = (out / 'tuesday' / 'walk.1.npz').stat().st_mtime_ns
    capsys.readouterr()
    assert lift(store, out, '--save-keypoints', tmp_path / 'seen') == 0
    assert '2 recordings: 1 to do, 1 are done' in capsys.readouterr().err
    assert (out / 'monday' / 'walk.1.npz').exists()
    assert (out / 'tuesday' / 'walk.1.npz').stat().st_mtime_ns == kept


def test_what_does_not_go_together_is_one_line(store, tmp_path, capsys):
    listed = tmp_path / 'elsewhere' / 'list.txt'
    listed.parent.mkdir()
    listed.write_text(f'{store / "monday" / "walk.1"}\n{store / "tuesday" / "walk.1"}\n')
    (tmp_path / 'file').write_text('')
    cases = [
        ((listed, tmp_path / 'out'), 'would both become walk.1.npz'),
        ((store, tmp_path / 'file'), 'with --bags it must be a folder'),
        ((store, tmp_path / 'out', '--bvh', tmp_path), '--bvh does not go with --bags'),
        ((store, tmp_path / 'out', '--mode', 'offline'), '--mode offline goes with'),
        ((store, tmp_path / 'out', '--shard', '3/2'), 'write I/N'),
        ((store, tmp_path / 'out', '--address', 'a:1'), '--address goes with --on ray'),
    ]
    for arguments, words in cases:
        refused(lift(*arguments), capsys, words)
    assert main(['lift', '--bag', str(store), '--on', 'ray', '--out', 'x.npz']) == 2
    assert '--on goes with --bags' in capsys.readouterr().err
