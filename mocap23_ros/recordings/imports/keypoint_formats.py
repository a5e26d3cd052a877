# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The formats of other programs whose keypoints can be lifted: a row each, found by content."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from mocap23_ros.errors import InputError
from mocap23_ros.json_files import read_json
from mocap23_ros.recordings.imports import (
    alphapose_results,
    coco_results,
    mediapipe_landmarks,
    mmpose_predictions,
    openpose_files,
    sports2d_tables,
)
from mocap23_ros.recordings.imports.found_people import MOST_FRAMES, FoundPeople

_LARGEST_FILE = 256 * 1024**2  # bytes
_LARGEST_FRAME = 16 * 1024**2  # bytes of a file that is one of many
SUFFIXES = ('.json', '.trc')


@dataclass(frozen=True)
class KeypointFormat:
    """JSON of a program.

    recognises(document): whether a parsed file, not an empty one, is of it. read(documents): from
    (name without suffix, parsed file) of all files; both raise InputError.
    """

    program: str
    recognises: Callable[[Any], bool]
    read: Callable[[Iterable[tuple[str, Any]]], FoundPeople]


# The first that recognises a document reads it.
KEYPOINT_FORMATS = (
    KeypointFormat('OpenPose or Pose2Sim', openpose_files.recognises, openpose_files.read),
    KeypointFormat('AlphaPose', alphapose_results.recognises, alphapose_results.read),
    KeypointFormat('COCO', coco_results.recognises, coco_results.read),
    KeypointFormat('MMPose or rtmlib', mmpose_predictions.recognises, mmpose_predictions.read),
    KeypointFormat('MediaPipe', mediapipe_landmarks.recognises, mediapipe_landmarks.read),
)


def is_foreign(path: Path) -> bool:
    """Whether a file or folder can only be of another program: no npz, but JSON or TRC."""
    if path.is_dir():
        return not any(path.glob('*.npz')) and any(_files(path))
    return path.suffix.lower() in SUFFIXES


def read_people(path: Path) -> tuple[str, FoundPeople]:
    """Return the program that wrote a file or folder, and the people in it.

    Raises InputError, naming the file, for what cannot be used.
    """
    files = sorted(_files(path)) if path.is_dir() else [path]
    if len(files) > MOST_FRAMES:
        raise InputError(f'{path} holds {len(files)} files; at most {MOST_FRAMES} are read')
    tables = [file for file in files if file.suffix.lower() == '.trc']
    if tables:  # Sports2D writes its settings and angles beside them
        return 'Sports2D', sports2d_tables.read(tables)
    largest = _LARGEST_FILE if len(files) == 1 else _LARGEST_FRAME
    documents = ((file.stem, read_json(file, largest)) for file in files)
    first: list[tuple[str, Any]] = []  # empty ones do not tell their format
    for name, document in documents:
        first.append((name, document))
        if document:
            break
    content = first[-1][1]
    for row in KEYPOINT_FORMATS:
        if content and row.recognises(content):
            found = _read(row, path, chain(first, documents))
            if not any(found.frames.values()):
                raise InputError(f'{path}: nobody is found in {len(found.frames)} frames')
            return row.program, found
    if not content:
        raise InputError(f'{path}: nobody is found in {len(first)} files')
    known = ', '.join([*(row.program for row in KEYPOINT_FORMATS), 'Sports2D'])
    raise InputError(f'{path} is JSON, but not as one of these writes it: {known}')


def _read(row: KeypointFormat, path: Path, documents: Iterable[tuple[str, Any]]) -> FoundPeople:
    try:
        return row.read(documents)
    except InputError as error:
        raise InputError(str(error) if str(path) in str(error) else f'{path}: {error}') from None


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES
            and file.is_file())
