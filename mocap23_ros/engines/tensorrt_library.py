# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The one place that imports TensorRT or TensorRT-RTX; everything else sees one API."""

import importlib
from dataclasses import dataclass
from types import ModuleType

from mocap23_ros.engines.cuda_runtime import Gpu
from mocap23_ros.errors import InputError

LIBRARY_NAMES = ('tensorrt', 'tensorrt_rtx')
# Modules to import in order; the last one is the API. The wheels of TensorRT-RTX come either with
# the meta package or as libraries and bindings, where the libraries must be loaded first.
_IMPORTS = {
    'tensorrt': (('tensorrt',),),
    'tensorrt_rtx': (('tensorrt_rtx',), ('tensorrt_rtx_libs', 'tensorrt_rtx_bindings')),
}
_INSTALL = {
    'tensorrt': "it comes with JetPack, from apt (python3-libnvinfer) or from NVIDIA's index",
    'tensorrt_rtx': 'pip install -r requirements/tensorrt.txt',
}
# The first that lets a program give contexts their memory, without which nothing can be recorded.
_OLDEST = {'tensorrt': (10, 1), 'tensorrt_rtx': (1, 2)}


@dataclass(frozen=True)
class TensorRTLibrary:
    """An imported library; api: the module with Builder, Runtime, OnnxParser and so on."""

    name: str
    version: str
    api: ModuleType

    @property
    def portable(self) -> bool:
        """Whether engines are built ahead of time, without a GPU, for a range of GPUs."""
        return self.name == 'tensorrt_rtx'

    def check_gpu(self, gpu: Gpu) -> None:
        """Raise InputError for a GPU that the library does not know at all.

        TensorRT-RTX leaves out data-centre GPUs such as the H100 (compute capability 9.0).
        """
        kind = 'SM' + gpu.compute_capability.replace('.', '')
        if self.portable and not hasattr(self.api.ComputeCapability, kind):
            raise InputError(f'TensorRT-RTX {self.version} does not run on the {gpu.name} (compute '
                             f'capability {gpu.compute_capability}); install the full TensorRT: '
                             f'{_INSTALL["tensorrt"]}')


def load_tensorrt(name: str) -> TensorRTLibrary:
    """Import a library; raises InputError with how to install it, or when it is too old."""
    if name not in _IMPORTS:
        raise InputError(f'there is no library {name!r}; choose one of {", ".join(LIBRARY_NAMES)}')
    reason = ''
    for modules in _IMPORTS[name]:
        try:
            for module in modules:
                api = importlib.import_module(module)
        except (ImportError, OSError) as error:  # OSError: a shared library that does not load
            reason = str(error).splitlines()[0]
            continue
        version = str(api.__version__)
        if tuple(int(part) for part in version.split('.')[:2]) < _OLDEST[name]:
            raise InputError(f'{name} {version} is too old; '
                             f'{".".join(map(str, _OLDEST[name]))} or later is needed')
        return TensorRTLibrary(name, version, api)
    raise InputError(f'the backend {name} needs {name} ({reason}); to install: {_INSTALL[name]}')


def installed_libraries() -> list[str]:
    """Names of the libraries that import here, full TensorRT first."""
    found = []
    for name in LIBRARY_NAMES:
        try:
            load_tensorrt(name)
        except InputError:
            continue
        found.append(name)
    return found
