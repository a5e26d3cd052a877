# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Downloads that are bounded and checked before anything uses them."""

import hashlib
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from mocap23_ros.errors import InputError

_BLOCK = 1 << 18
_TIMEOUT = 30.0  # s without a byte
_OWN_MACHINE = {('http', host) for host in ('127.0.0.1', '::1', 'localhost')}


def is_sha256(text: str) -> bool:
    """Whether a text is a lower-case hexadecimal sha256."""
    return re.fullmatch('[0-9a-f]{64}', text) is not None


def download(
    url: str, target: Path, sha256: str, largest: int,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> None:
    """Write what an https URL gives to ``target``; remove it again where anything is wrong.

    http is accepted from this machine alone, where nobody can interfere. Raises InputError where
    the server cannot be reached, sends more than ``largest`` bytes, breaks off, leads to an
    address that is not https, or sends something of another sha256; OSError where the file cannot
    be written.
    """
    _check_address(url)
    try:
        response = _OPENER.open(url, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise InputError(f'{url} answers {error.code} {error.reason}; check the address') from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, 'reason', error)
        raise InputError(f'{url} cannot be reached ({reason}); check the network, or fetch the '
                         'file elsewhere and give its path to the detector') from None
    try:
        with response, target.open('wb') as file:
            found = _copy(response, file, url, largest, progress)
        if found != sha256:
            raise InputError(f'{url} has the sha256 {found}, not {sha256}: the file was changed or '
                             'damaged on its way; it was thrown away')
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _check_address(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != 'https' and (parts.scheme, parts.hostname) not in _OWN_MACHINE:
        raise InputError(f'{url} is not an https address; nothing else is fetched')


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a server to https addresses alone."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any,
                         newurl: str) -> urllib.request.Request | None:
        _check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_SafeRedirects)


def _copy(
    response: http.client.HTTPResponse, file: IO[bytes], url: str, largest: int,
    progress: Callable[[int, int | None], None],
) -> str:
    length = response.headers.get('Content-Length', '')
    total = int(length) if length.isdigit() else None
    too_large = InputError(f'{url} is larger than {largest} bytes, the most that is taken')
    if total is not None and total > largest:
        raise too_large
    digest = hashlib.sha256()
    done = 0
    while True:
        try:
            block = response.read(_BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise InputError(f'{url} broke off after {done} bytes ({error}); try again') from None
        if not block:
            break
        done += len(block)
        if done > largest:
            raise too_large
        digest.update(block)
        file.write(block)
        progress(done, total)
    if total is not None and done < total:
        raise InputError(f'{url} broke off after {done} of {total} bytes; try again')
    return digest.hexdigest()


def extract_member(archive: Path, suffix: str, target: Path, largest: int) -> bool:
    """Write the only member with ``suffix`` of a zip archive to ``target``.

    Names in the archive are compared, never used as paths. Returns False where the file is no
    zip archive; raises InputError where it is damaged, or has none or several such members.
    """
    if not zipfile.is_zipfile(archive):
        return False
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [m for m in opened.infolist()
                       if not m.is_dir() and m.filename.endswith(suffix)]
            if len(members) != 1:
                raise InputError(f'the archive holds {len(members)} files *{suffix}; it must hold '
                                 'one: unpack it by hand and give the path')
            with opened.open(members[0]) as source, target.open('wb') as file:
                done = 0
                while block := source.read(_BLOCK):
                    # The size in the archive's table need not be true.
                    done += len(block)
                    if done > largest:
                        raise InputError(f'the member *{suffix} of the archive is larger than '
                                         f'{largest} bytes, the most that is taken')
                    file.write(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
            OSError) as error:
        target.unlink(missing_ok=True)
        raise InputError(f'the archive cannot be unpacked ({error}); fetch it again') from None
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return True
