# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The evaluate and draw-samples commands as a user runs them."""

import json

import numpy as np
import pytest
from documentation_pages import documented
from refusals import refused
from synthetic_people import walking_person

from mocap23_ros.cli.main import main
from mocap23_ros.datasets.evaluation_sets import EVALUATION_SETS
from mocap23_ros.evaluation.metrics import REPORT_KEYS
from mocap23_ros.skeletons.formats import COCO17


def test_a_set_with_two_methods(data, tmp_path, capsys):
    out = tmp_path / 'out'
    assert main(['evaluate', '--set', 'e1_clean', '--methods', 'B0=geometric', 'optimisation',
                 '--sequences', '1', '--data', str(data), '--out', str(out)]) == 0
    printed = capsys.readouterr().out
    report = json.loads((out / 'report.json').read_text())
    assert set(report['methods']) == {'B0', 'optimisation'}
    for name, values in report['methods'].items():
        assert name in printed and set(REPORT_KEYS) <= set(values)
        assert 0 < values['mpjpe_mm'] < 400 and values['frames'] > 30
    assert report['methods']['optimisation']['coverage_95'] is None      # it states none
    assert {'by_distance', 'by_posture'} <= set(report['details']['B0'])
    assert (out / 'report.html').read_text().startswith('<!')


def test_files_against_their_truth(data, tmp_path, capsys):
    assert main([*documented('TROUBLESHOOTING.md', '--write-set', instead={
        'out/e1_noisy': tmp_path}), '--sequences', '2', '--data', str(data)]) == 0
    moved = tmp_path / 'moved'
    moved.mkdir()
    for file in (tmp_path / 'truth').glob('*.npz'):
        with np.load(file) as truth:
            np.savez(moved / file.name, joints=truth['joints'] + (0.1, 0, 0),
                     stamps=truth['stamps'])
    assert main(['evaluate', '--pred', f'shifted={moved}', '--pred', f'same={tmp_path / "truth"}',
                 '--truth', str(tmp_path / 'truth'), '--out', str(tmp_path / 'report')]) == 0
    methods = json.loads((tmp_path / 'report' / 'report.json').read_text())['methods']
    assert methods['shifted']['abs_mpjpe_mm'] == pytest.approx(100, abs=0.1)
    assert methods['shifted']['mpjpe_mm'] == pytest.approx(0, abs=0.1)
    assert methods['same']['abs_mpjpe_mm'] == pytest.approx(0, abs=1e-3)
    assert methods['shifted']['limit_ratio'] > 0.2


@pytest.mark.parametrize('words, message', [
    (['--set', 'e7'], 'choose from e1_clean'), (['--set', 'e1_clean', '--sequences', '0'], '1 or'),
    (['--set', 'e1_clean', '--methods', 'magic'], 'no method magic'),
    (['--set', 'e1_clean', '--methods', 'weights:absent.safetensors'], 'no such weights file'),
    (['--pred', 'a.npz'], '--truth is missing'),
    (['--pred', 'absent.npz', '--truth', 'absent.npz'], 'no such file'),
    (['--bag', 'absent', '--truth', 'absent.npz'], 'no such bag'),
    (['--set', 'e1_clean', '--lag', '100'], '--lag 100: give 0 to 60'),
    (['--set', 'e1_clean', '--truth', 'absent.npz'], '--truth goes with --pred or --bag'),
    (['--set', 'e1_clean', '--topic', '/a'], '--topic goes with --bag'),
    (['--bag', 'absent', '--methods', 'geometric'], '--methods goes with --set'),
    (['--bags', 'absent', '--mode', 'offline'], '--mode goes with --set'),
    (['--pred', 'a.npz', '--truth', 'b.npz', '--lag', '3'], '--lag goes with --set and --bag'),
    (['--set', 'e1_clean', '--methods', 'a=geometric', 'a=optimisation'],
     'two methods are called a'),
    (['--pred', 'a.npz', '--pred', 'b/a.npz', '--truth', 'absent.npz'],
     'two predictions are called a'),
])
def test_mistakes_are_one_line_and_exit_2(words, message, data, tmp_path, capsys):
    out = tmp_path / 'out'
    refused(main(['evaluate', *words, '--data', str(data), '--out', str(out)]), capsys, message)
    assert not out.exists()


def write_motion(path, names=COCO17.joint_names, delay=0.0, frames=slice(None), **changes):
    """A walking person [40 frames at 20 Hz] whose joints are named, in the order of the names."""
    stamps = np.arange(40) / 20
    joints = walking_person(stamps, (4, 0))[:, None]
    order = [COCO17.joint_names.index(name) if name in COCO17.joint_names else 0 for name in names]
    np.savez(path, **({'joints': joints[frames][:, :, order], 'stamps': stamps[frames] + delay,
                       'joint_names': np.array(names)} | changes))
    return str(path)


