# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints of a whole recording, and its npz file."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import write_npz
from mocap23_ros.detection.confidence_calibration import (
    ConfidenceCalibration,
    confidence_calibration,
)
from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.plausible_camera import check_camera
from mocap23_ros.geometry.poses import check_pose
from mocap23_ros.npz_files import open_npz
from mocap23_ros.pipeline.camera_pose_uncertainty import (
    DETECTED_JOINT_SD,
    CameraPoseUncertainty,
)
from mocap23_ros.plausibility.keypoint_values import clean_keypoints
from mocap23_ros.recordings.stamp_checks import check_stamps
from mocap23_ros.skeletons.body_proportions import check_given_stature
from mocap23_ros.skeletons.conversion import convert_keypoints, defined_joints
from mocap23_ros.skeletons.formats import COCO17, find_format
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.skeletons.unobserved import clear_unobserved

_NEEDED = ('keypoints', 'stamps', 'K', 'world_T_camera', 'image_size')
_OPTIONAL = ('distortion', 'distortion_model', 'stature', 'skeleton', 'detector', 'camera_sd')
_MAXIMUM_COORDINATE = 1e6  # pixels
# Seconds since 1970 are 2e9 in this century, in milliseconds 2e12 and so on; no recording pauses
# for a day.
_LARGEST_IMAGE = 65_536  # pixels


@dataclass(frozen=True)
class KeypointRecording:
    """F frames of P people seen by one camera.

    keypoints: float32 [F,P,J,3] raw pixels and confidence; unobserved: x, y NaN and confidence 0.
    stamps: float64 [F] seconds, increasing. cameras: one, or F of them where the intrinsics
    change. world_T_camera: float64 [F,4,4]. stature: float32 [P] metres, NaN = unknown.
    skeleton: format of the J keypoints; lifters take COCO-17. detector: that found them, if known.
    joint_sd: m, of where it has joints, see DETECTED_JOINT_SD; 0 where none is known.
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
        if calibrate is not None and self.skeleton == COCO17:
            keypoints = calibrate(keypoints)
        return replace(self, keypoints=keypoints, detector='', joint_sd=DETECTED_JOINT_SD)

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
        arrays = _read_arrays(Path(path), pose_needed)
        recording = _checked(arrays, skeleton)
        return recording if recording.skeleton == also else recording.converted(skeleton)


def _read_arrays(path: Path, pose_needed: bool) -> dict[str, NDArray]:
    with open_npz(path) as archive:
        optional = [key for key in _OPTIONAL if key in archive.names]
        needed = [key for key in _NEEDED if pose_needed or key in archive.names
                  or key != 'world_T_camera']
        arrays = {key: archive.read(key) for key in (*needed, *optional)}
    return {'world_T_camera': np.eye(4), **arrays}


def _checked(arrays: dict[str, NDArray], wanted: SkeletonFormat) -> KeypointRecording:
    skeleton = _format(arrays, wanted)
    size = _image_size(arrays['image_size'])
    keypoints = _keypoints(arrays['keypoints'], skeleton, size)
    frames, people = keypoints.shape[:2]
    stamps = check_stamps(_numbers(arrays['stamps'], 'stamps', (frames,)))
    poses = arrays['world_T_camera']
    if poses.shape not in ((4, 4), (frames, 4, 4)):
        raise InputError(f'world_T_camera has shape {list(poses.shape)}; it must be [4, 4] or '
                         f'[{frames}, 4, 4]')
    poses = np.broadcast_to(check_pose(poses), (frames, 4, 4))
    stature: NDArray = np.full(people, np.nan)
    if 'stature' in arrays:
        stature = _numbers(arrays['stature'], 'stature', (people,), finite=False)
        check_given_stature(stature)
    return KeypointRecording(
        keypoints, stamps, _cameras(arrays, frames, size), poses, stature.astype(np.float32),
        skeleton, _text(arrays['detector'], 'detector') if 'detector' in arrays else '',
        pose_uncertainty=CameraPoseUncertainty(*_numbers(arrays['camera_sd'], 'camera_sd', (3,)))
        if 'camera_sd' in arrays else None)


def _format(arrays: dict[str, NDArray], wanted: SkeletonFormat) -> SkeletonFormat:
    """The file's own format: what it says, else COCO-17, else the wanted one if its size fits."""
    if 'skeleton' in arrays:
        return find_format(_text(arrays['skeleton'], 'skeleton'))
    shape = arrays['keypoints'].shape
    joints = shape[2] if len(shape) == 4 else 0
    if wanted != COCO17 and joints == len(wanted) == len(COCO17):
        raise InputError(f'{joints} keypoints may be {COCO17.name} or {wanted.name}: add the key '
                         'skeleton with the name of the format')
    return COCO17 if joints == len(COCO17) else wanted


