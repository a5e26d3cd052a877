# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Sources of the camera's pose at the stamp of an image."""

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError

if TYPE_CHECKING:
    from std_msgs.msg import Header


class NoTransformError(InputError):
    """The camera's pose at this stamp is not known, or not yet."""


class CameraPoses(Protocol):
    """TF as it comes, the TF of a whole bag, or a camera that stands still."""

    def camera_pose(self, world_frame: str, header: 'Header') -> NDArray[np.float64]:
        """Return world_T_camera [4,4] at the stamp of an image with this header.

        Raises NoTransformError while it is not known, and InputError for what waiting does not
        mend; both say what is missing and how to provide it.
        """

    def clear(self) -> None:
        """Forget poses of another time: stamps begin anew."""


def camera_frame_of(header: 'Header') -> str:
    """Return the frame of an image's camera; InputError where it has none that TF can know."""
    if header.frame_id.startswith('/'):
        raise InputError(
            f'the image has the frame_id "{header.frame_id}", and in ROS 2 no TF frame begins with '
            f'a slash; set it to "{header.frame_id.lstrip("/")}" in the camera driver')
    if not header.frame_id:
        raise InputError(
            'the image has an empty frame_id, so its camera cannot be found in TF; set the frame '
            'in the camera driver')
    return header.frame_id
