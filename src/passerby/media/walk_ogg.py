"""A walk along the pages of an Ogg file (RFC 3533): their numbers and their check sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from passerby.media.checksum import crc32
from passerby.media.hole import BREAKS_OFF, Hole, pieces, read_at

_MARK = b"OggS\0"
_HEAD = 27
_CONTINUED, _FIRST = 1, 2
"""Flags: the page begins inside of a packet; it begins a stream."""


@dataclass(frozen=True, slots=True)
class _Page:
    start: int
    end: int
    flags: int
    stream: int
    number: int
    begins: bool
    """Whether a packet begins in it."""
    sums_up: bool
    """Whether it is what its check sum says."""


def ogg_holes(file: BinaryIO, size: int) -> Iterator[Hole]:
    """What is broken in a file of `size` bytes.

    A hole begins with the page in which the last packet before it began: FFmpeg places each packet there.
    """
    walk = _Walk()
    at = 0
    while at < size:
        page = _page_at(file, at, size)
        if page is None:
            found = _next_page(file, at + 1, size)
            reason = "a stretch of it is overwritten or missing" if found < size else BREAKS_OFF
            yield Hole(min(walk.suspect, at), found, reason)
            at = walk.suspect = found
        else:
            yield from walk.see(page)
            at = page.end


class _Walk:
    """From page to page of all streams."""

    def __init__(self) -> None:
        self.suspect = 0
        """Where the first packet began that has a part in the last page: the end of that page may be gone."""
        self._begun: dict[int, int] = {}
        """Per stream, the last page in which a packet began."""
        self._next: dict[int, int] = {}
        """Per stream, the number that its next page has to have."""

    def see(self, page: _Page) -> Iterator[Hole]:
        begun = self._begun.get(page.stream, page.start)
        if not page.flags & _FIRST and self._next.get(page.stream, page.number) != page.number:
            yield Hole(begun, page.start, "pages of it are missing")
            begun = page.start
        self.suspect = begun if page.flags & _CONTINUED else page.start
        # Nothing that the page held can be kept: FFmpeg leaves it out.
        if not page.sums_up:
            yield Hole(self.suspect, page.end, "its data does not match its check sum")
        self._begun[page.stream] = page.start if page.begins else begun
        self._next[page.stream] = (page.number + 1) & 0xFFFFFFFF


def _page_at(file: BinaryIO, start: int, size: int) -> _Page | None:
    """The page that begins at `start`; None where none does, or not all of it is there."""
    head = read_at(file, start, _HEAD + 255)
    if len(head) < _HEAD or not head.startswith(_MARK):
        return None
    parts = head[_HEAD : _HEAD + head[26]]
    end = start + _HEAD + head[26] + sum(parts)
    if len(parts) < head[26] or end > size:
        return None
    flags = head[5]
    # Parts of 255 bytes go on in the next one.
    ends = sum(part < 255 for part in parts)
    goes_on = bool(parts) and parts[-1] == 255
    whole = read_at(file, start, end - start)
    return _Page(
        start=start,
        end=end,
        flags=flags,
        stream=int.from_bytes(head[14:18], "little"),
        number=int.from_bytes(head[18:22], "little"),
        begins=ends + goes_on > flags & _CONTINUED,
        sums_up=crc32(whole[:22] + bytes(4) + whole[26:]) == int.from_bytes(head[22:26], "little"),
    )


def _next_page(file: BinaryIO, start: int, size: int) -> int:
    """Where the next page begins that sums up; `size` where there is none."""
    for at, data in pieces(file, start, size, len(_MARK) - 1):
        found = data.find(_MARK)
        while found >= 0:
            page = _page_at(file, at + found, size)
            if page is not None and page.sums_up:
                return at + found
            found = data.find(_MARK, found + 1)
    return size
