# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The detectors that need no model file of the user, on real video frames, with real networks."""

import os
import time

import cv2
import numpy as np
import pytest
from default_detector import require_default_detector

from mocap23_ros.demo import archive
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.detection.keypoint_similarity import keypoint_similarity
from mocap23_ros.errors import InputError


def make(name, **options):
    if name == 'mediapipe':
        pytest.importorskip('mediapipe', reason='the mediapipe detector is not installed')
    else:
        require_default_detector()
    return create_detector(name, **options)


def sample_frames(kind, camera, indices):
    folder = archive.cache_folder() / 'sample-0.10.49'
    path = folder / f'{kind}_{camera}.mp4'
    if not path.is_file():
        pytest.skip(f'the sample video is not in {folder}; run make demo once')
    capture = cv2.VideoCapture(str(path))
    frames = []
    for index in range(max(indices) + 1):
        frame = capture.read()[1]
        if index in indices:
            frames.append(frame)
    return frames


@pytest.fixture(scope='module', params=['blazepose', 'mediapipe'])
def name(request):
    return request.param


@pytest.fixture(scope='module')
def loaded(name):
    made = make(name, max_people=4)
    yield made
    made.close()


@pytest.fixture
def detector(loaded):
    loaded.reset()
    return loaded


def test_the_man_of_the_sample_is_found_where_he_is(detector):
    frame, = sample_frames('single', 'cam03', [0])
    found = detector.detect(frame)
    assert len(found) == 1 and found[0].score > 0.5
    keypoints = dict(zip(detector.format.joint_names, found[0].keypoints, strict=True))
    # He stands upright with his back to the camera: his left is at the left of the image.
    assert keypoints['left_shoulder'][0] < keypoints['right_shoulder'][0]
    assert (keypoints['nose'][1] < keypoints['left_hip'][1] < keypoints['left_knee'][1]
            < keypoints['left_ankle'][1])
    x_min, y_min, x_max, y_max = found[0].bounding_box
    inside = np.nan_to_num(found[0].keypoints[:, :2], nan=x_min + 1)
    assert (inside[:, 0] >= x_min - 1).all() and (inside[:, 0] <= x_max + 1).all()
    assert 500 < y_max - y_min < 1100
    heels, toes = found[0].feet[:2, :2], found[0].feet[2:, :2]
    assert np.linalg.norm(heels - found[0].keypoints[15:17, :2], axis=1).max() < 60
    assert (toes[:, 1] < heels[:, 1]).all()  # they point away from the camera


def test_a_second_person_is_found_without_losing_the_first(detector):
    first, *others = sample_frames('multi', 'cam01', range(6))
    before = detector.detect(first)
    for frame in others:
        after = detector.detect(frame)
    assert len(after) >= 2
    keypoints = np.stack([person.keypoints for person in after])
    boxes = np.stack([person.bounding_box for person in after])
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    alike = np.nan_to_num(keypoint_similarity(keypoints, keypoints, area))
    assert (alike - np.eye(len(after)) < 0.5).all()
    # The order is that of following: who was found first stays first.
    moved = np.linalg.norm(before[0].bounding_box - after[0].bounding_box)
    assert moved < 100


def test_no_more_than_max_people(name):
    frames = sample_frames('multi', 'cam04', range(4))
    single = make(name, max_people=1)
    assert [len(single.detect(frame)) for frame in frames] == [1] * 4
    single.close()


def test_half_a_person_has_the_outside_half_marked(detector):
    frame, = sample_frames('single', 'cam03', [0])
    hips = detector.detect(frame)[0].keypoints[11:13, 1].mean()
    detector.reset()
    upper = frame[:int(hips) + 120]
    found = detector.detect(upper)
    assert found
    keypoints = found[0].keypoints
    outside = np.isnan(keypoints[:, 0])
    assert outside[15:].all() and not outside[5:13].any()  # ankles; shoulders to hips
    assert (keypoints[outside, 2] == 0).all() and (keypoints[~outside, 2] > 0).all()
    assert np.nanmax(keypoints[:, 1]) < upper.shape[0]


