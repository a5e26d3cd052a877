# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The stamp of a serialised message that begins with a std_msgs/Header, read and replaced.

Layout of CDR (OMG DDSI-RTPS 2.3, 10.2): four bytes of encapsulation, then int32 seconds and uint32
nanoseconds. The second byte says the byte order.
"""

import struct

_SECOND = 1_000_000_000  # ns


def header_stamp(data: bytes) -> int:
    """Return the stamp [ns]; of the zeros that are missing where the message is cut off."""
    seconds, nanoseconds = struct.unpack(_format(data), bytes(data[4:12]).ljust(8, b'\0'))
    return int(seconds) * _SECOND + int(nanoseconds)


def with_stamp(data: bytes, stamp: int) -> bytes:
    """Return a copy with another stamp [ns]."""
    return b''.join((data[:4], struct.pack(_format(data), *divmod(stamp, _SECOND)), data[12:]))


def _format(data: bytes) -> str:
    return '<iI' if len(data) > 1 and data[1] & 1 else '>iI'
