# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Camera files: the yaml of ROS camera_calibration, plus where the camera stands."""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from mocap23_ros.atomic_files import write_text
from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.geometry.camera_description import GivenCamera
from mocap23_ros.geometry.camera_file_entries import numbers, required, whole
from mocap23_ros.geometry.camera_info import camera_from_fields
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.plausible_camera import camera_doubt
from mocap23_ros.geometry.pose_covariance import check_pose_covariance, largest_sd
from mocap23_ros.geometry.poses import (
    QUATERNION_TOLERANCE,
    check_pose,
    pose_from_translation_quaternion,
    translation_quaternion_from_pose,
)
from mocap23_ros.yaml_files import read_yaml

# What camera_calibration_parsers and camera_calibration write, and three keys of ours.
_ROI_KEYS = ('x_offset', 'y_offset', 'width', 'height', 'do_rectify')
_MATRIX_KEYS = ('rows', 'cols', 'data', 'dt')
_KEYS: dict[str, tuple[str, ...]] = {
    'image_width': (), 'image_height': (), 'camera_name': (), 'camera_matrix': _MATRIX_KEYS,
    'distortion_model': (), 'distortion_coefficients': _MATRIX_KEYS,
    'rectification_matrix': _MATRIX_KEYS, 'projection_matrix': _MATRIX_KEYS,
    'binning_x': (), 'binning_y': (), 'roi': _ROI_KEYS,
    'world_T_camera': ('translation', 'quaternion', 'rotation'), 'floor_height': (),
    'world_T_camera_sd': ('rotation_deg', 'position'), 'world_T_camera_covariance': _MATRIX_KEYS}
# Keys of other programs whose nearest known key means another thing.
_MEANT = {'camera_model': 'distortion_model', 'K': 'camera_matrix', 'k': 'camera_matrix',
          'D': 'distortion_coefficients', 'd': 'distortion_coefficients',
          'R': 'rectification_matrix', 'r': 'rectification_matrix',
          'P': 'projection_matrix', 'p': 'projection_matrix'}


@dataclass(frozen=True)
class CameraFile(GivenCamera):
    """Contents of a camera file. name: camera_name."""

    camera: CameraModel
    name: str = 'camera'

    def required_pose(self, path: str | os.PathLike) -> NDArray[np.float64]:
        """Return floor_T_camera; raises InputError, naming the file, where it has no pose."""
        pose = self.floor_T_camera
        if pose is None:
            raise InputError(f'{path} does not say where the camera stands: add world_T_camera '
                             'with translation (x, y, z) and quaternion (x, y, z, w)')
        return pose


def load_camera_file(path: str | os.PathLike, rectified: bool = False) -> CameraFile:
    """Read a camera file, whose roi and binning are those of the images.

    It may hold ``world_T_camera: {translation: [x, y, z], quaternion: [x, y, z, w]}`` (or
    ``rotation``, nine numbers row by row, for the quaternion), ``floor_height`` (metres),
    ``world_T_camera_sd: {rotation_deg: , position: }`` (degrees, metres), and in its place
    ``world_T_camera_covariance``, 36 numbers row by row, see CameraFile.
    rectified: the images are; projection_matrix is used for K and no distortion, and
    world_T_camera is then the pose of the rectified camera.
    Raises InputError, naming the file and the key, for whatever cannot be used, unknown keys too.
    """
    path = Path(path)
    content = read_yaml(path)
    with errors_of(path):
        if not isinstance(content, dict):
            raise InputError('it has no keys; the format is that of ROS camera_calibration')
        _check_keys(content)
        return _parse(content, rectified)


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
        pose = check_pose(contents.world_T_camera)
        translation, quaternion = translation_quaternion_from_pose(
            pose @ _lens_T_camera(camera).T)
        content['world_T_camera'] = {'translation': translation.tolist(),
                                     'quaternion': quaternion.tolist()}
    if contents.pose_covariance is not None:
        content['world_T_camera_covariance'] = _matrix_entry(contents.pose_covariance)
    elif contents.pose_sd is not None:
        content['world_T_camera_sd'] = {'rotation_deg': float(np.degrees(contents.pose_sd[0])),
                                        'position': float(contents.pose_sd[1])}
    if contents.floor_height:
        content['floor_height'] = float(contents.floor_height)
    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None)
    write_text(path, text)


def _check_keys(content: Mapping[str, Any]) -> None:
    """Refuse unknown keys: a misspelt one would be lost, and with it the distortion or the roi."""
    for key, value in content.items():
        _check_key(key, tuple(_KEYS))
        if _KEYS[key] and isinstance(value, Mapping):
            for part in value:
                _check_key(part, _KEYS[key], f'{key}.')


