# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""TensorRT and TensorRT-RTX behind the backend protocol: one code path for both."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.engines.array_checks import batch_size, check_inputs
from mocap23_ros.engines.backend import TensorSpec
from mocap23_ros.engines.cuda_runtime import CudaRuntime, Gpu
from mocap23_ros.engines.engine_manifest import EngineManifest, EngineMismatch, load_engine
from mocap23_ros.engines.graph_precision import graph_of_precision, precision_of
from mocap23_ros.engines.pinned_block import PinnedBlock
from mocap23_ros.engines.tensorrt_builder import BuildOptions, build_engine, engine_path
from mocap23_ros.engines.tensorrt_library import TensorRTLibrary, load_tensorrt
from mocap23_ros.errors import InputError

_log = logging.getLogger(__name__)
ON_MISMATCH = ('rebuild', 'refuse')


def ready_engine(library: TensorRTLibrary, onnx: Path, gpu: Gpu | None,
                 on_mismatch: str = 'rebuild', max_persons: int = 16,
                 checksums: Mapping[str, str] | None = None) -> tuple[bytes, EngineManifest]:
    """Content of an engine that was checked against graph, library, GPU and checksum.

    on_mismatch: ``rebuild`` builds where there is none that fits, ``refuse`` raises InputError
    with the command to run. checksums: sha256 by file name, of the graph and of weights beside it.
    """
    if on_mismatch not in ON_MISMATCH:
        raise InputError(f'on_mismatch must be one of {", ".join(ON_MISMATCH)}, not '
                         f'{on_mismatch!r}')
    if not onnx.is_file():
        raise InputError(f'the network {onnx} does not exist; export it first')
    path = engine_path(onnx, library.name)
    precision = precision_of(onnx)
    onnx_sha256 = (checksums or {}).get(onnx.name)
    try:
        content, manifest = load_engine(
            path, onnx, library.name, library.version, gpu, onnx_sha256)
        if not manifest.fixed_batch and max(manifest.profiles) < max_persons:
            raise EngineMismatch(f'{path.name} takes {max(manifest.profiles)} people at most')
    except EngineMismatch as mismatch:
        if on_mismatch == 'refuse':
            raise EngineMismatch(
                f'{mismatch}; run: mocap23 build-engine --graph {onnx} --library {library.name} '
                f'--precision {precision} --max-persons {max_persons}') from None
        _log.warning('%s; building it now, which takes minutes', mismatch)
        build_engine(library, onnx, path, BuildOptions(max_persons, precision), gpu,
                     checksums=checksums)
        content, manifest = load_engine(
            path, onnx, library.name, library.version, gpu, onnx_sha256)
    return content, manifest


def pick_profile(sizes: tuple[int, ...], rows: int) -> int:
    """Index of the smallest profile that takes this many rows."""
    return min((size, index) for index, size in enumerate(sizes) if size >= rows)[1]


