# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 calibrate`` on rendered boards, points and recorded walks."""

import ast

import cv2
import numpy as np
import pytest
from documentation_pages import ROOT, documented, shell_commands
from refusals import refused
from walkers import FPS, camera_above_floor, seen, walks

from mocap23_ros.calibration.printed_targets import Target
from mocap23_ros.cli.main import main
from mocap23_ros.geometry.camera_file import CameraFile, load_camera_file, save_camera_file
from mocap23_ros.geometry.poses import invert_transform, transform_points

K = np.array([[820.0, 0, 652], [0, 826.0, 349], [0, 0, 1]])
SIZE = (1280, 720)
COLUMNS, ROWS, SQUARE = 8, 6, 0.05  # squares
CHARUCO = f'charuco:{COLUMNS}x{ROWS}:{SQUARE}:0.036'


def board_print(kind, px=40):
    if kind == 'charuco':
        board = cv2.aruco.CharucoBoard((COLUMNS, ROWS), SQUARE, 0.036,
                                       cv2.aruco.getPredefinedDictionary(
                                           cv2.aruco.DICT_5X5_1000))
        return board.generateImage((COLUMNS * px, ROWS * px), marginSize=0)
    squares = (np.add.outer(np.arange(ROWS), np.arange(COLUMNS)) % 2 * 255).astype(np.uint8)
    return np.kron(squares, np.ones((px, px), np.uint8))


def photograph(printed, width, camera_T_board):
    """Image of a print of this width (m) whose corner is the board's origin, x right, y up."""
    px = printed.shape[1] / width
    # Print pixel -> board plane (z = 0) -> image; the middle of the first pixel is half inside.
    to_board = np.array([[1 / px, 0, 0.5 / px], [0, -1 / px, -0.5 / px], [0, 0, 1]])
    homography = K @ camera_T_board[:3, [0, 1, 3]] @ to_board
    padded = cv2.copyMakeBorder(printed, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255)
    shift = np.array([[1, 0, -40], [0, 1, -40], [0, 0, 1.0]])
    image = cv2.warpPerspective(padded, homography @ shift, SIZE, flags=cv2.INTER_AREA,
                                borderValue=150)
    return cv2.GaussianBlur(image, (0, 0), 0.7)


def looking_at_board(place, target, roll=0.0):
    """camera_T_board of a camera at ``place`` that looks at ``target``, both in the board frame."""
    forward = (np.array(target) - place) / np.linalg.norm(np.array(target) - place)
    right = np.cross(forward, [np.sin(roll), np.cos(roll), 0.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], axis=1)
    pose[:3, 3] = place
    return invert_transform(pose)


@pytest.mark.parametrize('kind', ['charuco', 'checkerboard'])
def test_intrinsics_from_views_of_a_board(kind, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'board').mkdir()
    printed = board_print(kind)
    middle = np.array([COLUMNS * SQUARE / 2, -ROWS * SQUARE / 2, 0])
    rng = np.random.default_rng(3)
    for k in range(9):
        place = middle + [rng.uniform(-.3, .3), rng.uniform(-.3, .3), rng.uniform(.4, .7)]
        pose = looking_at_board(place, middle + np.append(rng.uniform(-.12, .12, 2), 0),
                                rng.uniform(-.4, .4))
        cv2.imwrite(f'board/{k}.png', photograph(printed, COLUMNS * SQUARE, pose))
    of_checks = {CHARUCO: f'checkerboard:{COLUMNS - 1}x{ROWS - 1}:{SQUARE}'}
    assert main(documented('tutorials/fixed_camera.md', 'intrinsics') if kind == 'charuco' else
                documented('CALIBRATION.md', 'intrinsics', instead=of_checks)) == 0
    camera = load_camera_file('lens.yaml').camera
    assert camera.K[0, 0] == pytest.approx(K[0, 0], rel=0.01)
    assert camera.K[:2, 2] == pytest.approx(K[:2, 2], abs=8)
    said = capsys.readouterr().out
    assert 'of 9 images show the board' in said and '0.png: 0.' in said
    assert cv2.imread('coverage.png').shape == (SIZE[1], SIZE[0], 3)


def test_the_board_that_the_tutorial_prints_is_the_one_that_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / 'docs' / 'tutorials' / 'fixed_camera.md').read_text()
    (code,) = [words[2] for words in shell_commands(page) if words[:2] == ['python3', '-c']]
    exec(code, {})
    asked = documented('tutorials/fixed_camera.md', 'intrinsics')
    found = Target(asked[asked.index('--target') + 1]).find(cv2.imread('board.png', 0))
    assert found is not None and len(found.number) == (COLUMNS - 1) * (ROWS - 1)


