# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Names mistakes in the camera's set-up while the node runs."""

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.plausibility.people_samples import PeopleMemory
from mocap23_ros.plausibility.set_up_check import diagnose
from mocap23_ros.ros.pose_fit import PoseFit
from mocap23_ros.ros.pose_leaps import PoseLeaps
from mocap23_ros.ros.pose_watch import PoseWatch
from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.tracking.track import Track, TrackState

_KEY = 'set-up'
_INTERVAL = 1.0  # seconds between judgements
_FIT_MEMORY = 60.0  # seconds: a fit needs more people than a judgement of how they stand
_STILL = 0.02  # metres and radians that a given pose may change; else it is another one
_UNPLACED_KEY = 'placing'
_RECENT, _FEWEST = 60, 30  # frames with people
_MANY = 8  # people, of whom some may be left out to keep up
_GROWN_UP = 1.0  # seconds that a track is known; newer ones may still have no skeleton
_FEW_PLACED = 0.3


class SetUpWatch:
    """Reports what the people seen say against the camera. Belongs to the worker's thread."""

    def __init__(self, problems: ProblemLog, live: bool) -> None:
        """live: whether frames go on while a pose is fitted, and the fit counts when it is done."""
        self._problems = problems
        self._memory = PeopleMemory()
        self.pose = PoseWatch(problems)
        self._leaps = PoseLeaps(problems)
        self._fit = PoseFit(live)
        self._fit_memory = PeopleMemory(_FIT_MEMORY)
        self._fit_pose = np.eye(4)  # under which its sightings were
        self._judged = -np.inf
        self._source: tuple[str, CameraModel] | None = None
        self._placed: deque[float] = deque(maxlen=_RECENT)

    def reset(self) -> None:
        """Forget what was seen."""
        self._memory.clear()
        self.pose.reset()
        self._leaps.reset()
        self._fit.reset()
        self._fit_memory.clear()
        self._judged = -np.inf
        self._placed.clear()

    def set_stature(self, person_id: int, stature: float) -> None:
        """A person's body height [m] is known; NaN: it is not."""
        self.pose.set_stature(person_id, stature)

    def feed(self, stamp: float, tracks: Sequence[Track], camera: CameraModel, camera_frame: str,
             floor_T_camera: NDArray[np.float64], refine: bool = False) -> None:
        """Take in a frame under the given pose; once a second of stamps, judge and report.

        refine: whether ``pose`` corrects it. Begins anew where the camera or its frame is another.
        """
        self._leaps.feed(stamp, floor_T_camera)
        if not self._memory.is_due(stamp):
            return
        if self._source != (camera_frame, camera):
            if self._source is not None:
                self.reset()
            self._source = camera_frame, camera
        seen = [track for track in tracks if np.isfinite(track.keypoints[:, 0]).any()]
        if np.abs(floor_T_camera - self._fit_pose).max() > _STILL:
            self._fit_memory.clear()
            self._fit_pose = floor_T_camera.copy()
        if seen:
            sighting = (stamp, [track.person_id for track in seen],
                        np.stack([track.keypoints for track in seen]), camera, floor_T_camera)
            self._memory.add(*sighting)
            self._fit_memory.add(*sighting)
        if seen and self.pose.is_due(stamp):
            self.pose.update(stamp, self._memory.recent(), camera.focal_length, refine)
        if stamp - self._judged < _INTERVAL:
            return
        self._judged = stamp
        findings = diagnose(self._memory.recent())
        if findings is None:  # what was found before holds until people speak against it
            return
        findings = findings or self._fit.update(stamp, self._fit_memory.recent(),
                                                camera.focal_length, self.pose.statures)
        for finding in findings[:1]:
            self._problems.report(_KEY, finding.message,
                                  Severity.ERROR if finding.is_named else Severity.WARN)
        if not findings:
            self._problems.clear(_KEY)

    def count_placed(self, tracks: Sequence[Track], estimates: Sequence[SkeletonEstimate]) -> None:
        """Report where people are followed in the image for seconds, but get no skeletons."""
        seen = {track.person_id for track in tracks
                if track.state == TrackState.TRACKED and track.age > _GROWN_UP}
        if not 0 < len(seen) <= _MANY:
            return
        placed = {e.person_id for e in estimates if np.isfinite(e.joints).any()}
        self._placed.append(len(seen & placed) / len(seen))
        if len(self._placed) < _FEWEST:
            return
        if sum(self._placed) > _FEW_PLACED * len(self._placed):
            self._problems.clear(_UNPLACED_KEY)
            return
        self._problems.report(
            _UNPLACED_KEY, f'{len(seen)} people are followed in the image, but how far away they '
            'are is not known: their feet are out of view or above the horizon of the camera pose, '
            'or they are too far away. Check the height and pitch of the camera and floor_height',
            Severity.WARN)
