# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Detectors by name, imported only when used."""

import importlib
import inspect
from typing import Any

from mocap23_ros.detection.detector import Detector
from mocap23_ros.errors import InputError

_DETECTORS = {
    'blazepose': ('mocap23_ros.detection.blazepose_detector', 'BlazePoseDetector'),
    'mediapipe': ('mocap23_ros.detection.mediapipe_detector', 'MediapipeDetector'),
    'onnx': ('mocap23_ros.detection.onnx_detector', 'OnnxDetector'),
}
DETECTOR_NAMES = tuple(_DETECTORS)


def create_detector(name: str, **options: Any) -> Detector:
    """Return a detector; options are those of its class (max_people, min_score, ...).

    Options that are None are left at their default. Raises InputError for an unknown name or
    option, a missing package (with the command that installs it), or an unusable model file.
    """
    if name not in _DETECTORS:
        raise InputError(f'there is no detector {name!r}; choose one of '
                         f'{", ".join(DETECTOR_NAMES)}')
    module_name, class_name = _DETECTORS[name]
    try:
        kind = getattr(importlib.import_module(module_name), class_name)
    except ModuleNotFoundError as error:
        if (error.name or '').startswith('mocap23_ros'):
            raise
        raise InputError(f'the {name} detector needs the package {error.name}; install it with: '
                         f'pip install {error.name}') from None
    known = list(inspect.signature(kind).parameters)
    given = {key: value for key, value in options.items() if value is not None}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(f'the {name} detector has no option {", ".join(unknown)}; it has '
                         f'{", ".join(known) or "none"}')
    return kind(**given)
