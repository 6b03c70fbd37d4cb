"""A walk along the data packets of an ASF or Windows Media file (Advanced Systems Format, revision 01.20.05)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from passerby.media.hole import BREAKS_OFF, Hole, pieces, read_at

_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_HEADER_HEAD, _DATA_HEAD = 30, 50
_MAX_HEADER = 1 << 24
_MARK = b"\x82\0\0"
"""Every packet begins so: no data for the correction of errors. Others are not known to be written."""
_WIDTHS = (0, 1, 2, 4)
"""Bytes of a number, by the two bits that tell of it."""
_COUNTED = 16
"""After so many objects in a row, a writer is believed to number them."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Of an object, which is one picture or some sound."""

    stream: int
    number: int
    start: int
    end: int
    """First byte of the object that is not in this part."""
    total: int
    """Size of the object; 0: small objects that came packed together."""


@dataclass(slots=True)
class _Object:
    """What is known of the last object of a stream."""

    number: int
    place: int
    """Where the packet lies in which it begins."""
    got: int
    total: int
    counted: int
    """So many objects before it had the number before their next one's."""


def asf_holes(file: BinaryIO, size: int) -> Iterator[Hole]:
    """What is broken in a file of `size` bytes, whose packets are all of one size.

    A hole begins with the packet in which the first object begins that it struck: FFmpeg places that one there.
    """
    found = _layout(file, size)
    if found is None:
        return
    at, length, end = found
    last = min(end, size)
    walk = _Walk(at)
    while at < last:
        parts = _parts(read_at(file, at, length), length) if at + length <= last else None
        if parts is not None:
            yield from walk.see(parts, at, length)
            at += length
            continue
        resumed = _next_packet(file, at + 1, last, length)
        if resumed < last or end <= size:
            yield Hole(walk.struck, resumed, BREAKS_OFF if resumed == last else "a stretch of it is overwritten")
        at, walk = resumed, _Walk(resumed) if resumed < last else walk
    if end > size:
        yield Hole(walk.struck, size, BREAKS_OFF)


class _Walk:
    """From packet to packet of all streams."""

    def __init__(self, begin: int) -> None:
        self.struck = begin
        """Where the first object begins that is struck if the last packet is: its end may be gone."""
        self._last: dict[int, _Object] = {}

    def see(self, parts: list[_Part], at: int, length: int) -> Iterator[Hole]:
        """Holes that show in the `parts` of the packet of `length` bytes at `at`."""
        touched = [at]
        for part in parts:
            last = self._last.pop(part.stream, None)
            if not part.total:
                continue
            if last is not None and not _follows(part, last):
                yield Hole(last.place if last.got < last.total else at, at + length * (part.start > 0), "it has gaps")
                last = None
            if last is not None and part.start:
                now = _Object(part.number, last.place, part.end, part.total, last.counted)
            else:
                counted = last.counted + 1 if last is not None and _counts(part, last) else 0
                now = _Object(part.number, at, part.end, part.total, counted)
            self._last[part.stream] = now
            touched.append(now.place)
        self.struck = min(touched + [each.place for each in self._last.values() if each.got < each.total])


def _follows(part: _Part, last: _Object) -> bool:
    """Whether `part` may come right after the parts of `last` that came."""
    if part.start:
        return part.start == last.got and part.number == last.number
    return last.got == last.total and (last.counted < _COUNTED or _counts(part, last))


def _counts(part: _Part, last: _Object) -> bool:
    # Numbers have 8, 16 or 32 bits.
    return part.number == last.number + 1 or (not part.number and last.number in (0xFF, 0xFFFF, 0xFFFFFFFF))


def _layout(file: BinaryIO, size: int) -> tuple[int, int, int] | None:
    """(where the packets begin, size of each, where they are to end); None: unknown, or they differ in size."""
    head = read_at(file, 0, _HEADER_HEAD)
    if len(head) < _HEADER_HEAD or not head.startswith(_HEADER):
        return None
    data_at = int.from_bytes(head[16:24], "little")
    if data_at > _MAX_HEADER:
        return None
    objects, data = read_at(file, 0, data_at), read_at(file, data_at, _DATA_HEAD)
    at = _HEADER_HEAD
    while at + 24 <= len(objects) and objects[at : at + 16] != _PROPERTIES:
        at += max(int.from_bytes(objects[at + 16 : at + 24], "little"), 24)
    if at + 104 > len(objects) or len(data) < _DATA_HEAD or not data.startswith(_DATA):
        return None
    flags, shortest, longest = (int.from_bytes(objects[at + o :][:4], "little") for o in (88, 92, 96))
    if shortest != longest or shortest < 16:
        return None
    begin, promised = data_at + _DATA_HEAD, int.from_bytes(data[16:24], "little")
    if all(read_at(file, begin + packet * shortest, len(_MARK)) != _MARK for packet in range(2)):
        return None
    # Of a broadcast the lengths are not known.
    end = size if flags & 1 or promised <= _DATA_HEAD else data_at + promised
    return begin, shortest, begin + (end - begin) // shortest * shortest


def _next_packet(file: BinaryIO, start: int, end: int, length: int) -> int:
    """Where the next packet begins that another one, or the end, follows; `end` where there is none."""
    for at, data in pieces(file, start, end, len(_MARK) - 1):
        found = data.find(_MARK)
        while found >= 0:
            both = read_at(file, at + found, 2 * length) if at + found + length <= end else b""
            if _parts(both[:length], length) is not None and (
                at + found + length == end or _parts(both[length:], length) is not None
            ):
                return at + found
            found = data.find(_MARK, found + 1)
    return end


class _Numbers:
    """Reads numbers of changing width, one after the other. Raises EOFError where there are no more."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def next(self, width: int) -> int:
        if self.at + width > len(self.data):
            raise EOFError
        self.at += width
        return int.from_bytes(self.data[self.at - width : self.at], "little")


def _parts(packet: bytes, length: int) -> list[_Part] | None:
    """What is in a `packet` of `length` bytes; None where it makes no sense."""
    try:
        return list(_read(_Numbers(packet), length)) if len(packet) == length else None
    except EOFError:
        return None


def _read(numbers: _Numbers, length: int) -> Iterator[_Part]:
    if numbers.next(3) != int.from_bytes(_MARK, "little"):
        raise EOFError
    flags = numbers.next(1)
    widths = numbers.next(1)
    # A packet may be shorter than its place; what is left of it is no part of any object.
    own = numbers.next(_WIDTHS[flags >> 5 & 3]) or length
    numbers.next(_WIDTHS[flags >> 1 & 3])
    padding = numbers.next(_WIDTHS[flags >> 3 & 3])
    numbers.next(6)
    end = min(own, length) - padding
    several = numbers.next(1) if flags & 1 else 0
    for _ in range(several & 63 or 1):
        stream = numbers.next(1) & 127
        number = numbers.next(_WIDTHS[widths >> 4 & 3])
        start = numbers.next(_WIDTHS[widths >> 2 & 3])
        described = numbers.next(_WIDTHS[widths & 3])
        total = numbers.next(4) if described >= 8 else 0
        numbers.next(described - 4 if described >= 8 else described)
        size = numbers.next(_WIDTHS[several >> 6]) if several else end - numbers.at
        if size < 0 or numbers.at + size > end or (total and start + size > total):
            raise EOFError
        if size:
            yield _Part(stream, number, start, start + size, total)
        numbers.at += size
