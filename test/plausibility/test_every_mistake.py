# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Every mistake of a set-up, made on purpose: what node, ``lift`` and ``check`` say in 10 s.

Two people of CMU walk about before a camera on a wall; keypoints have 4 px of noise.
"""

import logging
import re
import time

import numpy as np
import pytest
from measure_mistakes import KEYPOINTS, POSES, moved, pixels, turned
from walkers import FPS, camera_above_floor, walks

from mocap23_ros.cli.main import main
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.ros.problems import ProblemLog
from mocap23_ros.ros.set_up_watch import SetUpWatch
from mocap23_ros.tracking.track import Track, TrackState

SECONDS = 10.0
STAMPS = np.arange(0, SECONDS, 2 / FPS)
CAMERA, POSE = camera_above_floor(2.2, 16.0, 1.0)
SIZE = np.array(CAMERA.image_size)
# What is said, as a pattern, for a pose that is told wrongly.
TOLD = {
    'body frame': 'body frame', 'inverse pose': 'is inverted',
    'camera axes of OpenGL': 'OpenGL', 'upside down': 'is upside down',
    'turned by 90 degrees': 'turned by 90 degrees', 'turned by -90 degrees': 'turned by 90 degrees',
    'world with y up': 'has y up', 'world with z down': 'has z down',
    'world with y down': 'has y down', 'optical rotation twice': 'twice',
    'millimetres': 'millimetres', 'centimetres': 'centimetres',
    'pitch 6 degrees too high': 'it looks down more than told|degrees further down',
    'pitch 6 degrees too low': 'it looks up more than told|degrees further up',
    'height 1.6 of the true one': 'm tall'}
FURTHER = {
    'roll': (lambda pose: pose @ turned('z', 5), 'degrees .roll'),
    'floor above the camera': (lambda pose: lifted(pose, -2.6), 'above the floor'),
    'people float': (lambda pose: lifted(pose, 1.5), 'would be'),
    'pose of another camera': (lambda pose: camera_above_floor(2.8, 38.0, -2.0)[1],
                               'it looks up more than told|degrees further up'),
    'feet for metres': (moved(3.28), 'would be'),
}
OF_KEYPOINTS = {
    'mirrored after the detection': 'mirrored after the detection',
    'left and right exchanged': 'left and right of the keypoints are exchanged',
    'left and right of the arms exchanged': 'left and right of the arms are exchanged',
    'frames in reversed order': 'frames are in reversed order',
    'order of PoseTrack': 'in the order of PoseTrack',
    'of crops around people': 'crops around people',
    'of a crop 150 px below the corner': 'further down would mend it, .* not of a crop'}
POSE_MISTAKES = {name: (POSES[name], words) for name, words in TOLD.items()} | FURTHER


def lifted(pose, height):
    pose = pose.copy()
    pose[2, 3] += height
    return pose


@pytest.fixture(scope='module')
def people():
    """Keypoints [F,2,17,3] of 10 s."""
    joints = np.stack([walks(subject, SECONDS, 5.0, 3)[0] for subject in ('16', '07')], axis=1)
    return pixels(joints[::2], CAMERA, POSE, 5)


def cases(people):
    """(keypoints, K, pose as told, words) by name."""
    found = {name: (people, CAMERA.K, make(POSE), words)
             for name, (make, words) in POSE_MISTAKES.items()}
    from_below = people * (1, -1, 1) + (0, SIZE[1], 0)
    found |= {
        'right': (people, CAMERA.K, POSE, ''),
        'right but for a degree': (people, CAMERA.K, POSE @ turned('xz', (1.0, -1.0)), ''),
        'K of half the size': (people, CAMERA.K * [[.5, 1, .5], [1, .5, .5], [1, 1, 1]], POSE,
                               'K is of an image of another size'),
        'focal length 0.6': (people, CAMERA.K * [[.6, 1, 1], [1, .6, 1], [1, 1, 1]], POSE, 'K is'),
        'y from below': (from_below, CAMERA.K, POSE, 'counted from below'),
    }
    found |= {name: (KEYPOINTS[name][0](people), CAMERA.K, POSE, words)
              for name, words in OF_KEYPOINTS.items()}
    return found


def said_by_node(keypoints, camera, pose, statures=()):
    """Problems at the end of a bag, as the frames' processor feeds the watch."""
    problems = ProblemLog(logging.getLogger('quiet'), time.monotonic, settle_time=0.0)
    watch = SetUpWatch(problems, live=False)
    for number, stature in enumerate(statures):
        watch.set_stature(number + 1, stature)
    for number, frame in enumerate(keypoints):
        watch.feed(2 * number / FPS, tracks(frame), camera, 'camera', pose)
    return ' '.join(problem.message for problem in problems.present().values())


def tracks(frame):
    return [Track(number + 1, TrackState.TRACKED, keypoints.astype(np.float32),
                  np.zeros(4, np.float32), 5.0) for number, keypoints in enumerate(frame)]


