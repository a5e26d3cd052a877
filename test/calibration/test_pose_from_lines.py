# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Pitch, roll and height from vertical edges before cameras whose pose is known."""

import cv2
import numpy as np
import pytest
from documentation_pages import documented
from refusals import refused
from walkers import camera_above_floor

from mocap23_ros.calibration.pose_from_lines import LENGTH_SD, PLUMB_SD, pose_from_lines
from mocap23_ros.cli.main import main
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import CameraFile, load_camera_file, save_camera_file
from mocap23_ros.geometry.poses import invert_transform, transform_points

DISTORTION = (-0.12, 0.03, 0.001, -0.001, 0)
FEET = np.array([[4, -1.0, 0], [6, 1.6, 0], [5, 0.3, 0], [7, -2.0, 0]])  # m
TALL = 2.03  # m, a door


def edges(camera, pose, feet=FEET, tilt=None):
    """Pixels [N,2,2] of the feet and tops of edges, TALL; tilt: their lean [N,2] (rad)."""
    tops = feet + (0, 0, TALL)
    if tilt is not None:
        tops[:, :2] += TALL * tilt
    return camera.project(transform_points(invert_transform(pose),
                                           np.stack([feet, tops], axis=1)))


@pytest.mark.parametrize(('pitch', 'roll', 'height'), [
    (18, 2, 2.4), (0, 0, 1.5), (-6, -8, 0.6), (35, 5, 3.5)])
@pytest.mark.parametrize('known', ['camera_height', 'edge_height'])
def test_exact_lines_give_the_exact_pose(pitch, roll, height, known):
    camera, pose = camera_above_floor(height, pitch, roll, 500.0, distortion=DISTORTION)
    fit = pose_from_lines(edges(camera, pose), camera,
                          **{known: height if known == 'camera_height' else TALL})
    assert np.degrees([fit.pitch, fit.roll]) == pytest.approx([pitch, roll], abs=1e-4)
    assert fit.height == pytest.approx(height, abs=1e-5)
    assert fit.floor_T_camera == pytest.approx(pose, abs=1e-5)
    assert fit.error == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize('turned', [90, -90, 180])
def test_cameras_that_are_mounted_turned(turned):
    camera, pose = camera_above_floor(2.0, 8, turned + 4, 400.0, (900, 900))
    fit = pose_from_lines(edges(camera, pose), camera, edge_height=TALL,
                          turned=np.radians(turned))
    assert fit.floor_T_camera == pytest.approx(pose, abs=1e-5)
    with pytest.raises(InputError, match='--turned'):
        pose_from_lines(edges(camera, pose), camera, edge_height=TALL)


@pytest.mark.parametrize('count', [2, 4])
def test_covariance_holds_the_errors_of_marks_walls_and_lengths(count):
    rng = np.random.default_rng(count)
    squares, sds = [], []
    for _ in range(300):
        pitch, roll, height = rng.uniform(5, 25), rng.normal(0, 3), rng.uniform(1.8, 2.6)
        camera, pose = camera_above_floor(height, pitch, roll, 600.0, distortion=DISTORTION)
        seen = edges(camera, pose, FEET[:count], PLUMB_SD * rng.standard_normal((count, 2)))
        fit = pose_from_lines(seen + rng.standard_normal(seen.shape), camera,
                              edge_height=TALL + LENGTH_SD * rng.standard_normal())
        error = np.array([fit.pitch, fit.roll, fit.height]) - (*np.radians([pitch, roll]), height)
        squares.append(error @ np.linalg.solve(fit.covariance, error))
        sds.append(np.sqrt(np.diag(fit.covariance)) * (57.3, 57.3, 1))
    assert 0.6 < np.mean(squares) / 3 < 1.15
    assert 0.92 < np.mean(np.less(squares, 7.815)) < 0.995  # 95 % of three unknowns
    assert np.less(np.median(sds, axis=0), (1.2, 0.35, 0.1)).all()


