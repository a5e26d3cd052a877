# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The cameras of the sample, with the poses corrected from static marks on the treadmill.

World: z up, x along the beam, belt of the treadmill at z = 0, top of the beam at z = 0.05.
The extrinsics as delivered miss marks on the belt by 10 to 13 px; ``calibrate`` corrects them.
"""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.demo.archive import CAMERA_NAMES, SampleFiles
from mocap23_ros.demo.bundle_adjustment import BundleAdjustment, TiePoints, adjust_bundle
from mocap23_ros.demo.qualisys import read_qualisys
from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.unobserved import UNOBSERVED

FLOOR_HEIGHT = 0.05  # metres: the person walks on the beam

# Centroids (px, raw video) of the four white squares stuck on the belt beside the rails, measured
# in the median image of every fourth frame of the four videos. nan: hidden by the person.
_NAN = (float('nan'), float('nan'))
BELT_SQUARES = {
    'cam01': ((317.27, 1334.92), (108.74, 1060.27), (766.72, 1290.48), (518.31, 1064.14)),
    'cam02': ((325.36, 1207.47), (438.94, 1040.53), (757.77, 1269.18), (788.58, 1083.85)),
    'cam03': (_NAN, (873.85, 1234.10), (164.49, 1240.44), (485.21, 1431.72)),
    'cam04': ((889.45, 1069.76), (836.67, 1410.72), (519.46, 1117.15), (385.23, 1396.20)),
}
SQUARE_SIGMA_PX = 0.5
BELT_HEIGHT_SIGMA = 0.003  # metres


def video_size(path: str) -> tuple[int, int]:
    """Return (width, height) px of a video; raises InputError where it cannot be opened."""
    capture = cv2.VideoCapture(path)
    try:
        if not capture.isOpened():
            raise InputError(f'the video {path} cannot be opened; delete it to fetch it again')
        return (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
                int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    finally:
        capture.release()


def delivered_cameras(files: SampleFiles) -> list[SampleCamera]:
    """Cameras as the calibration file gives them, with K for the videos' image size."""
    cameras = {camera.name: camera for camera in read_qualisys(files.calibration)}
    return [cameras[name].letterboxed(*video_size(str(files.videos[name])))
            for name in CAMERA_NAMES]


def belt_marks(marks: Mapping[str, Sequence[tuple[float, float]]]) -> NDArray[np.float64]:
    """Pixels [C,N,2] of marks, cameras in the order of CAMERA_NAMES."""
    return np.array([marks[name] for name in CAMERA_NAMES])


def calibrate(files: SampleFiles) -> tuple[list[SampleCamera], BundleAdjustment]:
    """Cameras corrected so that the squares on the belt agree, and how much that changed."""
    cameras = delivered_cameras(files)
    p_pixel = belt_marks(BELT_SQUARES)
    count = p_pixel.shape[1]
    ties = TiePoints(
        p_pixel, np.full(count, SQUARE_SIGMA_PX),
        np.tile(UNOBSERVED, (count, 1)),
        np.tile((np.inf, np.inf, BELT_HEIGHT_SIGMA), (count, 1)))
    result = adjust_bundle(cameras, ties)
    return [camera.moved(pose) for camera, pose in
            zip(cameras, result.world_T_camera, strict=True)], result
