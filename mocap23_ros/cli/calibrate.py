# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 calibrate``: intrinsics, and where a camera stands above the floor."""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import write_picture
from mocap23_ros.calibration.floor_picture import draw_floor
from mocap23_ros.calibration.intrinsics import calibrate_intrinsics, draw_coverage
from mocap23_ros.calibration.printed_targets import Target
from mocap23_ros.cli.calibrate_people import add_people_arguments, first_image, fit_people
from mocap23_ros.cli.calibrate_points import (
    add_point_arguments,
    fit_points,
    pose_of_points,
    read_image,
)
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import CameraFile, load_camera_file, save_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.pose_covariance import largest_sd
from mocap23_ros.geometry.poses import translation_quaternion_from_pose
from mocap23_ros.writable_places import check_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the ways to calibrate, each with its options."""
    ways = parser.add_subparsers(dest='way', required=True, metavar='WAY')
    people = ways.add_parser('people', help='pitch, roll and height from people who walk about '
                             'before a still camera')
    add_people_arguments(people)
    target = ways.add_parser('target', help='pose from a printed target that lies on the floor')
    points = ways.add_parser('points', help='pose from image points at known places, or from '
                             'vertical edges and one known height')
    add_point_arguments(points)
    intrinsics = ways.add_parser('intrinsics', help='camera matrix and distortion from views of '
                                 'a printed board')
    intrinsics.add_argument('--fisheye', action='store_true', help='for lenses over 120 degrees')
    for way in (target, intrinsics):
        way.add_argument('--images', type=Path, nargs='+', required=True, metavar='FILE')
        way.add_argument('--target', required=True, metavar='WHAT',
                         help='checkerboard:COLUMNSxROWS:SQUARE, charuco:COLUMNSxROWS:SQUARE:'
                              'MARKER or apriltag:SIDE, metres')
    for way in (people, target, points):
        way.add_argument('--camera', type=Path, metavar='CAMERA.yaml',
                         required=way is not people, help="intrinsics in ROS's format")
    for way in (people, target, points, intrinsics):
        way.add_argument('--out', type=Path, required=True, metavar='CAMERA.yaml')
        way.add_argument('--picture', type=Path, metavar='FILE.png',
                         help='what was found, drawn over the image')


def run(arguments: argparse.Namespace) -> int:
    """Calibrate; raises InputError for bad input."""
    for place in filter(None, (arguments.out, arguments.picture)):
        check_writable(place)
    {'people': _people, 'target': _target, 'points': _points,
     'intrinsics': _intrinsics}[arguments.way](arguments)
    return 0


def _people(arguments: argparse.Namespace) -> None:
    camera, world_T_camera, covariance = fit_people(arguments)
    image = first_image(arguments.video) if arguments.video and arguments.picture else None
    _write(arguments, camera, world_T_camera, image, covariance)


def _target(arguments: argparse.Namespace) -> None:
    target = Target(arguments.target)
    (image, *others) = [read_image(path) for path in arguments.images]
    if others:
        raise InputError('--images: one image of the target on the floor; its first corner is '
                         'the origin of the world')
    corners = target.find(image)
    if corners is None:
        raise InputError(f'{arguments.images[0]} shows no whole {arguments.target}')
    camera = load_camera_file(arguments.camera).camera.with_image_size(image.shape[1::-1])
    said, world_T_camera, covariance = pose_of_points(corners.p_pixel, corners.p_target, camera)
    print(said)
    _write(arguments, camera, world_T_camera, image, covariance)


def _points(arguments: argparse.Namespace) -> None:
    _write(arguments, *fit_points(arguments))


def _intrinsics(arguments: argparse.Namespace) -> None:
    target = Target(arguments.target)
    if target.kind == 'apriltag':
        raise InputError('one tag is too small for intrinsics; use a checkerboard or charuco')
    views, names, size = [], [], None
    for path in arguments.images:
        image = read_image(path)
        if size not in (None, image.shape[1::-1]):
            raise InputError(f'{path} is of another size than the images before')
        size = image.shape[1::-1]
        corners = target.find(image)
        if corners is not None and len(corners.number) >= 6:
            views.append(corners)
            names.append(path.name)
    assert size is not None
    fit = calibrate_intrinsics(views, size, arguments.fisheye)
    for name, error in zip(names, fit.error, strict=True):
        print(f'{name}: {error:.2f} px')
    print(f'{len(views)} of {len(arguments.images)} images show the board; they cover '
          f'{100 * fit.coverage:.0f} % of the image; focal length {fit.camera.focal_length:.1f} px'
          + ('' if np.isnan(fit.focal_sd) else f' +- {100 * fit.focal_sd:.2f} %'))
    if fit.coverage < 0.6:
        print('show the board in the corners of the image too: the lens is guessed there')
    save_camera_file(arguments.out, CameraFile(fit.camera))
    if arguments.picture:
        write_picture(arguments.picture, draw_coverage(views, fit, size))


def _write(arguments: argparse.Namespace, camera: CameraModel, world_T_camera: NDArray,
           image: NDArray | None, covariance: NDArray) -> None:
    """CAMERA.yaml with the pose and its covariance [6,6], a picture, and what to tell nodes."""
    sd = largest_sd(covariance)
    save_camera_file(arguments.out, CameraFile(camera, world_T_camera,
                                               pose_covariance=covariance))
    values = [f'{value:.6g}' for part in translation_quaternion_from_pose(world_T_camera)
              for value in part]
    options = [word for name, value in zip(('x', 'y', 'z', 'qx', 'qy', 'qz', 'qw'), values,
                                           strict=True) for word in (f'--{name}', value)]
    options += ['--frame-id', 'map', '--child-frame-id', 'CAMERA_OPTICAL_FRAME']
    sds = f'-p camera_rotation_sd:={sd[0]:.5f} -p camera_position_sd:={sd[1]:.4f}'
    print(f'node without TF and CameraInfo: -p camera_file:={arguments.out.resolve()}\n'
          f"node without TF: -p camera_pose:='{' '.join(values)}' {sds}\n"
          f'node with TF: {sds}, and ros2 run tf2_ros static_transform_publisher '
          f'{" ".join(options)}\n'
          "that in a launch file: Node(package='tf2_ros', executable='static_transform_publisher',"
          f' arguments={options})')
    if arguments.picture:
        width, height = camera.image_size
        canvas = np.full((height, width, 3), 235, np.uint8) if image is None else image
        write_picture(arguments.picture, draw_floor(
            canvas, camera, world_T_camera, f'floor grid 1 m, horizon orange; camera '
            f'{world_T_camera[2, 3]:.2f} m above the floor'))
