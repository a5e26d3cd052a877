# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Predictions of MMPose, and files that users of rtmlib write.

A video is ``[{"frame_id": 0, "instances": [{"keypoints": [[x, y], ...], "keypoint_scores":
[...]}]}]``; MMPose's demos put it under ``instance_info`` and number from 1. A folder of images
gives a file for each, with its instances alone. rtmlib returns all people of a frame as
``keypoints`` [P,J,2] and ``scores`` [P,J].
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.imports.coco_results import is_list_of, only_one
from mocap23_ros.recordings.imports.found_people import (
    FoundPeople,
    FoundPerson,
    FrameNames,
    KeypointReader,
    check_number,
    person_id,
    plain_numbers,
)
from mocap23_ros.skeletons.formats import COCO17, HALPE26, OPENPOSE18
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

# 133 is COCO-WholeBody; 18 and 134 are rtmlib's, where it is asked for OpenPose's order.
LAYOUTS = {17: COCO17, 26: HALPE26, 133: COCO17, 18: OPENPOSE18, 134: OPENPOSE18}


def recognises(document: Any) -> bool:
    """Whether these are predictions of MMPose or rtmlib: a video, or the instances of an image."""
    if isinstance(document, dict):
        return isinstance(document.get('instance_info'), list)
    return (is_list_of(document, 'frame_id', 'instances') or _is_instances(document)
            or is_list_of(document, 'keypoints', 'scores'))


def _is_instances(document: Any) -> bool:
    return is_list_of(document, 'keypoints', 'keypoint_scores')


def read(documents: Iterable[tuple[str, Any]]) -> FoundPeople:
    """People of all frames; InputError."""
    documents = list(documents)
    filled = [document for _, document in documents if document]
    reader = KeypointReader(LAYOUTS, 'MMPose')
    found = FoundPeople(COCO17)
    if _is_instances(filled[0]):
        names = FrameNames()
        for name, document in documents:
            found.add_new(names.number(name), _instances(document, reader, name), name)
    else:
        name, document = only_one(documents)
        frames = document['instance_info'] if isinstance(document, dict) else document
        for row, frame in enumerate(frames):
            if not isinstance(frame, dict):
                raise InputError(f'{name}: frame {row} has no keys')
            number = check_number(frame.get('frame_id', frame.get('frame', row)), name)
            where = f'{name}, frame {number}'
            found.add_new(number, _instances(frame['instances'], reader, where)
                          if 'instances' in frame else _arrays(frame, reader, where), name)
        if isinstance(document, dict):
            _check_names(document.get('meta_info'), reader.skeleton, name)
    found.skeleton, found.whole_body = reader.skeleton, reader.whole_body
    return found


def _instances(entries: Any, reader: KeypointReader, where: str) -> list[FoundPerson]:
    people = []
    for entry in entries if isinstance(entries, list) else [None]:
        if not isinstance(entry, dict):
            raise InputError(f'{where} has no list of instances')
        people.append(FoundPerson(
            reader.take(_with_scores(plain_numbers(entry.get('keypoints'), 2, where),
                                     plain_numbers(entry.get('keypoint_scores'), 1, where), where),
                        where),
            person_id(entry, 'track_id')))
    return people


def _arrays(frame: dict[str, Any], reader: KeypointReader, where: str) -> list[FoundPerson]:
    keypoints = plain_numbers(frame.get('keypoints'), 3, where)
    scores = plain_numbers(frame.get('scores'), 2, where)
    if len(keypoints) != len(scores):
        raise InputError(f'{where} has keypoints of {len(keypoints)} people and scores of '
                         f'{len(scores)}')
    return [FoundPerson(reader.take(_with_scores(points, score, where), where), None)
            for points, score in zip(keypoints, scores, strict=True)]


def _with_scores(points: NDArray[np.float32], scores: NDArray[np.float32], where: str
                 ) -> NDArray[np.float32]:
    if points.shape[1:] == (3,):
        raise InputError(f'{where} has keypoints in 3D; those in the image are needed')
    if points.shape != (len(scores), 2):
        raise InputError(f'{where} has keypoints of the shape {list(points.shape)} and '
                         f'{len(scores)} scores; they must be x, y and one score of each')
    return np.concatenate([points, scores[:, None]], axis=1)


def _check_names(meta: Any, skeleton: SkeletonFormat, name: str) -> None:
    """Refuse predictions whose own names of keypoints are of another order; InputError."""
    names = meta.get('keypoint_id2name') if isinstance(meta, dict) else None
    if not isinstance(names, dict):
        return
    for index, joint in enumerate(skeleton.joint_names):
        own = names.get(str(index))
        if joint.startswith(('left_', 'right_', 'nose')) and own not in (None, joint):
            raise InputError(f'{name}: its keypoint {index} is {str(own)[:40]!r}, not {joint}: '
                             f'the model does not write {skeleton.name}')