def evaluate(tmp_path, pred, truth, *more):
    status = main(['evaluate', '--pred', pred, '--truth', truth, '--out', str(tmp_path / 'out'),
                   *more])
    report = tmp_path / 'out' / 'report.json'
    return status, json.loads(report.read_text()) if report.exists() else None


def test_joints_meet_by_name(tmp_path):
    truth = write_motion(tmp_path / 'truth.npz')
    mixed = ('neck', *reversed(COCO17.joint_names))
    pred = write_motion(tmp_path / 'pred.npz', mixed, covariance=np.broadcast_to(
        np.eye(3) * 1e-4, (40, 1, 18, 3, 3)))
    status, report = evaluate(tmp_path, pred, truth)
    assert status == 0
    assert report['methods']['pred']['abs_mpjpe_mm'] == pytest.approx(0, abs=1e-6)
    assert report['methods']['pred']['coverage_95'] == 1


@pytest.mark.parametrize(('names', 'words'), [
    ([f'joint_{i}' for i in range(17)], 'joint_names has no nose'),
    (['nose'] * 17, 'holds a name twice'), (COCO17.joint_names[:16], 'joint_names is')])
def test_other_joints_are_refused(tmp_path, names, words, capsys):
    truth = write_motion(tmp_path / 'truth.npz')
    with np.load(truth) as known:
        np.savez(tmp_path / 'pred.npz', joints=known['joints'], stamps=known['stamps'],
                 joint_names=np.array(names))
    status, report = evaluate(tmp_path, str(tmp_path / 'pred.npz'), truth)
    error = capsys.readouterr().err
    assert status == 2 and report is None
    assert words in error and 'pred.npz' in error and error.count('\n') == 1


def test_recordings_of_other_times_are_refused(tmp_path, capsys):
    truth = write_motion(tmp_path / 'truth.npz')
    status, report = evaluate(tmp_path, write_motion(tmp_path / 'pred.npz', delay=100), truth)
    error = capsys.readouterr().err
    assert status == 2 and report is None and error.count('\n') == 1
    assert 'its stamps are 100.000 to 101.950 s, those of the truth 0.000 to 1.950 s' in error


def test_frames_without_an_estimate_are_told_in_one_line(tmp_path, capsys):
    truth = write_motion(tmp_path / 'truth.npz')
    status, report = evaluate(tmp_path, write_motion(tmp_path / 'same.npz', delay=0.02), truth)
    assert status == 0 and not capsys.readouterr().err and report['notes'] == []
    pred = write_motion(tmp_path / 'pred.npz', frames=slice(0, 30))
    status, report = evaluate(tmp_path, pred, truth)
    error = capsys.readouterr().err
    note = 'pred: 10 of 40 frames of the truth have no estimate within half a frame; the largest ' \
           'offset is 0.5 s'
    assert status == 0 and error == f'mocap23 evaluate: {note}\n' and report['notes'] == [note]
    assert report['methods']['pred']['frames'] == 30


def test_a_truth_with_holes_is_compared_and_an_empty_one_refused(tmp_path, capsys):
    pred = write_motion(tmp_path / 'pred.npz')
    joints = walking_person(np.arange(40) / 20, (4, 0))[:, None]
    joints[:, :, 3] = np.nan  # never whole
    truth = write_motion(tmp_path / 'truth.npz', joints=joints)
    status, report = evaluate(tmp_path, pred, truth)
    assert status == 0 and report['methods']['pred']['frames'] == 40
    truth = write_motion(tmp_path / 'empty.npz', joints=joints * np.nan)
    status, _ = evaluate(tmp_path, pred, truth)
    error = capsys.readouterr().err
    assert status == 2 and 'no joint of the truth is known' in error and error.count('\n') == 1


def test_help_and_errors_name_the_same_sets(capsys):
    with pytest.raises(SystemExit):
        main(['evaluate', '--help'])
    shown = ' '.join(capsys.readouterr().out.split())
    main(['evaluate', '--set', 'none'])
    error = capsys.readouterr().err
    for name in EVALUATION_SETS:
        assert name in shown and name in error
    assert 'calibration (sets the uncertainty; not for figures)' in shown


def test_drawn_samples(data, tmp_path, capsys):
    import cv2

    picture = tmp_path / 'samples.png'
    assert main(['draw-samples', '--out', str(picture), '--count', '4', '--data', str(data),
                 '--source', 'cmu']) == 0
    image = cv2.imread(str(picture))
    assert image.shape[:2] == (600, 1800)
    assert (image < 250).any(axis=2).mean() > 0.01         # something is drawn
    assert list(tmp_path.iterdir()) == [picture]
    for words, message in ((['--count', '0'], '--count 0: give 1 to 64'),
                           (['--out', 'x.gif'], '.png'), (['--preset', 'foggy'], 'noisy'),
                           (['--seed', '-1'], '--seed -1: give 0 or more')):
        assert main(['draw-samples', '--data', str(data), *words]) == 2
        assert message in capsys.readouterr().err
