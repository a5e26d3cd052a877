# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints of a whole recording, and its npz file."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import write_npz
from mocap23_ros.detection.confidence_calibration import (
    ConfidenceCalibration,
    confidence_calibration,
)
from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.pipeline.camera_pose_uncertainty import DETECTED_JOINT_SD, CameraPoseUncertainty
from mocap23_ros.recordings.recording_fields import read_fields
from mocap23_ros.skeletons.conversion import convert_keypoints, defined_joints
from mocap23_ros.skeletons.formats import COCO17, COCO21
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.skeletons.unobserved import clear_unobserved


@dataclass(frozen=True)
class KeypointRecording:
    """F frames of P people seen by one camera.

    keypoints: float32 [F,P,J,3] raw pixels and confidence; unobserved: x, y NaN and confidence 0.
    stamps: float64 [F] seconds, increasing. cameras: one, or F of them where the intrinsics
    change. world_T_camera: float64 [F,4,4]. stature: float32 [P] metres, NaN = unknown.
    skeleton: format of the J keypoints; lifters take COCO-17. detector: that found them, if known.
    joint_sd: m, of where it has joints, see DETECTED_JOINT_SD; 0 where none is known.
    ankles: share of the shank by which they are too high for lifters, see ankle_places.py.
    pose_uncertainty: of world_T_camera, where the file tells it.
    """

    keypoints: NDArray[np.float32]
    stamps: NDArray[np.float64]
    cameras: tuple[CameraModel, ...]
    world_T_camera: NDArray[np.float64]
    stature: NDArray[np.float32]
    skeleton: SkeletonFormat = COCO17
    detector: str = ''
    joint_sd: float = 0.0
    ankles: float = 0.0
    pose_uncertainty: CameraPoseUncertainty | None = None

    @classmethod
    def of_still_camera(cls, keypoints: NDArray[np.float32], stamps: NDArray[np.float64],
                        camera: CameraModel, world_T_camera: NDArray[np.float64] | None = None,
                        skeleton: SkeletonFormat = COCO17) -> 'KeypointRecording':
        """People of unknown stature; world_T_camera: [4,4], None: the identity."""
        poses = np.broadcast_to(np.eye(4) if world_T_camera is None else world_T_camera,
                                (len(stamps), 4, 4))
        stature = np.full(keypoints.shape[1], np.nan, np.float32)
        return cls(keypoints, stamps, (camera,), poses, stature, skeleton)

    @property
    def frames(self) -> int:
        """F, the number of frames."""
        return self.keypoints.shape[0]

    @property
    def people(self) -> int:
        """P, the number of people."""
        return self.keypoints.shape[1]

    def camera(self, frame: int) -> CameraModel:
        """The intrinsics of a frame."""
        return self.cameras[0] if len(self.cameras) == 1 else self.cameras[frame]

    def undistorted(self) -> NDArray[np.float32]:
        """Keypoints [F,P,J,3] with normalised x, y; (NaN, NaN, 0) where unobserved."""
        result = self.keypoints.copy()
        if len(self.cameras) == 1:
            result[..., :2] = self.cameras[0].undistort(result[..., :2])
        else:
            for frame, camera in enumerate(self.cameras):
                result[frame, ..., :2] = camera.undistort(result[frame, ..., :2])
        clear_unobserved(result)
        return result

    def converted(self, skeleton: SkeletonFormat, partly: bool = False) -> 'KeypointRecording':
        """In another format; what this lacks is unobserved if ``partly``, else InputError."""
        if skeleton == self.skeleton:
            return self
        defined = defined_joints(self.skeleton, skeleton)
        if not (partly or defined.all()):
            absent = skeleton.joint_names[int(np.argmin(defined))]
            raise InputError(f'{self.skeleton.name} keypoints cannot be turned into '
                             f'{skeleton.name}: they do not tell where {absent} is')
        return replace(self, keypoints=convert_keypoints(self.keypoints, self.skeleton, skeleton),
                       skeleton=skeleton)

    def calibrated_by_detector(self) -> 'KeypointRecording':
        """With the confidence that lifters know, where the detector is measured."""
        if not self.detector:
            return self
        return self.calibrated(confidence_calibration(self.detector))

    def calibrated(self, calibrate: ConfidenceCalibration | None) -> 'KeypointRecording':
        """The recording as the detector made it; kept, so that it runs once.

        calibrate: gives the confidence that lifters know of COCO-17.
        """
        keypoints = self.keypoints
        if calibrate is not None and self.skeleton in (COCO17, COCO21):
            keypoints = keypoints.copy()
            body = keypoints[:, :, :len(COCO17)]
            body[:] = calibrate(body)
        return replace(self, keypoints=keypoints, detector='', joint_sd=DETECTED_JOINT_SD,
                       ankles=0.0 if calibrate is None else calibrate.ankles)

    def save(self, path: Path) -> None:
        """Write the file that ``load_recording`` reads, whole or not at all; InputError."""
        write_npz(path, self.arrays())

    def arrays(self) -> dict[str, NDArray]:
        """What the file holds, by its keys."""
        first = self.cameras[0]
        # The file has no rectification: rays of the lens itself, and its pose.
        camera_T_lens = np.eye(4)
        camera_T_lens[:3, :3] = first.rectification
        poses = self.world_T_camera @ camera_T_lens
        return {
            'keypoints': self.keypoints, 'stamps': self.stamps,
            'K': first.K if len(self.cameras) == 1 else np.stack([c.K for c in self.cameras]),
            'distortion': first.distortion, 'distortion_model': np.array(first.distortion_model),
            'world_T_camera': poses[0] if (poses == poses[0]).all() else poses,
            'image_size': np.array(first.image_size), 'stature': self.stature,
            'skeleton': np.array(self.skeleton.name),
            **({'detector': np.array(self.detector)} if self.detector else {})}


def load_recording(path: Path, skeleton: SkeletonFormat = COCO17, pose_needed: bool = True,
                   also: SkeletonFormat | None = None) -> KeypointRecording:
    """Read and check a keypoint file (the layout is in docs/LIFT.md).

    skeleton: a file in another format, by its key ``skeleton``, is converted, but not from
    ``also``. Where pose_needed is False, world_T_camera is the identity if the file has none.
    Raises InputError, naming the file and key, for what cannot be used.
    """
    with errors_of(path):
        recording = KeypointRecording(**read_fields(Path(path), pose_needed, skeleton))
        return recording if recording.skeleton == also else recording.converted(skeleton)
