# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The packed numbers of Skeleton messages, of rclpy or a bag, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError

# xx xy xz yy yz zz: where the six numbers of the messages stand in a 3x3 matrix, and back.
_ROWS, _COLUMNS = np.triu_indices(3)
_PLACES = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])


def symmetric(unique: NDArray) -> NDArray:
    """Symmetric matrices [...,3,3] from their unique entries xx xy xz yy yz zz [...,6]."""
    return unique[..., _PLACES]


def unique_entries(matrices: NDArray) -> NDArray:
    """The entries xx xy xz yy yz zz [...,6] of symmetric matrices [...,3,3]."""
    return matrices[..., _ROWS, _COLUMNS]


@dataclass(frozen=True)
class PeopleArrays:
    """People of F messages, P of them by id; NaN where a message does not have a person.

    person_ids: int64 [P], ascending. joints: float32 [F,P,J,3] m. covariance: float32
    [F,P,J,3,3] m^2. contact: float32 [F,P,2]. stature: float32 [F,P] m.
    """

    person_ids: NDArray[np.int64]
    joints: NDArray[np.float32]
    covariance: NDArray[np.float32]
    contact: NDArray[np.float32]
    stature: NDArray[np.float32]


def people_arrays(messages: Sequence[Any], joint_count: int | None = None) -> PeopleArrays:
    """Return the people of SkeletonArray messages: of rclpy, or as a bag's reader makes them.

    joint_count: J; that of the largest skeleton where None, 17 where nobody is. Raises InputError
    for a skeleton whose arrays do not fit together or are of another length.
    """
    ids = sorted({int(s.id) for message in messages for s in message.skeletons})
    columns = {person_id: column for column, person_id in enumerate(ids)}
    if joint_count is None:
        joint_count = max(
            (len(s.joints) // 3 for message in messages for s in message.skeletons), default=17)
    shape = (len(messages), len(ids))
    people = PeopleArrays(np.array(ids, np.int64), *(
        np.full((*shape, *rest), np.nan, np.float32)
        for rest in ((joint_count, 3), (joint_count, 3, 3), (2,), ())))
    for row, message in enumerate(messages):
        for skeleton in message.skeletons:
            joints, covariance = joints_of(skeleton)
            if len(joints) != joint_count:
                raise InputError(f'skeleton {skeleton.id} has {len(joints)} joints where others '
                                 f'have {joint_count}')
            cell = row, columns[int(skeleton.id)]
            people.joints[cell], people.covariance[cell] = joints, covariance
            if len(skeleton.contact) == 2:
                people.contact[cell] = skeleton.contact
            people.stature[cell] = skeleton.stature
    return people


def joints_of(skeleton: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Joints [J,3] and their covariances [J,3,3] of a Skeleton message, NaN where it has none.

    Raises InputError where its arrays do not fit together.
    """
    count = len(skeleton.joints) // 3
    if len(skeleton.joints) != 3 * count or len(skeleton.covariance) not in (0, 6 * count):
        raise InputError(
            f'skeleton {skeleton.id} has {len(skeleton.joints)} numbers for joints and '
            f'{len(skeleton.covariance)} for covariances; they must be 3J and 6J')
    joints = np.asarray(skeleton.joints, np.float32).reshape(count, 3)
    if not len(skeleton.covariance):
        return joints, np.full((count, 3, 3), np.nan, np.float32)
    return joints, symmetric(np.asarray(skeleton.covariance, np.float32).reshape(count, 6))
