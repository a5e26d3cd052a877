# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What one camera saw in the last seconds, ready to be cut into windows."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import check_pose
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.skeletons.unobserved import UNOBSERVED, clear_unobserved
from mocap23_ros.tracking.track import Track, TrackState
from mocap23_ros.windows.keypoint_buffer import MAXIMUM_PEOPLE, KeypointBuffer
from mocap23_ros.windows.keypoint_windows import KeypointWindows
from mocap23_ros.windows.resampling import MAX_GAP, resample_keypoints, resample_poses


class KeypointHistory:
    """Keypoints of all people seen by one calibrated, possibly moving camera, by time stamp.

    Frames may come at any rate, with jitter and gaps. Memory is bounded: frames older than
    ``duration`` go, and what KeypointBuffer has no room for. Not thread safe.

    skeleton: of the keypoints. duration: seconds kept behind the newest frame; no shorter than
    the windows asked for. max_gap: see resample_keypoints.
    """

    def __init__(self, skeleton: SkeletonFormat = COCO17, duration: float = 12.0,
                 max_gap: float = MAX_GAP) -> None:
        if not (duration > 0 and max_gap >= 0):
            raise InputError('a keypoint history needs duration > 0, max_gap >= 0')
        self._joints = len(skeleton)
        self._mirror = np.array(skeleton.mirror, np.intp)
        self._duration = duration
        self._max_gap = max_gap
        self.reset()

    def reset(self) -> None:
        """Forget everything, also statures (clock jump, new recording)."""
        self._frames = KeypointBuffer(self._joints)
        self._stature: dict[int, float] = {}
        self._focal_length = np.nan

    def __len__(self) -> int:
        """Number of frames kept."""
        return len(self._frames)

    @property
    def newest_stamp(self) -> float | None:
        """Stamp of the newest frame, None when there is none."""
        return float(self._frames.stamps[-1]) if len(self) else None

    @property
    def person_ids(self) -> list[int]:
        """Everybody whom a kept frame saw, longest known first."""
        return self._frames.person_ids

    def set_stature(self, person_id: int, stature: float) -> None:
        """Set a person's known body height in metres, NaN = unknown; kept until forgotten."""
        self._stature[int(person_id)] = float(stature)

    def add(self, stamp: float, people: Mapping[int, ArrayLike] | Iterable[Track],
            camera: CameraModel, world_T_camera: ArrayLike) -> None:
        """Add a frame.

        stamp: seconds. people: tracks, or keypoints [J,3] (x, y raw px, confidence) by person id;
        keypoints without finite x, y or with no confidence count as unobserved.
        world_T_camera: [4,4], the camera at the stamp.
        A frame with the stamp of the newest replaces it. Raises InputError for a stamp that is
        older or not finite, a pose that is not rigid, and keypoints of another shape; the history
        is then as it was.
        """
        stamp = float(stamp)
        if not np.isfinite(stamp):
            raise InputError(f'a frame has the stamp {stamp}; stamps are seconds')
        newest = self.newest_stamp
        if newest is not None and stamp < newest:
            raise InputError(f'the stamp of a frame is {newest - stamp:.3f} s older than the one '
                             'before; reset the history after a clock jump')
        pose = check_pose(world_T_camera)
        if pose.shape != (4, 4):
            raise InputError(f'world_T_camera of a frame has shape {list(pose.shape)}, not [4, 4]')
        ids, rows_of_people = self._read(people)
        seen = _undistorted(rows_of_people, camera)
        self._frames.put_frame(stamp, pose, stamp - self._duration)
        self._focal_length = camera.focal_length
        for index in np.flatnonzero(seen[..., 2].any(axis=1)):
            self._frames.put_person(ids[index], seen[index])

    def windows(self, length: int, rate: float, end_stamp: float | None = None,
                person_ids: Iterable[int] | None = None) -> KeypointWindows:
        """Cut windows of ``length`` samples at ``rate`` per second that end at ``end_stamp``.

        end_stamp: the newest frame's when None, so that the newest sample is the newest frame
        itself. person_ids: whom to include, in this order; everybody seen inside the window when
        None. Samples that are not known (see resample_keypoints) are NaN with confidence 0;
        nothing is extrapolated. Poses are interpolated, held beyond the ends.
        Raises ValueError while there are no frames.
        """
        if not len(self):
            raise ValueError('the keypoint history is empty: add frames before taking windows')
        if length < 1 or not rate > 0:
            raise InputError(f'windows need length >= 1 and rate > 0, not {length} and {rate}')
        stamps = self._frames.stamps
        end = float(stamps[-1]) if end_stamp is None else float(end_stamp)
        query = end - np.arange(length - 1, -1, -1) / rate
        # Only frames that can matter: the window and one bridgeable gap on both sides of it.
        first = int(np.searchsorted(stamps, query[0] - self._max_gap))
        last = int(np.searchsorted(stamps, end + self._max_gap, side='right'))
        if person_ids is None:
            oldest = query[0] - self._max_gap
            ids = [i for i in self.person_ids if self._frames.last_seen[i] >= oldest]
        else:
            ids = [int(i) for i in person_ids]
        history = self._frames.keypoints(ids, slice(first, last))
        keypoints = resample_keypoints(stamps[first:last], history, query, self._max_gap)
        if person_ids is None and ids:
            inside = np.flatnonzero(keypoints[..., 2].any(axis=(1, 2)))
            if len(inside) < len(ids):
                keypoints = keypoints[inside]
                ids = [ids[i] for i in inside]
        # Poses also reach over longer gaps: one more frame on both sides, and at least one.
        around = slice(max(0, first - 1), min(last, len(stamps) - 1) + 1)
        return KeypointWindows(
            stamps=query, keypoints=keypoints,
            world_T_camera=resample_poses(stamps[around], self._frames.poses[around], query),
            focal_length=self._focal_length, person_ids=np.array(ids, np.int64),
            stature=np.array([self._stature.get(i, np.nan) for i in ids], np.float32))

    def exchange(self, person_id: int, joints: NDArray[np.bool_]) -> None:
        """Let joints trade places with their partners in a person's last K frames.

        joints: [K,J], oldest first; frames that are no longer kept are left out.
        """
        count = min(len(joints), len(self))
        frames = self._frames.of(person_id)[len(self) - count:]
        joints = joints[len(joints) - len(frames):, :, None]
        frames[:] = np.where(joints, frames[:, self._mirror], frames)

    def hide(self, person_id: int, joints: NDArray[np.bool_]) -> None:
        """Mark joints [J] of a person in the newest frame as unobserved."""
        self._frames.of(person_id)[-1:, joints] = UNOBSERVED

    def keep_newest(self, person_id: int) -> None:
        """Mark a person as unobserved before the newest frame."""
        self._frames.of(person_id)[:-1] = UNOBSERVED

    def forget(self, person_ids: Iterable[int]) -> None:
        """Drop these people and their statures; unknown ids are ignored."""
        for person_id in person_ids:
            self._stature.pop(int(person_id), None)
            self._frames.drop(int(person_id))

    def _read(self, people: Mapping[int, ArrayLike] | Iterable[Track]
              ) -> tuple[list[int], NDArray[np.float64]]:
        if isinstance(people, Mapping):
            pairs = [(int(i), np.asarray(k, np.float64)) for i, k in people.items()]
        else:
            pairs = [(track.person_id, np.asarray(track.keypoints, np.float64))
                     for track in people if track.state != TrackState.LOST]
        if len(pairs) > MAXIMUM_PEOPLE:
            raise InputError(f'{len(pairs)} people in one frame; at most {MAXIMUM_PEOPLE}')
        for person_id, keypoints in pairs:
            if keypoints.shape != (self._joints, 3):
                raise InputError(f'person {person_id} has keypoints of shape '
                                 f'{list(keypoints.shape)}, not [{self._joints}, 3]')
        return ([i for i, _ in pairs],
                np.array([k for _, k in pairs]).reshape(-1, self._joints, 3))


def _undistorted(keypoints: NDArray[np.float64], camera: CameraModel) -> NDArray[np.float32]:
    """Keypoints [P,J,3] with normalised x, y; (NaN, NaN, 0) where unobserved."""
    result = np.empty(keypoints.shape, np.float32)
    if not keypoints.size:
        return result
    result[..., :2] = camera.undistort(keypoints[..., :2])
    confidence = np.nan_to_num(keypoints[..., 2], nan=0.0, posinf=0.0, neginf=0.0)
    result[..., 2] = np.clip(confidence, 0.0, 1.0)
    clear_unobserved(result)
    return result
