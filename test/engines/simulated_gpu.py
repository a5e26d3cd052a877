# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A GPU in host memory: what a run asks of CUDA and TensorRT, checked against their real bindings.

Every CUDA call goes to the real cuda-bindings first, which converts the arguments (and fails for
want of a driver), so wrong types and counts are found. Streams run nothing before they are
synchronised; what may not be recorded fails while recording. Every TensorRT method must exist in
the real class and take as many arguments; layers are computed by ONNX Runtime. This does not
replace a run on a GPU.
"""

import ctypes
import re

import numpy as np
import onnxruntime


class SimulatedCuda:
    """The functions of cuda.bindings.runtime that the engines use."""

    def __init__(self, real):
        self.real, self.log = real, []
        self.blocks, self.streams, self.capturing = {}, {}, {}
        self.graphs, self.executables = {}, {}
        self.fed = {}  # what the layers last computed on
        self._next = 0x1000

    def __getattr__(self, name):
        value = getattr(self.real, name)
        if not name.startswith('cuda') or isinstance(value, (int, type)):
            return value
        simulated = getattr(type(self), '_' + name)

        def call(*arguments):
            status, *_ = value(*arguments)
            assert name == 'cudaGetErrorString' or int(status) != 0, 'there is a real GPU'
            self.log.append(name)
            try:
                results = simulated(self, *arguments)
            except RefusedError as refused:
                code = getattr(self.real.cudaError_t, str(refused))
                return code, *((None,) * RESULTS.get(name, 0))
            assert len(results) == RESULTS.get(name, 0)
            return self.real.cudaError_t.cudaSuccess, *results

        return call

    def _cudaGetErrorString(self, status):
        return (str(status).encode(),)

    def _cudaGetLastError(self):
        return ()

    def _cudaGetDeviceCount(self):
        return (1,)

    def _cudaGetDevice(self):
        return (0,)

    def _cudaGetDeviceProperties(self, device):
        assert device == 0
        properties = self.real.cudaDeviceProp()
        properties.name = b'Simulated'.ljust(256, b'\0')
        properties.major, properties.minor = 8, 6
        return (properties,)

    def _cudaStreamCreateWithFlags(self, flags):
        assert flags == self.real.cudaStreamNonBlocking
        handle = self._handle()
        self.streams[handle] = []
        return (self.real.cudaStream_t(handle),)

    def _cudaStreamDestroy(self, stream):
        assert self.streams.pop(int(stream)) == []
        return ()

    def _cudaHostAlloc(self, size, flags):
        return (self._allocate(size, 'host'),)

    def _cudaMalloc(self, size):
        return (self._allocate(size, 'device'),)

    def _cudaFreeHost(self, address):
        assert self.blocks.pop(address)[0] == 'host'
        return ()

    def _cudaFree(self, address):
        assert self.blocks.pop(address)[0] == 'device'
        return ()

    def _cudaMemcpyAsync(self, target, source, size, kind, stream):
        names = {'host': 'Host', 'device': 'Device'}
        places = [names[self.place(address, size)] for address in (source, target)]
        assert kind.name == f'cudaMemcpy{places[0]}To{places[1]}'
        self.queue(stream, lambda: ctypes.memmove(target, source, size))
        return ()

    def _cudaStreamSynchronize(self, stream):
        if int(stream) in self.capturing:
            raise RefusedError('cudaErrorStreamCaptureUnsupported')
        for work in self.streams[int(stream)]:
            work()
        self.streams[int(stream)].clear()
        return ()

    def _cudaStreamBeginCapture(self, stream, mode):
        assert mode == self.real.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        assert int(stream) not in self.capturing
        self.capturing[int(stream)] = []
        return ()

    def _cudaStreamEndCapture(self, stream):
        work = self.capturing.pop(int(stream))
        if None in work:
            raise RefusedError('cudaErrorStreamCaptureInvalidated')
        handle = self._handle()
        self.graphs[handle] = work
        return (self.real.cudaGraph_t(handle),)

    def _cudaGraphInstantiate(self, graph, flags):
        handle = self._handle()
        self.executables[handle] = list(self.graphs[int(graph)])
        return (self.real.cudaGraphExec_t(handle),)

    def _cudaGraphDestroy(self, graph):
        del self.graphs[int(graph)]
        return ()

    def _cudaGraphExecDestroy(self, executable):
        del self.executables[int(executable)]
        return ()

    def _cudaGraphLaunch(self, executable, stream):
        for work in self.executables[int(executable)]:
            self.queue(stream, work)
        return ()

    def place(self, address, size):
        """'host' or 'device' for a range that lies in one allocation."""
        for start, (kind, memory) in self.blocks.items():
            if start <= address and address + size <= start + len(memory) - 512:
                return kind
        raise AssertionError(f'{size} bytes at {address:#x} were not allocated')

    def queue(self, stream, work):
        handle = int(stream)
        self.capturing.get(handle, self.streams[handle]).append(work)

    def leaks(self):
        return [name for name in ('blocks', 'streams', 'capturing', 'graphs', 'executables')
                if getattr(self, name)]

    def _allocate(self, size, kind):
        if self.capturing:
            self.spoil()
            raise RefusedError('cudaErrorStreamCaptureUnsupported')
        memory = (ctypes.c_ubyte * (size + 512))()
        address = -(-ctypes.addressof(memory) // 512) * 512
        ctypes.memset(ctypes.addressof(memory), 0xff, size + 512)  # NaN until written
        self.blocks[address] = (kind, memory)
        return address

    def spoil(self):
        for work in self.capturing.values():
            work.append(None)

    def _handle(self):
        self._next += 0x100
        return self._next


class RefusedError(Exception):
    """The name of a CUDA error."""


RESULTS = {name: 1 for name in (
    'cudaGetErrorString', 'cudaGetDeviceCount', 'cudaGetDevice', 'cudaGetDeviceProperties',
    'cudaStreamCreateWithFlags', 'cudaHostAlloc', 'cudaMalloc', 'cudaStreamEndCapture',
    'cudaGraphInstantiate')}


def like(real_class):
    """Class decorator: public methods must be of the real class, with as many arguments."""
    def check(simulated):
        for name, method in vars(simulated).items():
            if name.startswith('_'):
                continue
            real = getattr(real_class, name)
            if not callable(method):
                assert not callable(real), name
                continue
            wanted = method.__code__.co_varnames[1:method.__code__.co_argcount]
            signatures = re.findall(rf'{name}\(self: [^,)]+,? ?([^)]*)\) ->', real.__doc__)
            counts = [len(re.findall(r'(?:^|, )\w+: ', signature)) for signature in signatures]
            assert len(wanted) in counts, f'{name} takes {signatures}'
        return simulated
    return check


def simulated_tensorrt(real, cuda, graph, capturable=True):
    """The real module with a Runtime whose engines compute the ONNX graph on the CPU."""
    session = onnxruntime.InferenceSession(str(graph), providers=['CPUExecutionProvider'])
    types = {'tensor(float)': real.float32, 'tensor(float16)': real.float16}

    @like(real.IRuntimeConfig)
    class Config:
        dynamic_shapes_kernel_specialization_strategy = None

        def set_execution_context_allocation_strategy(self, strategy):
            self._strategy = strategy

    @like(real.IExecutionContext)
    class Context:
        def __init__(self, profiles):
            self._profiles, self._profile, self._memory = profiles, None, None
            self._shapes, self._addresses, self._ran = {}, {}, False
            cuda.log.append('context made')

        def __del__(self):
            cuda.log.append('context freed')

        def set_device_memory(self, memory, size):
            assert memory % 256 == 0 and size == Engine.device_memory_size_v2
            self._memory = cuda.place(memory, size)

        def set_optimization_profile_async(self, profile_index, stream_handle):
            cuda.streams[stream_handle].append(lambda: setattr(self, '_profile', profile_index))
            return 0 <= profile_index < len(self._profiles)

        def set_input_shape(self, name, shape):
            assert self._profile is not None, 'the change of profile was not waited for'
            self._shapes[name] = shape
            return self._profiles[self._profile] == shape[0]

        def set_tensor_address(self, name, memory):
            assert isinstance(memory, int) and memory % 256 == 0
            self._addresses[name] = memory
            return True

        def execute_async_v3(self, stream_handle):
            assert isinstance(stream_handle, int) and stream_handle in cuda.streams
            assert self._memory == 'device'
            if stream_handle in cuda.capturing and not (self._ran and capturable):
                cuda.spoil()
                return False
            self._ran = True
            cuda.queue(stream_handle, self._compute)
            return True

        def _compute(self):
            rows = self._profiles[self._profile]
            feeds = {node.name: np.array(self._view(node, rows)) for node in session.get_inputs()}
            cuda.fed = feeds
            for node, value in zip(session.get_outputs(), session.run(None, feeds), strict=True):
                self._view(node, rows)[:] = value

        def _view(self, node, rows):
            shape = (rows, *node.shape[1:])
            dtype = np.dtype(real.nptype(types[node.type]))
            size = int(np.prod(shape)) * dtype.itemsize
            assert cuda.place(self._addresses[node.name], size) == 'device'
            memory = (ctypes.c_byte * size).from_address(self._addresses[node.name])
            return np.frombuffer(memory, dtype).reshape(shape)

    @like(real.ICudaEngine)
    class Engine:
        device_memory_size_v2 = 4096
        num_io_tensors = len(session.get_inputs()) + len(session.get_outputs())

        def __init__(self, profiles):
            self._profiles = profiles
            self._nodes = [*session.get_inputs(), *session.get_outputs()]

        def get_tensor_name(self, index):
            return self._nodes[index].name

        def get_tensor_mode(self, name):
            is_input = name in {node.name for node in session.get_inputs()}
            return real.TensorIOMode.INPUT if is_input else real.TensorIOMode.OUTPUT

        def get_tensor_dtype(self, name):
            return types[self._node(name).type]

        def get_tensor_shape(self, name):
            return real.Dims([size if isinstance(size, int) else -1
                              for size in self._node(name).shape])

        def create_runtime_config(self):
            return Config()

        def create_execution_context(self, runtime_config):
            strategies = real.DynamicShapesKernelSpecializationStrategy
            assert runtime_config.dynamic_shapes_kernel_specialization_strategy == strategies.EAGER
            assert runtime_config._strategy == real.ExecutionContextAllocationStrategy.USER_MANAGED
            return Context(self._profiles)

        def _node(self, name):
            return next(node for node in self._nodes if node.name == name)

    class Api:
        profiles = (1,)

        def __getattr__(self, name):
            return getattr(real, name)

        def Runtime(self, logger):
            assert isinstance(logger, real.ILogger)
            return SimulatedRuntime()

    @like(real.Runtime)
    class SimulatedRuntime:
        def deserialize_cuda_engine(self, serialized_engine):
            assert isinstance(serialized_engine, bytes) and len(serialized_engine) > 1000
            return Engine(api.profiles)

    api = Api()
    return api
