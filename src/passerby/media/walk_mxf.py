"""A walk along an MXF file (SMPTE 377-1): keys, each with a length and a value (SMPTE 336)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from passerby.media.hole import BREAKS_OFF, Hole, pieces, read_at

_KEY = bytes.fromhex("060e2b34")
_PARTITION = bytes.fromhex("060e2b34020501010d01020101")
_HEADER, _BODY, _FOOTER = 2, 3, 4
"""Kinds of partitions."""
_RUN_IN = 1 << 16
"""Bytes at most before it."""
_GONE = "a stretch of it is overwritten or missing"


def mxf_holes(file: BinaryIO, size: int) -> Iterator[Hole]:
    """What is broken in a file of `size` bytes. Each hole takes in the value before it: its end may be gone as well.

    Partitions say where they lie: so a loss shows that begins and ends with a key, if not where it is among them.
    """
    begin = read_at(file, 0, _RUN_IN).find(_PARTITION + bytes([_HEADER]))
    if begin < 0:
        return
    footer = _stated(file, begin, 24)
    at = before = partition = begin
    shift: int | None = 0
    whole = True
    while at < size:
        end = _end(file, at)
        if end is None or end > size:
            found = _next_key(file, at + 1, size)
            yield Hole(before, found, _GONE if found < size else BREAKS_OFF)
            at = before = found
            shift, whole = None, False
            continue
        if _is_partition(read_at(file, at, 16)):
            moved = at - begin - _stated(file, at, 8)
            if shift is not None and moved != shift:
                yield Hole(partition, at, _GONE)
                whole = False
            partition, shift = at, moved
        before, at = at, end
    if footer and begin + footer >= size and whole:
        yield Hole(size, size, BREAKS_OFF)


def _is_partition(key: bytes) -> bool:
    return key.startswith(_PARTITION) and key[13] in (_HEADER, _BODY, _FOOTER)


def _end(file: BinaryIO, start: int) -> int | None:
    """Where the value of the key at `start` ends; None where there is no key."""
    value = _value(read_at(file, start, 25))
    return None if value is None else start + sum(value)


def _value(head: bytes) -> tuple[int, int] | None:
    """(where the value begins, its length) after a key and a length (BER); None where there is none."""
    if len(head) < 17 or not head.startswith(_KEY):
        return None
    if head[16] < 0x80:
        return 17, head[16]
    width = head[16] & 0x7F
    if not 1 <= width <= 8 or len(head) < 17 + width:
        return None
    return 17 + width, int.from_bytes(head[17 : 17 + width], "big")


def _stated(file: BinaryIO, partition: int, place: int) -> int:
    """The number of 8 bytes at `place` in the value of the `partition`."""
    head = read_at(file, partition, 64)
    value = _value(head)
    return 0 if value is None else int.from_bytes(head[value[0] + place :][:8], "big")


def _next_key(file: BinaryIO, start: int, size: int) -> int:
    """Where the next key begins after whose value another one, or the end, comes; `size` where there is none."""
    for at, data in pieces(file, start, size, len(_KEY) - 1):
        found = data.find(_KEY)
        while found >= 0:
            end = _end(file, at + found)
            if end is not None and (end == size or (end < size and _end(file, end) is not None)):
                return at + found
            found = data.find(_KEY, found + 1)
    return size
