# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Inference backends by name, imported only when used."""

import importlib
from pathlib import Path
from typing import Any

from mocap23_ros.engines.backend import Backend
from mocap23_ros.errors import InputError

_BACKENDS = {
    'onnxruntime': ('mocap23_ros.engines.onnxruntime_backend', 'OnnxRuntimeBackend', 'onnxruntime'),
}
BACKEND_NAMES = ('auto', *_BACKENDS)


def create_backend(name: str, model_path: str | Path, **options: Any) -> Backend:
    """Load a network; ``auto`` takes the fastest backend that this machine has.

    Raises InputError for an unknown name, a missing package or an unusable file.
    """
    if name not in BACKEND_NAMES:
        raise InputError(f'there is no backend {name!r}; choose one of {", ".join(BACKEND_NAMES)}')
    module_name, class_name, package = _BACKENDS['onnxruntime' if name == 'auto' else name]
    try:
        kind = getattr(importlib.import_module(module_name), class_name)
    except ModuleNotFoundError as error:
        if (error.name or '').startswith('mocap23_ros'):
            raise
        raise InputError(f'the backend {name} needs the package {error.name}; install it with: '
                         f'pip install {package}') from None
    return kind(model_path, **options)
