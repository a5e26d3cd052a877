# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The frame-by-frame path from tracks to skeletons of one camera."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.plausible_camera import check_height
from mocap23_ros.geometry.poses import check_pose
from mocap23_ros.lifting.feet import format_with_feet, with_feet
from mocap23_ros.lifting.lifted_frame import frame_at
from mocap23_ros.lifting.lifter import Lifter
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.pipeline.lift_budget import choose_people
from mocap23_ros.pipeline.missed_keypoints import MissedKeypoints
from mocap23_ros.pipeline.person_states import PersonStates
from mocap23_ros.pipeline.refinement import ALL_STEPS, MotionRefiner, RefinementSteps
from mocap23_ros.pipeline.root_filter import RootFilter
from mocap23_ros.pipeline.side_correction import SideCorrection, doubt, doubted
from mocap23_ros.pipeline.skeleton_assembly import assemble
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.pipeline.steady_world import SteadyWorld
from mocap23_ros.pipeline.tracked_frame import (
    Calibration,
    TrackedFrame,
    calibrated,
    converted,
    window_end,
    with_low_ankles,
)
from mocap23_ros.pipeline.unseen_people import predict_estimate
from mocap23_ros.skeletons.ankle_places import raised, share_in
from mocap23_ros.skeletons.body_proportions import check_given_stature
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import COCO17, OUTPUT23
from mocap23_ros.tracking.side_filter import SideAlternative
from mocap23_ros.tracking.track import Track, TrackState
from mocap23_ros.windows.keypoint_history import KeypointHistory
from mocap23_ros.windows.keypoint_windows import KeypointWindows

MAXIMUM_LAG = 60  # frames


