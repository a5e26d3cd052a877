# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""TensorRT and TensorRT-RTX behind the backend protocol: one code path for both."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.engines.array_checks import check_inputs
from mocap23_ros.engines.backend import TensorSpec
from mocap23_ros.engines.cuda_runtime import CudaRuntime, Gpu, PinnedArray
from mocap23_ros.engines.engine_manifest import EngineManifest, EngineMismatch, load_engine
from mocap23_ros.engines.tensorrt_builder import BuildOptions, build_engine, engine_path
from mocap23_ros.engines.tensorrt_library import TensorRTLibrary, load_tensorrt
from mocap23_ros.errors import InputError

_log = logging.getLogger(__name__)
ON_MISMATCH = ('rebuild', 'refuse')


def ready_engine(library: TensorRTLibrary, onnx: Path, gpu: Gpu | None,
                 on_mismatch: str = 'rebuild', max_persons: int = 16
                 ) -> tuple[bytes, EngineManifest]:
    """Content of an engine that was checked against graph, library, GPU and checksum.

    on_mismatch: ``rebuild`` builds where there is none that fits, ``refuse`` raises InputError
    with the command to run.
    """
    if on_mismatch not in ON_MISMATCH:
        raise InputError(f'on_mismatch must be one of {", ".join(ON_MISMATCH)}, not '
                         f'{on_mismatch!r}')
    if not onnx.is_file():
        raise InputError(f'the network {onnx} does not exist; export it first')
    path = engine_path(onnx, library.name)
    try:
        content, manifest = load_engine(path, onnx, library.name, library.version, gpu)
        if max(manifest.profiles) < max_persons:
            raise EngineMismatch(f'{path.name} takes {max(manifest.profiles)} people at most')
    except EngineMismatch as mismatch:
        if on_mismatch == 'refuse':
            raise EngineMismatch(
                f'{mismatch}; run: mocap23 build-engine --graph {onnx} --library {library.name} '
                f'--max-persons {max_persons}') from None
        _log.warning('%s; building it now, which takes minutes', mismatch)
        precision = 'fp16' if onnx.stem.endswith('_fp16') else 'fp32'
        build_engine(library, onnx, path, BuildOptions(max_persons, precision), gpu)
        content, manifest = load_engine(path, onnx, library.name, library.version, gpu)
    return content, manifest


def half_precision_graph(onnx: Path) -> Path:
    """The FP16 graph that lies beside a graph, or the graph itself where there is none."""
    half = onnx.with_name(f'{onnx.stem}_fp16.onnx')
    return half if half.is_file() else onnx


def pick_profile(sizes: tuple[int, ...], rows: int) -> int:
    """Index of the smallest profile that takes this many rows."""
    return min((size, index) for index, size in enumerate(sizes) if size >= rows)[1]


