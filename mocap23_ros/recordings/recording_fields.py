# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The arrays of a keypoint file, read and checked."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.plausible_camera import check_camera
from mocap23_ros.geometry.poses import check_pose
from mocap23_ros.npz_files import open_npz
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.plausibility.keypoint_values import clean_keypoints
from mocap23_ros.recordings.stamp_checks import check_stamps
from mocap23_ros.skeletons.body_proportions import check_given_stature
from mocap23_ros.skeletons.formats import COCO17, find_format
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

_NEEDED = ('keypoints', 'stamps', 'K', 'world_T_camera', 'image_size')
_OPTIONAL = ('distortion', 'distortion_model', 'stature', 'skeleton', 'detector', 'camera_sd')
_MAXIMUM_COORDINATE = 1e6  # pixels
_LARGEST_IMAGE = 65_536  # pixels


def read_fields(path: Path, pose_needed: bool, wanted: SkeletonFormat) -> dict[str, Any]:
    """The fields of a KeypointRecording; see load_recording. InputError."""
    arrays = _read_arrays(path, pose_needed)
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
    fields = {'keypoints': keypoints, 'stamps': stamps, 'cameras': _cameras(arrays, frames, size),
              'world_T_camera': poses, 'stature': stature.astype(np.float32), 'skeleton': skeleton}
    if 'detector' in arrays:
        fields['detector'] = _text(arrays['detector'], 'detector')
    if 'camera_sd' in arrays:
        fields['pose_uncertainty'] = CameraPoseUncertainty(
            *_numbers(arrays['camera_sd'], 'camera_sd', (3,)))
    return fields


def _read_arrays(path: Path, pose_needed: bool) -> dict[str, NDArray]:
    with open_npz(path) as archive:
        optional = [key for key in _OPTIONAL if key in archive.names]
        needed = [key for key in _NEEDED if pose_needed or key in archive.names
                  or key != 'world_T_camera']
        arrays = {key: archive.read(key) for key in (*needed, *optional)}
    return {'world_T_camera': np.eye(4), **arrays}


def _format(arrays: dict[str, NDArray], wanted: SkeletonFormat) -> SkeletonFormat:
    """The file's own format: as stated, else COCO-17, else the wanted one if its size fits."""
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