def _keypoints(values: NDArray, skeleton: SkeletonFormat, image_size: tuple[int, int]
               ) -> NDArray[np.float32]:
    joints = len(skeleton)
    if values.ndim != 4 or values.shape[2:] != (joints, 3):
        raise InputError(f'keypoints has shape {list(values.shape)}; it must be [frames, people, '
                         f'{joints}, 3] in the order of {skeleton.name}: x px, y px, confidence')
    if values.shape[0] == 0:
        raise InputError('keypoints has no frames')
    if values.dtype.kind not in 'fiu':
        raise InputError(f'keypoints is of type {values.dtype}; it must be numbers')
    keypoints = values.astype(np.float32)
    if np.isinf(keypoints).any() or np.nanmax(np.abs(keypoints[..., :2]), initial=0
                                              ) > _MAXIMUM_COORDINATE:
        raise InputError('keypoints has infinite or absurdly large coordinates; use NaN for what '
                         'was not detected')
    return clean_keypoints(keypoints, image_size)


def _image_size(values: NDArray) -> tuple[int, int]:
    size = _numbers(values, 'image_size', (2,))
    if (size != np.round(size)).any() or (np.abs(size) > _LARGEST_IMAGE).any():
        raise InputError(f'image_size is {size[0]:g} x {size[1]:g}; it must be two whole '
                         f'numbers of pixels, width and height, up to {_LARGEST_IMAGE}')
    return int(size[0]), int(size[1])


def _cameras(arrays: dict[str, NDArray], frames: int, size: tuple[int, int]
             ) -> tuple[CameraModel, ...]:
    K = arrays['K']
    if K.shape not in ((3, 3), (frames, 3, 3)):
        raise InputError(f'K has shape {list(K.shape)}; it must be [3, 3] or [{frames}, 3, 3]')
    K = _numbers(K, 'K', K.shape)
    if K[..., 0, 1].any():
        raise InputError('K has a skew (K[0, 1] is not 0); it must have the form fx 0 cx / 0 fy cy '
                         '/ 0 0 1')
    distortion = arrays.get('distortion', np.zeros(0))
    name = _text(arrays.get('distortion_model', np.array('plumb_bob')), 'distortion_model')
    # All frames usually share one matrix even where it is given for each.
    matrices = [K] if K.ndim == 2 else ([K[0]] if (K == K[0]).all() else list(K))
    return tuple(check_camera(CameraModel.from_calibration(matrix, distortion, name, size))
                 for matrix in matrices)


def _text(values: NDArray, name: str) -> str:
    text = str(values.reshape(-1)[0]) if values.size == 1 and values.dtype.kind == 'U' else ''
    if not 0 < len(text) < 100:
        raise InputError(f'{name} must be one short string')
    return text


def _numbers(values: NDArray, name: str, shape: tuple[int, ...], finite: bool = True
             ) -> NDArray[np.float64]:
    if values.shape != shape:
        raise InputError(f'{name} has shape {list(values.shape)}; it must be {list(shape)}')
    if values.dtype.kind not in 'fiu':
        raise InputError(f'{name} is of type {values.dtype}; it must be numbers')
    numbers: NDArray[Any] = values.astype(np.float64)
    if finite and not np.isfinite(numbers).all():
        raise InputError(f'{name} has entries that are not finite numbers')
    return numbers
