# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""COCO's JSON of keypoints: the results of detectors, or a file of annotations.

Results: ``[{"image_id": 12, "category_id": 1, "keypoints": [x, y, score, ...], "score": 0.9}]``.
Annotations: ``{"images": [{"id", "file_name", "width", "height"}], "annotations": [...]}``, whose
third number is the visibility 0, 1 or 2. Frames without anybody are absent from both, except
that annotations may list their images.
"""

from collections.abc import Iterable
from typing import Any

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.imports.found_people import (
    FoundPeople,
    FoundPerson,
    FrameNames,
    KeypointReader,
    Layouts,
    check_number,
    person_id,
)
from mocap23_ros.skeletons.formats import COCO17, HALPE26

# 133: COCO-WholeBody.
LAYOUTS = {17: COCO17, 26: HALPE26, 133: COCO17}
_PERSON = 1  # category_id


def recognises(document: Any) -> bool:
    """Whether these are results or annotations of COCO."""
    if isinstance(document, dict):
        return all(isinstance(document.get(key), list) for key in ('images', 'annotations'))
    return is_list_of(document, 'image_id', 'keypoints')


def is_list_of(document: Any, *keys: str) -> bool:
    """Whether the document is a list whose first entry has these keys."""
    return (isinstance(document, list) and bool(document) and isinstance(document[0], dict)
            and all(key in document[0] for key in keys))


def read(documents: Iterable[tuple[str, Any]]) -> FoundPeople:
    """People of all images; InputError."""
    name, document = only_one(documents)
    if isinstance(document, list):
        return read_results(name, document, LAYOUTS, 'COCO')
    names, found = FrameNames(), FoundPeople(COCO17)
    numbers: dict[Any, int] = {}
    for image in document['images']:
        if not isinstance(image, dict) or not isinstance(image.get('id'), int | str):
            raise InputError(f'{name}: an image has no id')
        number = names.number(str(image.get('file_name', image['id'])))
        numbers[image['id']] = number
        found.add_new(number, (), f'{name}, images')
        size = image.get('width'), image.get('height')
        if all(isinstance(side, int) for side in size):
            if found.image_size not in (None, size):
                raise InputError(f'{name}: its images have several sizes; they are not of one '
                                 'camera')
            found.image_size = size  # type: ignore[assignment]
    return read_results(name, [entry for entry in document['annotations']
                               if not isinstance(entry, dict) or 'keypoints' in entry],
                        LAYOUTS, 'COCO', found, numbers)


def read_results(name: str, entries: list[Any], layouts: Layouts, program: str,
                 found: FoundPeople | None = None, numbers: dict[Any, int] | None = None
                 ) -> FoundPeople:
    """People of a list with image_id and keypoints in every entry; InputError.

    numbers: frames by image_id; without it the id is the number, or a name with the number.
    """
    reader, names = KeypointReader(layouts, program), FrameNames()
    found = found or FoundPeople(reader.skeleton)
    several = len({str(e.get('category_id')) for e in entries if isinstance(e, dict)}) > 1
    videos = {str(e['video_id']) for e in entries if isinstance(e, dict) and 'video_id' in e}
    if len(videos) > 1:
        raise InputError(f'{name} is of {len(videos)} videos (video_id); give those of one alone')
    for entry in entries:
        if not isinstance(entry, dict) or not {'image_id', 'keypoints'} <= entry.keys():
            raise InputError(f'{name}: an entry has no image_id or no keypoints')
        if several and entry.get('category_id') != _PERSON:
            continue
        image = entry['image_id']
        where = f'{name}, image {str(image)[:40]}'
        if numbers is not None:
            if not isinstance(image, int | str) or image not in numbers:
                raise InputError(f'{where} is not among the images')
            number = numbers[image]
        else:
            number = names.number(image) if isinstance(image, str) else check_number(image, where)
        found.add(number, [FoundPerson(reader.triples(entry['keypoints'], where),
                                       person_id(entry, 'idx', 'track_id', 'person_id'))])
    found.skeleton, found.whole_body = reader.skeleton, reader.whole_body
    return found


def only_one(documents: Iterable[tuple[str, Any]]) -> tuple[str, Any]:
    """The single file of a format that has all frames in one; InputError where there are more."""
    first, *others = documents
    if others:
        raise InputError(f'{first[0]} and {others[0][0]} are recordings of their own; give one of '
                         'them')
    return first