def _check_key(key: str, known: tuple[str, ...], prefix: str = '') -> None:
    if key in known:
        return
    nearest = _MEANT.get(key) if not prefix else None
    nearest = nearest or next(iter(difflib.get_close_matches(key, known, 1, 0.5)), None)
    meant = f'is {nearest} meant?' if nearest else f'known are {", ".join(known)}'
    shown = ' '.join(key.split())[:60]
    raise InputError(f'the key {prefix}{shown} is unknown; {meant}')


def _parse(content: Mapping[str, Any], rectified: bool) -> CameraFile:
    rectification, projection = (
        None if content.get(key) is None else numbers(content[key], key, count)
        for key, count in (('rectification_matrix', 9), ('projection_matrix', 12)))
    roi = _roi(content.get('roi'))
    binning_x, binning_y = (0 if content.get(key) is None else whole(content, key, 0)
                            for key in ('binning_x', 'binning_y'))
    camera = camera_from_fields(
        whole(content, 'image_width'), whole(content, 'image_height'),
        str(content.get('distortion_model') or ''),
        numbers(required(content, 'distortion_coefficients', hint=' (zeros where the lens has '
                           'no distortion)'), 'distortion_coefficients'),
        numbers(required(content, 'camera_matrix'), 'camera_matrix', 9),
        rectification, projection, binning_x, binning_y, roi, rectified=rectified)
    pose, floor = content.get('world_T_camera'), content.get('floor_height')
    covariance = _pose_covariance(content.get('world_T_camera_covariance'))
    pose_sd = _pose_sd(content.get('world_T_camera_sd'))
    if covariance is not None:
        if pose_sd is not None:
            raise InputError('world_T_camera_sd and world_T_camera_covariance both say how sure '
                             'the pose is; leave one out')
        pose_sd = largest_sd(covariance)
    return CameraFile(camera, None if pose is None else _pose(pose) @ _lens_T_camera(camera),
                      0.0 if floor is None else numbers([floor], 'floor_height', 1)[0],
                      camera_doubt(camera, cropped=any(roi)), pose_sd, covariance,
                      str(content.get('camera_name') or 'camera'))


def _pose_covariance(entry: Any) -> NDArray[np.float64] | None:
    if entry is None:
        return None
    covariance = np.reshape(numbers(entry, 'world_T_camera_covariance', 36), (6, 6))
    check_pose_covariance(covariance, 'world_T_camera_covariance')
    return covariance


def _pose_sd(entry: Any) -> tuple[float, float] | None:
    if entry is None:
        return None
    if not isinstance(entry, Mapping):
        raise InputError('world_T_camera_sd must have the keys rotation_deg and position')
    turn, shift = (numbers([required(entry, key, 'world_T_camera_sd.')],
                            f'world_T_camera_sd.{key}', 1)[0] for key in ('rotation_deg',
                                                                          'position'))
    if not (0 <= turn <= 28 and 0 <= shift <= 5):
        raise InputError('world_T_camera_sd must be degrees up to 28 and metres up to 5')
    return float(np.radians(turn)), shift


def _lens_T_camera(camera: CameraModel) -> NDArray[np.float64]:
    pose = np.eye(4)
    pose[:3, :3] = camera.rectification.T
    return pose


def _roi(entry: Any) -> tuple[int, int, int, int]:
    if entry is None:
        return 0, 0, 0, 0
    if not isinstance(entry, Mapping):
        raise InputError(f'roi must have the keys {", ".join(_ROI_KEYS)}')
    # do_rectify concerns what image_proc publishes of the roi; the raw image is the same.
    x, y, width, height = (whole(entry, key, 0, 'roi.') for key in _ROI_KEYS[:4])
    return x, y, width, height


def _pose(entry: Any) -> NDArray[np.float64]:
    if not isinstance(entry, Mapping):
        raise InputError('world_T_camera must have the keys translation and quaternion')
    translation = numbers(required(entry, 'translation', 'world_T_camera.'),
                           'world_T_camera.translation', 3)
    if 'quaternion' in entry:
        quaternion = numbers(entry['quaternion'], 'world_T_camera.quaternion', 4)
        if abs(np.linalg.norm(quaternion) - 1) > QUATERNION_TOLERANCE:
            raise InputError('world_T_camera.quaternion does not have length 1; give x, y, z, w')
        return check_pose(pose_from_translation_quaternion(translation, quaternion))
    rotation = numbers(required(entry, 'rotation', 'world_T_camera.', ' (or quaternion)'),
                        'world_T_camera.rotation', 9)
    pose = np.eye(4)
    pose[:3, :3] = np.reshape(rotation, (3, 3))
    pose[:3, 3] = translation
    return check_pose(pose)


def _matrix_entry(matrix: NDArray) -> dict[str, Any]:
    return {'rows': matrix.shape[0], 'cols': matrix.shape[1], 'data': matrix.ravel().tolist()}
