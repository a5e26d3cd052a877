# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Several walking people before a camera, as a detector sees them: hidden, missed, seen twice."""

from dataclasses import dataclass

import numpy as np
from synthetic_people import look_at, walking_person

from mocap23_ros.detection.detector import Detection
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.tracking.floor_places import CameraView

SIZE = (1280, 720)
CAMERA = CameraModel.from_calibration(
    [[900, 0, 640], [0, 900, 360], [0, 0, 1]], [], 'plumb_bob', SIZE)
VIEW = CameraView(CAMERA, look_at((0, 0, 2.2), (6, 0, 0.8)))


@dataclass(frozen=True)
class Scene:
    """joints: [P,F,17,3] m; NaN where somebody is not in the room. stamps: [F] s."""

    joints: np.ndarray
    stamps: np.ndarray


def walk_along(path, stamps, stature=1.7):
    """Joints [F,17,3] of somebody on a path [F,2] who faces the way it goes."""
    step = np.diff(path, axis=0, append=path[-1:] + (path[-1:] - path[-2:-1]))
    way = np.concatenate([[0], np.cumsum(np.hypot(*step.T))[:-1]])
    heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    body = walking_person(way, speed=1.0, stature=stature)
    body[..., 0] -= way[:, None] * stature / 1.7
    cosine, sine = np.cos(heading)[:, None], np.sin(heading)[:, None]
    turned = body.copy()
    turned[..., 0] = cosine * body[..., 0] - sine * body[..., 1]
    turned[..., 1] = sine * body[..., 0] + cosine * body[..., 1]
    turned[..., :2] += path[:, None]
    return turned


def wandering(people, seconds=20.0, rate=15.0, seed=0):
    """People who walk between random places of a room of 6 by 5 m, and stand now and then.

    They keep half a metre between each other.
    """
    random = np.random.default_rng(seed)
    stamps = np.arange(0, seconds, 1 / rate)
    place = np.stack([random.uniform((3.0, -2.5), (9.0, 2.5)) for _ in range(people)])
    target, wait, velocity = place.copy(), np.zeros(people), np.zeros((people, 2))
    paths = np.zeros((people, len(stamps), 2))
    for frame in range(len(stamps)):
        for i in range(people):
            if np.hypot(*(target[i] - place[i])) < 0.3 and wait[i] <= 0:
                target[i] = random.uniform((3.0, -2.5), (9.0, 2.5))
                wait[i] = random.choice([0.0, 1.5])
            wait[i] -= 1 / rate
            way = target[i] - place[i]
            wanted = 1.1 * way / max(np.hypot(*way), 0.3) if wait[i] <= 0 else 0.05 * way
            for j in range(people):
                apart = place[i] - place[j]
                near = np.hypot(*apart)
                if i != j and near < 0.8:
                    wanted += 3.0 * (0.8 - near) * apart / near
            velocity[i] += (wanted - velocity[i]) / (0.4 * rate)
        place = place + (velocity + 1e-4) / rate
        paths[:, frame] = place
    return Scene(np.stack([walk_along(path, stamps, random.uniform(1.55, 1.9))
                           for path in paths]), stamps)


def boxes_of(pixels):
    """Boxes [...,4] around keypoints [...,17,2], with a head."""
    low, high = np.nanmin(pixels, axis=-2), np.nanmax(pixels, axis=-2)
    low[..., 1] -= 0.1 * (high - low)[..., 1]
    return np.concatenate([low, high], axis=-1)


def detections_of(scene, seed=0, missed=0.05, twice=0.03, ghosts=0.02):
    """Every image: list of (person or None, Detection), in no stable order.

    Who is covered by more than half by somebody nearer is not found; keypoints behind somebody
    nearer are guessed.
    """
    random = np.random.default_rng(seed)
    pose = VIEW.world_T_camera
    p_camera = (scene.joints - pose[:3, 3]) @ pose[:3, :3]
    depth = p_camera[..., 2].mean(axis=-1)
    images = []
    for frame in range(len(scene.stamps)):
        here = [i for i in range(len(scene.joints)) if np.isfinite(depth[i, frame])]
        pixels = {i: CAMERA.project(p_camera[i, frame]) for i in here}
        boxes = {i: boxes_of(pixels[i]) for i in here}
        found = []
        for i in sorted(here, key=lambda i: random.random()):
            point, box = pixels[i], boxes[i]
            height = box[3] - box[1]
            hidden = np.zeros(17, bool)
            for j in here:
                if depth[j, frame] < depth[i, frame] - 0.1:
                    margin = 0.1 * (boxes[j][2:] - boxes[j][:2]) * (1, 0)
                    hidden |= ((point > boxes[j][:2] + margin)
                               & (point < boxes[j][2:] - margin)).all(axis=1)
            outside = ((point < 0) | (point > SIZE)).any(axis=1)
            if (hidden | outside).mean() > 0.5 or random.random() < missed:
                continue
            for again in range(1 + (random.random() < twice)):
                spread = (0.012 + 0.02 * again) * height
                measured = point + random.normal(0, spread, (17, 2))
                measured[hidden] += random.normal(0, 0.04 * height, (hidden.sum(), 2))
                confidence = np.where(hidden, 0.35, 0.9)
                confidence[outside] = 0
                keypoints = np.column_stack([measured, confidence]).astype(np.float32)
                keypoints[outside] = (np.nan, np.nan, 0)
                found.append((None if again else i, Detection(
                    keypoints, boxes_of(keypoints[~outside, :2]).astype(np.float32),
                    0.9 - 0.1 * again)))
        if random.random() < ghosts:  # something on a wall
            middle, size = random.uniform((100, 60), (1180, 250)), random.uniform(60, 160)
            shape = random.normal(0, 0.3, (17, 2)) * (0.4, 1)
            keypoints = np.column_stack([middle + size * shape, np.full(17, 0.5)])
            found.append((None, Detection(keypoints.astype(np.float32),
                                          boxes_of(keypoints[:, :2]).astype(np.float32), 0.4)))
        images.append(found)
    return images
