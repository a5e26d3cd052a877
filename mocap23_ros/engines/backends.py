# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Inference backends by name, imported only when used."""

import functools
import importlib
import importlib.util
import logging
from pathlib import Path
from typing import Any

from mocap23_ros.engines.backend import Backend
from mocap23_ros.engines.graph_precision import graph_of_precision
from mocap23_ros.errors import InputError
from mocap23_ros.registry import Entry, Registry

_log = logging.getLogger(__name__)
_TENSORRT = Entry('mocap23_ros.engines.tensorrt_backend', 'TensorRTBackend',
                  ('precision', 'on_mismatch', 'max_persons', 'checksums'))
# Options are named here: importing a module to ask it loads its libraries, which takes seconds.
BACKENDS: Registry[Backend] = Registry('backend', {
    'onnxruntime': Entry('mocap23_ros.engines.onnxruntime_backend', 'OnnxRuntimeBackend',
                         ('threads', 'providers', 'precision', 'checksums')),
    'tensorrt': _TENSORRT,
    'tensorrt_rtx': _TENSORRT,
    # For development, never chosen by auto.
    'torch': Entry('mocap23_ros.engines.torch_backend', 'TorchBackend',
                   ('steps', 'warm', 'ray_temperature', 'across_temperature', 'device')),
})
BACKEND_NAMES = ('auto', *BACKENDS)
_CUDA_PROVIDERS = ('CUDAExecutionProvider', 'CPUExecutionProvider')


def create_backend(name: str, model_path: str | Path, **options: Any) -> Backend:
    """Load a network; ``auto`` takes the fastest backend that this machine has.

    ``auto`` takes TensorRT where an engine that fits is there already (it never spends minutes on
    building one), else ONNX Runtime on the GPU where its build has that, else on the CPU; options
    of the backends that it does not take are ignored. ``torch`` runs trained weights
    (.safetensors), the others exported graphs: that of ``precision`` beside ``model_path`` (fp32,
    fp16 or int8; default: FP32 in ONNX Runtime, FP16 in TensorRT). ``checksums``: sha256 by file
    name, checked where the file is parsed, by the backends that can. Raises InputError for an
    unknown name or option, a missing package or an unusable file.
    """
    if name == 'auto':
        return _best(Path(model_path), options)
    if name not in BACKENDS:
        raise InputError(f'there is no backend {name!r}; choose one of {", ".join(BACKEND_NAMES)}')
    if 'checksums' not in _options(name):  # of a backend that reads files in its own way
        options.pop('checksums', None)
    BACKENDS.check_options(name, options)
    if name == 'torch' and Path(model_path).suffix == '.onnx':
        raise InputError(f'the backend torch runs weights (.safetensors), not the graph '
                         f'{model_path}; give the weights, or take the backend onnxruntime')
    return _load(name, Path(model_path), options)


def _load(name: str, model_path: Path, options: dict[str, Any]) -> Backend:
    kind = BACKENDS.maker(name)
    if name in ('tensorrt', 'tensorrt_rtx'):
        options = {'library': name, **options}
    elif 'precision' in options:
        options = dict(options)
        model_path = graph_of_precision(model_path, options.pop('precision'))
    return kind(model_path, **options)


def _best(model_path: Path, options: dict[str, Any]) -> Backend:
    known = {option for name in BACKENDS if name != 'torch' for option in _options(name)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise InputError(f'no backend has the option {", ".join(unknown)}')

    for name in ('tensorrt', 'tensorrt_rtx'):
        # Imported only where installed: loading the libraries takes seconds.
        if not any(importlib.util.find_spec(module) for module in (name, f'{name}_bindings')):
            continue
        try:
            backend = _load(name, model_path, BACKENDS.taken(name, options) | {
                'on_mismatch': 'refuse'})
        except InputError as error:
            _say_once(f'not using {name}: {error}')
            continue
        _say_once(f'networks run on {name}')
        return backend
    chosen = BACKENDS.taken('onnxruntime', options)
    if 'providers' not in chosen and _has_cuda():
        chosen['providers'] = _CUDA_PROVIDERS
    backend = _load('onnxruntime', model_path, chosen)
    _say_once(f'networks run on onnxruntime ({getattr(backend, "providers", ("?",))[0]})')
    return backend


def _options(name: str) -> tuple[str, ...]:
    return BACKENDS.options(name) or ()


def _has_cuda() -> bool:
    try:
        onnxruntime = importlib.import_module('onnxruntime')
    except ImportError:
        return False
    return _CUDA_PROVIDERS[0] in onnxruntime.get_available_providers()


@functools.cache
def _say_once(text: str) -> None:
    _log.info(text)