@pytest.mark.parametrize('what', [CHARUCO, 'checkerboard:7x5:0.05'])
def test_pose_from_a_target_on_the_floor(what, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = np.array([-0.4, -1.1, 1.3])
    camera_T_board = looking_at_board(place, [0.2, -0.15, 0])
    printed = board_print(what.split(':')[0], 80)
    image = photograph(printed, COLUMNS * SQUARE, camera_T_board)
    cv2.imwrite('floor.png', image)
    camera, _ = camera_above_floor(1, 0, 0)
    save_camera_file(tmp_path / 'lens.yaml', CameraFile(
        type(camera).from_calibration(K, (), 'plumb_bob', SIZE)))
    assert main(documented('CALIBRATION.md', 'calibrate target', instead={CHARUCO: what})) == 0
    assert cv2.imread('grid.png').shape == (SIZE[1], SIZE[0], 3)
    pose = load_camera_file('camera.yaml').world_T_camera
    first_corner = np.eye(4)
    first_corner[:2, 3] = SQUARE, -SQUARE
    if what.startswith('checkerboard') and pose[0, 3] > 0:  # which looks the same upside down
        first_corner[:2, :2] *= -1
        first_corner[:2, 3] = (COLUMNS - 1) * SQUARE, -(ROWS - 1) * SQUARE
    right = invert_transform(camera_T_board @ first_corner)
    assert pose[:3, 3] == pytest.approx(right[:3, 3], abs=0.012)
    turn = pose[:3, :3].T @ right[:3, :3]
    assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) < 0.5
    said = capsys.readouterr().out
    assert 'static_transform_publisher --x' in said
    in_launch_file = ast.literal_eval(said.partition('arguments=')[2].strip()[:-1])
    assert ' '.join(in_launch_file) in said


def points_file(path, pixels, places):
    np.savetxt(path, np.concatenate([pixels, places], axis=1), delimiter=',')


def test_pose_from_points_and_what_points_cannot_tell(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    camera, pose = camera_above_floor(2.2, 25, 2, distortion=(-0.1, 0.02, 0, 0, 0))
    places = np.array([[2, -1, 0], [2, 1, 0], [5, -2, 0], [5, 2, 0], [4, 0, 0.75], [3, .5, 0]])
    pixels = camera.project(transform_points(invert_transform(pose), places))
    noisy = pixels + np.random.default_rng(0).normal(0, 1, pixels.shape)
    save_camera_file(tmp_path / 'lens.yaml', CameraFile(camera))
    cv2.imwrite('floor.png', np.full((SIZE[1], SIZE[0], 3), 90, np.uint8))

    def run(pixels, places):
        points_file('points.csv', pixels, places)
        return main(documented('CALIBRATION.md', 'points --points'))

    assert run(noisy, places) == 0
    found = load_camera_file('camera.yaml').world_T_camera
    assert found[:3, 3] == pytest.approx(pose[:3, 3], abs=0.05)
    capsys.readouterr()
    (tmp_path / 'camera.yaml').unlink()
    (tmp_path / 'grid.png').unlink()
    for bad_pixels, bad_places, message in (
            (pixels[:3], places[:3], 'at least 4'),
            (pixels[:4], np.linspace([2, 0, 0], [5, 0, 0], 4), 'one line'),
            (pixels, places[::-1], 'no pose explains'),
            (pixels[:, ::-1], places, '')):
        refused(run(bad_pixels, bad_places), capsys, message)
        assert not (tmp_path / 'camera.yaml').exists() and not (tmp_path / 'grid.png').exists()


def test_pose_from_people_in_a_keypoint_file_without_a_pose(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    joints, stature = walks('16', 24, 5.0, seed=5)
    camera, pose = camera_above_floor(2.1, 17, 1)
    np.savez('walk.npz', keypoints=seen(joints, camera, pose, 2.0, 1)[:, None].astype(np.float32),
             stamps=np.arange(len(joints)) / FPS, K=camera.K, image_size=np.array(SIZE))
    words = documented('CALIBRATION.md', 'people --keypoints', instead={'1.78': stature})
    assert main([*words, '--picture', str(tmp_path / 'f.png')]) == 0
    said = capsys.readouterr().out
    assert 'degrees down' in said and 'average adults' not in said
    found = load_camera_file('camera.yaml').world_T_camera
    assert found[2, 3] == pytest.approx(2.1, rel=0.03)
    assert found[2, 2] == pytest.approx(pose[2, 2], abs=0.01)
    words = [word for word in words if word not in ('--stature', str(stature))]
    assert main(words) == 0
    assert 'average adults' in capsys.readouterr().out
    assert main([*words, '--stature', '17']) == 2
    assert main([*words, '--stature', '1.7', '1.8']) == 2


@pytest.mark.parametrize(('what', 'message'), [
    ('chess:7x5:0.05', 'checkerboard:COLUMNSxROWS'), ('checkerboard:7x5', 'lengths in metres'),
    ('charuco:8x6:0.05:0.06', 'smaller'), ('checkerboard:7x5:50', 'lengths in metres')])
def test_bad_targets_are_one_line(what, message, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / 'i.png'), np.zeros((20, 20), np.uint8))
    refused(main(['calibrate', 'intrinsics', '--images', str(tmp_path / 'i.png'), '--target', what,
                  '--out', str(tmp_path / 'c.yaml')]), capsys, message)