class TensorRTBackend:
    """An ONNX graph as an engine on the GPU of this machine.

    library: ``tensorrt`` or ``tensorrt_rtx``. precision: ``fp16`` takes the FP16 graph beside
    model_path where there is one, ``int8`` the int8 graph beside it, ``fp32`` model_path itself.
    on_mismatch, max_persons: see ``ready_engine``. checksums: likewise. A batch is
    filled up with zeros to the next profile (1, 2, 4, 8, 16); each of these has run once and is
    recorded as a CUDA graph, copies included, when this returns, so that no call compiles or
    allocates. Larger batches are run in parts. One stream.
    """

    def __init__(self, model_path: str | Path, library: str = 'tensorrt', precision: str = 'fp16',
                 on_mismatch: str = 'rebuild', max_persons: int = 16,
                 checksums: Mapping[str, str] | None = None) -> None:
        onnx = graph_of_precision(Path(model_path), precision)
        self.name = library
        self._library = load_tensorrt(library)
        self._cuda = CudaRuntime()
        self.gpu = self._cuda.gpu()
        self._library.check_gpu(self.gpu)
        content, self.manifest = ready_engine(
            self._library, onnx, self.gpu, on_mismatch, max_persons, checksums)
        trt = self._library.api
        self._runtime = trt.Runtime(trt.Logger(trt.Logger.ERROR))
        self._engine = self._runtime.deserialize_cuda_engine(content)
        if self._engine is None:
            raise InputError(f'{self._library.name} refuses the engine of {onnx.name}; run: '
                             f'mocap23 build-engine --graph {onnx} --library {library}')
        self.inputs, self.outputs = _specs(trt, self._engine)
        self._stream = self._cuda.stream()
        largest = max(self.manifest.profiles)
        self._in = PinnedBlock(self._cuda, self.inputs, largest)
        self._out = PinnedBlock(self._cuda, self.outputs, largest)
        # One for all profiles: they share a stream, so only one of them runs at a time.
        self._scratch_bytes = int(self._engine.device_memory_size_v2)
        self._scratch = int(self._cuda.call('cudaMalloc', max(self._scratch_bytes, 1)))
        self._plans: list[_Plan] = []
        try:
            for index in range(len(self.manifest.profiles)):
                self._plans.append(self._make_plan(index))
        except BaseException:
            self.close()
            raise

    @property
    def recorded(self) -> tuple[int, ...]:
        """Batch sizes that run as one CUDA graph; a size that is missing is queued step by step."""
        return tuple(plan.rows for plan in self._plans if plan.graph is not None)

    def run(self, inputs: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Run once; the arrays returned are views of buffers that the next call overwrites."""
        if self._engine is None:
            raise InputError('the network was closed; load it again')
        check_inputs(self.inputs, inputs)
        if self.manifest.fixed_batch:
            return self._run_rows(inputs, self.manifest.profiles[0])
        rows = batch_size(self.inputs, inputs)
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
        # Contexts go before the memory that they work in, the engine after its contexts.
        while self._plans:
            graph = self._plans.pop().graph
            if graph is not None:
                self._cuda.call('cudaGraphExecDestroy', graph)
        self._in.free()
        self._out.free()
        self._cuda.call('cudaFree', self._scratch)
        self._cuda.call('cudaStreamDestroy', self._stream)
        self._engine = self._runtime = None

    def _run_rows(self, inputs: Mapping[str, NDArray], rows: int) -> dict[str, NDArray]:
        plan = self._plans[pick_profile(self.manifest.profiles, rows)]
        for name, array in plan.inputs.items():
            np.copyto(array[:rows], inputs[name])
            array[rows:] = 0
        if plan.graph is not None:
            self._cuda.call('cudaGraphLaunch', plan.graph, self._stream)
        else:
            self._enqueue(plan)
        self._cuda.call('cudaStreamSynchronize', self._stream)
        return {name: array[:rows] for name, array in plan.outputs.items()}

    def _enqueue(self, plan: '_Plan') -> None:
        """Queue copy in, layers, copy out."""
        self._in.to_device(plan.rows, self._stream)
        if not plan.context.execute_async_v3(int(self._stream)):
            raise InputError(f'{self._library.name} could not run the engine of '
                             f'{self.manifest.graph}')
        self._out.to_host(plan.rows, self._stream)

    def _make_plan(self, profile: int) -> '_Plan':
        """A profile with shapes and addresses set once, run once and recorded."""
        rows = self.manifest.profiles[profile]
        plan = _Plan(rows, self._make_context(profile, rows), self._in.arrays(rows),
                     self._out.arrays(rows))
        # The first run may compile and allocate, which a recording must not.
        self._enqueue(plan)
        self._cuda.call('cudaStreamSynchronize', self._stream)
        try:
            plan.graph = self._cuda.record(lambda: self._enqueue(plan), self._stream)
        except (InputError, RuntimeError) as error:
            _log.warning('%s: batches of %d run without a CUDA graph (%s)', self.manifest.graph,
                         rows, error)
        return plan

    def _make_context(self, profile: int, rows: int) -> Any:
        trt, engine = self._library.api, self._engine
        strategy = trt.ExecutionContextAllocationStrategy.USER_MANAGED
        if self._library.portable:
            config = engine.create_runtime_config()
            config.set_execution_context_allocation_strategy(strategy)
            # Else a recording would keep the general kernels that run until these are compiled.
            config.dynamic_shapes_kernel_specialization_strategy = \
                trt.DynamicShapesKernelSpecializationStrategy.EAGER
            context = engine.create_execution_context(config)
        else:
            context = engine.create_execution_context(strategy)
        if context is None:
            raise InputError(f'{self._library.name} could not prepare the engine of '
                             f'{self.manifest.graph}; is there enough GPU memory?')
        context.set_device_memory(self._scratch, self._scratch_bytes)
        done = [context.set_optimization_profile_async(profile, int(self._stream))]
        self._cuda.call('cudaStreamSynchronize', self._stream)
        for spec in self.inputs:
            done.append(context.set_input_shape(spec.name, (rows, *spec.shape[1:])))
        for block in (self._in, self._out):
            for name, address in block.addresses(rows).items():
                done.append(context.set_tensor_address(name, address))
        if not all(done):
            raise InputError(f'{self._library.name} does not take {rows} people in the engine of '
                             f'{self.manifest.graph}; build it again with mocap23 build-engine')
        return context


@dataclass
class _Plan:
    """What runs a batch of this many rows; graph: None where it could not be recorded."""

    rows: int
    context: Any
    inputs: dict[str, NDArray]
    outputs: dict[str, NDArray]
    graph: Any = None


def _specs(trt: Any, engine: Any) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    found: dict[bool, list[TensorSpec]] = {True: [], False: []}
    for index in range(engine.num_io_tensors):
        name = engine.get_tensor_name(index)
        is_input = engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
        found[is_input].append(TensorSpec(
            name, np.dtype(trt.nptype(engine.get_tensor_dtype(name))),
            tuple(engine.get_tensor_shape(name))))
    return tuple(found[True]), tuple(found[False])