@pytest.mark.parametrize('turns', [1, -1])
def test_a_man_who_lies_is_found_like_one_who_stands(turns):
    frames = sample_frames('single', 'cam01', [0, 2, 4])
    detector = make('blazepose', max_people=1)
    for frame in frames:
        upright, = detector.detect(frame)
    detector.reset()
    for frame in frames:
        lying, = detector.detect(np.ascontiguousarray(np.rot90(frame, turns)))
    detector.close()
    height, width = frames[0].shape[:2]
    x, y = lying.keypoints[:, :2].T
    back = np.column_stack([width - 1 - y, x] if turns == 1 else [y, height - 1 - x])
    error = np.linalg.norm(back - upright.keypoints[:, :2], axis=1)
    assert np.median(error[5:]) < 0.02 * np.ptp(upright.bounding_box[1::2])


def test_whose_upper_body_fills_the_image_is_found():
    frame, = sample_frames('single', 'cam01', [30])
    detector = make('blazepose', max_people=4)
    for _ in range(2):
        whole = max(detector.detect(frame), key=lambda one: np.ptp(one.bounding_box[1::2]))
    detector.reset()
    shoulders, hips = whole.keypoints[5:7, :2], whole.keypoints[11:13, :2]
    scale = 500 / (hips[:, 1].mean() - shoulders[:, 1].mean())
    to_image = np.array([[scale, 0, 640 - scale * shoulders[:, 0].mean()],
                         [0, scale, 290 - scale * shoulders[:, 1].mean()]])
    image = cv2.warpAffine(frame, to_image, (1280, 720), borderMode=cv2.BORDER_REPLICATE)
    near, = [detector.detect(image) for _ in range(3)][-1]
    detector.close()
    expected = whole.keypoints[5:11, :2] * scale + to_image[:, 2]
    assert np.nanmedian(np.linalg.norm(near.keypoints[5:11, :2] - expected, axis=1)) < 30


def test_nobody_in_empty_images_of_any_size(detector):
    random = np.random.default_rng(0)
    for shape in ((480, 640), (32, 32), (33, 1000)):
        assert detector.detect(np.zeros((*shape, 3), np.uint8)) == []
        assert detector.detect(random.integers(0, 255, (*shape, 3), np.uint8)) == []


def test_a_change_of_size_or_scene_is_no_problem(detector):
    frame, = sample_frames('single', 'cam03', [0])
    whole = detector.detect(frame)[0].keypoints
    half = detector.detect(frame[::2, ::2])[0].keypoints
    np.testing.assert_allclose(half[5:, :2] * 2, whole[5:, :2], atol=30)
    assert detector.detect(np.zeros_like(frame)) == []
    again = detector.detect(frame)
    assert len(again) == 1


def test_the_image_is_not_changed(detector):
    frame, = sample_frames('multi', 'cam01', [0])
    copy = frame.copy()
    for _ in range(3):
        detector.detect(frame)
    np.testing.assert_array_equal(frame, copy)
    assert frame.flags.writeable


def test_bad_images_and_options_are_refused(detector, name):
    with pytest.raises(InputError, match='grey'):
        detector.detect(np.zeros((480, 640), np.uint8))
    with pytest.raises(InputError, match='uint16'):
        detector.detect(np.zeros((480, 640, 3), np.uint16))
    with pytest.raises(InputError, match='too small'):
        detector.detect(np.zeros((8, 8, 3), np.uint8))
    for options in ({'max_people': 0}, {'max_people': 99}, {'search_interval': 0}):
        with pytest.raises(InputError):
            make(name, **options)


def least_until(count, enough, patience=20.0):
    """The least that ``count`` gives until it is enough, or patience ends: threads end later."""
    least, deadline = count(), time.monotonic() + patience
    while least > enough and time.monotonic() < deadline:
        time.sleep(0.02)
        least = min(least, count())
    return least


