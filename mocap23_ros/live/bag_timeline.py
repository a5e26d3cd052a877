# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What of a bag a robot's node would have received, and when."""

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.bag_camera import TF, CameraTopics
from mocap23_ros.recordings.bag_reader import BagReader
from mocap23_ros.recordings.serialised_headers import header_stamp

LEAD = 1_000_000_000  # ns of TF and CameraInfo that are played before the first image
_LOOKED_AT = 100  # images, for the clock
_LONGEST_DELAY = 5_000_000_000  # ns from an image's stamp to its recording, on one clock


class Played(NamedTuple):
    """received: ns of the recording. topic: ``input``, ``info`` or ``tf``. data: CDR."""

    received: int
    topic: str
    data: bytes


@dataclass(frozen=True)
class BagClock:
    """begin, end: times of the recording between which is played [ns]; images: how many come.

    delay: from an image's stamp to its recording [ns], median; where the stamps are of another
    clock than the recording, None. offset: what stamps need to be of the recording's clock [ns].
    """

    begin: int
    end: int
    images: int
    delay: int | None
    offset: int


def read_clock(bag: BagReader, topics: CameraTopics, seconds: float) -> BagClock:
    """Find when the images begin, and of which clock their stamps are.

    seconds: how much of the bag is played. Raises InputError where no image can be read.
    """
    delays: list[int] = []
    first, images = 0, 0
    for _, _, received, data in bag.serialised([topics.input]):
        first = first or received
        if received - first > 1e9 * seconds:
            break
        images += 1
        if len(delays) < _LOOKED_AT:
            delays.append(received - header_stamp(data))
        elif seconds == float('inf'):
            images = bag.count(topics.input)
            break
    end = bag.end if seconds == float('inf') else first + int(1e9 * seconds)
    if not images:
        raise InputError(f'no message of {topics.input} can be read')
    delay = int(np.median(delays))
    same = 0 <= delay <= _LONGEST_DELAY
    # Of another clock: as if the quickest image had taken no time.
    return BagClock(first - LEAD, end, images, delay if same else None, 0 if same else min(delays))


def timeline(bag: Path, topics: CameraTopics, tf_bags: tuple[Path, ...], clock: BagClock
             ) -> Iterator[Played]:
    """Iterate over what comes in, in the order of recording.

    What was recorded before clock.begin is left out, but for the last CameraInfo, or else the
    first of all, and transforms that hold for all time: they come first.
    """
    with ExitStack() as stack:
        readers = [stack.enter_context(BagReader(path)) for path in (bag, *tf_bags)]
        for reader in readers:
            for _, _, _, data in reader.serialised(_tf_topics(reader, static=True)):
                yield Played(clock.begin, 'tf_static', data)
        early = None
        for _, _, received, data in readers[0].serialised([topics.info] if topics.info else []):
            if early is not None and received > clock.begin:
                break
            early = data
        if early is not None:
            yield Played(clock.begin, 'info', early)
        names = {topics.input: 'input', topics.info: 'info'}
        yield from heapq.merge(*(
            _later(reader, names if reader is readers[0] else {}, clock) for reader in readers),
            key=lambda played: played.received)


def _later(reader: BagReader, names: dict[str, str], clock: BagClock) -> Iterator[Played]:
    wanted = [*_tf_topics(reader, static=False), *filter(None, names)]
    for topic, _, received, data in reader.serialised(wanted):
        if received > clock.end:
            return
        if received > clock.begin:
            yield Played(received, names.get(topic, 'tf'), data)


def _tf_topics(reader: BagReader, static: bool) -> list[str]:
    return [topic for topic in reader.of_type(TF)
            if (topic.rpartition('/')[2] == 'tf_static') == static]
