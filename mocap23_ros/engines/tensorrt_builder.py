# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Build an engine from an ONNX graph with TensorRT or TensorRT-RTX.

Networks are strongly typed: the precision of every layer is the one that the graph states, so the
FP16 engine of a lifter comes from its FP16 graph and the int8 engine from its int8 graph. The
geometry stays in FP32 in both.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mocap23_ros.atomic_files import replacing
from mocap23_ros.checksum import checked_bytes, file_sha256
from mocap23_ros.engines.cuda_runtime import Gpu
from mocap23_ros.engines.engine_manifest import EngineManifest, manifest_path, write_manifest
from mocap23_ros.engines.graph_precision import PRECISIONS
from mocap23_ros.engines.tensorrt_graph import (
    checked_copy,
    fixed_batch,
    layer_summary,
    parse_graph,
)
from mocap23_ros.engines.tensorrt_library import TensorRTLibrary
from mocap23_ros.errors import InputError

PROFILE_SIZES = (1, 2, 4, 8, 16)
LARGEST_BATCH = 64
# TensorRT-RTX builds for the GPUs from here on unless one is named.
_PORTABLE_CAPABILITY = '8.0+'
Progress = Callable[[str, float], None]  # phase, done 0..1


@dataclass(frozen=True)
class BuildOptions:
    """How an engine is built.

    max_persons: largest batch; profiles are the powers of two up to it. precision: what the
    manifest says of the graph. compute_capability: build for these GPUs ahead of time, as in
    '8.9' (TensorRT-RTX only; None: every GPU that it supports). optimisation_level: 0 to 5,
    None: the library's default.
    """

    max_persons: int = 16
    precision: str = 'fp32'
    compute_capability: str | None = None
    optimisation_level: int | None = None


def profile_sizes(max_persons: int) -> tuple[int, ...]:
    """Batch sizes that get a profile of their own: 1, 2, 4, 8, 16 up to and with the largest."""
    if not 1 <= max_persons <= LARGEST_BATCH:
        raise InputError(f'max-persons must be 1 to {LARGEST_BATCH}, not {max_persons}')
    return (*(size for size in PROFILE_SIZES if size < max_persons), max_persons)


def engine_path(onnx: Path, library: str) -> Path:
    """Where the engine of a graph is kept: beside it, one per library."""
    return onnx.with_name(f'{onnx.stem}.{library}.engine')


def build_engine(library: TensorRTLibrary, onnx: Path, target: Path, options: BuildOptions,
                 gpu: Gpu | None, progress: Progress | None = None,
                 checksums: Mapping[str, str] | None = None) -> EngineManifest:
    """Build and write an engine and its manifest, each atomically, the manifest last.

    gpu: the one in this machine; needed by TensorRT, not by TensorRT-RTX. checksums: sha256 by
    file name, of the graph and of weights beside it: what was checked is parsed. Raises InputError
    where the graph, the options or the machine do not allow it.
    """
    if options.precision not in PRECISIONS:
        raise InputError(f'precision must be one of {", ".join(PRECISIONS)}, not '
                         f'{options.precision!r}')
    if not library.portable and (gpu is None or options.compute_capability is not None):
        raise InputError('TensorRT builds engines only on and for the GPU of this machine; '
                         'use the library tensorrt_rtx to build ahead of time')
    if not onnx.is_file():
        raise InputError(f'the network {onnx} does not exist; export it first')
    sizes = profile_sizes(options.max_persons)
    sha256 = (checksums or {}).get(onnx.name)
    graph = checked_bytes(onnx, sha256) if sha256 else onnx.read_bytes()
    with checked_copy(onnx, checksums or {}) as beside:
        builder, network, _parser = parse_graph(library, onnx, graph, beside)
    if options.precision == 'int8' and 'QUANTIZE' not in layer_summary(network):
        raise InputError(f'{onnx.name} has no int8 layers, so the precision int8 cannot be had '
                         'from it; export the tier with mocap23 export --precision int8')
    fixed = fixed_batch(network)
    if fixed is not None:
        sizes = (fixed,)
    config = _configure(library, builder.create_builder_config(), options, progress)
    if fixed is None:
        _add_profiles(builder, network, config, sizes)
    cache = _load_timing_cache(library, config, target)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise InputError(f'{library.name} could not build an engine from {onnx.name}; its messages '
                         'are above')
    target.parent.mkdir(parents=True, exist_ok=True)
    # A manifest that outlives its engine would not match it anyway, but none is clearer.
    manifest_path(target).unlink(missing_ok=True)
    _write(target, memoryview(plan))
    _save_timing_cache(config, cache)
    ahead = library.portable
    capability = options.compute_capability or (
        _PORTABLE_CAPABILITY if ahead or gpu is None else gpu.compute_capability)
    manifest = EngineManifest(
        onnx.name, hashlib.sha256(graph).hexdigest(), file_sha256(target),
        target.stat().st_size, library.name, library.version, options.precision, sizes,
        None if ahead or gpu is None else gpu.name, capability, fixed is not None)
    write_manifest(target, manifest)
    return manifest


