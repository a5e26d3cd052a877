# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Notices images that are stamped later or earlier than the transforms of a camera that turns."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import turn_between
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.plausibility.image_delay import LARGEST, TimeOffset, best_offset
from mocap23_ros.plausibility.people_samples import PeopleMemory
from mocap23_ros.plausibility.people_swing import SWINGING, swing_curve
from mocap23_ros.plausibility.pose_track import PoseTrack
from mocap23_ros.plausibility.scene_points import ScenePoints, scene_points
from mocap23_ros.plausibility.scene_turns import SceneTurn, scene_turn, turn_curve
from mocap23_ros.ros.problems import ProblemLog, Severity
from mocap23_ros.tracking.track import Track, bounding_boxes

_TIME_KEY, _SCALE_KEY, _TURNS_KEY = 'image time', 'camera scale', 'camera turns'
_INTERVAL, _LONGEST = 0.2, 0.6  # seconds between images that are compared
_TURNING, _LASTS = np.radians(3.0), 1.0  # rad/s; seconds for which a turn's end is looked at
_PIECE, _PIECES = 8.0, 6  # seconds that are judged at once; how many of them are remembered
# Pieces; logarithms of how large turns seem, and how far they may differ, of that or at least.
_FEWEST_SCALES, _SCALE, _ALIKE, _LEAST_ALIKE = 2, 0.08, 0.1, 0.03