class StreamingLifter:
    """Turns the tracks of successive frames into metric skeletons; one instance per camera.

    Every update lifts all people with new data in one call. People whose window is still filling
    are reported as INIT; people who are not seen are predicted with growing covariance until their
    track is LOST. Memory is bounded by the window.
    """

    def __init__(self, lifter: Lifter, lag: int = 0, fill_fraction: float = 0.5,
                 patience: float = 1.5, refinement: RefinementSteps = ALL_STEPS,
                 pose_uncertainty: CameraPoseUncertainty | None = None,
                 calibrate: Calibration | None = None,
                 joint_sd: float = 0.0, feet: bool = False, ankles: float = 0.0) -> None:
        """Set up for one camera.

        lifter: learned or geometric. lag: frames by which the output trails the newest frame; the
        estimate for a frame then also uses the next ``lag`` frames. fill_fraction: share of the
        window that must lie behind a person's first sighting before the state is TRACKED. patience:
        seconds without a sighting after which a person is dropped although the tracker still
        predicts it. refinement: what is done to the lifted joints. pose_uncertainty: of the camera
        poses, added to the covariance of the joints. calibrate: gives keypoints [P,J,3] px the
        confidence that lifters know (detection/confidence_calibration.py). joint_sd: m, of the
        keypoints' joints, see DETECTED_JOINT_SD. feet: whether heels and toes are placed,
        so that skeletons are OUTPUT23. ankles: see skeletons/ankle_places.py. Raises InputError for
        values out of range.
        ``keypoint_format`` is that of the tracks, COCO-17 until it is set.
        """
        if not (isinstance(lag, int) and 0 <= lag <= MAXIMUM_LAG):
            raise InputError(f'lag must be a whole number of frames from 0 to {MAXIMUM_LAG}, '
                             f'not {lag!r}')
        if not (0 <= fill_fraction <= 1 and patience >= 0):
            raise InputError('fill_fraction must lie in 0..1 and patience must not be negative')
        self.lifter = lifter
        self.keypoint_format = COCO17
        self._kept_format = format_with_feet(lifter) if feet else lifter.input_format
        self.output_format = OUTPUT23 if feet else lifter.output_format
        self._duration = (lifter.window_length - 1) / lifter.rate
        self._people = PersonStates(
            fill_fraction * (lifter.window_length - 1) / lifter.rate, patience)
        self._lag = lag
        self._history = KeypointHistory(self._kept_format, max(12.0, self._duration + 2.0))
        self._sides = SideCorrection(self._history, self._kept_format)
        self._refiner = MotionRefiner(refinement)
        self._missed = MissedKeypoints()
        self.pose_uncertainty = pose_uncertainty or CameraPoseUncertainty()
        self.joint_sd, self.ankles = joint_sd, ankles
        self._calibrate = calibrate
        self._root_filter = RootFilter()
        self._clear()

    def _clear(self) -> None:
        self._frames: deque[TrackedFrame] = deque(maxlen=self._lag + 1)
        self._alternative_ids: set[int] = set()
        # Of the last frame: computed, and seen but predicted, since most_people did not suffice.
        self.people_lifted = self.people_left_out = 0
        self._world = SteadyWorld()
        self.steady_T_camera = np.eye(4)  # of the newest frame

    def reset(self) -> None:
        """Forget all people, statures and frames (clock jump, new recording)."""
        self._history.reset()
        self._forget(None)
        self._clear()

    @property
    def _ankle_share(self) -> float:
        return share_in(self._kept_format, self.ankles)

    def set_stature(self, person_id: int, stature: float) -> None:
        """Set a person's known body height in metres; NaN = unknown again.

        Raises InputError for what is not a body height.
        """
        check_given_stature(stature)
        self._history.set_stature(person_id, stature)

    def update(self, stamp: float, tracks: Sequence[Track], camera: CameraModel,
               world_T_camera: ArrayLike, most_people: int | None = None
               ) -> list[SkeletonEstimate]:
        """Take in a frame and return the skeletons of the frame ``lag`` frames before it.

        stamp: seconds, not older than the last one. tracks: of this frame, raw pixels.
        world_T_camera: [4,4] pose of the optical frame at the stamp, floor at z = 0.
        most_people: how many are computed, see choose_people; the others are predicted.
        An empty list until ``lag`` frames are behind, and where nobody is. Raises InputError for
        stamps that go back (``reset`` after a clock jump), poses that are not rigid, and cameras
        too far above the floor.
        """
        stamp = float(stamp)
        check_height(check_pose(world_T_camera))
        tracks = calibrated(tracks, self._calibrate)
        pose = np.asarray(world_T_camera, np.float64)
        self.steady_T_camera = pose = self._world.enter(
            stamp, pose, camera, tracks, self._people.newest)
        known = converted(tracks, self.keypoint_format, self._kept_format)
        self._history.add(stamp, with_low_ankles(known, self._ankle_share), camera, pose)
        if self._world.is_another:
            self._start_over(stamp)
        frame = TrackedFrame.of(stamp, tracks)
        self._people.see(frame.seen, stamp)
        self.lifter.restart(self._sides.update(sorted(frame.seen)))
        if not self._lag:  # else earlier frames still have to be returned
            self._start_anew(self._sides.leapt, stamp)
        if self._frames and self._frames[-1].stamp == stamp:
            self._frames.pop()
        self._frames.append(frame)
        if len(self._frames) <= self._lag:
            return []
        return self._estimates(most_people)

    def _start_anew(self, person_ids: Iterable[int], stamp: float) -> None:
        """Begin new windows: one that holds two places, or two people, would mix them."""
        for person_id in person_ids:
            self._history.keep_newest(person_id)
            self._people.first_seen[person_id] = stamp
            self.lifter.restart([person_id])

    def _start_over(self, stamp: float) -> None:
        """Forget what another floor taught."""
        for part in (self.lifter, self._refiner, self._missed, self._root_filter):
            part.forget(None)
        self._people.newest.clear()
        self._start_anew(self._history.person_ids, stamp)

    def finish(self) -> list[list[SkeletonEstimate]]:
        """The skeletons of the last ``lag`` frames, oldest first, at the end of a recording."""
        rest = []
        if 0 < len(self._frames) <= self._lag:
            rest.append(self._estimates())
        while len(self._frames) > 1:
            self._frames.popleft()
            rest.append(self._estimates())
        self._frames.clear()
        return rest

    def _estimates(self, most_people: int | None = None) -> list[SkeletonEstimate]:
        """Estimates for the oldest frame that is kept, from all that are."""
        target = self._frames[0]
        seen = sorted(set().union(*(frame.seen for frame in self._frames)))
        known = [i for i in seen if i in target.seen or i in self._people.newest]
        lifted = choose_people(known, most_people, self._people.newest, self._people.first_seen,
                               self.steady_T_camera[:3, 3])
        self.people_lifted, self.people_left_out = len(lifted), len(known) - len(lifted)
        estimates = self._lift(target, lifted) if lifted else {}
        for person_id, last in self._people.newest.items():
            if person_id not in estimates:
                state = target.states.get(person_id, TrackState.PREDICTED)
                estimates[person_id] = predict_estimate(
                    last, target.stamp, self._root_filter, state)
        self._drop_lost(target, estimates)
        return [self._world.leave(estimates[i]) for i in sorted(estimates)]

    def _lift(self, target: TrackedFrame, person_ids: list[int]) -> dict[int, SkeletonEstimate]:
        newest = window_end(self._frames, 0.5 * self._duration)
        windows = self._history.windows(self.lifter.window_length, self.lifter.rate, newest,
                                        person_ids)
        alternatives = self._sides.alternatives(len(self._frames) - 1, person_ids)
        everything = self._with_alternatives(windows, alternatives)
        lifted = self.lifter.lift(everything.of_joints(len(self.lifter.input_format)))
        motion = lifted.take(slice(windows.people))
        frame = frame_at(motion, windows.person_ids, target.stamp)
        if not frame.people:
            return {}
        unsure = doubt(lifted, alternatives, everything.person_ids, frame)
        at_target = self._history.windows(2, self.lifter.rate, target.stamp,
                                          frame.person_ids.tolist())
        pose_before, pose = at_target.world_T_camera
        rows = np.searchsorted(windows.person_ids, frame.person_ids)
        frame = self._refiner.apply(frame, motion, rows, pose[:3, 3])
        missed = self._missed.covariance(
            target.stamp, frame.person_ids, frame.joints, convert_keypoints(
                at_target.keypoints[:, -1, :len(self.lifter.input_format)],
                self.lifter.input_format, COCO17), pose)
        frame = replace(frame, covariance=frame.covariance + missed
                        + self.pose_uncertainty.covariance(
                            frame.joints, pose_before, pose, 1 / self.lifter.rate, self.joint_sd))
        frame = doubted(replace(frame, joints=raised(frame.joints, self._ankle_share)), unsure)
        if self.output_format == OUTPUT23:
            seen = at_target.keypoints[:, -1].copy()
            seen[..., :2] = raised(seen[..., :2], self._ankle_share)
            frame = with_feet(frame, seen, pose, at_target.focal_length)
        estimates = assemble(frame, target.stamp, self._root_filter, self._people.newest)
        return self._people.stated(estimates, target, newest)

    def _with_alternatives(self, windows: KeypointWindows,
                           alternatives: Sequence[SideAlternative]) -> KeypointWindows:
        ids = {a.person_id for a in alternatives}
        self.lifter.forget([-i for i in self._alternative_ids - ids])
        self._alternative_ids = ids
        return self._sides.with_alternatives(
            windows, alternatives, self._people.known_statures(ids))

    def _drop_lost(self, target: TrackedFrame, estimates: dict[int, SkeletonEstimate]) -> None:
        """Report as LOST, once, people whom the tracker gave up or who were unseen for too long."""
        lost = self._people.lost(target)
        for person_id in lost:
            estimates[person_id] = replace(estimates[person_id], state=TrackState.LOST)
        gone = set(lost) | {i for i, s in target.states.items() if s == TrackState.LOST}
        if gone:
            self._forget(gone)

    def _forget(self, person_ids: Iterable[int] | None) -> None:
        ids = None if person_ids is None else list(person_ids)
        for part in (self.lifter, self._refiner, self._missed, self._root_filter, self._sides,
                     self._people):
            part.forget(ids)
        if ids:
            self._history.forget(ids)