def test_lines_that_fix_no_camera_are_refused():
    camera, pose = camera_above_floor(2.2, 12, 2, 600.0)
    seen = edges(camera, pose)
    beams = camera.project(transform_points(invert_transform(pose), np.array(
        [[[4.5, 2, 0], [4.5, -2, 0]], [[4.5, 2, TALL], [4.5, -2, TALL]]])))
    near = edges(camera, pose, FEET[[0, 0]] + ([0, 0, 0], [0, 0.005, 0]))
    for lines, heights, message in (
            (seen[:1], {'edge_height': TALL}, 'two vertical edges'),
            (beams, {'camera_height': 2.2}, 'rolled by'),
            (seen[:, ::-1], {'camera_height': 2.2}, 'lower end first'),
            (np.concatenate([seen[:2], seen[2:, ::-1]])[:3], {'camera_height': 2.2},
             'line 3 runs against'),
            (np.concatenate([seen, beams]), {'camera_height': 2.2}, 'cannot all be vertical'),
            (np.stack([seen[1], [seen[1, 1], seen[3, 1]]]), {'camera_height': 2.2},
             'where the lines meet'),
            (near, {'camera_height': 2.2}, 'far apart'),
            (seen + (800, 0), {'camera_height': 2.2}, 'leaves the image'),
            (seen[:, :1] + [[[0, 0], [0, -5]]], {'camera_height': 2.2}, 'shorter than'),
            (seen, {'edge_height': 300.0}, 'cannot be')):
        with pytest.raises(InputError, match=message):
            pose_from_lines(lines, camera, **heights)
    level, pose = camera_above_floor(1.0, 0, 0, 600.0)
    hanging = edges(level, pose, FEET + (0, 0, 1.1))
    with pytest.raises(InputError, match='above the horizon'):
        pose_from_lines(hanging, level, edge_height=TALL)


def test_the_command_writes_a_camera_file_with_covariance(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    camera, pose = camera_above_floor(2.2, 12, 2, 600.0, distortion=DISTORTION)
    save_camera_file(tmp_path / 'lens.yaml', CameraFile(camera))
    lines, out, picture = (tmp_path / name for name in ('lines.csv', 'camera.yaml', 'grid.png'))
    np.savetxt(lines, edges(camera, pose).reshape(-1, 4), delimiter=',')
    cv2.imwrite(str(tmp_path / 'hall.png'), np.full((720, 1280, 3), 90, np.uint8))
    assert main(documented('CALIBRATION.md', '--edge-height', instead={'2.03': TALL})) == 0
    said = capsys.readouterr().out
    assert 'pitch 12.00' in said and 'below the camera' in said and 'camera_pose:=' in said
    found = load_camera_file(out)
    assert found.world_T_camera == pytest.approx(pose, abs=1e-4)
    fit = pose_from_lines(edges(camera, pose), camera, edge_height=TALL)
    assert found.pose_covariance == pytest.approx(fit.pose_covariance, rel=1e-3, abs=1e-9)
    assert cv2.imread(str(picture)).shape == (720, 1280, 3)
    words = documented('CALIBRATION.md', '--camera-height', instead={'2.4': 2.2})
    assert main(words) == 0
    assert load_camera_file(out).world_T_camera == pytest.approx(pose, abs=1e-4)
    capsys.readouterr()
    out.unlink()
    words = [word for word in words if word not in ('--camera-height', '2.2')]
    for more, message in (
            ([], 'one known height'), (['--edge-height', '2', '--camera-height', '2'], 'one known'),
            (['--camera-height', '-2'], '--camera-height'), (['--edge-height', 'nan'], 'give 0.1'),
            (['--camera-height', '2', '--points', 'p.csv'], '--points does not')):
        refused(main([*words, *more]), capsys, message)
        assert not out.exists()
    assert main(['calibrate', 'points', '--points', str(lines), '--camera-height', '2', '--camera',
                 'lens.yaml', '--out', str(out)]) == 2
    assert 'goes with --lines' in capsys.readouterr().err
    lines.write_text('')
    refused(main([*words, '--camera-height', '2']), capsys, 'every row must be u, v (px)')
