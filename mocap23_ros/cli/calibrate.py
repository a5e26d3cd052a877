# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 calibrate``: intrinsics, and where a camera stands above the floor."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mocap23_ros.cli.calibrate_people import add_people_arguments, first_image, fit_people
from mocap23_ros.errors import InputError
from mocap23_ros.writable_places import check_writable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mocap23_ros.geometry.camera_model import CameraModel


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the ways to calibrate, each with its options."""
    ways = parser.add_subparsers(dest='way', required=True, metavar='WAY')
    people = ways.add_parser('people', help='pitch, roll and height from people who walk about '
                             'before a still camera')
    add_people_arguments(people)
    target = ways.add_parser('target', help='pose from a printed target that lies on the floor')
    points = ways.add_parser('points', help='pose from image points at known places')
    points.add_argument('--points', type=Path, metavar='POINTS.csv',
                        help='rows of u, v (raw px), x, y, z (m, z up, floor at 0); with --click '
                             'they are kept there')
    points.add_argument('--image', type=Path, help='to draw the floor over')
    points.add_argument('--click', action='store_true', help='click the points on --image, on a '
                        'page in the browser of this machine')
    points.add_argument('--port', type=int, default=0, help='with --click: of the page (default: '
                        'a free one)')
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
    from mocap23_ros.calibration.printed_targets import Target
    from mocap23_ros.geometry.camera_file import load_camera_file

    target = Target(arguments.target)
    (image, *others) = [_image(path) for path in arguments.images]
    if others:
        raise InputError('--images: one image of the target on the floor; its first corner is '
                         'the origin of the world')
    corners = target.find(image)
    if corners is None:
        raise InputError(f'{arguments.images[0]} shows no whole {arguments.target}')
    camera = load_camera_file(arguments.camera).camera.with_image_size(image.shape[1::-1])
    _fit_points(arguments, corners.p_pixel, corners.p_target, camera, image)


def _points(arguments: argparse.Namespace) -> None:
    from mocap23_ros.geometry.camera_file import load_camera_file

    if not arguments.click and arguments.points is None:
        raise InputError('give --points POINTS.csv, or --click and --image to click them')
    if arguments.click and arguments.image is None:
        raise InputError('--click needs the --image to click on')
    known = arguments.points is not None and (arguments.points.exists() or not arguments.click)
    rows = _read_points(arguments.points) if known else np.zeros((0, 5))
    camera = load_camera_file(arguments.camera).camera
    image = None if arguments.image is None else _image(arguments.image)
    if image is not None:
        camera = camera.with_image_size(image.shape[1::-1])
    if arguments.click:
        assert image is not None
        rows = _clicked(arguments, rows, camera, image)
    _fit_points(arguments, rows[:, :2], rows[:, 2:], camera, image)


def _read_points(path: Path) -> 'NDArray[np.float64]':
    try:
        rows = np.loadtxt(path, delimiter=',', ndmin=2, max_rows=10_000)
    except (OSError, ValueError) as error:
        raise InputError(f'{path}: {error}; give rows of u, v, x, y, z') from None
    if rows.shape[1:] != (5,) or not np.isfinite(rows).all():
        raise InputError(f'{path}: every row must be u, v (px), x, y, z (m)')
    return rows


def _clicked(arguments: argparse.Namespace, rows: 'NDArray', camera: 'CameraModel',
             image: 'NDArray') -> 'NDArray[np.float64]':
    """Rows from the page in the browser; kept in --points at every try."""
    from mocap23_ros.atomic_files import write_text
    from mocap23_ros.calibration.click_server import serve_page
    from mocap23_ros.calibration.floor_picture import draw_floor

    if arguments.points is not None:
        check_writable(arguments.points)

    def judge(rows: 'NDArray[np.float64]') -> 'tuple[str, NDArray[np.uint8]]':
        if arguments.points is not None:
            write_text(arguments.points, ''.join(
                ', '.join(f'{value:.6g}' for value in row) + '\n' for row in rows))
        said, world_T_camera, _ = _pose_of_points(rows[:, :2], rows[:, 2:], camera)
        return said, draw_floor(image, camera, world_T_camera)

    return serve_page(image, rows, judge, lambda address: print(
        f'click the points at {address} and save there; ctrl-c gives up', flush=True),
        arguments.port)


def _fit_points(arguments: argparse.Namespace, p_pixel: 'NDArray', p_world: 'NDArray',
                camera: 'CameraModel', image: 'NDArray | None') -> None:
    said, world_T_camera, covariance = _pose_of_points(p_pixel, p_world, camera)
    print(said)
    _write(arguments, camera, world_T_camera, image, covariance)


def _pose_of_points(p_pixel: 'NDArray', p_world: 'NDArray', camera: 'CameraModel'
                    ) -> 'tuple[str, NDArray[np.float64], NDArray[np.float64]]':
    """What is said of the pose, the pose [4,4], and its covariance [6,6]; InputError."""
    from mocap23_ros.calibration.pose_from_points import pose_from_points
    from mocap23_ros.geometry.pose_covariance import largest_sd

    fit = pose_from_points(p_pixel, p_world, camera)
    if fit.world_T_camera[2, 3] <= 0:
        raise InputError('these points put the camera below the floor: z must point up')
    turn_sd, place_sd = largest_sd(fit.covariance)
    x, y, z = fit.world_T_camera[:3, 3]
    said = (f'camera at x {x:.3f}, y {y:.3f}, z {z:.3f} m (+- {place_sd:.3f} m, '
            f'{np.degrees(turn_sd):.2f} degrees), from {len(fit.error)} points '
            f'(worst {fit.error.max():.1f} px off: number {int(fit.error.argmax()) + 1})')
    return said, fit.world_T_camera, fit.covariance


def _intrinsics(arguments: argparse.Namespace) -> None:
    from mocap23_ros.calibration.intrinsics import calibrate_intrinsics
    from mocap23_ros.calibration.printed_targets import Target
    from mocap23_ros.geometry.camera_file import CameraFile, save_camera_file

    target = Target(arguments.target)
    if target.kind == 'apriltag':
        raise InputError('one tag is too small for intrinsics; use a checkerboard or charuco')
    views, names, size = [], [], None
    for path in arguments.images:
        image = _image(path)
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
        from mocap23_ros.atomic_files import write_picture
        from mocap23_ros.calibration.intrinsics import draw_coverage
        write_picture(arguments.picture, draw_coverage(views, fit, size))


def _image(path: Path) -> 'NDArray[np.uint8]':
    import cv2
    data = np.fromfile(path, np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION) \
        if len(data) else None
    if image is None:
        raise InputError(f'{path} is not an image that OpenCV can read')
    return np.asarray(image, np.uint8)


def _write(arguments: argparse.Namespace, camera: 'CameraModel', world_T_camera: 'NDArray',
           image: 'NDArray | None', covariance: 'NDArray') -> None:
    """CAMERA.yaml with the pose and its covariance [6,6], a picture, and what to tell nodes."""
    from mocap23_ros.calibration.floor_picture import draw_floor
    from mocap23_ros.geometry.camera_file import CameraFile, save_camera_file
    from mocap23_ros.geometry.pose_covariance import largest_sd
    from mocap23_ros.geometry.poses import translation_quaternion_from_pose

    sd = largest_sd(covariance)
    save_camera_file(arguments.out, CameraFile(camera, world_T_camera,
                                               pose_covariance=covariance))
    values = [f'{value:.6g}' for part in translation_quaternion_from_pose(world_T_camera)
              for value in part]
    options = ' '.join(f'--{name} {value}' for name, value in zip(
        ('x', 'y', 'z', 'qx', 'qy', 'qz', 'qw'), values, strict=True))
    sds = f'-p camera_rotation_sd:={sd[0]:.5f} -p camera_position_sd:={sd[1]:.4f}'
    print(f'node without TF and CameraInfo: -p camera_file:={arguments.out.resolve()}\n'
          f"node without TF: -p camera_pose:='{' '.join(values)}' {sds}\n"
          f'node with TF: {sds}, and ros2 run tf2_ros static_transform_publisher {options} '
          '--frame-id map --child-frame-id CAMERA_OPTICAL_FRAME')
    if arguments.picture:
        width, height = camera.image_size
        canvas = np.full((height, width, 3), 235, np.uint8) if image is None else image
        from mocap23_ros.atomic_files import write_picture
        write_picture(arguments.picture, draw_floor(
            canvas, camera, world_T_camera, f'floor grid 1 m, horizon orange; camera '
            f'{world_T_camera[2, 3]:.2f} m above the floor'))