def _configure(library: TensorRTLibrary, config: Any, options: BuildOptions,
               progress: Progress | None) -> Any:
    trt = library.api
    # Metric geometry does not survive the 10 mantissa bits of TF32.
    config.clear_flag(trt.BuilderFlag.TF32)
    if library.portable:
        # Memory comes from the program, or the run could not be recorded as a CUDA graph.
        config.set_flag(trt.BuilderFlag.REQUIRE_USER_ALLOCATION)
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    if options.optimisation_level is not None:
        config.builder_optimization_level = options.optimisation_level
    if options.compute_capability is not None:
        name = 'SM' + options.compute_capability.replace('.', '')
        capability = getattr(trt.ComputeCapability, name, None)
        if capability is None:
            raise InputError(f'{library.name} {library.version} cannot build for the compute '
                             f'capability {options.compute_capability}')
        config.num_compute_capabilities = 1
        config.set_compute_capability(capability, 0)
    if progress is not None:
        config.progress_monitor = _make_monitor(trt, progress)
    return config


def _add_profiles(builder: Any, network: Any, config: Any, sizes: tuple[int, ...]) -> None:
    # Batches are filled up to the next profile, so each is optimised for one size alone.
    for size in sizes:
        profile = builder.create_optimization_profile()
        for index in range(network.num_inputs):
            tensor = network.get_input(index)
            shape = (size, *tuple(tensor.shape)[1:])
            profile.set_shape(tensor.name, shape, shape, shape)
        config.add_optimization_profile(profile)


def _load_timing_cache(library: TensorRTLibrary, config: Any, target: Path) -> Path | None:
    # What TensorRT measured for one graph serves the next; TensorRT-RTX measures at run time.
    if library.portable:
        return None
    path = target.with_name(f'{library.name}-{library.version}.timing.engine')
    content = path.read_bytes() if path.is_file() else b''
    cache = config.create_timing_cache(content)
    if cache is not None:
        config.set_timing_cache(cache, ignore_mismatch=False)
    return path


def _save_timing_cache(config: Any, path: Path | None) -> None:
    cache = config.get_timing_cache() if path is not None else None
    if path is not None and cache is not None:
        _write(path, memoryview(cache.serialize()))


def _write(path: Path, content: memoryview) -> None:
    with replacing(path) as temporary, temporary.open('wb') as file:
        file.write(content)


def _make_monitor(trt: Any, progress: Progress) -> Any:
    class Monitor(trt.IProgressMonitor):
        """Forwards the outermost phases."""

        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self._steps: dict[str, int] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            if parent_phase is None:
                self._steps[phase_name] = max(num_steps, 1)
                progress(phase_name, 0.0)

        def step_complete(self, phase_name: str, step: int) -> bool:
            if phase_name in self._steps:
                progress(phase_name, min((step + 1) / self._steps[phase_name], 1.0))
            return True

        def phase_finish(self, phase_name: str) -> None:
            if self._steps.pop(phase_name, None) is not None:
                progress(phase_name, 1.0)

    return Monitor()
