# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The core behind the node: detector, tracker and lifter, loaded and warm."""

from collections.abc import Hashable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.confidence_calibration import chosen_calibration
from mocap23_ros.detection.detector import Detection, FollowingDetector, converted
from mocap23_ros.detection.detectors import DETECTORS, create_detector
from mocap23_ros.detection.upright_detector import UprightDetector
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_description import GivenCamera
from mocap23_ros.lifting.lifter import Lifter
from mocap23_ros.lifting.lifters import LIFTERS, create_lifter
from mocap23_ros.pipeline.camera_pose_uncertainty import DETECTED_JOINT_SD
from mocap23_ros.pipeline.refinement import ALL_STEPS, RefinementSteps
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.ros.given_camera import given_camera, pose_uncertainty
from mocap23_ros.ros.settings import Settings
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.tracking.tracker import Tracker
from mocap23_ros.windows.keypoint_windows import KeypointWindows

# The tracker gives people up, not the lifter, even where images come slowly.
_GRACE = 0.3  # s
_WARM_UP_SIZE = (480, 640, 3)


@dataclass
class Core:
    """detector is None where keypoints come from elsewhere; lag counts images.

    live: whether results may depend on the speed of the machine, so that nothing is waited for.
    """

    detector: FollowingDetector | None
    tracker: Tracker
    lifter: Lifter
    streaming: StreamingLifter
    lag: int
    live: bool

    @property
    def keypoint_format(self) -> SkeletonFormat:
        """The format of the keypoints that are tracked."""
        return self.streaming.keypoint_format

    @property
    def output_format(self) -> SkeletonFormat:
        """The format of the skeletons."""
        return self.streaming.output_format

    def detect(self, image_bgr: NDArray[np.uint8]) -> list[Detection]:
        """Return the people in an image, their keypoints in ``keypoint_format``."""
        assert self.detector is not None
        detections = self.detector.detect(image_bgr)
        return [converted(detection, self.detector.format, self.keypoint_format)
                for detection in detections]

    def follow(self, world_T_camera: NDArray[np.float64]) -> None:
        """Take the images that follow as those of a camera with this pose [4,4], z up."""
        if self.detector is not None:
            self.detector.follow(world_T_camera)

    def reset(self, restart_ids: bool) -> None:
        """Forget everybody; ids go on counting, so that nobody is mistaken, or begin at 1."""
        self.tracker.reset(restart_ids)
        self.streaming.reset()
        if self.detector is not None:
            self.detector.reset()

    def close(self) -> None:
        """Free the models."""
        if self.detector is not None:
            self.detector.close()
        self.lifter.close()


def create_core(settings: Settings, refinement: RefinementSteps = ALL_STEPS, *, live: bool = True,
                given: GivenCamera | None = None) -> Core:
    """Load what the parameters name; raises InputError where a model is missing or damaged.

    refinement: what is done to the lifted joints. live: see Core. given: given_camera(settings),
    where it is read.
    """
    sd = pose_uncertainty(settings, given or given_camera(settings))
    calibrate = chosen_calibration(settings.detector_noise, settings.detector)
    lifter = create_lifter(settings.lifter, **_lifter_options(settings))
    with ExitStack() as parts:
        parts.callback(lifter.close)
        detector = None
        if settings.detector != 'external':
            detector = UprightDetector(
                create_detector(settings.detector, **_detector_options(settings, live)))
            parts.callback(detector.close)
            # The first inference takes much longer than the rest: not while somebody waits.
            detector.detect(np.zeros(_WARM_UP_SIZE, np.uint8))
        _warm_up(lifter)
        streaming = StreamingLifter(
            lifter, lag=settings.lag, refinement=refinement,
            patience=settings.person_timeout + _GRACE, pose_uncertainty=sd,
            calibrate=calibrate, joint_sd=DETECTED_JOINT_SD, feet=settings.feet,
            ankles=0.0 if calibrate is None else calibrate.ankles)
        parts.pop_all()
    tracker = Tracker(keep_for=settings.person_timeout, remember_for=settings.remember_timeout)
    return Core(detector, tracker, lifter, streaming, settings.lag, live)


def _warm_up(lifter: Lifter) -> None:
    """Lift one made-up window: the first run of a network takes much longer than the rest."""
    length, joints = lifter.window_length, len(lifter.input_format)
    keypoints = np.full((1, length, joints, 3), 0.5, np.float32)
    keypoints[..., 0] = np.linspace(-0.05, 0.05, joints)
    keypoints[..., 1] = np.linspace(-0.2, 0.3, joints)
    world_T_camera = np.zeros((length, 4, 4))
    # Looks along x from 1.5 m above the floor.
    world_T_camera[:] = ((0, 0, 1, 0), (-1, 0, 0, 0), (0, -1, 0, 1.5), (0, 0, 0, 1))
    lifter.lift(KeypointWindows(
        np.arange(length) / lifter.rate, keypoints, world_T_camera, focal_length=1000.0,
        person_ids=np.array([1]), stature=np.array([np.nan], np.float32)))
    lifter.forget()


def what_is_detected(settings: Settings) -> tuple[Hashable, ...]:
    """Return a key: with equal keys the same people are found in the same images of a camera."""
    return (settings.detector, *_detector_options(settings, live=False).items(),
            settings.world_frame, settings.camera_pose, settings.camera_file)


def _detector_options(settings: Settings, live: bool) -> dict[str, Any]:
    if settings.detector == 'external':
        return {}
    if settings.detector == 'onnx' and not settings.detector_model:
        raise InputError(
            'the onnx detector needs the parameter detector_model: an ONNX file, or a name that '
            '"mocap23 fetch-weights" has fetched')
    return DETECTORS.taken(settings.detector, {
        'max_people': settings.max_people, 'min_score': settings.min_score, 'live': live,
        # torch runs the weights of the lifter; a detector is an exported graph.
        'backend': 'auto' if settings.backend == 'torch' else settings.backend,
        'model': settings.detector_model, 'person_model': settings.person_model or None,
        **_engine_options(settings)})


def _engine_options(settings: Settings) -> dict[str, Any]:
    if settings.backend in ('tensorrt', 'tensorrt_rtx'):
        return {'on_mismatch': settings.engine_mismatch}
    return {}


def _lifter_options(settings: Settings) -> dict[str, Any]:
    return LIFTERS.taken(settings.lifter, {
        'tier': settings.tier, 'backend': settings.backend, 'steps': settings.steps or None,
        'precision': None if settings.precision == 'auto' else settings.precision,
        **_engine_options(settings)})
