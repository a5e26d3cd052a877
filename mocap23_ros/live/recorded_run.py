# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reads what a recorded bag holds: skeletons, keypoints, latency, and the node's counts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.bag_reader import message_types
from mocap23_ros.ros.stamps import nanoseconds
from mocap23_ros.skeletons.coco17 import COCO_JOINTS
from mocap23_ros.skeletons.message_arrays import PeopleArrays, people_arrays
from mocap23_ros.skeletons.unobserved import unobserved_keypoints

WANTED = ('/skeletons', '/skeleton_info', '/keypoints_2d', '/diagnostics')


@dataclass(frozen=True)
class RecordedRun:
    """Contents of a bag of lifter_node.

    stamps_ns: int64 [S] image stamps of the skeleton messages; received_ns: when they were
    recorded; latency: float64 [S] seconds, as the node says, NaN for messages without people.
    people: in the skeleton messages.
    keypoints: id -> float32 [K,17,3] at keypoint_stamps_ns [K].
    node: the values of the node's last diagnostics.
    """

    stamps_ns: NDArray[np.int64]
    received_ns: NDArray[np.int64]
    latency: NDArray[np.float64]
    people: PeopleArrays
    keypoint_stamps_ns: NDArray[np.int64]
    keypoints: dict[int, NDArray[np.float32]]
    joint_names: tuple[str, ...]
    lifter: str
    counts: dict[str, int]
    node: dict[str, str]


def read_run(bag: Path, until: int | None = None) -> RecordedRun:
    """Read a bag; diagnostics count until this time of the recording [ns], all when None.

    Raises InputError where it holds no skeletons or cannot be read.
    """
    messages: dict[str, list[tuple[int, Any]]] = {topic: [] for topic in WANTED}
    try:
        with AnyReader([bag], default_typestore=message_types()) as reader:
            counts = {connection.topic: connection.msgcount for connection in reader.connections}
            wanted = [c for c in reader.connections if c.topic in WANTED]
            for connection, received, data in reader.messages(wanted):
                messages[connection.topic].append(
                    (received, reader.deserialize(data, connection.msgtype)))
    except (OSError, KeyError, ValueError, AssertionError) as error:
        raise InputError(f'the bag {bag} cannot be read ({error})') from None
    if not messages['/skeleton_info']:
        raise InputError(f'the bag {bag} holds no /skeleton_info: the node was not recorded')
    info = messages['/skeleton_info'][-1][1]
    skeletons = messages['/skeletons']
    people = people_arrays([message for _, message in skeletons], len(info.joint_names))
    keypoint_stamps, keypoints = _keypoints([m for _, m in messages['/keypoints_2d']])
    latency = [min((s.latency for s in m.skeletons), default=np.nan) for _, m in skeletons]
    values: dict[str, str] = {}
    for received, message in messages['/diagnostics']:
        if until is not None and received > until:
            break
        for status in message.status:
            values.update({value.key: value.value for value in status.values})
    return RecordedRun(
        np.array([nanoseconds(m.header.stamp) for _, m in skeletons], np.int64),
        np.array([received for received, _ in skeletons], np.int64),
        np.array(latency, np.float64), people, keypoint_stamps, keypoints,
        tuple(info.joint_names), str(info.lifter), counts, values)


def _keypoints(messages: list[Any]
               ) -> tuple[NDArray[np.int64], dict[int, NDArray[np.float32]]]:
    stamps = np.array([nanoseconds(message.header.stamp) for message in messages], np.int64)
    ids = sorted({int(p.id) for message in messages for p in message.people})
    keypoints = {i: unobserved_keypoints(len(messages), 17) for i in ids}
    for row, message in enumerate(messages):
        for person in message.people:
            flat = np.asarray(person.keypoints).reshape(-1, 3)
            keypoints[int(person.id)][row] = flat[COCO_JOINTS]
    return stamps, keypoints
