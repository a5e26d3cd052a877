# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime on the CPU (or on any execution provider that is asked for)."""

import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mocap23_ros.checksum import checked_bytes, checked_weights
from mocap23_ros.engines.array_checks import batch_size, check_inputs
from mocap23_ros.engines.backend import TensorSpec
from mocap23_ros.errors import InputError

_DTYPES = {
    'tensor(float)': np.float32, 'tensor(float16)': np.float16, 'tensor(double)': np.float64,
    'tensor(int64)': np.int64, 'tensor(int32)': np.int32, 'tensor(int8)': np.int8,
    'tensor(uint8)': np.uint8, 'tensor(bool)': np.bool_,
}
_MOST_THREADS = 4  # small networks get slower beyond
_MOST_BINDINGS = 16  # batch sizes whose arrays are kept


class OnnxRuntimeBackend:
    """An ONNX file in an ONNX Runtime session.

    Where nothing but the batch is dynamic, inputs and outputs of a batch size are allocated once
    and the arrays returned are overwritten by the next call of that size.

    threads: of one operator; default: the CPUs of this process, at most 4. providers: ONNX
    Runtime's names, in order of preference. checksums: sha256 by file name, of the graph and of
    files beside it that hold its weights; what is parsed is then what was checked. Raises
    InputError for an absent or damaged file and for a provider that this build of ONNX Runtime
    lacks.
    """

    name = 'onnxruntime'

    def __init__(
        self, model_path: str | Path, threads: int | None = None,
        providers: Sequence[str] = ('CPUExecutionProvider',),
        checksums: Mapping[str, str] | None = None,
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
        graph, _weights = _checked(path, checksums, options) if checksums else (str(path), [])
        try:
            session = onnxruntime.InferenceSession(
                graph, sess_options=options, providers=list(providers))
        except Exception as error:  # onnxruntime has one type per cause, none of them public
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f'{path} is not a usable ONNX network ({reason}); fetch or export it '
                             'again') from None
        self._session: onnxruntime.InferenceSession | None = session
        self.inputs = tuple(_spec(path, node) for node in session.get_inputs())
        self.outputs = tuple(_spec(path, node) for node in session.get_outputs())
        self._output_names = [spec.name for spec in self.outputs]
        self.providers = tuple(session.get_providers())
        self._only_batch_is_dynamic = _only_batch_is_dynamic(session)
        self._bindings: OrderedDict[int, _Binding] = OrderedDict()

    def run(self, inputs: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Run once; raises InputError where the arrays do not fit ``inputs``."""
        if self._session is None:
            raise InputError('the network was closed; load it again')
        check_inputs(self.inputs, inputs)
        if not self._only_batch_is_dynamic:
            return dict(zip(self._output_names, self._session.run(
                self._output_names, dict(inputs)), strict=True))
        return self._binding(batch_size(self.inputs, inputs)).run(self._session, inputs)

    def close(self) -> None:
        """Free the session."""
        self._bindings.clear()
        self._session = None

    def _binding(self, rows: int) -> '_Binding':
        assert self._session is not None
        binding = self._bindings.get(rows)
        if binding is None:
            binding = _Binding(self._session, self.inputs, self.outputs, rows)
            self._bindings[rows] = binding
            if len(self._bindings) > _MOST_BINDINGS:
                self._bindings.popitem(last=False)
        self._bindings.move_to_end(rows)
        return binding


class _Binding:
    """Arrays of one batch size, known to ONNX Runtime."""

    def __init__(self, session: onnxruntime.InferenceSession, inputs: Sequence[TensorSpec],
                 outputs: Sequence[TensorSpec], rows: int) -> None:
        self._io = session.io_binding()
        self._inputs = {spec.name: _empty(spec, rows) for spec in inputs}
        self._outputs = {spec.name: _empty(spec, rows) for spec in outputs}
        # On the CPU an OrtValue shares the array's memory; other devices copy at each run.
        self._values = []
        for arrays, bind in ((self._inputs, self._io.bind_ortvalue_input),
                             (self._outputs, self._io.bind_ortvalue_output)):
            for name, array in arrays.items():
                value = onnxruntime.OrtValue.ortvalue_from_numpy(array)
                self._values.append(value)
                bind(name, value)

    def run(self, session: onnxruntime.InferenceSession,
            inputs: Mapping[str, NDArray]) -> dict[str, NDArray]:
        for name, array in self._inputs.items():
            np.copyto(array, inputs[name])
        session.run_with_iobinding(self._io)
        return dict(self._outputs)


def _checked(path: Path, checksums: Mapping[str, str], options: onnxruntime.SessionOptions
             ) -> tuple[bytes, list[bytes]]:
    """Content of a graph, and of its weights, which must live until the session is made."""
    if path.name not in checksums:
        raise InputError(f'no checksum of {path.name} is known; export it again')
    beside = checked_weights(path, checksums)
    weights = list(beside.values())
    if weights:
        options.add_external_initializers_from_files_in_memory(
            list(beside), weights, [len(content) for content in weights])
    return checked_bytes(path, checksums[path.name]), weights


def _empty(spec: TensorSpec, rows: int) -> NDArray:
    return np.zeros(tuple(rows if size == -1 else size for size in spec.shape), spec.dtype)


def _only_batch_is_dynamic(session: onnxruntime.InferenceSession) -> bool:
    """Whether the first dimension, under one name, is all that varies, and some input has it."""
    names = set()
    for nodes in (session.get_inputs(), session.get_outputs()):
        for node in nodes:
            if not node.shape or any(not isinstance(size, int) for size in node.shape[1:]):
                return False
            if not isinstance(node.shape[0], int):
                names.add(node.shape[0])
    batched = [node for node in session.get_inputs() if not isinstance(node.shape[0], int)]
    return len(names) == 1 and None not in names and bool(batched)


def _spec(path: Path, node: onnxruntime.NodeArg) -> TensorSpec:
    if node.type not in _DTYPES:
        raise InputError(f'{path}: {node.name} is a {node.type}, which is not supported; export '
                         'the network with plain tensors')
    shape = tuple(size if isinstance(size, int) else -1 for size in node.shape)
    return TensorSpec(node.name, np.dtype(_DTYPES[node.type]), shape)
