"""The chunks that PNG (ISO/IEC 15948) and WebP (RIFF; RFC 9649) files are made of."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from passerby.core.errors import DamagedMedia


def png_chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, memoryview]]:
    """Each chunk's name, where it ends and what is in it, up to one that breaks off.

    Raises:
        DamagedMedia: a check sum is wrong.
    """
    view, at = memoryview(data), 8
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        end = at + 12 + size
        if end > len(data):
            return
        name = data[at + 4 : at + 8]
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            raise DamagedMedia(f"is damaged: the check sum of its {name.decode('latin-1')} chunk is wrong")
        yield name, end, view[at + 8 : end - 4]
        at = end


def riff_chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a WebP."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff_chunks(data: bytes, at: int = 12) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's name and what is in it, from byte `at` on.

    Raises:
        DamagedMedia: one breaks off.
    """
    while at + 8 <= len(data):
        (size,) = struct.unpack_from("<I", data, at + 4)
        if at + 8 + size > len(data):
            raise DamagedMedia("breaks off inside of its picture")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
