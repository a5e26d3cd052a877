# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Fetches and keeps the network files of the onnx detector."""

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mocap23_ros.atomic_files import write_json
from mocap23_ros.cache import cache_folder
from mocap23_ros.checksum import file_sha256, has_sha256
from mocap23_ros.detection.download import download, extract_member, is_sha256
from mocap23_ros.errors import InputError

LARGEST_FILE = 2 * 1024**3
"""bytes; an ONNX file cannot be larger without parts outside of it."""


@dataclass(frozen=True)
class WeightFile:
    """A file that others publish. sha256: of the file at the URL; None where it is not known.

    family: see network_families. licence: of the weights, as their publisher states it.
    """

    url: str
    family: str
    licence: str
    sha256: str | None = None


_PROJECTS = 'https://download.openmmlab.com/mmpose/v1/projects'
_OPENMMLAB, _RTMW = f'{_PROJECTS}/rtmposev1/onnx_sdk', f'{_PROJECTS}/rtmw/onnx_sdk'

# The publishers give no sha256 and this project could not reach their servers to compute one, so
# the user states it: a wrong or changed file must not be run unseen.
WEIGHTS = {
    'rtmpose-s': WeightFile(
        f'{_OPENMMLAB}/rtmpose-s_simcc-body7_pt-body7_420e-256x192-acd4a1ef_20230504.zip',
        'rtmpose', 'Apache-2.0'),
    'rtmpose-m': WeightFile(
        f'{_OPENMMLAB}/rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.zip',
        'rtmpose', 'Apache-2.0'),
    'rtmpose-x': WeightFile(
        f'{_OPENMMLAB}/rtmpose-x_simcc-body7_pt-body7_700e-384x288-71d7b7e9_20230629.zip',
        'rtmpose', 'Apache-2.0'),
    'rtmw-x': WeightFile(
        f'{_RTMW}/rtmw-x_simcc-cocktail13_pt-ucoco_270e-384x288-0949e3a9_20230925.zip',
        'rtmw', 'Apache-2.0'),
    'rtmo-s': WeightFile(
        f'{_PROJECTS}/rtmo/onnx_sdk/rtmo-s_8xb32-600e_body7-640x640-dac2bf74_20231211.zip',
        'rtmo', 'Apache-2.0'),
    'rtmdet-m-person': WeightFile(
        f'{_OPENMMLAB}/rtmdet_m_8xb32-100e_coco-obj365-person-235e8209.zip',
        'rtmdet', 'Apache-2.0'),
    'yolox-tiny-person': WeightFile(
        f'{_OPENMMLAB}/yolox_tiny_8xb8-300e_humanart-6f3252f9.zip', 'yolox-nms', 'Apache-2.0'),
    'yolox-m-person': WeightFile(
        f'{_OPENMMLAB}/yolox_m_8xb8-300e_humanart-c2c7a14a.zip', 'yolox-nms', 'Apache-2.0'),
}


def weights_folder() -> Path:
    """Return weights/ in MOCAP23_CACHE, or in XDG_CACHE_HOME/mocap23, or in ~/.cache/mocap23."""
    return cache_folder() / 'weights'


def find_weights(model: str | Path) -> Path:
    """Return the path of a file or of a fetched name; InputError where a name is not fetched."""
    if str(model) not in WEIGHTS:
        return Path(model)
    path = weights_folder() / f'{model}.onnx'
    if not path.is_file():
        raise InputError(f'the weights {model} are not in {path.parent}; run: mocap23 '
                         f'fetch-weights {model}')
    return path


def family_of(model: str | Path) -> str | None:
    """The family of published weights by their name; None for files and names of one's own."""
    known = WEIGHTS.get(str(model))
    return known.family if known else None


def fetch_weights(
    name: str, url: str | None = None, sha256: str | None = None, folder: Path | None = None,
    force: bool = False, progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Path:
    """Download weights into the cache and return the ONNX file's path.

    name: of the table, or with ``url`` any new one. The download must have the given sha256, or
    the table's. A zip archive must hold one ONNX file. A file that is there already with the same
    checksum is kept unless ``force``. progress: called with bytes done and in all (None where
    the server does not say). Raises InputError; nothing half written stays.
    """
    known = WEIGHTS.get(name)
    if known is None and url is None:
        raise InputError(f'there are no known weights {name!r}; choose one of '
                         f'{", ".join(WEIGHTS)}, or give --url')
    if Path(name).name != name or name.startswith('.'):
        raise InputError(f'the name {name!r} cannot be a file name; use letters, digits and -')
    source = url or (known.url if known else '')
    wanted = sha256 or (known.sha256 if known and url is None else None)
    if wanted is None:
        raise InputError(f'no checksum of {source} is known; give --sha256 with that of a copy '
                         'that you trust (sha256sum FILE)')
    wanted = wanted.lower()
    if not is_sha256(wanted):
        raise InputError(f'{wanted!r} is not a sha256; it has 64 hexadecimal digits')
    folder = folder or weights_folder()
    target, record = folder / f'{name}.onnx', folder / f'{name}.json'
    if not force and _is_present(target, record, wanted):
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f'.{name}.', dir=folder) as scratch:
            part, onnx = Path(scratch, 'part'), Path(scratch, 'onnx')
            download(source, part, wanted, LARGEST_FILE, progress)
            if not extract_member(part, '.onnx', onnx, LARGEST_FILE):
                onnx = part
            noted = {'url': source, 'sha256': wanted, 'file_sha256': file_sha256(onnx)}
            os.replace(onnx, target)
        write_json(record, noted)
    except OSError as error:
        raise InputError(f'{folder} cannot be written ({error.strerror or error}); set '
                         'MOCAP23_CACHE or give --out') from None
    return target


def _is_present(target: Path, record: Path, wanted: str) -> bool:
    try:
        noted = json.loads(record.read_text())
        return noted['sha256'] == wanted and has_sha256(target, noted['file_sha256'])
    except (OSError, ValueError, KeyError, TypeError):
        return False
