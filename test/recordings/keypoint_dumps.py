# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints [F,P,17,3] written down as other programs do; people of a frame in random order."""

import json

import numpy as np
import pytest

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.imports.imported_recording import import_keypoints
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import COCO17, find_format


def frames_of(keypoints, name='coco17', ids=False, seed=0):
    """Yield for each frame (id or None, [J,3]) of everybody seen, in no order; 0 where unseen."""
    rng = np.random.default_rng(seed)
    for frame in convert_keypoints(keypoints, COCO17, find_format(name)):
        people = [(7 + 4 * person if ids else None, np.nan_to_num(points).tolist())
                  for person, points in enumerate(frame) if (points[:, 2] > 0).any()]
        yield [people[i] for i in rng.permutation(len(people))]


def flat(points):
    """One list of x, y, confidence."""
    return [value for point in points for value in point]


def write(path, document):
    """A JSON file."""
    path.write_text(json.dumps(document))


def openpose(folder, keypoints, name='body25', ids=False, pattern='cam_{:012d}_keypoints.json'):
    """A folder of a file for each frame; returns it."""
    folder.mkdir()
    for number, people in enumerate(frames_of(keypoints, name, ids)):
        write(folder / pattern.format(number), {'version': 1.3, 'people': [
            {'person_id': [-1 if person is None else person], 'pose_keypoints_2d': flat(points),
             'face_keypoints_2d': [], 'hand_left_keypoints_2d': []} for person, points in people]})
    return folder


def pose2sim(folder, keypoints, **options):
    """Halpe in OpenPose's files, without its suffix."""
    return openpose(folder, keypoints, 'halpe26', pattern='cam01_{:06d}.json', **options)


def openpose18(folder, keypoints, **options):
    """OpenPose with its COCO model."""
    return openpose(folder, keypoints, 'openpose18', **options)


def coco(path, keypoints, ids=False):
    """A list of results."""
    path = path.with_suffix('.json')
    write(path, [{'image_id': number, 'category_id': 1, 'keypoints': flat(points), 'score': 0.9,
                  **({'track_id': person} if ids else {})}
                 for number, people in enumerate(frames_of(keypoints, ids=ids))
                 for person, points in people])
    return path


def coco_annotations(path, keypoints, ids=False):
    """Images with ids that say nothing, and annotations; an image without anybody is listed."""
    path = path.with_suffix('.json')
    frames = list(frames_of(keypoints, ids=ids))
    write(path, {
        'images': [{'id': 1000 - number, 'file_name': f'walk/{number:05d}.png', 'width': 1280,
                    'height': 720} for number in range(len(frames))],
        'annotations': [{'id': 10 * number + row, 'image_id': 1000 - number, 'category_id': 1,
                         'keypoints': flat([(x, y, 2 if c else 0) for x, y, c in points]),
                         **({'track_id': person} if ids else {})}
                        for number, people in enumerate(frames)
                        for row, (person, points) in enumerate(people)],
        'categories': [{'id': 1, 'name': 'person'}]})
    return path


def alphapose(path, keypoints, ids=False):
    """alphapose-results.json with hands and face."""
    path = path.with_suffix('.json')
    write(path, [{'image_id': f'{number}.jpg', 'category_id': 1, 'score': 2.9,
                  'keypoints': flat(points) + [1.0] * 3 * 110, 'box': [0, 0, 10, 10],
                  **({'idx': [float(person)]} if ids else {})}
                 for number, people in enumerate(frames_of(keypoints, 'halpe26', ids))
                 for person, points in people])
    return path


def alphapose_cmu(path, keypoints):
    """The form "cmu"."""
    path = path.with_suffix('.json')
    write(path, {f'{number}.jpg': {'version': 'AlphaPose v0.3', 'bodies': [
        {'joints': flat(points)} for _, points in people]}
        for number, people in enumerate(frames_of(keypoints, 'openpose18'))})
    return path


def _instance(person, points):
    return {'keypoints': [point[:2] for point in points],
            'keypoint_scores': [point[2] for point in points], 'bbox': [[0, 0, 5, 5]],
            'bbox_score': 0.9, **({} if person is None else {'track_id': person})}


