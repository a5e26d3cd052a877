# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how well heels and toes are placed on the sample's cameras, and what they would tell.

Run: python test/lifting/measure_feet.py (minutes). Their truth is triangulated from the same
detections of four views, good to 2 to 3 cm; the beam that the man walks on is 5 cm high.
"""

from dataclasses import replace

import numpy as np
from scipy.signal import savgol_filter

from mocap23_ros.demo.robust_triangulation import triangulate_robust
from mocap23_ros.demo.sample_video import read_frames
from mocap23_ros.demo.take import load_take
from mocap23_ros.demo.truth import NOISE_PX
from mocap23_ros.detection.detectors import create_detector
from mocap23_ros.detection.matched_people import match_people
from mocap23_ros.lifting.lifters import create_lifter
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.recordings.recording_lifter import lift_streaming
from mocap23_ros.skeletons.coco17 import ANKLES
from mocap23_ros.skeletons.formats import COCO21
from mocap23_ros.skeletons.unobserved import unobserved_keypoints

BEAM = 0.05  # m
PARTS = {'ankles': (15, 16), 'heels': (17, 18), 'toes': (19, 20)}  # of COCO21
TO_AND_FRO = np.r_[np.arange(100), np.arange(98, 0, -1), np.arange(100)][::2]  # 30 images a second
LATE = np.arange(len(TO_AND_FRO)) >= 50  # windows are full


def detected(camera, video, truth):
    detector = create_detector('blazepose', max_people=2)
    keypoints = unobserved_keypoints(len(truth), 1, len(COCO21))[:, 0]
    for frame, image in zip(range(len(truth)), read_frames(video), strict=False):
        people = detector.detect(image)
        for _, row in match_people(truth[frame, None], np.array(
                [person.keypoints for person in people]).reshape(-1, 17, 3)):
            keypoints[frame] = np.concatenate([people[row].keypoints, people[row].feet])
    detector.close()
    return keypoints


def area_under_curve(value, state):
    yes, no = value[state], value[~state]
    return (yes[:, None] > no).mean()


def main():
    take = load_take()
    keypoints = [detected(camera, take.files.videos[camera.name],
                          camera.project(take.truth.joints)) for camera in take.cameras]
    rays = np.stack([camera.model.undistort(own[:, 17:, :2].astype(float))
                     for camera, own in zip(take.cameras, keypoints, strict=True)])
    feet = triangulate_robust(
        rays.reshape(4, -1, 2), np.stack([own[:, 17:, 2] for own in keypoints]).reshape(4, -1),
        np.array([camera.model.focal_length for camera in take.cameras]),
        np.stack([camera.world_T_camera for camera in take.cameras]), NOISE_PX)
    feet = feet.p_world.reshape(-1, 4, 3)
    true = savgol_filter(np.concatenate([take.truth.joints, feet], axis=1), 15, 2, axis=0)
    speed = np.linalg.norm(np.gradient(true, 1 / take.fps, axis=0), axis=-1)
    parts = np.array(list(PARTS.values()))
    stands = ((speed[:, parts[1:]] < 0.35).any(axis=1)
              & (true[:, parts[1:], 2] < BEAM + 0.06).any(axis=1))
    lifter = create_lifter('diffusion', tier='s')
    told = {'network': [], 'speed of heels and toes': [], 'speed of ankles': []}
    states, truth = [], true[TO_AND_FRO]
    for camera, own in zip(take.cameras, keypoints, strict=True):
        pose = camera.world_T_camera.copy()
        pose[2, 3] -= BEAM
        recording = replace(KeypointRecording.of_still_camera(
            own[TO_AND_FRO][:, None], np.arange(len(TO_AND_FRO)) / 30, camera.model, pose,
            COCO21), detector='blazepose')
        motion = lift_streaming(StreamingLifter(lifter, feet=True), recording)
        body = [*range(17), *range(19, 23)]
        found = motion.joints[:, 0, body].astype(float) + [0, 0, BEAM]
        covariance = motion.covariance[:, 0, body].astype(float)
        error = (found - truth)[LATE]
        square = np.einsum('fji,fjik,fjk->fj', error, np.linalg.inv(covariance[LATE]), error)
        seen = np.isfinite(square[:, 17:])
        turn = [np.arctan2(*(p[:, 19:] - p[:, 17:19])[LATE][..., 1::-1].T) for p in (found, truth)]
        turn = np.degrees(np.abs(np.angle(np.exp(1j * (turn[0] - turn[1])))))
        print(camera.name, {name: round(1e3 * float(np.nanmedian(np.linalg.norm(
            error[:, list(joints)], axis=-1)))) for name, joints in PARTS.items()},
            'direction', np.nanpercentile(turn, [50, 90]).round(),
            'coverage', round(float((square[:, 17:][seen] < 7.815).mean()), 2))
        rotation, centre = camera.world_T_camera[:3, :3], camera.world_T_camera[:3, 3]
        down = np.concatenate([camera.model.undistort(own[:, :, :2].astype(float)),
                               np.ones((len(own), 21, 1))], axis=-1) @ rotation.T
        for name, joints in PARTS.items():
            joints = list(joints)
            height = np.median(true[:, joints, 2][stands])
            hit = centre + ((height - centre[2]) / down[:, joints, 2])[..., None] * down[:, joints]
            away = np.linalg.norm((hit - centre)[..., :2], axis=-1) - np.linalg.norm(
                (true[:, joints] - centre)[..., :2], axis=-1)
            print('   floor hits of standing', name, round(1e3 * float(np.nanstd(away[stands]))))
        moved = np.full((len(found), 21), np.nan)
        moved[5:] = np.linalg.norm(found[5:] - found[:-5], axis=-1) * 6
        slowest = np.minimum(moved[:, parts[1]], moved[:, parts[2]])
        use = LATE[:, None] & np.isfinite(slowest)
        states.append(stands[TO_AND_FRO][use])
        for name, value in zip(told, (motion.contact[:, 0], -slowest, -moved[:, ANKLES]),
                               strict=True):
            told[name].append(value[use])
    print('area under the curve of contact', {name: round(float(area_under_curve(
        np.concatenate(values), np.concatenate(states))), 3) for name, values in told.items()})


if __name__ == '__main__':
    main()
