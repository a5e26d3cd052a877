# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints of another program, a camera file and a frame rate: a recording that can be lifted."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.detector import Detection
from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.geometry.camera_file import load_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.plausibility.keypoint_values import clean_keypoints, has_other_scale, in_image
from mocap23_ros.recordings.followed_people import FollowedPeople
from mocap23_ros.recordings.imports.found_people import MOST_FRAMES, FoundPeople
from mocap23_ros.recordings.imports.keypoint_formats import read_people
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.recordings.stamp_checks import check_stamps
from mocap23_ros.reporting import Say, silent
from mocap23_ros.skeletons.unobserved import clear_unobserved
from mocap23_ros.tracking.floor_places import CameraView

_LARGEST = 2 * 2**30  # bytes of keypoints
_FEWEST_FRAMES = 3  # frames that must show a person with an id, as of people who are tracked
_SPARSE, _FEW = 50, 1000  # a video has no longer gaps than this times its frames, and some
_FROZEN, _FROZEN_FRAMES = 1.0, 8  # s, frames; on a living person no detector repeats itself
_LOGIT = 6.0  # of RTMW on clear keypoints
_SURE, _BESIDE, _OUTSIDE = 0.3, 0.05, 0.2  # confidence, images, share of keypoints


def import_keypoints(path: Path, camera_file: Path, rate: float | None, rectified: bool = False,
                     say: Say = silent) -> KeypointRecording:
    """Read files of another program; their content shows the format.

    rate: frames per second of the video, None where the files hold time stamps; stamps are frame
    numbers over the rate, and missing numbers become frames without anybody. People keep the ids
    of the files; where these have none, or an id twice in a frame, they are tracked. say: called
    with lines about what the user should know. rectified: see load_camera_file. Raises InputError
    for what cannot be used or cannot be true.
    """
    contents = load_camera_file(camera_file, rectified)
    pose = contents.required_pose(camera_file)
    program, found = read_people(path)
    with errors_of(path):
        camera = contents.camera.with_image_size(found.image_size or contents.camera.image_size)
        numbers, stamps = _time(found, rate)
        people, scale = _in_pixels(found, numbers, camera)
        _check_inside(people, camera)
        keypoints, how = _columns(found, numbers, people, stamps, CameraView(camera, pose))
    for doubt in _frozen(keypoints, stamps):
        say(f'{path}: {doubt}')
    if scale != 1.0:
        how += f'; confidences, logits of RTMW, are divided by {scale:g}'
    say(f'{path}: {len(found.frames)} frames of {program} ({found.skeleton.name}); {how}')
    return KeypointRecording.of_still_camera(keypoints, stamps, camera, pose, found.skeleton)


def _time(found: FoundPeople, rate: float | None) -> tuple[list[int], NDArray[np.float64]]:
    """Numbers of all frames, those without anybody too, and their stamps."""
    known = sorted(found.frames)
    if found.stamps:
        if rate is not None:
            raise InputError('it holds time stamps; leave --fps out')
        stamps = np.array([found.stamps[number] for number in known])
        if not np.isfinite(stamps).all() or (np.diff(stamps) <= 0).any():
            raise InputError('its time stamps do not increase from frame to frame')
        return known, check_stamps(stamps)
    if rate is None:
        raise InputError('it does not say when the frames were taken: give --fps RATE of the '
                         'video')
    step = int(np.gcd.reduce(np.diff(known))) if len(known) > 1 else 1
    count = (known[-1] - known[0]) // step + 1
    if count > max(_SPARSE * len(known), _FEW):
        raise InputError(f'{len(known)} images are numbered from {known[0]} to {known[-1]}: they '
                         'are not frames of a video')
    if count > MOST_FRAMES:
        raise InputError(f'it spans {count} frames; at most {MOST_FRAMES} are read')
    numbers = list(range(known[0], known[-1] + 1, step))
    return numbers, np.array(numbers) / rate


def _in_pixels(found: FoundPeople, numbers: list[int], camera: CameraModel
               ) -> tuple[list[NDArray[np.float32]], float]:
    """Keypoints [P,J,3] of every frame, in pixels, without what was not found.

    And by what their confidences were divided.
    """
    frames = [found.frames.get(number, ()) for number in numbers]
    everybody = np.array([person.keypoints for frame in frames for person in frame], np.float32)
    everybody = everybody.reshape(-1, len(found.skeleton), 3)
    if found.fractions:
        everybody[..., :2] *= camera.image_size
    confidence = everybody[..., 2]
    scale = _LOGIT if found.whole_body and has_other_scale(confidence[confidence > 0]) else 1.0
    confidence /= scale
    cleaned = clean_keypoints(everybody, camera.image_size)
    return np.split(cleaned, np.cumsum([len(frame) for frame in frames])[:-1]), scale


