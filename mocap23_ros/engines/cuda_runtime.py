# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The part of the CUDA runtime in use, through NVIDIA's own binding (package cuda-bindings)."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from mocap23_ros.errors import InputError


@dataclass(frozen=True)
class Gpu:
    """The GPU that engines are built for and run on; compute_capability as in '8.7'."""

    name: str
    compute_capability: str


class CudaRuntime:
    """CUDA calls that raise InputError with CUDA's own words where one fails."""

    def __init__(self) -> None:
        self._api = import_runtime()
        try:
            count = int(self.call('cudaGetDeviceCount'))
        # RuntimeError: what cuda-bindings 12 raises where there is no driver library.
        except (InputError, RuntimeError) as error:
            raise InputError(f'there is no usable NVIDIA GPU ({error}); use the backend '
                             'onnxruntime') from None
        if count < 1:
            raise InputError('there is no NVIDIA GPU here; use the backend onnxruntime')

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a runtime function; returns its result without the status."""
        status, *results = getattr(self._api, function)(*arguments)
        if int(status) != 0:
            _, text = self._api.cudaGetErrorString(status)
            words = text.decode() if isinstance(text, bytes) else str(text)
            raise InputError(f'{function}: {words}')
        return results[0] if len(results) == 1 else tuple(results)

    def gpu(self) -> Gpu:
        """Name and compute capability of the current device."""
        device = int(self.call('cudaGetDevice'))
        properties = self.call('cudaGetDeviceProperties', device)
        name = properties.name
        text = name.decode() if isinstance(name, bytes) else str(name)
        return Gpu(text.rstrip('\0'), f'{properties.major}.{properties.minor}')

    def constant(self, enumeration: str, name: str) -> Any:
        """A value of one of CUDA's enumerations."""
        return getattr(getattr(self._api, enumeration), name)

    def stream(self) -> Any:
        """A stream that does not wait for the default stream."""
        return self.call('cudaStreamCreateWithFlags', self._api.cudaStreamNonBlocking)

    def record(self, enqueue: Callable[[], None], stream: Any) -> Any:
        """What enqueue puts on the stream, as an executable CUDA graph; nothing runs yet.

        Raises InputError where something may not be recorded; the stream is usable afterwards.
        """
        # ThreadLocal: other threads may allocate meanwhile, this one may not.
        mode = self.constant('cudaStreamCaptureMode', 'cudaStreamCaptureModeThreadLocal')
        self.call('cudaStreamBeginCapture', stream, mode)
        try:
            enqueue()
        except BaseException:
            # Capture must end also when it failed; the error kept by CUDA is not the next call's.
            _, graph = self._api.cudaStreamEndCapture(stream)
            if graph is not None and int(graph) != 0:
                self._api.cudaGraphDestroy(graph)
            self._api.cudaGetLastError()
            raise
        try:
            graph = self.call('cudaStreamEndCapture', stream)
        except InputError:
            self._api.cudaGetLastError()
            raise
        try:
            return self.call('cudaGraphInstantiate', graph, 0)
        finally:
            self.call('cudaGraphDestroy', graph)


def import_runtime() -> ModuleType:
    """NVIDIA's bindings; InputError where they are absent."""
    # The second name is that of cuda-python before 12.6, as on JetPack 6.
    for module in ('cuda.bindings.runtime', 'cuda.cudart'):
        try:
            return importlib.import_module(module)
        except ImportError:
            continue
    raise InputError('TensorRT engines run through the package cuda-bindings, which is missing; '
                     'install the version of your CUDA, e.g.: pip install "cuda-bindings<13"')
