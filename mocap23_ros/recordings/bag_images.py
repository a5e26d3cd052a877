# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The images of a bag, decoded, in the order of their stamps."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.bag_camera import COMPRESSED, IMAGE
from mocap23_ros.recordings.bag_reader import BagReader
from mocap23_ros.ros.image_decoding import decode_message
from mocap23_ros.ros.stamps import nanoseconds


def bag_images(path: Path, topic: str) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Iterate over stamps [s], as those of lifted motion, and pixels uint8 [H,W,3] BGR.

    Nothing where the topic has keypoints. Images that cannot be decoded are left out.
    """
    with BagReader(path) as bag:
        if bag.topics[topic] not in (IMAGE, COMPRESSED):
            return
        for item in bag.messages([topic], by_stamp=True):
            try:
                yield 1e-9 * nanoseconds(item.message.header.stamp), decode_message(item.message)
            except InputError:
                continue
