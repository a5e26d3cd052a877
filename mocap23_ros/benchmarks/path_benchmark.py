# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Image to message on the sample video, stage by stage, with each stage's share."""

import time
from collections.abc import Callable
from functools import lru_cache
from itertools import cycle, islice
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.baselines.mediapipe_pnp import MediapipePnp
from mocap23_ros.benchmarks.timing import measure
from mocap23_ros.cache import cache_folder
from mocap23_ros.demo.archive import fetch_sample
from mocap23_ros.demo.calibrated_cameras import calibrate
from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.demo.sample_video import FPS, read_frames
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.lifters import create_lifter
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.tracking.floor_places import CameraView
from mocap23_ros.tracking.tracker import Tracker

STAGES = ('decode', 'detect', 'track', 'window and lift', 'message')
_FRAMES = 60
_DETECTOR, _CAMERA = 'blazepose', 'cam03'


def benchmark_path(lifter: str, options: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds per stage over the first frames of a sample video (JPEG, as cameras send it).

    Returns {'reason': ...} where the sample is not in the cache or a part is missing: a benchmark
    does not download.
    """
    from mocap23_ros.detection.detectors import create_detector

    try:
        camera, frames = sample_images()
        detect = create_detector(_DETECTOR)
        streaming = StreamingLifter(create_lifter(lifter, **options))
    except InputError as error:
        return {'reason': str(error)}
    to_message, message_reason = _message_maker()
    tracker = Tracker()
    view = CameraView(camera.model, camera.world_T_camera)
    times: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for index, data in enumerate(frames):
        stamp = index / FPS
        clock = [time.perf_counter()]
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        clock.append(time.perf_counter())
        detections = detect.detect(image)
        clock.append(time.perf_counter())
        tracks = tracker.update(detections, stamp, view)
        clock.append(time.perf_counter())
        estimates = streaming.update(stamp, tracks, camera.model, camera.world_T_camera)
        clock.append(time.perf_counter())
        if to_message is not None:
            to_message(estimates)
            clock.append(time.perf_counter())
        for stage, begin, end in zip(STAGES, clock, clock[1:], strict=False):
            times[stage].append(1e3 * (end - begin))
    detect.close()
    # The first quarter fills windows and warms caches.
    kept = {stage: values[_FRAMES // 4:] for stage, values in times.items() if values}
    medians = {stage: float(np.median(values)) for stage, values in kept.items()}
    total = sum(medians.values())
    return {
        'lifter': lifter, **options, 'detector': _DETECTOR, 'image': list(camera.model.image_size),
        'frames': len(frames), 'total': round(total, 3), 'message_reason': message_reason,
        'stages': {stage: {'median': round(value, 3),
                           'p95': round(float(np.percentile(kept[stage], 95)), 3),
                           'share': round(value / total, 3)}
                   for stage, value in medians.items()}}


def benchmark_mediapipe() -> dict[str, Any]:
    """Milliseconds per image of MediaPipe's own 3D landmarks, placed by PnP, on the same images.

    Decoding left out, as a peer of 'detect' to 'window and lift'. {'reason': ...} as above.
    """
    try:
        camera, frames = sample_images()
        peer = MediapipePnp()
    except InputError as error:
        return {'reason': str(error)}
    images = [np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8) for data in frames]
    following = cycle(images)
    timing = measure(lambda: peer.lift(next(following), camera.model, camera.world_T_camera),
                     calls=_FRAMES, seconds=60.0)
    peer.close()
    return {'image': list(camera.model.image_size), **timing.as_dict()}


@lru_cache(maxsize=1)
def sample_images() -> tuple[SampleCamera, list[NDArray[np.uint8]]]:
    """Camera and JPEG files of the sample's first frames; InputError where it is not cached."""
    if not any(cache_folder().glob('sample-*')):
        raise InputError(f'the sample video is not in {cache_folder()}; run mocap23 demo once')
    files = fetch_sample()
    camera = next(c for c in calibrate(files)[0] if c.name == _CAMERA)
    frames = islice(read_frames(files.videos[_CAMERA]), _FRAMES)
    return camera, [np.asarray(cv2.imencode('.jpg', frame)[1]) for frame in frames]


def _message_maker() -> tuple[Callable[[Any], object] | None, str]:
    try:
        from std_msgs.msg import Header

        from mocap23_ros.ros.conversions import skeletons_to_message
    except ImportError as error:
        return None, f'no ROS messages here ({error})'
    header = Header(frame_id='world')
    return lambda estimates: skeletons_to_message(estimates, header, 'camera'), ''
