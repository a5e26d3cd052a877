# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime on the CPU (or on any execution provider that is asked for)."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mocap23_ros.engines.backend import TensorSpec
from mocap23_ros.errors import InputError

_DTYPES = {
    'tensor(float)': np.float32, 'tensor(float16)': np.float16, 'tensor(double)': np.float64,
    'tensor(int64)': np.int64, 'tensor(int32)': np.int32, 'tensor(int8)': np.int8,
    'tensor(uint8)': np.uint8, 'tensor(bool)': np.bool_,
}
_MOST_THREADS = 4  # small networks get slower beyond


class OnnxRuntimeBackend:
    """An ONNX file in an ONNX Runtime session.

    threads: of one operator; default: the CPUs of this process, at most 4. providers: ONNX
    Runtime's names, in order of preference. Raises InputError for an absent or damaged file and
    for a provider that this build of ONNX Runtime lacks.
    """

    name = 'onnxruntime'

    def __init__(
        self, model_path: str | Path, threads: int | None = None,
        providers: Sequence[str] = ('CPUExecutionProvider',),
    ) -> None:
        path = Path(model_path)
        if not path.is_file():
            raise InputError(f'the network {path} does not exist; check the path, or download it '
                             'with mocap23 fetch-weights')
        if threads is not None and threads < 1:
            raise InputError(f'threads must be at least 1, not {threads}')
        missing = sorted(set(providers) - set(onnxruntime.get_available_providers()))
        if missing:
            raise InputError(f'this onnxruntime has no {", ".join(missing)}; it has '
                             f'{", ".join(onnxruntime.get_available_providers())}')
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or min(len(os.sched_getaffinity(0)), _MOST_THREADS)
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Waiting threads would take the CPU from the camera driver and the rest of the robot.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        try:
            session = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=list(providers))
        except Exception as error:  # onnxruntime has one type per cause, none of them public
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f'{path} is not a usable ONNX network ({reason}); fetch or export it '
                             'again') from None
        self._session: onnxruntime.InferenceSession | None = session
        self.inputs = tuple(_spec(path, node) for node in session.get_inputs())
        self.outputs = tuple(_spec(path, node) for node in session.get_outputs())
        self._output_names = [spec.name for spec in self.outputs]

    def run(self, inputs: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Run once; raises InputError where the arrays do not fit ``inputs``."""
        if self._session is None:
            raise InputError('the network was closed; load it again')
        check_inputs(self.inputs, inputs)
        return dict(zip(self._output_names, self._session.run(self._output_names, dict(inputs)),
                        strict=True))

    def close(self) -> None:
        """Free the session."""
        self._session = None


def check_inputs(specs: Sequence[TensorSpec], inputs: Mapping[str, NDArray]) -> None:
    """Raise InputError unless names, dtypes and shapes of arrays fit the specs."""
    names = {spec.name for spec in specs}
    if names != set(inputs):
        raise InputError(f'the network takes {", ".join(sorted(names))}, not '
                         f'{", ".join(sorted(inputs)) or "nothing"}')
    for spec in specs:
        array = inputs[spec.name]
        if array.dtype != spec.dtype:
            raise InputError(f'input {spec.name} must be {spec.dtype}, not {array.dtype}')
        fits = len(array.shape) == len(spec.shape) and all(
            want in (-1, have) for want, have in zip(spec.shape, array.shape, strict=True))
        if not fits:
            raise InputError(f'input {spec.name} must have the shape {list(spec.shape)} (-1 = '
                             f'any), not {list(array.shape)}')


def _spec(path: Path, node: onnxruntime.NodeArg) -> TensorSpec:
    if node.type not in _DTYPES:
        raise InputError(f'{path}: {node.name} is a {node.type}, which is not supported; export '
                         'the network with plain tensors')
    shape = tuple(size if isinstance(size, int) else -1 for size in node.shape)
    return TensorSpec(node.name, np.dtype(_DTYPES[node.type]), shape)