def mmpose(path, keypoints, ids=False):
    """What the inferencer writes of a video."""
    path = path.with_suffix('.json')
    write(path, [{'frame_id': number, 'instances': [_instance(*person) for person in people]}
                 for number, people in enumerate(frames_of(keypoints, ids=ids))])
    return path


def mmpose_images(folder, keypoints):
    """What the inferencer writes of a folder of images."""
    folder.mkdir()
    for number, people in enumerate(frames_of(keypoints, 'halpe26')):
        write(folder / f'frame_{number}.json', [_instance(*person) for person in people])
    return folder


def rtmlib(path, keypoints):
    """Its two arrays for each frame."""
    path = path.with_suffix('.json')
    write(path, [{'keypoints': [[point[:2] for point in points] for _, points in people],
                  'scores': [[point[2] for point in points] for _, points in people]}
                 for people in frames_of(keypoints)])
    return path


def mediapipe(path, keypoints, stamped=False):
    """Landmarks in fractions of an image of 1280 x 720, those that COCO lacks hidden."""
    path = path.with_suffix('.json')
    frames = [[[{'x': x / 1280, 'y': y / 720, 'z': 0.1, 'visibility': c} for x, y, c in points]
               for _, points in people] for people in frames_of(keypoints, 'blazepose33')]
    write(path, [{'timestamp_ms': 1000 * number / 30, 'landmarks': people}
                 for number, people in enumerate(frames)] if stamped else frames)
    return path


def sports2d(folder, keypoints):
    """A table of pixels and one of metres for each person, without eyes and ears."""
    folder.mkdir()
    halpe = find_format('halpe26')
    names = ['Hip', 'RHip', 'RKnee', 'RAnkle', 'LHip', 'LKnee', 'LAnkle', 'Nose', 'RShoulder',
             'RElbow', 'RWrist', 'LShoulder', 'LElbow', 'LWrist']
    middle = {'Hip': 'pelvis', 'Nose': 'nose'}
    columns = [halpe.index(middle.get(name) or {'R': 'right_', 'L': 'left_'}[name[0]]
                           + name[1:].lower()) for name in names]
    converted = convert_keypoints(keypoints, COCO17, halpe)
    for person in range(keypoints.shape[1]):
        for unit, scale in (('px', 1.0), ('m', 0.004)):
            head = (f'PathFileType\t4\t(X/Y/Z)\twalk\nDataRate\tCameraRate\tNumFrames\tNumMarkers'
                    f'\tUnits\n30\t30\t{len(converted)}\t{len(names)}\tm\nFrame#\tTime\t'
                    + '\t\t\t'.join(names) + '\t\t\t\n\t\tX1\n')
            rows = [f'{number}\t{number / 30:.6f}\t' + '\t'.join(
                '\t\t' if np.isnan(frame[column, 0]) else
                f'{scale * frame[column, 0]}\t{scale * frame[column, 1]}\t0.0'
                for column in columns)
                for number, frame in enumerate(converted[:, person])]
            (folder / f'walk_{unit}_person{person:02d}.trc').write_text(
                head + '\n'.join(rows) + '\n')
    return folder


NONSENSE = (None, True, -1, 1e308, float('nan'), float('inf'), 'x', '', [], {}, [[]], [None],
            {'x': 1}, 10**25, '12.jpg', [[1, 2], [3]])


def spoil(document, rng):
    """Put nonsense in place of a random part of a document."""
    parent, key = None, None
    while isinstance(document, (dict, list)) and document and rng.random() < 0.85:
        parent = document
        key = rng.choice(list(document) if isinstance(document, dict) else range(len(document)))
        document = document[key]
    if parent is not None:
        parent[key] = rng.choice(NONSENSE)


def refused(path, camera, rate=30.0):
    """What is said; one line."""
    with pytest.raises(InputError) as error:
        import_keypoints(path, camera, rate)
    assert '\n' not in str(error.value) and str(path) in str(error.value)
    return str(error.value)
