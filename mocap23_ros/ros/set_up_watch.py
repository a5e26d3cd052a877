# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Names mistakes in the camera's set-up while the node runs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.plausibility.set_up_check import SetUpCheck
from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.tracking.track import Track

_KEY = 'set-up'
_INTERVAL = 1.0  # seconds between judgements


class SetUpWatch:
    """Reports what the people seen say against the camera. Belongs to the worker's thread."""

    def __init__(self, problems: ProblemLog) -> None:
        self._problems = problems
        self._check = SetUpCheck()
        self._judged = -np.inf
        self._source: tuple[str, CameraModel] | None = None

    def reset(self) -> None:
        """Forget what was seen."""
        self._check.clear()
        self._judged = -np.inf

    def feed(self, stamp: float, tracks: Sequence[Track], camera: CameraModel, camera_frame: str,
             floor_T_camera: NDArray[np.float64]) -> None:
        """Take in a frame; once a second of stamps, judge and report.

        Begins anew where the camera or its frame is another one.
        """
        if not self._check.is_due(stamp):
            return
        if self._source != (camera_frame, camera):
            self.reset()
            self._source = camera_frame, camera
        seen = [track for track in tracks if np.isfinite(track.keypoints[:, 0]).any()]
        if seen:
            self._check.add(stamp, [track.person_id for track in seen],
                            np.stack([track.keypoints for track in seen]), camera, floor_T_camera)
        if stamp - self._judged < _INTERVAL:
            return
        self._judged = stamp
        findings = self._check.findings()
        if findings is None:  # what was found before holds until people speak against it
            return
        for finding in findings[:1]:
            self._problems.report(_KEY, finding.message,
                                  Severity.ERROR if finding.is_named else Severity.WARN)
        if not findings:
            self._problems.clear(_KEY)