def _check_inside(people: list[NDArray[np.float32]], camera: CameraModel) -> None:
    sure = np.concatenate([p[p[..., 2] >= _SURE, :2] for p in people])
    size = np.asarray(camera.image_size)
    outside = ((sure < -_BESIDE * size) | (sure > (1 + _BESIDE) * size)).any(axis=1)
    if len(sure) and outside.mean() > _OUTSIDE:
        raise InputError(f'{100 * outside.mean():.0f} % of the keypoints lie outside the image of '
                         f'{size[0]} x {size[1]} pixels of the camera file; they reach '
                         f'({sure[:, 0].max():.0f}, {sure[:, 1].max():.0f}): the calibration is of '
                         'another size')


def _columns(found: FoundPeople, numbers: list[int], people: list[NDArray[np.float32]],
             stamps: NDArray[np.float64], view: CameraView) -> tuple[NDArray[np.float32], str]:
    """Keypoints [F,P,J,3], one column a person, and in words how people were told apart."""
    ids = [[person.person_id for person in found.frames.get(number, ())] for number in numbers]
    given = [person_id for frame in ids for person_id in frame]
    if given and None not in given and all(len(set(frame)) == len(frame) for frame in ids):
        return _by_id(ids, people, len(found.skeleton))
    followed = FollowedPeople()
    for frame, stamp in zip(people, stamps.tolist(), strict=True):
        followed.add(_detections(frame, view.camera.image_size), stamp, view)
    keypoints = followed.keypoints(len(found.skeleton))
    if not keypoints.shape[1]:
        seen = sum(bool((frame[..., 2] > 0).any()) for frame in people)
        raise InputError(
            f'somebody is found in {seen} of {len(ids)} frames, but nobody {_FEWEST_FRAMES} times '
            'who could stand before this camera, ankles below shoulders and horizon: y must be '
            'counted from the top of the image, the order of the keypoints be that of '
            f'{found.skeleton.name}, and the pose that of this camera')
    why = ('an id stands twice in a frame' if given and None not in given else
           'without ids' if not any(i is not None for i in given) else 'some without ids')
    return keypoints, f'people are tracked ({why}): {keypoints.shape[1]}'


def _by_id(ids: list[list[int | None]], people: list[NDArray[np.float32]], joints: int
           ) -> tuple[NDArray[np.float32], str]:
    seen = [(frame, row, person_id) for frame, own in enumerate(ids)
            for row, person_id in enumerate(own) if (people[frame][row, :, 2] > 0).any()]
    known, counts = np.unique([person_id for *_, person_id in seen], return_counts=True)
    kept = known[counts >= _FEWEST_FRAMES]
    if 12 * len(ids) * len(kept) * joints > _LARGEST:
        raise InputError(f'{len(kept)} ids in {len(ids)} frames are too much for one recording; '
                         'cut it into parts')
    keypoints = np.full((len(ids), len(kept), joints, 3), np.nan, np.float32)
    column = {person_id: index for index, person_id in enumerate(kept.tolist())}
    for frame, row, person_id in seen:
        if person_id in column:
            keypoints[frame, column[person_id]] = people[frame][row]
    clear_unobserved(keypoints)
    left_out = len(known) - len(kept)
    return keypoints, f'{len(kept)} people by their ids' + (
        f', {left_out} seen in fewer than {_FEWEST_FRAMES} frames are left out' if left_out
        else '')


def _frozen(keypoints: NDArray[np.float32], stamps: NDArray[np.float64]) -> list[str]:
    """A sentence for everybody whose keypoints [F,P,J,3] stay as they are for too long."""
    doubts = []
    for person in range(keypoints.shape[1]):
        own = keypoints[:, person]
        seen: NDArray[np.bool_] = np.asarray((own[..., 2] > 0).any(axis=1))
        same = np.isclose(own[1:], own[:-1], rtol=0, atol=0, equal_nan=True)
        changed = np.flatnonzero(~(same.all(axis=(1, 2)) & seen[1:])) + 1
        starts, ends = np.append(0, changed), np.append(changed, len(own)) - 1
        longest = int(np.argmax(stamps[ends] - stamps[starts]))
        start, end = starts[longest], ends[longest]
        if stamps[end] - stamps[start] >= _FROZEN and end - start >= _FROZEN_FRAMES:
            doubts.append(
                f'person {person + 1} keeps every keypoint as it is from {stamps[start]:.2f} to '
                f'{stamps[end]:.2f} s: the video hung or frames were copied, and the motion of '
                'that time is not known')
    return doubts


def _detections(people: NDArray[np.float32], image_size: tuple[int, int]) -> list[Detection]:
    detections = []
    for keypoints in people[in_image(people, image_size)]:
        found = keypoints[keypoints[:, 2] > 0]
        box = np.concatenate([found[:, :2].min(axis=0), found[:, :2].max(axis=0)])
        detections.append(Detection(keypoints, box, float(found[:, 2].mean())))
    return detections
