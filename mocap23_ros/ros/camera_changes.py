# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Notices that the images come from another camera, or that its calibration is another one."""

import time
from collections import deque

from mocap23_ros.geometry.camera_change import largest_turn
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.ros.problems import ProblemLog, Severity

# Rays that turn by more from one frame to the next [degrees] are those of another calibration. A
# lens that zooms turns them by less, and keeps the people.
OTHER_CALIBRATION = 1.0
CHANGES, CHANGES_WITHIN = 4, 5.0  # so many in so many seconds mean two cameras, not a change


class CameraChanges:
    """Compares each frame with the one before and reports where nobody can be followed on."""

    def __init__(self, problems: ProblemLog) -> None:
        self._problems = problems
        self._changes: deque[float] = deque(maxlen=CHANGES)
        self._image_size = (0, 0)
        self._frame = ''
        self._camera: CameraModel | None = None

    def in_images(self, size: tuple[int, int], frame: str) -> bool:
        """Whether the images have another size or frame_id now.

        Width or height 0, or no frame: it is not known.
        """
        # Positions in pixels mean nothing in images of another size, or from elsewhere.
        reasons = []
        if all(size) and size != self._image_size:
            if any(self._image_size):
                reasons.append(
                    f'the images were {_text(self._image_size)} and now are {_text(size)}')
            self._image_size = size
        if frame and frame != self._frame:
            if self._frame:
                reasons.append(f'the images had frame_id "{self._frame[:60]}" and now have '
                               f'"{frame[:60]}"')
            self._frame = frame
        if reasons:
            self._report('; '.join(reasons))
        return bool(reasons)

    def in_calibration(self, camera: CameraModel) -> bool:
        """Whether the rays of the pixels turned by much."""
        before, self._camera = self._camera, camera
        if before is None or before is camera or before.image_size != camera.image_size:
            return False
        turn = largest_turn(before, camera)
        if turn <= OTHER_CALIBRATION:
            return False
        self._report(f'the calibration changed: rays turned by up to {turn:.1f} degrees')
        return True

    def _report(self, reason: str) -> None:
        now = time.monotonic()
        self._changes.append(now)
        severity = Severity.WARN
        if len(self._changes) == CHANGES and now - self._changes[0] < CHANGES_WITHIN:
            reason += (', again and again: check that one camera alone publishes on the topics of '
                       'the images and of CameraInfo')
            severity = Severity.ERROR
        self._problems.report(
            'camera change', f'{reason}; everybody is forgotten and followed anew', severity)
        self._problems.clear('camera change')


def _text(size: tuple[int, int]) -> str:
    return f'{size[0]}x{size[1]}'
