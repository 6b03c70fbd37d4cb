"""A walk along a file's outermost headers: does it hold all the bytes that they promise?

FFmpeg reads a file that breaks off as one that ends there, without a word.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from passerby.media.walk_matroska import segment_end

_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"uuid"})
_EBML = b"\x1a\x45\xdf\xa3"
_SLACK = 16
"""Bytes by which writers of AVI are known to miscount."""


def missing_bytes(path: Path) -> int:
    """How many bytes the headers of `path` promise beyond its end; 0 when it is whole or does not say."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(0)
        if head[4:8] in _FIRST_BOXES:
            end = max((start + length for _, start, length in _boxes(file, size)), default=0)
        elif head[:4] == b"RIFF":
            end = max(_riffs(file, size), default=0)
            end = end if end > size + _SLACK else 0
        elif head[:4] == _EBML:
            end = segment_end(file)
        else:
            end = 0
    return max(end - size, 0)


def has_lost_index(path: Path) -> bool:
    """Whether `path` is an MP4 or QuickTime file whose index never came."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(12)[4:8] not in _FIRST_BOXES:
            return False
        file.seek(0)
        kinds = {kind for kind, _, _ in _boxes(file, size)}
    return b"mdat" in kinds and b"moov" not in kinds


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start, length) of every outermost box of an MP4 or QuickTime file; the last may reach over its end."""
    start = 0
    while start + 8 <= size:
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1 and start + 16 <= size:
            (length,) = struct.unpack(">Q", file.read(8))
        if length == 0:  # up to the end, wherever that is
            length = size - start
        # What follows the last box of some cameras' files is padding, not a box.
        if length < 8 or not kind.isascii() or not kind.strip(b"\0"):
            return
        yield kind, start, length
        start += length


def _riffs(file: BinaryIO, size: int) -> Iterator[int]:
    """Where each RIFF chunk of an AVI file ends; long files have several."""
    start = 0
    while start + 8 <= size:
        file.seek(start)
        kind, length = struct.unpack("<4sI", file.read(8))
        # A recorder that was cut off, or one that writes to a pipe, leaves the length unset.
        if kind != b"RIFF" or length in (0, 0xFFFFFFFF):
            return
        start += 8 + length + length % 2
        yield start
