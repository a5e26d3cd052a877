# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Prints where people come out who stand on a platform, climb or sit in a wheelchair, and how sure.

Not a test. From the repository, in its environment: python test/lifting/measure_raised_people.py
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from mocap23_ros.lifting.lifters import create_lifter
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.skeletons.coco17 import HIPS
from mocap23_ros.tracking.track import Track, TrackState

sys.path.append(str(Path(__file__).parents[1] / 'calibration'))
from walkers import FPS, camera_above_floor, seen, walks

SECONDS, EVERY, NOISE = 8.0, 4, 3.0  # every fourth frame; pixels
BEGIN = 3.0  # seconds; before it people are new
DISTANCE = 4.5
INSIDE = 7.815  # squared distance that holds 95 % in three dimensions
CAMERAS = (0.8, 1.2, 2.0)
PLATFORMS = (-0.3, 0.0, 0.15, 0.3, 0.6)
STEP = 0.17 / 0.29  # of stairs, up over along


def stairs(joints):
    """Up where they are farther than the middle, as on stairs; the feet between the steps."""
    away = np.clip(joints[:, HIPS, 0].mean(axis=1) - DISTANCE, 0, None)
    return joints + (0, 0, 1) * (STEP * away)[:, None, None]


def wheelchair():
    """Joints [F,17,3] of somebody who is wheeled in an ellipse, feet 0.16 m above the floor."""
    angle = 0.6 * np.arange(0, SECONDS, 1 / FPS)
    body = np.zeros((17, 3))
    for side, left in ((1, 0), (-1, 1)):
        for joint, place in ((5, (-.05, .18, 1.02)), (7, (-.05, .24, .75)), (9, (.15, .22, .67)),
                             (11, (0, .09, .52)), (13, (.4, .09, .55)), (15, (.5, .09, .16))):
            body[joint + left] = np.multiply(place, (1, side, 1))
    body[:5] = ((.07, 0, 1.24), (.05, .03, 1.27), (.05, -.03, 1.27), (-.03, .07, 1.25),
                (-.03, -.07, 1.25))
    heading = np.arctan2(-1.2 * np.sin(angle), np.cos(angle))
    c, s = np.cos(heading)[:, None], np.sin(heading)[:, None]
    turned = np.stack([c * body[:, 0] - s * body[:, 1], s * body[:, 0] + c * body[:, 1],
                       np.broadcast_to(body[:, 2], (len(angle), 17))], axis=-1)
    centre = np.stack([DISTANCE + np.sin(angle), 1.2 * np.cos(angle), 0 * angle], axis=-1)
    return turned + centre[:, None]


def scenes():
    """(name, joints of several people) for all that is measured."""
    people = [walks(subject, SECONDS, DISTANCE, 3)[0] for subject in ('16', '07')]
    for up in PLATFORMS:
        yield f'{up:g} m above the floor', [joints + (0, 0, up) for joints in people]
    yield 'stairs', [stairs(joints) for joints in people]
    yield 'wheelchair', [wheelchair()]


def errors(lifter, joints, camera, pose):
    """Rows of (error along the ray, its sd, inside the 95 % ellipsoid, stature) of the hips."""
    keypoints = seen(joints, camera, pose, NOISE, 1).astype(np.float32)
    streaming, rows = StreamingLifter(lifter), []
    for frame in range(0, len(joints), EVERY):
        track = Track(1, TrackState.TRACKED, keypoints[frame], np.zeros(4, np.float32), 5.0, 0.0)
        for person in streaming.update(frame / FPS, [track], camera, pose):
            if frame < BEGIN * FPS:
                continue
            truth = joints[frame, HIPS].mean(axis=0)
            off, covariance = person.world_T_root[:3, 3] - truth, person.root_covariance[:3, :3]
            ray = (truth - pose[:3, 3]) / np.linalg.norm(truth - pose[:3, 3])
            rows.append((off @ ray, np.sqrt(ray @ covariance @ ray),
                         off @ np.linalg.solve(covariance, off) < INSIDE, person.stature))
    streaming.reset()
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--lifter', choices=('diffusion', 'geometric'), default='diffusion')
    lifter = create_lifter(parser.parse_args().lifter)
    for name, people in scenes():
        for height in CAMERAS:
            camera, pose = camera_above_floor(
                height, np.degrees(np.arctan((height - 0.9) / DISTANCE)), 0.0)
            rows = np.array([row for joints in people for row in errors(lifter, joints, camera,
                                                                         pose)])
            along, sd, inside, stature = rows.T
            print(f'{name:24s} camera at {height:.1f} m: {np.median(along):+.2f} m along the ray, '
                  f'sd {np.median(sd):.2f} m, {inside.mean():4.0%} within the 95 % ellipsoid, '
                  f'{np.median(stature):.2f} m tall', flush=True)


if __name__ == '__main__':
    main()
