# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""AlphaPose's alphapose-results.json, and its forms "open" and "cmu".

As COCO's results, with names for ids: ``{"image_id": "12.jpg", "keypoints": [x, y, c, ...], "idx":
3}``; ``idx`` is there where people were tracked. Confidences of old models exceed 1. The other
forms are ``{"12.jpg": {"people": [...]}}`` and ``{"12.jpg": {"bodies": [{"joints": [...]}]}}``.
"""

from collections.abc import Iterable
from typing import Any

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.imports.coco_results import is_list_of, only_one, read_results
from mocap23_ros.recordings.imports.found_people import FoundPeople, FrameNames, KeypointReader
from mocap23_ros.recordings.imports.openpose_files import people_of
from mocap23_ros.skeletons.formats import COCO17, HALPE26, OPENPOSE18

# 136 and 133: Halpe and COCO with hands and face.
LAYOUTS = {17: COCO17, 26: HALPE26, 136: HALPE26, 133: COCO17}


def recognises(document: Any) -> bool:
    """Whether these are results of AlphaPose and not of another writer of COCO's format."""
    if isinstance(document, dict) and document:
        frame = next(iter(document.values()))
        return isinstance(frame, dict) and ('bodies' in frame or 'people' in frame)
    return is_list_of(document, 'image_id', 'keypoints') and (
        isinstance(document[0]['image_id'], str) or 'idx' in document[0])


def read(documents: Iterable[tuple[str, Any]]) -> FoundPeople:
    """People of all images; InputError."""
    name, document = only_one(documents)
    if isinstance(document, list):
        return read_results(name, document, LAYOUTS, 'AlphaPose')
    reader, names = KeypointReader({18: OPENPOSE18}, 'AlphaPose'), FrameNames()
    found = FoundPeople(OPENPOSE18)
    for image, frame in document.items():
        people = frame.get('people', frame.get('bodies')) if isinstance(frame, dict) else None
        if not isinstance(people, list):
            raise InputError(f'{name}: image {image[:40]} has neither people nor bodies')
        # "cmu" calls them joints.
        people = [{**p, 'pose_keypoints_2d': p['joints']} if isinstance(p, dict) and 'joints' in p
                  else p for p in people]
        found.add(names.number(image), people_of(people, reader, f'{name}, image {image[:40]}'))
    return found
