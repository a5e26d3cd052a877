# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A drawn figure that walks before a camera: a video in which a real detector finds a person."""

import cv2
import numpy as np
from synthetic_people import look_at, walking_person

from mocap23_ros.geometry.camera_file import CameraFile, save_camera_file
from mocap23_ros.geometry.camera_model import CameraModel

SIZE, FOCAL, FPS = (640, 720), 700.0, 30.0
POSE = look_at((0, 0, 1.3), (3.8, 0, 0.9))
SKIN, SHIRT, TROUSERS, DARK = (140, 170, 225), (160, 60, 40), (60, 50, 45), (20, 20, 30)


def pixels(frames):
    """COCO keypoints [F,17,2] of the figure, and its pixels per metre [F]."""
    joints = walking_person(np.arange(frames) / FPS, (4.0, -0.2), heading=2.6)
    p_camera = (joints - POSE[:3, 3]) @ POSE[:3, :3]
    scale = FOCAL / p_camera[..., 2].mean(axis=1)
    return p_camera[..., :2] / p_camera[..., 2:] * FOCAL + np.array(SIZE) / 2, scale


def draw(points, scale):
    """Image of one frame, uint8 [H,W,3]."""
    image = np.full((SIZE[1], SIZE[0], 3), (190, 200, 205), np.uint8)
    image[int(SIZE[1] * 0.62):] = (120, 140, 150)
    at = [tuple(int(round(value)) for value in point) for point in points]

    def limb(a, b, width, colour):
        cv2.line(image, at[a], at[b], colour, max(1, int(width * scale)), cv2.LINE_AA)

    def blob(place, size, colour, begin=0, end=360):
        axes = tuple(max(1, int(half * scale)) for half in size)
        cv2.ellipse(image, place, axes, 0, begin, end, colour, -1, cv2.LINE_AA)

    for hip, knee, ankle in ((11, 13, 15), (12, 14, 16)):
        limb(hip, knee, 0.16, TROUSERS)
        limb(knee, ankle, 0.12, TROUSERS)
        blob(at[ankle], (0.1, 0.05), DARK)
    cv2.fillConvexPoly(image, np.array([at[5], at[6], at[12], at[11]]), SHIRT, cv2.LINE_AA)
    for a, b in ((5, 6), (5, 11), (6, 12), (11, 12)):
        limb(a, b, 0.12, SHIRT)
    for shoulder, elbow, wrist in ((5, 7, 9), (6, 8, 10)):
        limb(shoulder, elbow, 0.1, SHIRT)
        limb(elbow, wrist, 0.075, SKIN)
        blob(at[wrist], (0.05, 0.05), SKIN)
    neck = tuple(int(value) for value in (points[5] + points[6]) / 2)
    head = tuple(int(value) for value in points[:5].mean(axis=0))
    cv2.line(image, neck, head, SKIN, int(0.1 * scale))
    blob(head, (0.085, 0.12), SKIN)
    blob((head[0], head[1] - int(0.05 * scale)), (0.09, 0.08), DARK, 180, 360)
    for eye in (1, 2):
        blob(at[eye], (0.012, 0.012), DARK)
    blob(at[0], (0.014, 0.014), (110, 140, 200))
    return image


def write_video(folder, frames):
    """Write walk.avi and camera.yaml; returns both paths."""
    video, camera = folder / 'walk.avi', folder / 'camera.yaml'
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*'MJPG'), FPS, SIZE)
    assert writer.isOpened()
    for points, scale in zip(*pixels(frames), strict=True):
        writer.write(draw(points, scale))
    writer.release()
    K = [[FOCAL, 0, SIZE[0] / 2], [0, FOCAL, SIZE[1] / 2], [0, 0, 1]]
    save_camera_file(camera, CameraFile(CameraModel.from_calibration(K, image_size=SIZE), POSE))
    return video, camera
