# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Camera calibrations as Qualisys Track Manager exports them (``*.qca.txt``, an XML file)."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from mocap23_ros.bounded_files import read_bounded
from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import check_pose

SUBPIXELS = 64.0  # intrinsics are in 1/64 px
LARGEST_FILE = 1_000_000  # bytes


def read_qualisys(path: Path) -> list[SampleCamera]:
    """Cameras of a Qualisys calibration, in file order.

    Positions in the file are millimetres. The rows of its rotation are the camera's right, up
    and back axes in the world, so the optical frame (right, down, forward) is
    ``R = diag(1, -1, -1) R_qualisys`` and ``t = -R C``. The model is plumb_bob with
    k1, k2, p1, p2, k3. Raises InputError, naming the file and what is wrong, for anything else.
    """
    text = read_bounded(path, LARGEST_FILE)
    if b'<!DOCTYPE' in text or b'<!ENTITY' in text:
        raise InputError(f'{path} defines XML entities; export the calibration without them')
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise InputError(f'{path} is not XML ({error})') from None
    elements = list(root.iter('camera'))
    if not elements:
        raise InputError(f'{path} holds no camera')
    return [_camera(element, path) for element in elements]


def _camera(element: ElementTree.Element, path: Path) -> SampleCamera:
    name = element.get('serial') or '?'

    def number(tag: str, attribute: str) -> float:
        child = element.find(tag)
        value = None if child is None else child.get(attribute)
        try:
            return float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise InputError(
                f'{path}: camera {name} has no number {attribute} in <{tag}>') from None

    rotation = np.array([[number('transform', f'r{row}{column}') for column in (1, 2, 3)]
                         for row in (1, 2, 3)])
    centre = np.array([number('transform', axis) for axis in 'xyz']) / 1000.0
    camera_R_world = np.diag([1.0, -1.0, -1.0]) @ rotation
    world_T_camera = np.eye(4)
    world_T_camera[:3, :3] = camera_R_world.T
    world_T_camera[:3, 3] = centre
    K = np.eye(3)
    K[0, 0] = number('intrinsic', 'focalLengthU')
    K[1, 1] = number('intrinsic', 'focalLengthV')
    K[0, 1] = number('intrinsic', 'skew')
    K[0, 2] = number('intrinsic', 'centerPointU')
    K[1, 2] = number('intrinsic', 'centerPointV')
    K[:2] /= SUBPIXELS
    distortion = [number('intrinsic', key) for key in (
        'radialDistortion1', 'radialDistortion2', 'tangentalDistortion1',
        'tangentalDistortion2', 'radialDistortion3')]
    size = [round(number('fov_video', high) - number('fov_video', low) + 1)
            for high, low in (('right', 'left'), ('bottom', 'top'))]
    model = CameraModel.from_calibration(K, distortion, 'plumb_bob', size)
    return SampleCamera(name, model, check_pose(world_T_camera, f'{path}: camera {name}'))
