# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Camera files: the yaml of ROS camera_calibration, plus where the camera stands."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from mocap23_ros.atomic_files import write_text
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import (
    check_pose,
    pose_from_translation_quaternion,
    translation_quaternion_from_pose,
)

MAXIMUM_BYTES = 1_000_000


@dataclass(frozen=True)
class CameraFile:
    """Contents of a camera file.

    world_T_camera: float64 [4,4], None where the file has none (the camera moves, or it is only a
    calibration). floor_height: z of the floor in that world, metres. name: camera_name.
    """

    camera: CameraModel
    world_T_camera: NDArray[np.float64] | None = None
    floor_height: float = 0.0
    name: str = 'camera'

    @property
    def floor_T_camera(self) -> NDArray[np.float64] | None:
        """The pose in the same world shifted so that its floor is at z = 0."""
        if self.world_T_camera is None:
            return None
        pose = self.world_T_camera.copy()
        pose[2, 3] -= self.floor_height
        return pose


def load_camera_file(path: str | os.PathLike) -> CameraFile:
    """Read a camera file.

    It may hold ``world_T_camera: {translation: [x, y, z], quaternion: [x, y, z, w]}`` (or
    ``rotation``, nine numbers row by row, for the quaternion) and ``floor_height`` (metres).
    Raises InputError, naming the file and the key, for whatever cannot be used.
    """
    path = Path(path)
    content = _read_yaml(path)
    try:
        return _parse(content)
    except InputError as error:
        raise InputError(f'{path}: {error}') from None


def save_camera_file(path: str | os.PathLike, contents: CameraFile) -> None:
    """Write a camera file that load_camera_file and ROS's camera_info_manager read."""
    camera = contents.camera
    width, height = camera.image_size
    projection = np.hstack([camera.K, np.zeros((3, 1))])
    content: dict[str, Any] = {
        'image_width': width, 'image_height': height, 'camera_name': contents.name,
        'camera_matrix': _matrix_entry(camera.K),
        'distortion_model': camera.distortion_model,
        'distortion_coefficients': _matrix_entry(camera.distortion[None]),
        'rectification_matrix': _matrix_entry(camera.rectification),
        'projection_matrix': _matrix_entry(projection),
    }
    if contents.world_T_camera is not None:
        translation, quaternion = translation_quaternion_from_pose(
            check_pose(contents.world_T_camera))
        content['world_T_camera'] = {'translation': translation.tolist(),
                                     'quaternion': quaternion.tolist()}
    if contents.floor_height:
        content['floor_height'] = float(contents.floor_height)
    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None)
    write_text(path, text)


def _read_yaml(path: Path) -> Mapping[str, Any]:
    try:
        with open(path, 'rb') as stream:
            data = stream.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise InputError(f'cannot read the camera file {path}: {error.strerror}') from None
    if len(data) > MAXIMUM_BYTES:
        raise InputError(f'{path} is larger than a camera file can be ({MAXIMUM_BYTES} bytes)')
    try:
        content = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, 'problem_mark', None)
        where = f' (line {mark.line + 1})' if mark is not None else ''
        raise InputError(f'{path} is not plain yaml{where}; the format is that of ROS '
                         'camera_calibration') from None
    if not isinstance(content, Mapping):
        raise InputError(f'{path} has no keys; the format is that of ROS camera_calibration')
    return content


def _parse(content: Mapping[str, Any]) -> CameraFile:
    distortion = content.get('distortion_coefficients')
    rectification = content.get('rectification_matrix')
    camera = CameraModel.from_camera_info_fields(
        _whole(content, 'image_width'), _whole(content, 'image_height'),
        str(content.get('distortion_model') or ''),
        [] if distortion is None else _numbers(distortion, 'distortion_coefficients'),
        _numbers(_required(content, 'camera_matrix'), 'camera_matrix', 9),
        None if rectification is None else _numbers(rectification, 'rectification_matrix', 9))
    pose = content.get('world_T_camera')
    floor = content.get('floor_height', 0.0)
    return CameraFile(camera, None if pose is None else _pose(pose),
                      float(_numbers([floor], 'floor_height', 1)[0]),
                      str(content.get('camera_name') or 'camera'))


def _pose(entry: Any) -> NDArray[np.float64]:
    if not isinstance(entry, Mapping):
        raise InputError('world_T_camera must have the keys translation and quaternion')
    translation = _numbers(_required(entry, 'translation', 'world_T_camera.'),
                           'world_T_camera.translation', 3)
    if 'quaternion' in entry:
        quaternion = _numbers(entry['quaternion'], 'world_T_camera.quaternion', 4)
        if abs(np.linalg.norm(quaternion) - 1) > 0.01:
            raise InputError('world_T_camera.quaternion has not length 1; give x, y, z, w')
        return pose_from_translation_quaternion(translation, quaternion)
    rotation = _numbers(_required(entry, 'rotation', 'world_T_camera.', ' (or quaternion)'),
                        'world_T_camera.rotation', 9)
    pose = np.eye(4)
    pose[:3, :3] = np.reshape(rotation, (3, 3))
    pose[:3, 3] = translation
    return check_pose(pose)


def _required(entry: Mapping[str, Any], key: str, prefix: str = '', hint: str = '') -> Any:
    if entry.get(key) is None:
        raise InputError(f'the key {prefix}{key}{hint} is missing')
    return entry[key]


def _whole(content: Mapping[str, Any], key: str) -> int:
    value = _required(content, key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 100_000:
        raise InputError(f'{key} must be a positive whole number of pixels')
    return value


def _numbers(entry: Any, name: str, count: int | None = None) -> list[float]:
    """A flat list of finite numbers from a list, a nested list, {data: [...]} or {x:, y:, ...}."""
    if isinstance(entry, Mapping):
        entry = entry['data'] if 'data' in entry else [entry[k] for k in 'xyzw' if k in entry]
    if not isinstance(entry, list):
        raise InputError(f'{name} must be a list of numbers')
    if entry and all(isinstance(row, list) for row in entry) and len(entry) <= 4:
        entry = [value for row in entry for value in row]
    if any(isinstance(v, bool) or not isinstance(v, int | float | str) for v in entry):
        raise InputError(f'{name} must hold numbers only')
    try:
        numbers = [float(value) for value in entry]  # yaml reads 1e-3 (no dot) as a string
    except (ValueError, OverflowError):
        raise InputError(f'{name} must hold numbers only') from None
    if not np.isfinite(numbers).all():
        raise InputError(f'{name} must be finite numbers')
    if count is not None and len(numbers) != count:
        raise InputError(f'{name} must have {count} numbers, not {len(numbers)}')
    return numbers


def _matrix_entry(matrix: NDArray) -> dict[str, Any]:
    return {'rows': matrix.shape[0], 'cols': matrix.shape[1], 'data': matrix.ravel().tolist()}