def test_the_node_says_it_within_ten_seconds(people):
    for name, (keypoints, K, pose, words) in cases(people).items():
        if pose[2, 3] <= 0 or words == 'above the floor':
            continue  # refused before anybody is seen: problem `camera pose`
        camera = CameraModel.from_calibration(K, (), 'plumb_bob', tuple(SIZE.tolist()))
        said = said_by_node(keypoints, camera, pose)
        assert re.search(words, said) and bool(words) == bool(said), (name, said)


def test_the_node_believes_in_children_until_it_knows_better(people):
    told = lifted(POSE, -0.35 * POSE[2, 3])
    assert not said_by_node(people, CAMERA, told)
    statures = [walks(subject, 1.0, 5.0, 3)[1] for subject in ('16', '07')]
    assert 'it stands higher than told' in said_by_node(people, CAMERA, told, statures)


@pytest.fixture(scope='module')
def longer():
    """Keypoints [F,2,17,3] of 30 s, and the statures."""
    walkers = [walks(subject, 30.0, 5.0, 4) for subject in ('16', '07')]
    joints = np.stack([joints for joints, _ in walkers], axis=1)
    return pixels(joints[::2], CAMERA, POSE, 6), np.array([stature for _, stature in walkers])


def said_by_check(keypoints, pose, file, capsys, **more):
    np.savez(file, keypoints=keypoints.astype(np.float32), K=CAMERA.K, world_T_camera=pose,
             stamps=2 / FPS * np.arange(len(keypoints)), image_size=SIZE, **more)
    status = main(['check', '--keypoints', str(file)])
    return status, capsys.readouterr().out


@pytest.mark.parametrize(('axis', 'degrees', 'words'), [
    ('x', 2, 'it looks down more than told'), ('x', -2, 'it looks up more than told'),
    ('z', 2, 'degrees .roll'), ('x', 0, '')])
def test_two_degrees_are_named_within_half_a_minute(longer, tmp_path, capsys, axis, degrees, words):
    keypoints, _ = longer
    told = POSE @ turned(axis, degrees)
    said = said_by_node(keypoints, CAMERA, told)
    assert re.search(words, said) and bool(said) == bool(words), said
    status, said = said_by_check(keypoints, told, tmp_path / 'two.npz', capsys)
    assert status == bool(words) and re.search(words or 'nothing is wrong', said), said
    amount = re.search(r'off by ([0-9.]+) ', said)
    assert not words or float(amount[1]) == pytest.approx(2, abs=0.7)


@pytest.mark.parametrize(('factor', 'words'), [
    (1.15, '1[0-9] % too large'), (0.87, '1[0-9] % too small'), (1.0, 'nothing is wrong')])
def test_statures_that_are_told_wrongly_are_named(longer, tmp_path, capsys, factor, words):
    keypoints, statures = longer
    status, said = said_by_check(keypoints, POSE, tmp_path / 'tall.npz', capsys,
                                 stature=factor * statures)
    assert status == (factor != 1) and re.search(words, said), said
    by_node = said_by_node(keypoints, CAMERA, POSE, factor * statures)
    assert bool(by_node) == (factor != 1) and (factor == 1 or re.search(words, by_node)), by_node


def test_check_tells_heights_that_only_the_user_can_judge(longer, tmp_path, capsys):
    """Under a camera told too low grown-ups are as small as children are."""
    keypoints, statures = longer
    _, said = said_by_check(keypoints, POSE, tmp_path / 'right.npz', capsys)
    heights = [float(word) for word in re.findall(r'[0-9.]+(?= and| m tall)', said)]
    assert heights == pytest.approx(statures, rel=0.06) and 'grown-ups' not in said
    _, said = said_by_check(keypoints, lifted(POSE, -0.25 * POSE[2, 3]), tmp_path / 'low.npz',
                            capsys)
    factor = float(re.search('if they are grown-ups, the camera stands ([0-9.]+) times', said)[1])
    assert factor == pytest.approx(1 / 0.75, rel=0.1) and 'nothing is wrong' in said


def test_check_and_lift_say_it(people, tmp_path, capsys):
    wanted = {}
    for number, (name, (keypoints, K, pose, words)) in enumerate(cases(people).items()):
        file = tmp_path / f'{number:02d}_{name.replace(" ", "_")}.npz'
        np.savez(file, keypoints=keypoints.astype(np.float32), stamps=STAMPS, K=K,
                 world_T_camera=pose, image_size=SIZE)
        wanted[file] = words
    assert main(['check', '--keypoints', str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    for file, words in wanted.items():
        said = ' '.join(line for line in lines if line.startswith(f'{file}: '))
        assert re.search(words, said), (file.name, said)
        assert bool(words) != ('nothing is wrong: 2 people in' in said), said
    for file, words in wanted.items():
        if file.name[3:].startswith(('roll', 'upside', 'right_but')):
            assert main(['lift', '--keypoints', str(file), '--lifter', 'geometric', '--out',
                         str(tmp_path / 'out' / 'lifted.npz')]) == 0
            said = capsys.readouterr().err
            assert re.search(words, said), (file.name, said)
            assert bool(words) == ('people seen' in said), (file.name, said)
