# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 build-engine``: compile exported graphs with TensorRT or TensorRT-RTX."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mocap23_ros.engines.graph_precision import PRECISIONS
from mocap23_ros.engines.tensorrt_library import LIBRARY_NAMES
from mocap23_ros.errors import InputError

if TYPE_CHECKING:
    from mocap23_ros.engines.cuda_runtime import Gpu
    from mocap23_ros.engines.tensorrt_library import TensorRTLibrary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument('--tier', help='tier of the lifter (default s)')
    what.add_argument('--graph', type=Path, help='one ONNX file instead, e.g. of a detector')
    parser.add_argument('--precision', default='fp16', choices=PRECISIONS,
                        help='default %(default)s: FP16 network, FP32 geometry; int8: linear '
                             'layers in int8, the rest FP32 (first mocap23 export --precision '
                             'int8)')
    parser.add_argument('--max-persons', type=int, default=16,
                        help='largest batch (default %(default)s); profiles are 1, 2, 4, 8, 16')
    parser.add_argument('--library', choices=LIBRARY_NAMES,
                        help='default: tensorrt where it is installed, else tensorrt_rtx')
    parser.add_argument('--compute-capability', metavar='X.Y',
                        help='build ahead of time for these GPUs, e.g. 8.9 (tensorrt_rtx only; '
                             'default: all that it supports)')
    parser.add_argument('--optimisation-level', type=int, choices=range(6), metavar='0-5',
                        help='more time for a faster engine')
    parser.add_argument('--check', action='store_true',
                        help='build nothing; say whether the engines there are fit this machine')


def run(arguments: argparse.Namespace) -> int:
    """Build the engines of a tier or of one graph."""
    from mocap23_ros.engines.tensorrt_builder import BuildOptions, build_engine, engine_path
    from mocap23_ros.engines.tensorrt_library import installed_libraries, load_tensorrt

    graphs = _graphs(arguments)
    name = arguments.library or next(iter(installed_libraries()), 'tensorrt_rtx')
    library = load_tensorrt(name)
    gpu = _gpu(library)
    if gpu is not None and arguments.compute_capability is None:
        library.check_gpu(gpu)
    options = BuildOptions(arguments.max_persons, arguments.precision,
                           arguments.compute_capability, arguments.optimisation_level)
    for graph in graphs:
        target = engine_path(graph, library.name)
        if arguments.check:
            _check(target, graph, library, gpu)
            print(f'{target}: fits this machine')
            continue
        progress = _Progress(target.name)
        started = time.monotonic()
        manifest = build_engine(library, graph, target, options, gpu, progress)
        progress.finish()
        print(f'{target}: {manifest.engine_bytes / 2 ** 20:.1f} MiB, {manifest.precision}, batches '
              f'{", ".join(map(str, manifest.profiles))}, compute capability '
              f'{manifest.compute_capability}, {time.monotonic() - started:.0f} s')
    return 0


def _check(engine: Path, graph: Path, library: 'TensorRTLibrary', gpu: 'Gpu | None') -> None:
    """Refuse an engine that does not fit this machine, with the command that makes one."""
    from mocap23_ros.engines.engine_manifest import EngineMismatch, load_engine

    try:
        load_engine(engine, graph, library.name, library.version, gpu)
    except EngineMismatch as error:
        raise InputError(f'{error}; build it with mocap23 build-engine, the same arguments and no '
                         '--check') from None


def _graphs(arguments: argparse.Namespace) -> list[Path]:
    from mocap23_ros.engines.model_files import find_model

    if arguments.graph is not None:
        if not arguments.graph.is_file():
            raise InputError(f'--graph {arguments.graph} is '
                             + ('a folder; name an ONNX file in it' if arguments.graph.is_dir()
                                else 'no file; export it first, or check the path'))
        return [arguments.graph]
    model = find_model(arguments.tier or 's', precision=arguments.precision)
    return [model.full, model.warm]


def _gpu(library: 'TensorRTLibrary') -> 'Gpu | None':
    """The GPU here; needed by TensorRT, welcome to TensorRT-RTX."""
    from mocap23_ros.engines.cuda_runtime import CudaRuntime

    try:
        return CudaRuntime().gpu()
    except InputError:
        if library.portable:
            return None
        raise


class _Progress:
    """One line that is rewritten on a terminal; nothing elsewhere."""

    def __init__(self, name: str) -> None:
        self._name, self._shown = name, sys.stderr.isatty()

    def __call__(self, phase: str, done: float) -> None:
        if self._shown:
            print(f'\r\033[K{self._name}: {phase} {100 * done:3.0f} %', end='', file=sys.stderr,
                  flush=True)

    def finish(self) -> None:
        if self._shown:
            print('\r\033[K', end='', file=sys.stderr, flush=True)
