# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A world that stays where it is while the localisation of the camera corrects itself."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import FARTHEST_PERSON, invert_transform, transform_points
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.tracking.track import Track

# Smallest leaps against the motion of before that count; smaller ones are noise and jerks.
_PLACE, _HEADING = 0.05, np.radians(1.0)
_HEIGHT, _TILT = 0.08, np.radians(2.0)
_REACH = 0.5  # s; over longer gaps neither the camera nor people can be foreseen
_LONGEST_STEP = 3.0  # steps of before, for which the camera's motion is carried on
_FEWEST_JOINTS = 6
_SEEN = 0.3  # confidence
_CLEARLY, _FAR = 3.0, 0.01  # ratio and difference of errors, in units of the focal length


class SteadyWorld:
    """Tells leaps of the world from motion of the camera, by the people in view.

    When localisation corrects the robot's place on the map, or odometry restarts, world_T_camera
    leaps, while the image shows that the camera did not. The steady world takes the first poses as
    correct. It differs from the given world by a turn about the vertical and a shift along the
    floor. Everything that remembers people works in it: a leap moves all people at once, and nobody
    seems to run. ``is_another``: the newest pose leapt in height or tilt, or while nobody was in
    view. No shift of the world corrects that, and what was learned about people is wrong.
    """

    def __init__(self) -> None:
        self.is_another = False
        self._steady_T_world: NDArray[np.float64] | None = None  # None: the same
        self._poses: deque[tuple[float, NDArray[np.float64]]] = deque(maxlen=2)

    def enter(self, stamp: float, world_T_camera: NDArray[np.float64], camera: CameraModel,
              tracks: Sequence[Track], people: Mapping[int, SkeletonEstimate]
              ) -> NDArray[np.float64]:
        """steady_T_camera [4,4] of a frame.

        world_T_camera: [4,4], floor at z = 0. tracks: of the frame. people: as they were known
        before it, by id, in the steady world.
        """
        self.is_another = False
        pose = world_T_camera
        if self._steady_T_world is not None:
            pose = self._steady_T_world @ pose
        expected = self._expected(stamp)
        if expected is not None and self._leaps(pose, expected) and _stood_still(
                stamp, pose, expected, camera, tracks, people):
            shift = _along_floor(pose, expected)
            pose = shift @ pose
            self.is_another = _off_floor(pose, expected)
            self._steady_T_world = shift if self._steady_T_world is None else (
                shift @ self._steady_T_world)
        if self._poses:
            newest, before = self._poses[-1]
            way = np.linalg.norm(pose[:3, 3] - before[:3, 3])
            self.is_another = self.is_another or bool(way > FARTHEST_PERSON)
            if newest == stamp:
                self._poses.pop()
        self._poses.append((stamp, pose))
        return pose

    def leave(self, estimate: SkeletonEstimate) -> SkeletonEstimate:
        """An estimate of the steady world in the world that is given now."""
        if self._steady_T_world is None:
            return estimate
        world_T_steady = invert_transform(self._steady_T_world)
        R = world_T_steady[:3, :3]
        both = np.kron(np.eye(2), R)
        return replace(
            estimate,
            joints=transform_points(world_T_steady, estimate.joints).astype(np.float32),
            covariance=(R @ estimate.covariance @ R.T).astype(np.float32),
            world_T_root=world_T_steady @ estimate.world_T_root,
            root_covariance=both @ estimate.root_covariance @ both.T,
            root_velocity=R @ estimate.root_velocity)

    def _expected(self, stamp: float) -> NDArray[np.float64] | None:
        """Predict the pose from the last two; None where they do not determine it."""
        if len(self._poses) < 2:
            return None
        (before, start), (newest, end) = self._poses
        if not 0 < stamp - newest <= _REACH:
            return None
        ratio = min((stamp - newest) / (newest - before), _LONGEST_STEP)
        turn = Rotation.from_matrix(start[:3, :3].T @ end[:3, :3]).as_rotvec()
        pose = end.copy()
        pose[:3, :3] = end[:3, :3] @ Rotation.from_rotvec(ratio * turn).as_matrix()
        pose[:3, 3] += ratio * (end[:3, 3] - start[:3, 3])
        return pose

    @staticmethod
    def _leaps(pose: NDArray[np.float64], expected: NDArray[np.float64]) -> bool:
        place = np.hypot(*(pose[:2, 3] - expected[:2, 3]))
        return bool(place > _PLACE or abs(_heading(pose, expected)) > _HEADING
                    or _off_floor(pose, expected))


def _heading(pose: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """The turn about the vertical, radians, that brings a pose nearest to the expected one."""
    turn = expected[:3, :3] @ pose[:3, :3].T
    return float(np.arctan2(turn[1, 0] - turn[0, 1], turn[0, 0] + turn[1, 1]))


def _along_floor(pose: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """The motion of the world [4,4] along its floor that brings a pose to the expected one."""
    shift = np.eye(4)
    shift[:3, :3] = Rotation.from_rotvec([0, 0, _heading(pose, expected)]).as_matrix()
    shift[:2, 3] = expected[:2, 3] - shift[:2, :2] @ pose[:2, 3]
    return shift


def _off_floor(pose: NDArray[np.float64], expected: NDArray[np.float64]) -> bool:
    """Whether height or tilt of two poses differ."""
    tilt = np.linalg.norm(np.cross(pose[2, :3], expected[2, :3]))  # the vertical in the camera
    return bool(abs(pose[2, 3] - expected[2, 3]) > _HEIGHT or tilt > np.sin(_TILT))


def _stood_still(stamp: float, pose: NDArray[np.float64], expected: NDArray[np.float64],
                 camera: CameraModel, tracks: Sequence[Track],
                 people: Mapping[int, SkeletonEstimate]) -> bool:
    """Whether the image shows people as from the expected pose, not as from the given one."""
    points, pixels = [np.zeros((0, 3))], [np.zeros((0, 2))]
    for track in tracks:
        known = people.get(track.person_id)
        if known is None or not 0 < stamp - known.stamp <= _REACH:
            continue
        keypoints = np.asarray(track.keypoints, np.float64)[:len(COCO17)]
        joints = known.joints[:len(keypoints)] + (
            stamp - known.stamp) * np.nan_to_num(known.root_velocity)
        usable = (keypoints[:, 2] > _SEEN) & np.isfinite(keypoints).all(axis=1) & \
            np.isfinite(joints).all(axis=1)
        points.append(joints[usable])
        pixels.append(keypoints[usable, :2])
    p_world = np.concatenate(points)
    if len(p_world) < _FEWEST_JOINTS:
        return False
    seen = camera.undistort(np.concatenate(pixels))
    told, foreseen = (_error(p_world, seen, view) for view in (pose, expected))
    return told > max(_CLEARLY * foreseen, foreseen + _FAR)


def _error(p_world: NDArray[np.float64], seen: NDArray[np.float64], view: NDArray[np.float64]
           ) -> float:
    """The median distance between rays of depth 1 [N,2] and points [N,3] seen from a pose."""
    p_camera = (p_world - view[:3, 3]) @ view[:3, :3]
    with np.errstate(divide='ignore', invalid='ignore'):
        error = np.linalg.norm(p_camera[:, :2] / p_camera[:, 2:] - seen, axis=1)
    return float(np.nanmedian(np.where(p_camera[:, 2] > 0, error, np.inf)))
