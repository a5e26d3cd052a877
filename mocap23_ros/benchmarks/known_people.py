# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a detector reports of the man of the sample, filmed and pasted, beside the truth."""

from collections.abc import Callable, Collection

import numpy as np

from mocap23_ros.benchmarks.detector_benchmark import HEIGHTS, SETTLED
from mocap23_ros.benchmarks.pasted_people import EVERY, SceneMaker
from mocap23_ros.datasets.detected_clips import DetectedClip
from mocap23_ros.demo.sample_video import read_frames
from mocap23_ros.demo.take import SampleTake
from mocap23_ros.detection.detector import Detector
from mocap23_ros.detection.matched_people import coco_people, in_order_of_truth
from mocap23_ros.reporting import Say, silent

COUNTS = (1, 1, 1, 2, 4)
"""People of each pasted video of a height, again and again."""
_ANYWHERE = 0.1  # OKS: badly detected people count, too


def sample_clips(take: SampleTake, make_detector: Callable[[int], Detector], scenes: int,
                 seed: int, without: Collection[str] = (),
                 say: Say = silent) -> list[DetectedClip]:
    """The four cameras, and ``scenes`` pasted videos of each of HEIGHTS.

    make_detector: for so many people. without: cameras that are left out, in both.
    """
    clips = []
    for camera in take.cameras:
        if camera.name in without:
            continue
        say(camera.name)
        truth = camera.project(take.truth.joints)[:, None]
        detector = make_detector(4)
        found = in_order_of_truth(truth, coco_people(
            detector, read_frames(take.files.videos[camera.name])), _ANYWHERE)
        detector.close()
        clips.append(DetectedClip(truth[:, 0], found[:, 0], take.fps))
    maker = SceneMaker(take, seed, without)
    detector = make_detector(2 * max(COUNTS))
    for height in HEIGHTS:
        say(f'pasted, {height} px')
        for number in range(scenes):
            scene = maker.scene(np.full(COUNTS[number % len(COUNTS)], height))
            detector.reset()
            found = in_order_of_truth(scene.keypoints, coco_people(detector, scene.images()),
                                      _ANYWHERE)[SETTLED:]
            clips += [DetectedClip(scene.keypoints[SETTLED:, person], found[:, person],
                                   take.fps / EVERY) for person in range(found.shape[1])]
    detector.close()
    return clips
