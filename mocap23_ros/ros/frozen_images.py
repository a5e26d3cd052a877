# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Notices a camera that hangs and repeats its last image, and images that show nothing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.poses import turn_between
from mocap23_ros.ros.problems import FrameRejectedError, ProblemLog, Severity
from mocap23_ros.tracking.track import Track, TrackState

_KEY, _BLANK_KEY = 'frozen images', 'blank images'
_LONG, _FEWEST = 2.0, 8  # s, images; nobody alive keeps every pixel as it is for so long
_SOON = 0.3  # s, where the camera moved meanwhile
_EVERY = 8  # pixels along rows and columns, of which one is compared; noise changes them all
_CONTRAST = 10  # of 255, between the darkest and the brightest hundredth of a blank image
_MOVED, _TURNED = 0.1, np.radians(2.0)  # m; no camera sees the same from elsewhere


class FrozenImages:
    """Belongs to the worker's thread. ``seconds``: how long the newest image has been the same."""

    def __init__(self, problems: ProblemLog) -> None:
        self._problems = problems
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._shown: NDArray | None = None
        self._since = self.seconds = 0.0
        self._count = 0
        self._contrast_at: float | None = None
        self._is_image = True
        self._pose: NDArray[np.float64] | None = None

    def look(self, stamp: float, shown: NDArray) -> None:
        """Take in an image, uint8 [H,W,3], or the keypoints [P,J,3] that others found in it."""
        self._is_image = shown.dtype == np.uint8
        if self._is_image:
            shown = shown[::_EVERY, ::_EVERY].copy()
            self._look_for_contrast(stamp, shown)
        if self._shown is None or not shown.size or not np.array_equal(
                shown, self._shown, equal_nan=not self._is_image):
            self._shown, self._since, self._count = shown, stamp, 0
        self._count += 1
        self.seconds = stamp - self._since if self._count > 1 else 0.0

    def _look_for_contrast(self, stamp: float, image: NDArray[np.uint8]) -> None:
        dark, bright = _percentiles(image, np.array([0.01, 0.99]))
        if self._contrast_at is None or bright - dark > _CONTRAST:
            self._contrast_at = stamp
        if stamp - self._contrast_at <= _LONG:
            self._problems.clear(_BLANK_KEY)
            return
        self._problems.report(_BLANK_KEY, (
            f'the images show nothing: all pixels lie between {dark:.0f} and {bright:.0f} of 255, '
            'so that nobody can be found; check lens cap, exposure and light'), Severity.WARN)

    def judge(self, seconds: float, tracks: Sequence[Track], world_T_camera: NDArray[np.float64]
              ) -> None:
        """Report people in images that do not change; ``seconds``: as of their arrival.

        Raises FrameRejectedError where the camera moved [4,4] and its image did not.
        """
        if not seconds or self._pose is None:
            self._pose = world_T_camera.copy()
            self._problems.clear(_KEY)
            return
        if not any(track.state == TrackState.TRACKED for track in tracks):
            return
        way = np.linalg.norm(world_T_camera[:3, 3] - self._pose[:3, 3])
        turn = turn_between(self._pose, world_T_camera)
        if seconds > _SOON and (way > _MOVED or turn > _TURNED):
            self._problems.report(_KEY, (
                f'the image has been the same for {seconds:.1f} s while TF moved the camera by '
                f'{way:.1f} m and {np.degrees(turn):.0f} degrees: the camera hangs, '
                'or TF does not belong to it; restart the driver'))
            raise FrameRejectedError(_KEY)
        if self._is_image and seconds > _LONG and self._count >= _FEWEST:
            self._problems.report(_KEY, (
                f'people are followed in images that have been the same for {seconds:.0f} s, to '
                'the pixel: the camera hangs and repeats its last image; restart its driver (in a '
                'simulation without noise this may be right)'), Severity.WARN)


def _percentiles(image: NDArray[np.uint8], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Percentiles as of np.percentile, which sorts and costs a millisecond per image."""
    place = (image.size - 1) * shares
    below = np.floor(place).astype(int)
    count = np.bincount(image.ravel(), minlength=256).cumsum()
    low, high = (np.searchsorted(count, np.minimum(at, image.size - 1), side='right')
                 for at in (below, below + 1))
    return np.asarray(low + (place - below) * (high - low))
