# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the figures of the detector benchmark mean."""

import numpy as np
import pytest

from mocap23_ros.benchmarks.detector_benchmark import Score
from mocap23_ros.benchmarks.pasted_people import FRAMES, SceneMaker
from mocap23_ros.cli.main import main
from mocap23_ros.demo.take import load_take
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.coco17 import ANKLES

pytestmark = pytest.mark.timeout(600)  # the truth of the sample, where no test before made it


@pytest.fixture(scope='module')
def sample_take():
    try:
        return load_take()
    except InputError as error:
        pytest.skip(f'the sample video is needed: {error}')


def person(x, height=200.0):
    """[17,2] px, upright, seen from the front."""
    unit = np.array([
        [0, 0], [.03, -.02], [-.03, -.02], [.06, 0], [-.06, 0], [.12, .15], [-.12, .15],
        [.16, .32], [-.16, .32], [.18, .48], [-.18, .48], [.08, .5], [-.08, .5], [.09, .75],
        [-.09, .75], [.09, 1], [-.09, 1]])
    return unit * height + [x, 300.0]


def seen(points):
    return np.concatenate([points, np.full((17, 1), 0.9)], axis=1)


def test_found_missed_and_false_people_are_counted():
    score = Score()
    truth = np.stack([person(200), person(600), person(1000)])
    score.add(truth, [seen(truth[1] + 2), seen(truth[0]), seen(person(1500))])
    score.add(truth[:1], [])
    result = score.as_dict()
    assert result['people'] == 4 and result['recall'] == 0.5
    assert result['precision'] == pytest.approx(2 / 3, abs=1e-3)
    assert result['exchanged'] == 0
    # Half of the found joints are exact, half are 2.83 px off at a height of 204 px.
    assert result['error_p95'] == pytest.approx(2 * np.sqrt(2) / 204, rel=0.05)


@pytest.mark.parametrize('joints', [[5, 7, 9, 6, 8, 10], [11, 13, 15, 12, 14, 16], range(5, 17)])
def test_exchanged_sides_are_told_from_errors(joints):
    joints = list(joints)
    if len(joints) == 12:
        joints = joints[::2] + joints[1::2]
    truth, half = person(500), len(joints) // 2
    found = truth.copy()
    found[joints] = truth[joints[half:] + joints[:half]]
    score = Score()
    score.add(truth[None], [seen(found)])
    result = score.as_dict()
    assert result['recall'] == 1 and result['exchanged'] == 1
    assert result['error_median'] == 0


def test_pasted_people_are_where_the_truth_says(sample_take):
    def draw():
        return SceneMaker(sample_take, 0, ('cam02', 'cam03')).scene(np.array([150, 200, 250]))

    scene = draw()
    keypoints = scene.keypoints
    assert keypoints.shape == (FRAMES, 3, 17, 2)
    assert (keypoints >= 0).all() and (keypoints < (1920, 1080)).all()
    empty, image = scene.room.astype(int), next(scene.images()).astype(int)
    changed = np.abs(image - empty).max(axis=2) > 5
    x, y = np.rint(keypoints[0, :, 5:]).astype(int).transpose(2, 0, 1)
    assert changed[y, x].mean() > 0.9  # he is there
    low, high = keypoints[0].min(axis=(0, 1)), keypoints[0].max(axis=(0, 1))
    rows, columns = np.nonzero(changed)
    assert (columns > low[0] - 80).all() and (columns < high[0] + 80).all()
    assert (rows > low[1] - 80).all() and (rows < high[1] + 80).all()
    np.testing.assert_array_equal(draw().keypoints, keypoints)


def test_bad_arguments_are_one_line(capsys):
    assert main(['evaluate-detectors', '--scenes', '0']) == 2
    assert main(['evaluate-detectors', '--detectors', 'nonsense']) == 2
    assert 'choose one of' in capsys.readouterr().err


def test_people_stand_where_they_are_put(sample_take):
    feet, heights = np.array([[400.0, 800.0], [1200.0, 900.0]]), np.array([200.0, 300.0])
    scene = SceneMaker(sample_take, 0, ('cam02', 'cam03', 'cam04')).standing(feet, heights)
    np.testing.assert_allclose(scene.keypoints[:, :, ANKLES].mean(axis=(0, 2)), feet, atol=1.0)
    tall = np.median(np.ptp(scene.keypoints[..., 1], axis=2), axis=0)
    np.testing.assert_allclose(tall, heights, rtol=0.02)
