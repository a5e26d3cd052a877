# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 calibrate points``: what is marked in one image, from files or the browser."""

import argparse
import warnings
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import write_text
from mocap23_ros.calibration.click_server import serve_page
from mocap23_ros.calibration.floor_picture import draw_floor
from mocap23_ros.calibration.marks import HEIGHTS, Marks
from mocap23_ros.calibration.pose_from_lines import pose_from_lines
from mocap23_ros.calibration.pose_from_points import pose_from_points
from mocap23_ros.cli.option_checks import check_numbers, option, refuse
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import load_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.pose_covariance import largest_sd
from mocap23_ros.writable_places import check_writable

_LINE_OPTIONS = ('camera_height', 'edge_height', 'turned')


def add_point_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the points or lines, the image they are of, and what is known of them."""
    parser.add_argument('--points', type=Path, metavar='POINTS.csv',
                        help='rows of u, v (raw px), x, y, z (m, z up, floor at 0); with --click '
                             'they are kept there')
    parser.add_argument('--image', type=Path, help='to draw the floor over')
    parser.add_argument('--click', action='store_true', help='click the points or edges on '
                        '--image, on a page in the browser of this machine')
    parser.add_argument('--port', type=int, default=0, help='with --click: of the page (default: '
                        'a free one)')
    parser.add_argument('--lines', type=Path, metavar='LINES.csv', help='in place of points, two '
                        'or more vertical edges: rows of u, v (raw px) of the lower end, then u, '
                        'v of the upper one; with --click they are kept there')
    parser.add_argument('--camera-height', type=float, metavar='METRES',
                        help='with --lines: of the camera above the floor')
    parser.add_argument('--edge-height', type=float, metavar='METRES', help='with --lines: of the '
                        'first edge, marked from where it stands on the floor to its top')
    parser.add_argument('--turned', type=float, metavar='DEGREES', help='with --lines: about how '
                        'the camera is mounted; 90: the right side of its image is down (default: '
                        '0, upright)')


def fit_points(arguments: argparse.Namespace
               ) -> tuple[CameraModel, NDArray, NDArray[np.uint8] | None, NDArray]:
    """The camera, its pose [4,4], the image if there is one, and the covariance [6,6]."""
    marks = _given(arguments)
    camera = load_camera_file(arguments.camera).camera
    image = None if arguments.image is None else read_image(arguments.image)
    if image is not None:
        camera = camera.with_image_size(image.shape[1::-1])
    if arguments.click:
        assert image is not None
        marks = _clicked(arguments, marks, camera, image)
    said, world_T_camera, covariance = _pose_of_marks(marks, camera)
    print(said)
    return camera, world_T_camera, image, covariance


def _given(arguments: argparse.Namespace) -> Marks:
    """What files and options say, which with --click may be nothing yet; InputError."""
    heights = {of: getattr(arguments, f'{of}_height') for of in HEIGHTS}
    given = [name for name in _LINE_OPTIONS if getattr(arguments, name) is not None]
    lines = arguments.lines is not None or bool(arguments.click and given)
    if lines:
        refuse(arguments, ('points',), 'does not go with --lines and heights')
        if None not in heights.values() or (
                not arguments.click and heights == dict.fromkeys(HEIGHTS)):
            raise InputError('--lines needs one known height: --camera-height or --edge-height')
        check_numbers(arguments, turned=(-180, 180),
                      **{f'{of}_height': limits for of, limits in HEIGHTS.items()})
    elif given:
        raise InputError(f'{option(given[0])} goes with --lines or --click')
    elif not arguments.click and arguments.points is None:
        raise InputError('give --lines LINES.csv, --points POINTS.csv, or --click and --image to '
                         'click them')
    if arguments.click and arguments.image is None:
        raise InputError('--click needs the --image to click on')
    path = arguments.lines if lines else arguments.points
    # The file of a page may be new, or from a try without marks.
    known = path is not None and (not arguments.click or path.exists() and path.stat().st_size > 0)
    if not lines:
        return Marks('points', _read_rows(path, 'u, v (px), x, y, z (m)') if known
                     else np.zeros((0, 5)))
    rows = _read_rows(path, 'u, v (px) of the lower end, u, v of the upper one') if known \
        else np.zeros((0, 4))
    height_of: Literal['camera', 'edge'] = 'camera' if heights['edge'] is None else 'edge'
    return Marks('lines', rows, height_of, heights[height_of], arguments.turned or 0.0)


def _read_rows(path: Path, columns: str) -> NDArray[np.float64]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of an empty file, which the check below names
            rows = np.loadtxt(path, delimiter=',', ndmin=2, max_rows=10_000)
    except (OSError, ValueError) as error:
        raise InputError(f'{path}: {error}; give rows of {columns}') from None
    if rows.shape[1:] != (columns.count(',') + 1,) or not np.isfinite(rows).all():
        raise InputError(f'{path}: every row must be {columns}')
    return rows


def _clicked(arguments: argparse.Namespace, marks: Marks, camera: CameraModel,
             image: NDArray) -> Marks:
    """Marks from the page in the browser; kept in --points or --lines at every try."""
    places = {'points': arguments.points, 'lines': arguments.lines}
    for place in filter(None, places.values()):
        check_writable(place)

    def judge(marks: Marks) -> tuple[str, NDArray[np.uint8]]:
        if places[marks.kind] is not None:
            write_text(places[marks.kind], ''.join(
                ', '.join(f'{value:.6g}' for value in row) + '\n' for row in marks.rows))
        said, world_T_camera, _ = _pose_of_marks(marks, camera)
        return said, draw_floor(image, camera, world_T_camera)

    return serve_page(image, marks, judge, lambda address: print(
        f'mark points or edges at {address} and save there; ctrl-c gives up', flush=True),
        arguments.port)


def _pose_of_marks(marks: Marks, camera: CameraModel
                   ) -> tuple[str, NDArray[np.float64], NDArray[np.float64]]:
    """The results of ``pose_of_points``, from points or lines."""
    return (pose_of_points(marks.rows[:, :2], marks.rows[:, 2:], camera)
            if marks.kind == 'points' else _pose_of_lines(marks, camera))


def pose_of_points(p_pixel: NDArray, p_world: NDArray, camera: CameraModel
                   ) -> tuple[str, NDArray[np.float64], NDArray[np.float64]]:
    """The pose in words, the pose [4,4], and its covariance [6,6]; InputError."""
    fit = pose_from_points(p_pixel, p_world, camera)
    if fit.world_T_camera[2, 3] <= 0:
        raise InputError('these points put the camera below the floor: z must point up')
    turn_sd, place_sd = largest_sd(fit.covariance)
    x, y, z = fit.world_T_camera[:3, 3]
    said = (f'camera at x {x:.3f}, y {y:.3f}, z {z:.3f} m (+- {place_sd:.3f} m, '
            f'{np.degrees(turn_sd):.2f} degrees), from {len(fit.error)} points '
            f'(worst {fit.error.max():.1f} px off: number {int(fit.error.argmax()) + 1})')
    return said, fit.world_T_camera, fit.covariance


def _pose_of_lines(marks: Marks, camera: CameraModel
                   ) -> tuple[str, NDArray[np.float64], NDArray[np.float64]]:
    assert marks.height is not None
    lines = marks.rows.reshape(-1, 2, 2)
    known = {f'{marks.height_of}_height': marks.height}
    fit = pose_from_lines(lines, camera, turned=np.radians(marks.turned), **known)
    pitch_sd, roll_sd, height_sd = np.sqrt(np.diag(fit.covariance))
    trust = (f'worst {fit.error.max():.1f} px off: number {int(fit.error.argmax()) + 1}'
             if len(lines) > 2 else 'two cannot contradict each other: mark a third, or look at '
             'the picture')
    said = (f'pitch {np.degrees(fit.pitch):.2f} +- {np.degrees(pitch_sd):.2f} degrees down, roll '
            f'{np.degrees(fit.roll):.2f} +- {np.degrees(roll_sd):.2f} degrees, height '
            f'{fit.height:.3f} +- {height_sd:.3f} m, from {len(lines)} lines and the height of '
            f'{marks.height:.10g} m of the {marks.height_of} ({trust})\n'
            'the world is chosen: its origin is on the floor below the camera, x ahead, z up')
    return said, fit.floor_T_camera, fit.pose_covariance


def read_image(path: Path) -> NDArray[np.uint8]:
    """An image file, BGR, as it is stored; InputError."""
    data = np.fromfile(path, np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION) \
        if len(data) else None
    if image is None:
        raise InputError(f'{path} is not an image that OpenCV can read')
    return np.asarray(image, np.uint8)
