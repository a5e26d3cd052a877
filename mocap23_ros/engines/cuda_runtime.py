# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What is needed of the CUDA runtime, on NVIDIA's own binding (package cuda-bindings)."""

import ctypes
import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError


@dataclass(frozen=True)
class Gpu:
    """The GPU that engines are built for and run on; compute_capability as in '8.7'."""

    name: str
    compute_capability: str


class CudaRuntime:
    """CUDA calls that raise InputError with CUDA's own words where one fails."""

    def __init__(self) -> None:
        self._api = _import_runtime()
        try:
            count = int(self.call('cudaGetDeviceCount'))
        except InputError as error:
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


class PinnedArray:
    """A host array that the GPU can copy from and to without a stop, with its device twin."""

    def __init__(self, cuda: CudaRuntime, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self._cuda = cuda
        size = int(np.prod(shape)) * dtype.itemsize
        self._host = int(cuda.call('cudaHostAlloc', size, 0))
        self.device = int(cuda.call('cudaMalloc', size))
        buffer = (ctypes.c_byte * size).from_address(self._host)
        self.array: NDArray = np.ctypeslib.as_array(buffer).view(dtype).reshape(shape)
        self._row_bytes = size // shape[0]

    def to_device(self, rows: int, stream: Any) -> None:
        """Queue the copy of the first rows to the device."""
        self._copy(self.device, self._host, rows, 'cudaMemcpyHostToDevice', stream)

    def to_host(self, rows: int, stream: Any) -> None:
        """Queue the copy of the first rows to the host."""
        self._copy(self._host, self.device, rows, 'cudaMemcpyDeviceToHost', stream)

    def free(self) -> None:
        """Give the memory back; the array must not be used afterwards."""
        self._cuda.call('cudaFreeHost', self._host)
        self._cuda.call('cudaFree', self.device)

    def _copy(self, target: int, source: int, rows: int, kind: str, stream: Any) -> None:
        self._cuda.call('cudaMemcpyAsync', target, source, rows * self._row_bytes,
                        self._cuda.constant('cudaMemcpyKind', kind), stream)


def _import_runtime() -> ModuleType:
    # The second name is that of cuda-python before 12.6, as on JetPack 6.
    for module in ('cuda.bindings.runtime', 'cuda.cudart'):
        try:
            return importlib.import_module(module)
        except ImportError:
            continue
    raise InputError('TensorRT engines run through the package cuda-bindings, which is missing; '
                     'install the version of your CUDA, e.g.: pip install "cuda-bindings<13"')
