# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The manifest beside an engine file, and the checks made before an engine is deserialised.

An engine is executable input and fits one GPU, one library version and one graph. Nothing of it is
read by TensorRT before its checksum and origin are known to be right.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from mocap23_ros.atomic_files import write_json
from mocap23_ros.checksum import file_sha256
from mocap23_ros.engines.cuda_runtime import Gpu
from mocap23_ros.errors import InputError

MANIFEST_VERSION = 2
_LARGEST_MANIFEST = 1 << 16


class EngineMismatch(InputError):
    """An engine that must not be used here; the message says why and how to build one."""


@dataclass(frozen=True)
class EngineManifest:
    """Where an engine comes from.

    graph: name of the ONNX file; onnx_sha256: its digest. gpu_name is None for an engine built
    ahead of time (TensorRT-RTX), which runs on every GPU of compute_capability or, where that
    ends in +, later. profiles: batch sizes, each with its own optimisation; fixed_batch: the only
    one that the graph takes.
    """

    graph: str
    onnx_sha256: str
    engine_sha256: str
    engine_bytes: int
    library: str
    library_version: str
    precision: str
    profiles: tuple[int, ...]
    gpu_name: str | None
    compute_capability: str
    fixed_batch: bool = False
    version: int = MANIFEST_VERSION


def manifest_path(engine: Path) -> Path:
    """Path of the manifest of an engine file."""
    return engine.with_name(engine.name + '.json')


def write_manifest(engine: Path, manifest: EngineManifest) -> None:
    """Write the manifest atomically."""
    write_json(manifest_path(engine), asdict(manifest))


def read_engine_manifest(engine: Path) -> EngineManifest:
    """Manifest of an engine; EngineMismatch where it is absent, damaged or of another version."""
    path = manifest_path(engine)
    try:
        if path.stat().st_size > _LARGEST_MANIFEST:
            raise ValueError
        values = json.loads(path.read_text())
        if values.get('version') != MANIFEST_VERSION:
            raise EngineMismatch(f'{path.name} was written by another version of this program')
        known = {field.name for field in fields(EngineManifest)}
        if set(values) != known:
            raise ValueError
        manifest = EngineManifest(**{**values, 'profiles': tuple(values['profiles'])})
    except EngineMismatch:
        raise
    except FileNotFoundError:
        raise EngineMismatch(f'{path.name} is missing') from None
    except (ValueError, TypeError, AttributeError, OSError):
        raise EngineMismatch(f'{path.name} is damaged') from None
    sizes_are_right = manifest.profiles and all(
        isinstance(size, int) and 1 <= size <= 64 for size in manifest.profiles)
    if not sizes_are_right:
        raise EngineMismatch(f'{path.name} is damaged')
    return manifest


def load_engine(engine: Path, onnx: Path, library: str, library_version: str,
                gpu: Gpu | None, onnx_sha256: str | None = None) -> tuple[bytes, EngineManifest]:
    """Content and manifest of an engine that was built from this graph for this machine.

    onnx_sha256: of the graph; None: as the file is now. gpu: None checks all but the GPU. The
    checksum is that of the returned bytes, so that what is deserialised is what was checked.
    Raises EngineMismatch.
    """
    if not engine.is_file():
        raise EngineMismatch(f'there is no engine {engine.name}')
    manifest = read_engine_manifest(engine)
    if (manifest.library, manifest.library_version) != (library, library_version):
        raise EngineMismatch(
            f'{engine.name} was built by {manifest.library} {manifest.library_version}, this is '
            f'{library} {library_version}')
    if gpu is not None and not _runs_on(manifest, gpu):
        raise EngineMismatch(
            f'{engine.name} was built for {manifest.gpu_name or "a GPU"} (compute capability '
            f'{manifest.compute_capability}), this is {gpu.name} ({gpu.compute_capability})')
    if manifest.onnx_sha256 != (onnx_sha256 or file_sha256(onnx)):
        raise EngineMismatch(f'{engine.name} was built from another graph than {onnx.name} '
                             f'(it says {manifest.graph})')
    if engine.stat().st_size != manifest.engine_bytes:
        raise EngineMismatch(f'{engine.name} is truncated or was changed')
    content = engine.read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest.engine_sha256:
        raise EngineMismatch(f'{engine.name} does not match its checksum: it is damaged or foreign')
    return content, manifest


def _runs_on(manifest: EngineManifest, gpu: Gpu) -> bool:
    built = manifest.compute_capability
    if built.endswith('+'):
        return _numbers(gpu.compute_capability) >= _numbers(built[:-1])
    same = _numbers(built) == _numbers(gpu.compute_capability)
    return same and manifest.gpu_name in (None, gpu.name)


def _numbers(capability: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else -1 for part in capability.split('.'))
