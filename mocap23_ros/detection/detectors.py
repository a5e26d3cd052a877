# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Detectors by name. A new one: its file, and a line here."""

from typing import Any

from mocap23_ros.detection.detector import Detector
from mocap23_ros.registry import Entry, Registry

DETECTORS: Registry[Detector] = Registry('detector', {
    'blazepose': Entry('mocap23_ros.detection.blazepose_detector', 'BlazePoseDetector'),
    'mediapipe': Entry('mocap23_ros.detection.mediapipe_detector', 'MediapipeDetector'),
    'onnx': Entry('mocap23_ros.detection.onnx_detector', 'OnnxDetector'),
})


def create_detector(name: str, **options: Any) -> Detector:
    """Return a detector; options are those of its class (max_people, min_score, ...).

    Options that are None are left at their default. Raises InputError for an unknown name or
    option, a missing package (with the command that installs it), or an unusable model file.
    """
    return DETECTORS.create(name, **{k: v for k, v in options.items() if v is not None})