def test_a_closed_detector_leaves_no_thread_behind(name):
    def open_and_close():
        made = make(name)
        made.detect(np.zeros((120, 160, 3), np.uint8))
        made.close()

    def threads():
        return len(os.listdir('/proc/self/task'))

    for _ in range(2):  # libraries keep threads of their own from then on
        open_and_close()
    kept = least_until(threads, 0, patience=0.5)
    for _ in range(3):
        open_and_close()
    assert least_until(threads, kept) <= kept


def test_both_detectors_see_the_same_joints():
    """The graph of our own runs the network as its publisher's framework does."""
    frame, = sample_frames('single', 'cam03', [0])
    found = []
    for name in ('blazepose', 'mediapipe'):
        detector = make(name, max_people=1)
        for _ in range(4):  # the region settles
            person, = detector.detect(frame)
        detector.close()
        found.append(person)
    ours, theirs = (person.keypoints for person in found)
    height = np.ptp(found[0].bounding_box[1::2])
    # Half a pixel of the crop of 256 px is 0.004 of the height here.
    assert np.nanmedian(np.linalg.norm(ours[:, :2] - theirs[:, :2], axis=1)) < 0.006 * height
    np.testing.assert_allclose(ours[:, 2], theirs[:, 2], atol=0.15)


def small_man(height, place, canvas=(1080, 1920)):
    """An image of the man at another size before the grey of a wall, and his box in it."""
    frame, = sample_frames('single', 'cam03', [0])
    detector = make('blazepose', max_people=1)
    person, = detector.detect(frame)
    detector.close()
    box = person.bounding_box
    scale = height / (box[3] - box[1])
    part = frame[int(box[1]) - 60:int(box[3]) + 60, int(box[0]) - 60:int(box[2]) + 60]
    part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    image = np.full((*canvas, 3), frame[:200].mean(axis=(0, 1)).astype(np.uint8))
    x, y = place
    image[y:y + part.shape[0], x:x + part.shape[1]] = part
    return image, np.array([x, y, x, y]) + np.array(
        [60, 60, 60 + box[2] - box[0], 60 + box[3] - box[1]]) * scale


def test_a_small_person_is_found():
    image, truth = small_man(110, (1300, 420))
    detector = make('blazepose')
    for _ in range(3):
        found = detector.detect(image)
    detector.close()
    assert len(found) == 1
    assert np.abs(found[0].bounding_box - truth).max() < 20


def test_an_image_of_8k_is_searched():
    image, truth = small_man(700, (5000, 2000), (4320, 7680))
    detector = make('blazepose')
    for _ in range(2):
        found = detector.detect(image)
    detector.close()
    assert len(found) == 1
    assert np.abs(found[0].bounding_box - truth).max() < 60


def test_forty_people_are_one_after_another_and_bounded():
    image = np.zeros((1080, 1920, 3), np.uint8)
    part, _ = small_man(200, (0, 0), (240, 190))
    for column in range(10):
        for row in range(4):
            image[row * 260:row * 260 + 240, column * 190:column * 190 + 190] = part
    detector = make('blazepose', max_people=40)
    for _ in range(2):
        found = detector.detect(image)
    detector.close()
    assert 36 <= len(found) <= 40
    cells = {(int(box[0] // 190), int(box[1] // 260)) for box in
             (person.bounding_box + np.array([20, 20, 0, 0]) for person in found)}
    assert len(cells) >= 36


def test_a_search_behind_the_images_finds_people_a_little_later():
    first, *others = sample_frames('single', 'cam03', range(3))
    detector = make('blazepose', live=True)
    assert detector.detect(first) == []
    deadline = time.monotonic() + 20
    found = []
    while not found and time.monotonic() < deadline:
        time.sleep(0.02)
        found = detector.detect(others[0])
    assert len(found) == 1
    detector.reset()
    assert detector.detect(np.zeros_like(first)) == []
    detector.close()