class TensorRTBackend:
    """An ONNX graph as an engine on the GPU of this machine.

    library: ``tensorrt`` or ``tensorrt_rtx``. precision: ``fp16`` takes the FP16 graph beside
    model_path where there is one, ``fp32`` model_path itself. on_mismatch, max_persons: see
    ``ready_engine``. All memory is allocated here; larger batches are run in parts. One stream;
    per batch size, copies and layers are recorded as a CUDA graph at the second run.
    """

    def __init__(self, model_path: str | Path, library: str = 'tensorrt', precision: str = 'fp16',
                 on_mismatch: str = 'rebuild', max_persons: int = 16) -> None:
        if precision not in ('fp16', 'fp32'):
            raise InputError(f'precision must be fp16 or fp32, not {precision!r}')
        self.name = library
        self._library = load_tensorrt(library)
        self._cuda = CudaRuntime()
        self.gpu = self._cuda.gpu()
        onnx = Path(model_path)
        if precision == 'fp16':
            onnx = half_precision_graph(onnx)
        content, self.manifest = ready_engine(
            self._library, onnx, self.gpu, on_mismatch, max_persons)
        trt = self._library.api
        self._runtime = trt.Runtime(trt.Logger(trt.Logger.ERROR))
        self._engine = self._runtime.deserialize_cuda_engine(content)
        if self._engine is None:
            raise InputError(f'{self._library.name} refuses the engine of {onnx.name}; run: '
                             f'mocap23 build-engine --graph {onnx} --library {library}')
        self.inputs, self.outputs = _specs(trt, self._engine)
        self._stream = self._cuda.stream()
        largest = max(self.manifest.profiles)
        self._buffers = {
            spec.name: PinnedArray(self._cuda, (largest, *spec.shape[1:]), spec.dtype)
            for spec in (*self.inputs, *self.outputs)}
        self._contexts: dict[int, Any] = {}
        self._graphs: dict[int, Any] = {}
        self._seen: set[int] = set()

    def run(self, inputs: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Run once; the arrays returned are views of buffers that the next call overwrites."""
        if self._engine is None:
            raise InputError('the network was closed; load it again')
        check_inputs(self.inputs, inputs)
        rows = len(next(iter(inputs.values())))
        largest = max(self.manifest.profiles)
        if rows <= largest:
            return self._run_rows(inputs, rows)
        parts = [
            {name: value.copy() for name, value in self._run_rows(
                {name: array[start:start + largest] for name, array in inputs.items()},
                min(largest, rows - start)).items()}
            for start in range(0, rows, largest)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def close(self) -> None:
        """Free the engine and its memory."""
        if self._engine is None:
            return
        self._cuda.call('cudaStreamSynchronize', self._stream)
        for graph in self._graphs.values():
            self._cuda.call('cudaGraphExecDestroy', graph)
        self._graphs.clear()
        self._contexts.clear()
        for buffer in self._buffers.values():
            buffer.free()
        self._buffers.clear()
        self._cuda.call('cudaStreamDestroy', self._stream)
        self._engine = self._runtime = None

    def _run_rows(self, inputs: Mapping[str, NDArray], rows: int) -> dict[str, NDArray]:
        for spec in self.inputs:
            np.copyto(self._buffers[spec.name].array[:rows], inputs[spec.name])
        graph = self._graphs.get(rows)
        if graph is None and rows in self._seen:
            graph = self._record(rows)
        if graph is not None:
            self._cuda.call('cudaGraphLaunch', graph, self._stream)
        else:
            # The first run of a shape may allocate and compile, which a recording must not.
            self._enqueue(rows)
            self._seen.add(rows)
        self._cuda.call('cudaStreamSynchronize', self._stream)
        return {spec.name: self._buffers[spec.name].array[:rows] for spec in self.outputs}

    def _enqueue(self, rows: int) -> None:
        """Queue copies in, layers, copies out."""
        context = self._context(rows)
        for spec in self.inputs:
            self._buffers[spec.name].to_device(rows, self._stream)
        if not context.execute_async_v3(int(self._stream)):
            raise InputError(f'{self._library.name} could not run the engine of '
                             f'{self.manifest.graph}')
        for spec in self.outputs:
            self._buffers[spec.name].to_host(rows, self._stream)

    def _record(self, rows: int) -> Any:
        """Everything of a run of this many rows as one launch."""
        self._context(rows)
        mode = self._cuda.constant('cudaStreamCaptureMode', 'cudaStreamCaptureModeThreadLocal')
        self._cuda.call('cudaStreamBeginCapture', self._stream, mode)
        try:
            self._enqueue(rows)
        finally:
            graph = self._cuda.call('cudaStreamEndCapture', self._stream)
        executable = self._cuda.call('cudaGraphInstantiate', graph, 0)
        self._cuda.call('cudaGraphDestroy', graph)
        self._graphs[rows] = executable
        return executable

    def _context(self, rows: int) -> Any:
        """Execution context of this batch size, with shapes and addresses set once."""
        context = self._contexts.get(rows)
        if context is None:
            context = self._engine.create_execution_context()
            profile = pick_profile(self.manifest.profiles, rows)
            context.set_optimization_profile_async(profile, int(self._stream))
            self._cuda.call('cudaStreamSynchronize', self._stream)
            for spec in self.inputs:
                context.set_input_shape(spec.name, (rows, *spec.shape[1:]))
            for name, buffer in self._buffers.items():
                context.set_tensor_address(name, buffer.device)
            self._contexts[rows] = context
        return context


def _specs(trt: Any, engine: Any) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    found: dict[bool, list[TensorSpec]] = {True: [], False: []}
    for index in range(engine.num_io_tensors):
        name = engine.get_tensor_name(index)
        is_input = engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
        found[is_input].append(TensorSpec(
            name, np.dtype(trt.nptype(engine.get_tensor_dtype(name))),
            tuple(engine.get_tensor_shape(name))))
    return tuple(found[True]), tuple(found[False])
