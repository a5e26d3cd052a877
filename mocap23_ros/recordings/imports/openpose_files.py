# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Folders of OpenPose, a JSON file for each frame; Pose2Sim writes the same.

One frame: ``{"people": [{"person_id": [-1], "pose_keypoints_2d": [x, y, c, ...]}]}``. An id of -1
is none, a keypoint at (0, 0) is none, a person ``{}`` is nobody (Pose2Sim). The frame's number
stands in the name of the file: CAM_000000000012_keypoints.json, cam01_000012.json.
"""

from collections.abc import Iterable
from typing import Any

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.imports.found_people import (
    FoundPeople,
    FoundPerson,
    FrameNames,
    KeypointReader,
    person_id,
)
from mocap23_ros.skeletons.formats import BODY25, COCO17, HALPE26, OPENPOSE18

# OpenPose itself writes 25 or 18; the others are those of Pose2Sim (133: with hands and face).
LAYOUTS = {25: BODY25, 18: OPENPOSE18, 26: HALPE26, 17: COCO17, 133: COCO17}


def recognises(document: Any) -> bool:
    """Whether this is a frame of OpenPose."""
    return isinstance(document, dict) and isinstance(document.get('people'), list)


def read(documents: Iterable[tuple[str, Any]]) -> FoundPeople:
    """People of all frames, given as (name of the file, contents); InputError."""
    reader, names = KeypointReader(LAYOUTS, 'OpenPose'), FrameNames(('_keypoints',))
    found = FoundPeople(BODY25)
    for name, document in documents:
        if not recognises(document):
            raise InputError(f'{name} is not a frame of OpenPose: it has no people')
        found.add_new(names.number(name), people_of(document['people'], reader, name), name)
    found.skeleton, found.whole_body = reader.skeleton, reader.whole_body
    return found


def people_of(entries: list[Any], reader: KeypointReader, name: str) -> list[FoundPerson]:
    """The people of a frame; InputError."""
    people = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise InputError(f'{name} has a person without keys')
        values = entry.get('pose_keypoints_2d', entry.get('pose_keypoints'))
        if entry and values is None:
            raise InputError(f'{name} has a person without pose_keypoints_2d')
        if values:  # where there are only hands or a face it is empty
            people.append(FoundPerson(reader.triples(values, name),
                                      person_id(entry, 'person_id')))
    return people