class TimeWatch:
    """Belongs to the worker's thread. Costs some milliseconds five times a second of turning.

    Images tell best, by the scene around people; of keypoints alone, people do who seem to swing.
    """

    def __init__(self, problems: ProblemLog) -> None:
        self._problems = problems
        self._memory = PeopleMemory(_PIECE + 2 * LARGEST)
        self._offset: TimeOffset | None = None
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._scene: deque[NDArray[np.float64]] = deque(maxlen=_PIECES)
        self._people: deque[NDArray[np.float64]] = deque(maxlen=_PIECES)
        self._scales: deque[float] = deque(maxlen=_PIECES)
        self._camera: CameraModel | None = None
        self._set = 0.0
        self._begin()
        self._offset = None
        for key in (_TIME_KEY, _SCALE_KEY, _TURNS_KEY):
            self._problems.clear(key)

    def _begin(self) -> None:
        """Begin a piece."""
        self._poses: list[tuple[float, NDArray[np.float64]]] = []
        self._turns: list[SceneTurn] = []
        self._points: tuple[float, ScenePoints] | None = None
        self._turned, self._has_turned = -np.inf, False
        self._memory.clear()

    def is_due(self, stamp: float) -> bool:
        """Whether the image of this stamp [s] is wanted."""
        return stamp - self._turned < _LASTS and (
            self._points is None or not 0 <= stamp - self._points[0] < _INTERVAL - 1e-3)

    def feed(self, stamp: float, image: NDArray[np.uint8] | None, tracks: Sequence[Track],
             camera: CameraModel, world_T_camera: NDArray[np.float64], set_so_far: float) -> None:
        """Take in a pose [4,4], the small image where it was due, and people; judge and report.

        set_so_far: seconds of image_time_offset, by which the pose is earlier. Begins anew where
        that or the camera is another one.
        """
        if (camera, set_so_far) != (self._camera, self._set):
            self.reset()
            self._camera, self._set = camera, set_so_far
        if self._poses:
            before, pose = self._poses[-1]
            if not 0 < stamp - before < _LONGEST:
                self._begin()
            elif turn_between(pose, world_T_camera) > _TURNING * (stamp - before):
                self._turned, self._has_turned = stamp, True
        self._poses.append((stamp, world_T_camera.copy()))
        if self._memory.is_due(stamp):
            seen = [track for track in tracks if np.isfinite(track.keypoints[:, 0]).any()]
            if seen:
                self._memory.add(stamp, [track.person_id for track in seen],
                                 np.stack([track.keypoints for track in seen]), camera,
                                 world_T_camera)
        if image is not None and self.is_due(stamp):
            self._look(stamp, image, tracks, camera)
        if stamp - self._poses[0][0] > _PIECE + 2 * LARGEST:
            self._judge()

    def _look(self, stamp: float, image: NDArray[np.uint8], tracks: Sequence[Track],
              camera: CameraModel) -> None:
        points = scene_points(image, bounding_boxes(tracks), camera)
        if self._points is not None and stamp - self._points[0] < _LONGEST:
            turn = scene_turn(*self._points, stamp, points)
            if turn is not None:
                self._turns.append(turn)
        self._points = stamp, points

    def _judge(self) -> None:
        """Take in a piece, and report what all show together."""
        poses, turns, has_turned = self._poses, self._turns, self._has_turned
        people = self._memory.recent()
        turned = self._turned
        self._begin()
        self._turned = turned
        self._poses = [pose for pose in poses if pose[0] >= poses[-1][0] - 2 * LARGEST]
        if not has_turned:
            return
        track = PoseTrack(np.array([stamp for stamp, _ in poses]),
                          np.stack([pose for _, pose in poses]))
        curve, scale = turn_curve(turns, track)
        if np.isfinite(scale):
            self._scales.append(scale)
        if curve.any():
            self._scene.append(curve)
        elif len(people) and not np.isfinite(scale):
            self._people.append(swing_curve(people, track))
        self._report_offset()
        self._report_turns()
        self._report_scale()

    def _report_offset(self) -> None:
        curves, seen = ((self._scene, 'the scene does not turn with the poses') if self._scene else
                        (self._people, SWINGING))
        found = best_offset(np.sum(curves, axis=0)) if curves else TimeOffset(0, np.inf, 0)
        if not found.is_there(self._offset is not None):
            self._offset = None
            self._problems.clear(_TIME_KEY)
            return
        self._offset = found
        self._problems.report(_TIME_KEY, found.message(seen, self._set), Severity.ERROR)

    def _report_turns(self) -> None:
        last = list(self._scales)[-_FEWEST_SCALES:]
        if len(last) < _FEWEST_SCALES or max(last) > 0:
            self._problems.clear(_TURNS_KEY)
        elif max(last) < 0:
            self._problems.report(_TURNS_KEY, (
                'as the camera turns and drives past things, its image goes the other way than its '
                "poses (TF): the image is mirrored (switch the driver's flip off) or that of the "
                'camera of the other side, or TF has turns of the wrong sign (wheels of an '
                'odometry exchanged, an inverted transform)'), Severity.ERROR)
        else:
            self._problems.report(_TURNS_KEY, (
                'the image of the camera does not turn as its poses (TF) do: TF has the camera '
                'turned on its mount, is that of another camera, or is more than '
                f'{LARGEST:g} s from the images'), Severity.WARN)

    def _report_scale(self) -> None:
        logs = np.log([scale for scale in self._scales if scale > 0])
        middle = float(np.median(logs)) if len(logs) >= _FEWEST_SCALES else 0.0
        if abs(middle) < _SCALE or np.std(logs) > max(_LEAST_ALIKE, _ALIKE * abs(middle)):
            self._problems.clear(_SCALE_KEY)
            return
        scale = float(np.exp(middle))
        self._problems.report(_SCALE_KEY, (
            f'as the camera turns, its image turns {scale:.2f} times as far as its poses (TF). It '
            f'looks as if K had a focal length of {1 / scale:.2f} times the true one (CameraInfo '
            'of another camera, lens or image size), or as if odometry told turns wrongly'),
            Severity.WARN)

    def uncertainty(self, told: CameraPoseUncertainty) -> CameraPoseUncertainty:
        """The uncertainty of poses that are off in time by as much as it seems."""
        if self._offset is None:
            return told
        return replace(told, stamp=float(np.hypot(told.stamp, self._offset.seconds)))
