# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Baseline B6: MediaPipe's own 3D landmarks, placed in the world by perspective-n-point.

BlazePose regresses "world landmarks": metres about the middle of the hips, for an average body
and with no camera in mind. The pose that reprojects them onto the 2D landmarks of the same image
puts them before the calibrated camera. One frame at a time, one person, no ground, no filter.
"""

import os

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import transform_points
from mocap23_ros.skeletons.conversion import convert_joints
from mocap23_ros.skeletons.formats import BLAZEPOSE33, COCO17

LEAST_VISIBILITY = 0.5
LEAST_POINTS = 8
BODY = tuple(range(11, 33))  # of BlazePose: the face is too flat to say much


class MediapipePnp:
    """Lifts images of one person; use ``close`` when done.

    Raises InputError where mediapipe is not installed.
    """

    def __init__(self) -> None:
        os.environ.setdefault('GLOG_minloglevel', '2')
        try:
            from mediapipe.python.solutions.pose import Pose
        except ImportError as error:
            raise InputError(f'baseline mediapipe_pnp needs mediapipe 0.10.21 ({error}); install '
                             'it with: make setup FOR=mediapipe') from None
        self._pose = Pose(static_image_mode=False, model_complexity=1, smooth_landmarks=False)

    def lift(self, image_bgr: NDArray[np.uint8], camera: CameraModel,
             world_T_camera: NDArray[np.float64]) -> NDArray[np.float32]:
        """COCO-17 joints [17,3] of the person in the world, metres; NaN where nobody is found."""
        nothing = np.full((17, 3), np.nan, np.float32)
        result = self._pose.process(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB))
        if not result.pose_landmarks or not result.pose_world_landmarks:
            return nothing
        height, width = image_bgr.shape[:2]
        flat = np.array([(mark.x * width - 0.5, mark.y * height - 0.5, mark.visibility)
                         for mark in result.pose_landmarks.landmark])
        solid = np.array([(mark.x, mark.y, mark.z)
                          for mark in result.pose_world_landmarks.landmark])
        camera_T_body = place_body(solid, flat, camera)
        if camera_T_body is None:
            return nothing
        p_world = transform_points(world_T_camera @ camera_T_body, solid)
        return convert_joints(p_world, BLAZEPOSE33, COCO17).astype(np.float32)

    def close(self) -> None:
        """Free the networks."""
        self._pose.close()


def place_body(p_body: NDArray[np.float64], keypoints: NDArray[np.float64],
               camera: CameraModel) -> NDArray[np.float64] | None:
    """Pose camera_T_body [4,4] that reprojects p_body [33,3] m onto keypoints [33,3].

    keypoints: x px, y px, visibility. None with too few visible points or no solution before the
    camera. EPnP (Lepetit et al. 2009), refined by Levenberg-Marquardt.
    """
    used = [index for index in BODY if keypoints[index, 2] >= LEAST_VISIBILITY]
    if len(used) < LEAST_POINTS:
        return None
    normalised = camera.undistort(keypoints[used, :2])
    good = np.isfinite(normalised).all(1)
    if good.sum() < LEAST_POINTS:
        return None
    solid = np.ascontiguousarray(p_body[used][good])
    flat = np.ascontiguousarray(normalised[good])
    found, rotation, translation = cv2.solvePnP(
        solid, flat, np.eye(3), None, flags=cv2.SOLVEPNP_EPNP)
    if not found:
        return None
    rotation, translation = cv2.solvePnPRefineLM(
        solid, flat, np.eye(3), None, rotation, translation)
    pose = np.eye(4)
    pose[:3, :3] = cv2.Rodrigues(rotation)[0]
    pose[:3, 3] = translation[:, 0]
    if not np.isfinite(pose).all() or (transform_points(pose, solid)[:, 2] <= 0).any():
        return None
    return pose
