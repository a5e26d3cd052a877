# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reads 2D keypoints of other detectors from messages, of rclpy or a bag."""

from typing import TYPE_CHECKING

import numpy as np

from mocap23_ros.detection.detector import Detection, feet_of
from mocap23_ros.errors import InputError
from mocap23_ros.plausibility.keypoint_values import clean_keypoints, in_image
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import FORMATS
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

if TYPE_CHECKING:
    from mocap23_msgs.msg import Keypoints2DArray

# People of one message beyond this number are an error of the sender.
MAX_PEOPLE = 256


def detections_from_message(
    message: 'Keypoints2DArray', keypoint_format: SkeletonFormat
) -> list[Detection]:
    """Return the people of another detector in the format that the lifter takes.

    Raises InputError for an unknown format, arrays of a wrong length, and coordinates that are
    fractions of the image. Which keypoints count as not found: see clean_keypoints. Ids are not
    used: people are tracked here, so that an id is never given twice.
    """
    source = FORMATS.get(message.format)
    if source is None:
        raise InputError(
            f'keypoints_2d_in has the unknown format "{message.format}"; send one of '
            f'{", ".join(FORMATS)}')
    if len(message.people) > MAX_PEOPLE:
        raise InputError(
            f'keypoints_2d_in holds {len(message.people)} people; at most {MAX_PEOPLE} are taken')
    image_size = (int(message.image_width), int(message.image_height))
    for person in message.people:
        if len(person.keypoints) != 3 * len(source):
            raise InputError(
                f'keypoints_2d_in: a person has {len(person.keypoints)} numbers; {message.format} '
                f'needs {3 * len(source)} (x, y, confidence of {len(source)} keypoints)')
    sent = everybody = clean_keypoints(
        np.array([person.keypoints for person in message.people], np.float32).reshape(
            -1, len(source), 3), image_size)
    if source.name != keypoint_format.name:
        everybody = convert_keypoints(sent, source, keypoint_format)
    detections = []
    for person, own, keypoints, visible in zip(
            message.people, sent, everybody, in_image(everybody, image_size), strict=True):
        if not visible:
            continue
        found = keypoints[:, 2] > 0.0
        box = np.array(person.bounding_box, np.float32)
        if not np.isfinite(box).all() or (box[2:] <= box[:2]).any():
            box = np.concatenate([keypoints[found, :2].min(0), keypoints[found, :2].max(0)])
        score = float(person.score)
        if not np.isfinite(score):
            score = float(keypoints[found, 2].mean())
        detections.append(Detection(keypoints, box, min(max(score, 0.0), 1.0),
                                    feet_of(own, source)))
    return detections
