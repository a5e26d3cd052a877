# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of Rerun, read back with its own library."""

import bag_examples as bags
import numpy as np
import pytest
from recording_examples import FRAMES, POSE, K, recording

from mocap23_ros.cli.main import main
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.rerun_file import save_rerun
from mocap23_ros.skeletons.formats import OUTPUT19

pyarrow = pytest.importorskip('pyarrow')
rerun = pytest.importorskip('rerun', reason='rerun-sdk is an optional extra')


def columns(path, entity):
    """{component: rows} of an entity, in the order of time."""
    found = {}
    for chunk in rerun.chunk.RrdReader(path).stream():
        if chunk.entity_path == entity:
            batch = chunk.to_record_batch()
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                times = pyarrow.types.is_temporal(column.type)
                found.setdefault(name, []).extend(
                    (column.cast('int64') if times else column).to_pylist())  # ns
    return found


def test_a_lifted_recording_comes_back(tmp_path):
    source, target, view = (str(tmp_path / name) for name in ('in.npz', 'out.npz', 'view.rrd'))
    np.savez(source, **recording())
    assert main(['lift', '--keypoints', source, '--out', target, '--lifter', 'geometric',
                 '--rerun', view]) == 0
    joints = np.load(target)['joints']
    entities = {chunk.entity_path for chunk in rerun.chunk.RrdReader(view).stream()}
    for entity in ('/world', '/world/floor', '/world/lift/1/bones', '/world/lift/2/within_95',
                   '/world/camera', '/world/camera/image', '/world/camera/image/person_2'):
        assert entity in entities, entities
    shown = columns(view, '/world/lift/2/joints')
    points = np.array(shown['Points3D:positions'])
    np.testing.assert_allclose(points, joints[:, 1], atol=1e-6)
    np.testing.assert_allclose(1e-9 * np.array(shown['stamp']), recording()['stamps'], atol=1e-6)
    assert len(columns(view, '/world/lift/1/bones')['LineStrips3D:strips'][0]) == len(
        OUTPUT19.bones)
    pixels = np.array(columns(view, '/world/camera/image/person_1')['Points2D:positions'])
    np.testing.assert_allclose(pixels, recording()['keypoints'][:, 0, :, :2], atol=0.01)
    pinhole = columns(view, '/world/camera/image')['Pinhole:image_from_camera'][0]
    np.testing.assert_allclose(np.array(pinhole).reshape(3, 3).T, K)
    camera = columns(view, '/world/camera')
    np.testing.assert_allclose(camera['Transform3D:translation'][0], [POSE[:3, 3]], atol=1e-6)
    assert len(points) == FRAMES


def test_ellipsoids_hold_the_covariance_and_people_who_leave_are_cleared(tmp_path):
    motion = RecordedMotion.empty(np.arange(4.0), np.array([7]), OUTPUT19.joint_names)
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    motion.joints[:2] = 1.0
    motion.covariance[:2] = turn @ np.diag([0.01, 0.04, 0.09]) @ turn.T
    save_rerun(tmp_path / 'a.rrd', {'a name': motion})
    shown = columns(tmp_path / 'a.rrd', '/world/a\\ name/7/within_95')
    sizes, turns = (shown[f'Ellipsoids3D:{key}'] for key in ('half_sizes', 'quaternions'))
    assert [len(row) for row in sizes] == [19, 19, 0]
    from scipy.spatial.transform import Rotation
    axes = Rotation.from_quat(turns[0][3]).as_matrix() @ np.diag(sizes[0][3])
    np.testing.assert_allclose(axes @ axes.T, 7.815 * motion.covariance[0, 0, 3], rtol=1e-4,
                               atol=1e-6)


def test_bags_are_shown_too(tmp_path):
    bag = bags.write(tmp_path / 'walk', [*bags.camera_messages(), *bags.keypoint_messages(25)])
    assert main(['lift', '--bag', str(bag), '--out', str(tmp_path / 'o.npz'), '--lifter',
                 'geometric', '--rerun', str(tmp_path / 'lift.rrd')]) == 0
    points = columns(tmp_path / 'lift.rrd', '/world/lift/1/joints')['Points3D:positions']
    np.testing.assert_allclose(points[-1], np.load(tmp_path / 'o.npz')['joints'][-1, 0], atol=1e-5)
    assert main(['evaluate', '--bag', str(bag), '--out', str(tmp_path), '--with',
                 'a:lifter=geometric', '--with', 'b:lifter=geometric,lag=2', '--rerun',
                 str(tmp_path / 'both.rrd')]) == 0
    for name in 'ab':
        assert columns(tmp_path / 'both.rrd', f'/world/{name}/2/bones')
    assert columns(tmp_path / 'both.rrd', '/world/camera/image/person_1')


def test_what_cannot_be_written_is_one_line(tmp_path, capsys):
    source = str(tmp_path / 'in.npz')
    np.savez(source, **recording())
    command = ['lift', '--keypoints', source, '--out', str(tmp_path / 'o.npz'), '--rerun']
    assert main([*command, str(tmp_path / 'view.txt')]) == 2
    assert 'must be a file whose name ends in .rrd' in capsys.readouterr().err
    assert main([*command, '/proc/none/view.rrd']) == 2
    assert 'cannot be written' in capsys.readouterr().err
    assert main(['evaluate', '--set', 'e1_clean', '--rerun', 'x.rrd']) == 2
    assert '--rerun goes with --bag' in capsys.readouterr().err
