"""A walk along the packets of an MPEG programme stream (ISO/IEC 11172-1, 13818-1), as on DVDs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from passerby.media.hole import BREAKS_OFF, Hole, pieces, read_at

_PREFIX = b"\0\0\1"
_END, _PACK, _FIRST = 0xB9, 0xBA, 0xBB
"""The end of a stream, the head of a pack, and the first of the numbers that packets have."""
_PACK_HEAD = _PREFIX + bytes([_PACK])
_HEAD = 32
_SEARCHED = 1 << 16
"""Bytes among which the first pack is looked for: a recording may begin inside of one."""


def program_holes(file: BinaryIO, size: int, number: int) -> Iterator[Hole]:
    """What is broken in a file of `size` bytes, of whose packets those of the picture are numbered `number`.

    A hole begins with the picture that it struck, and that is the one in the packet before it: its end may be gone.
    """
    start = _next_pack(file, 0, min(size, _SEARCHED))
    # A Video CD's sectors come with heads of their own, which are not known here.
    at = size if start == min(size, _SEARCHED) or read_at(file, 0, 4) == b"RIFF" else start
    picture = struck = at
    while at < size:
        head = read_at(file, at, _HEAD)
        end = _next_pack(file, at + 6, size) if _is_endless(head) else _end(head, at)
        if end is not None and end <= size:
            if head[3] == number & 0xFF:
                struck = picture
                picture = at if _has_time(head) else picture
            at = end + _stuffing(file, end, size) if head[3] == _END else end
            continue
        if not head.strip(b"\0") and at + _stuffing(file, at, size) == size:
            return
        found = _next_pack(file, at + 1, size)
        yield Hole(struck, found, "a stretch of it is overwritten or missing" if found < size else BREAKS_OFF)
        at = picture = struck = found


def _end(head: bytes, at: int) -> int | None:
    """Where what begins at `at` with `head` ends; None where nothing begins."""
    if len(head) < 4 or head[:3] != _PREFIX or head[3] < _END:
        return None
    if head[3] == _END:
        return at + 4
    if head[3] >= _FIRST:
        return at + 6 + int.from_bytes(head[4:6], "big") if len(head) >= 6 else None
    if len(head) >= 14 and head[4] & 0xC0 == 0x40:
        return at + 14 + (head[13] & 7)
    return at + 12 if len(head) >= 12 and head[4] & 0xF0 == 0x20 else None


def _is_endless(head: bytes) -> bool:
    """Whether a packet of a picture says no length: it goes on up to the next pack."""
    return head[:3] == _PREFIX and head[3:6] in (bytes([each, 0, 0]) for each in range(0xE0, 0xF0))


def _has_time(head: bytes) -> bool:
    """Whether a packet says when its picture is shown, so that one begins in it."""
    if head[6] & 0xC0 == 0x80:
        return bool(head[7] & 0x80)
    # Of MPEG-1: fill bytes, perhaps the size of a buffer, then the time.
    rest = head[6:].lstrip(b"\xff")
    rest = rest[2:] if rest[:1] and rest[0] & 0xC0 == 0x40 else rest
    return bool(rest[:1]) and rest[0] & 0xE0 == 0x20


def _stuffing(file: BinaryIO, start: int, end: int) -> int:
    """How many bytes of 0 follow."""
    for at, data in pieces(file, start, end):
        rest = data.lstrip(b"\0")
        if rest:
            return at + len(data) - len(rest) - start
    return end - start


def _next_pack(file: BinaryIO, start: int, end: int) -> int:
    """Where the next pack begins that something follows; `end` where there is none."""
    for at, data in pieces(file, start, end, len(_PACK_HEAD) - 1):
        found = data.find(_PACK_HEAD)
        while found >= 0:
            follows = _end(read_at(file, at + found, _HEAD), at + found)
            if follows is not None and _end(read_at(file, follows, _HEAD), follows) is not None:
                return at + found
            found = data.find(_PACK_HEAD, found + 1)
    return end
