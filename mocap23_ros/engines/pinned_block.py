# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Arrays that cross to the GPU, or back, in one copy."""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.engines.backend import TensorSpec
from mocap23_ros.engines.cuda_runtime import CudaRuntime

_ALIGNMENT = 256  # bytes; what TensorRT asks of the address of a tensor


class PinnedBlock:
    """Page-locked host memory with a device twin, laid out anew for every batch size."""

    def __init__(self, cuda: CudaRuntime, specs: Sequence[TensorSpec], largest: int) -> None:
        self._cuda, self._specs = cuda, tuple(specs)
        self._bytes = _layout(self._specs, largest)[1]
        self._host = int(cuda.call('cudaHostAlloc', self._bytes, 0))
        self._device = int(cuda.call('cudaMalloc', self._bytes))
        memory = (ctypes.c_byte * self._bytes).from_address(self._host)
        self._memory: NDArray[np.int8] = np.ctypeslib.as_array(memory)
        self._memory[:] = 0

    def arrays(self, rows: int) -> dict[str, NDArray]:
        """Views of the host memory, one [rows,...] per tensor."""
        offsets, _ = _layout(self._specs, rows)
        found = {}
        for spec, offset in zip(self._specs, offsets, strict=True):
            part = self._memory[offset:offset + _size(spec, rows)]
            found[spec.name] = part.view(spec.dtype).reshape(rows, *spec.shape[1:])
        return found

    def addresses(self, rows: int) -> dict[str, int]:
        """Device address of each tensor in the layout of this many rows."""
        offsets, _ = _layout(self._specs, rows)
        return {spec.name: self._device + offset
                for spec, offset in zip(self._specs, offsets, strict=True)}

    def to_device(self, rows: int, stream: Any) -> None:
        """Queue the copy of everything to the device."""
        self._copy(self._device, self._host, rows, 'cudaMemcpyHostToDevice', stream)

    def to_host(self, rows: int, stream: Any) -> None:
        """Queue the copy of everything to the host."""
        self._copy(self._host, self._device, rows, 'cudaMemcpyDeviceToHost', stream)

    def free(self) -> None:
        """Give the memory back; no view may be used afterwards."""
        self._cuda.call('cudaFreeHost', self._host)
        self._cuda.call('cudaFree', self._device)

    def _copy(self, target: int, source: int, rows: int, kind: str, stream: Any) -> None:
        self._cuda.call('cudaMemcpyAsync', target, source, _layout(self._specs, rows)[1],
                        self._cuda.constant('cudaMemcpyKind', kind), stream)


def _size(spec: TensorSpec, rows: int) -> int:
    return rows * int(np.prod(spec.shape[1:])) * spec.dtype.itemsize


def _layout(specs: Sequence[TensorSpec], rows: int) -> tuple[list[int], int]:
    """Offset of each tensor, and the bytes of all."""
    offsets, end = [], 0
    for spec in specs:
        offsets.append(end)
        end += -(-_size(spec, rows) // _ALIGNMENT) * _ALIGNMENT
    return offsets, end
