# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""People by frame number, as the files of other programs give them, before a recording is made."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

UNKNOWN_CONFIDENCE = 0.8  # of keypoints whose file has none
MOST_PEOPLE = 256  # in a frame; more is an error of the writer
MOST_FRAMES = 500_000
_LARGEST_NUMBER = 1_000_000_000  # larger ones are time stamps or hashes

Layouts = Mapping[int, SkeletonFormat]
"""Format by the number of keypoints; further keypoints (hands, face) come after those of it."""


class FoundPerson(NamedTuple):
    """keypoints: float32 [J,3] x, y, confidence. person_id: None where the file has none."""

    keypoints: NDArray[np.float32]
    person_id: int | None


@dataclass
class FoundPeople:
    """Frames of one camera in any order.

    frames: people by frame number. skeleton: format of all of them. fractions: whether x and y
    are fractions of the image's width and height. whole_body: whether hands and face, left out,
    were there. stamps: seconds by frame number, empty where only the numbers tell the time.
    image_size: (width, height) where the files say it.
    """

    skeleton: SkeletonFormat
    frames: dict[int, list[FoundPerson]] = field(default_factory=dict)
    fractions: bool = False
    whole_body: bool = False
    stamps: dict[int, float] = field(default_factory=dict)
    image_size: tuple[int, int] | None = None

    def add(self, number: int, people: Sequence[FoundPerson]) -> None:
        """Take in people of a frame; InputError for too many of them, or too many frames."""
        frame = self.frames.setdefault(number, [])
        frame.extend(people)
        if len(frame) > MOST_PEOPLE:
            raise InputError(f'frame {number} holds more than {MOST_PEOPLE} people')
        if len(self.frames) > MOST_FRAMES:
            raise InputError(f'there are more than {MOST_FRAMES} frames; cut the recording into '
                             'parts')

    def add_new(self, number: int, people: Sequence[FoundPerson], where: str) -> None:
        """Add a frame of a writer that has each frame once; InputError for a second one."""
        if number in self.frames:
            raise InputError(f'{where} has frame {number} a second time')
        self.add(number, people)


class KeypointReader:
    """Turns the numbers of one person into keypoints, and holds all people to one format."""

    def __init__(self, layouts: Layouts, program: str) -> None:
        self._layouts, self._program = layouts, program
        self._count = 0

    @property
    def skeleton(self) -> SkeletonFormat:
        """The format of the keypoints read; the usual one where there were none."""
        return self._layouts.get(self._count) or next(iter(self._layouts.values()))

    @property
    def whole_body(self) -> bool:
        """Whether the people read have keypoints beyond those of the format."""
        return self._count > len(self.skeleton)

    def triples(self, values: Any, where: str) -> NDArray[np.float32]:
        """Keypoints [J,3] from x, y, confidence of one after the other; InputError."""
        numbers = plain_numbers(values, 1, where)
        if len(numbers) % 3:
            raise InputError(f'{where} has {len(numbers)} numbers of keypoints; it must be x, y, '
                             'confidence of each')
        return self.take(numbers.reshape(-1, 3), where)

    def take(self, keypoints: NDArray[np.float32], where: str) -> NDArray[np.float32]:
        """The keypoints [J,3] of the format, without hands and face; InputError."""
        count = len(keypoints)
        if count not in self._layouts:
            known = ', '.join(f'{number} ({skeleton.name})'
                              for number, skeleton in self._layouts.items())
            raise InputError(f'{where} has {count} keypoints; of {self._program} these numbers '
                             f'are known: {known}')
        if self._count not in (0, count):
            raise InputError(f'{where} has {count} keypoints, people before it {self._count}; '
                             'all must come from one model')
        self._count = count
        return keypoints[:len(self._layouts[count])]


class FrameNames:
    """Frame numbers from the names of files and images, which must be those of one sequence."""

    def __init__(self, suffixes: tuple[str, ...] = ()) -> None:
        """suffixes: what a program puts behind the number."""
        self._suffixes = suffixes
        self._prefix: str | None = None

    def number(self, name: str) -> int:
        """The last digits of a name; InputError where it has none or is of another sequence."""
        folder, _, file = name.replace('\\', '/').rpartition('/')
        stem = re.sub(r'\.[A-Za-z]\w{0,4}$', '', file)
        for suffix in self._suffixes:
            stem = stem.removesuffix(suffix)
        found = re.search(r'(\d{1,30})\D*$', stem, re.ASCII)
        if found is None:
            raise InputError(f'{name[:80]!r} has no frame number; number the images in the order '
                             'in which they were taken')
        prefix = f'{folder}/{stem[:found.start()].rstrip("0123456789")}'.lstrip('/')
        if self._prefix not in (None, prefix):
            raise InputError(f'the names {self._prefix[:40]!r} and {prefix[:40]!r} are of several '
                             'recordings; give those of one camera alone')
        self._prefix = prefix
        return check_number(int(found.group(1)), name)


def check_number(number: Any, where: str) -> int:
    """Return a frame number; InputError for anything else."""
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise InputError(f'{where[:80]}: {str(number)[:40]!r} is not a frame number')
    if number > _LARGEST_NUMBER:
        raise InputError(f'{where[:80]}: {number} is not a frame number but perhaps a time stamp; '
                         'number the frames, or write stamps into the npz of docs/LIFT.md')
    return number


def plain_numbers(values: Any, dimensions: int, where: str) -> NDArray[np.float32]:
    """Nested lists of numbers as an array of these dimensions, null as NaN; InputError."""
    fault = InputError(f'{where} has keypoints that are not {"lists of " * (dimensions - 1)}'
                       'numbers')
    if not isinstance(values, list):
        raise fault
    try:
        array = np.array(values)
        if array.dtype.kind == 'O':
            array = np.array(_without_null(values, dimensions))
    except ValueError:  # lists of different lengths
        raise fault from None
    if array.size and array.dtype.kind not in 'fiu':
        raise fault
    if array.ndim != dimensions:
        if array.size:
            raise fault
        array = array.reshape(*(0,) * dimensions)
    with np.errstate(over='ignore'):
        return array.astype(np.float32)


def person_id(entry: Mapping[str, Any], *keys: str) -> int | None:
    """The id under one of the keys; None for none, a negative one, or what is not a number."""
    for key in keys:
        value = entry.get(key)
        while isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
            value = int(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and (
                math.isfinite(value) and 0 <= value < 2**31 and value == int(value)):
            return int(value)
    return None


def _without_null(values: Any, dimensions: int) -> Any:
    if dimensions == 0:
        return math.nan if values is None else values
    if not isinstance(values, list):
        return values
    return [_without_null(value, dimensions - 1) for value in values]
