"""A walk along the chunks in which an AVI file keeps its pictures."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from passerby.media.hole import BREAKS_OFF, Hole, pieces, read_at

_UNSET = (0, 0xFFFFFFFF)
_CHUNK = re.compile(rb"[0-9]{2}(?:d[bc]|wb|pc|tx|sb|__|[A-Za-z0-9]{2})|ix[0-9]{2}|JUNK|junk|LIST|idx1|RIFF")
_NAME = re.compile(rb"[ -~]{4}")
_MEDIA = re.compile(rb"[0-9]{2}(?:d[bc]|wb)|LIST|idx1|RIFF")


def avi_holes(file: BinaryIO, size: int) -> Iterator[Hole]:
    """What is broken among the pictures and sounds of a file of `size` bytes.

    Each hole takes in the chunk before it: its end may be gone as well.
    """
    for start, end, whole in _movies(file, size):
        at = before = start
        while at + 8 <= end:
            follows = _follows(file, at, end)
            if follows is not None:
                before, at = at, follows
                continue
            found = _next_chunk(file, at + 1, end)
            if found < end or whole:
                yield Hole(before, found, "a stretch of it is overwritten or missing" if found < end else BREAKS_OFF)
            at = before = found


def _movies(file: BinaryIO, size: int) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether the file holds it whole) of each list of pictures and sounds."""
    riff = 0
    while riff + 12 <= size:
        name, length = struct.unpack("<4sI", read_at(file, riff, 8))
        if name != b"RIFF":
            return
        riff_end = size if length in _UNSET else min(riff + 8 + length, size)
        at = riff + 12
        while at + 12 <= riff_end:
            name, length, kind = struct.unpack("<4sI4s", read_at(file, at, 12))
            end = riff_end if kind == b"movi" and length in _UNSET else at + 8 + length
            if (name, kind) == (b"LIST", b"movi"):
                yield at + 12, min(end, size), end <= size
            at = end + end % 2
        riff = riff_end + riff_end % 2


def top_chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The names of the file's lists, RIFF of all, and of what each of them holds, in order; up to what is broken."""
    at = end = 0
    while at + 8 <= size:
        name, length = struct.unpack("<4sI", read_at(file, at, 8))
        if at >= end:
            if name != b"RIFF":
                return
            end, at = at + 8 + length + length % 2, at + 12
        elif _NAME.fullmatch(name):
            at += 8 + length + length % 2
        else:
            return
        yield name


def _follows(file: BinaryIO, at: int, end: int) -> int | None:
    """Where the chunk after the one at `at` begins; None where none is."""
    name, length = struct.unpack("<4sI", read_at(file, at, 8))
    if name == b"LIST":  # chunks that are to be read together
        return at + 12
    if name in (b"RIFF", b"idx1"):  # a list of unknown length ends here
        return end
    if not _CHUNK.fullmatch(name) or at + 8 + length > end:
        return None
    after: int = at + 8 + length
    # Chunks begin at even places, but not all writers know.
    if length % 2 and not (_CHUNK.fullmatch(read_at(file, after, 4)) and not _CHUNK.match(read_at(file, after + 1, 4))):
        after += 1
    return after


def _next_chunk(file: BinaryIO, start: int, end: int) -> int:
    """Where the next chunk begins that another one follows; `end` where there is none."""
    for at, data in pieces(file, start, end, 3):
        for match in _MEDIA.finditer(data):
            begin = at + match.start()
            follows = _follows(file, begin, end) if begin + 8 <= end else None
            if follows is not None and (follows + 8 > end or _follows(file, follows, end) is not None):
                return begin
    return end
