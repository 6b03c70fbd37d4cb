"""A walk along the tags of a Flash video: each is followed by its own length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from passerby.media.hole import BREAKS_OFF, Hole, pieces, read_at

_KINDS = frozenset({8, 9, 15, 18})
"""Sound, picture, data of two kinds."""
_HEAD = 11
_TAG = re.compile(rb"(?=[\x08\x09\x12].{7}\0\0\0)", re.DOTALL)


def flv_holes(file: BinaryIO, size: int) -> Iterator[Hole]:
    """What is broken in a file of `size` bytes. Each hole takes in the tag before it: its end may be gone as well."""
    head = read_at(file, 0, 9)
    if len(head) < 9 or head[:3] != b"FLV":
        return
    at = before = int.from_bytes(head[5:9], "big") + 4
    # Some writers count the length behind a tag in another way. Others number their streams.
    first = _end(file, at) if at < size else None
    says_lengths = first is not None and _is_closed(file, at, first)
    while at < size:
        end = _end(file, at)
        if end is not None and end > size and _next_tag(file, at + 1, size) >= size:
            yield Hole(at, size, BREAKS_OFF)
            return
        if end is not None and end <= size and (end == size or not says_lengths or _is_closed(file, at, end)):
            before, at = at, end + 4
            continue
        at = _next_tag(file, at + 1, size)
        yield Hole(before, at, "a stretch of it is overwritten or missing")
        before = at


def _end(file: BinaryIO, at: int) -> int | None:
    """Where the tag at `at` ends; None where there is none."""
    head = read_at(file, at, _HEAD)
    if len(head) < _HEAD or head[0] & 0xDF not in _KINDS:
        return None
    return at + _HEAD + int.from_bytes(head[1:4], "big")


def _is_closed(file: BinaryIO, at: int, end: int) -> bool:
    """Whether the length that follows a tag is its own."""
    return int.from_bytes(read_at(file, end, 4), "big") == end - at


def _next_tag(file: BinaryIO, start: int, size: int) -> int:
    """Where the next tag begins that is followed by its own length; the end where there is none."""
    for at, data in pieces(file, start, size, _HEAD - 1):
        for match in _TAG.finditer(data):
            begin = at + match.start()
            end = _end(file, begin)
            if end is not None and end <= size and (end == size or _is_closed(file, begin, end)):
                return begin
    return size
