"""A walk along the elements of a Matroska or WebM file (RFC 8794, RFC 9559)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from passerby.media.hole import BREAKS_OFF, Hole, pieces, read_at

_EBML, _SEGMENT, _CLUSTER, _TRACKS = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1654AE6B
_TRACK, _NUMBER = 0xAE, 0xD7
_VOID, _CRC = 0xEC, 0xBF
_TOP = frozenset({_CLUSTER, _TRACKS, 0x114D9B74, 0x1549A966, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367})
"""Clusters, tracks, the table of contents, information, cues, attachments, chapters and tags."""
_SIMPLE_BLOCK, _GROUP, _BLOCK = 0xA3, 0xA0, 0xA1
_NUMBERS = frozenset({0xE7, 0xA7, 0xAB})
"""Of a cluster: its time, its place, the size of the one before."""
_IN_CLUSTER = _NUMBERS | {_SIMPLE_BLOCK, _GROUP, 0x5854, _VOID, _CRC}
_IN_GROUP = frozenset({_BLOCK, 0xA2, 0x75A1, 0x9B, 0xFA, 0xFB, 0xFD, 0xA4, 0x75A2, 0x8E, 0xC8, _VOID, _CRC})
_FIRST = re.compile(b"|".join(re.escape(each.to_bytes(4, "big")) for each in sorted(_TOP)))


@dataclass(frozen=True, slots=True)
class Element:
    """One element of EBML."""

    id: int
    start: int
    body: int
    end: int | None
    """None: it does not say where it ends."""


def element_at(file: BinaryIO, start: int) -> Element | None:
    """What begins at `start`; None where nothing can."""
    head = read_at(file, start, 12)
    if len(head) < 2 or head[0] < 0x10:
        return None
    width = 9 - head[0].bit_length()
    if len(head) <= width or not head[width]:
        return None
    more = 9 - head[width].bit_length()
    coded = head[width : width + more]
    if len(coded) < more:
        return None
    unknown = (1 << 7 * more) - 1
    length = int.from_bytes(coded, "big") & unknown
    body = start + width + more
    return Element(int.from_bytes(head[:width], "big"), start, body, None if length == unknown else body + length)


def segment_end(file: BinaryIO) -> int:
    """Where the segment of a Matroska or WebM file ends; 0 when it does not say."""
    segment = _segment(file)
    return 0 if segment is None or segment.end is None else segment.end


def _segment(file: BinaryIO) -> Element | None:
    header = element_at(file, 0)
    if header is None or header.id != _EBML or header.end is None:
        return None
    segment = element_at(file, header.end)
    return segment if segment is not None and segment.id == _SEGMENT else None


def matroska_holes(file: BinaryIO, size: int) -> Iterator[Hole]:
    """What is broken in the first segment of a file of `size` bytes.

    Each hole takes in the block before it: its end may be gone as well.
    """
    segment = _segment(file)
    if segment is not None:
        yield from _Walk(file, segment, size).holes()


class _Walk:
    """From element to element of one segment."""

    def __init__(self, file: BinaryIO, segment: Element, size: int) -> None:
        self._file = file
        self._at = self._before = segment.body
        self._end = size if segment.end is None else min(segment.end, size)
        self._live = segment.end is None
        self._cut = segment.end is not None and segment.end > size
        self._tracks: frozenset[int] = frozenset()

    def holes(self) -> Iterator[Hole]:
        while self._at < self._end:
            top = element_at(self._file, self._at)
            if top is not None and self._live and top.id in (_EBML, _SEGMENT):
                return  # another recording was appended
            if top is None or top.id not in _TOP | {_VOID, _CRC}:
                yield from self._hole(top)
            elif top.end is not None and top.end > self._end and self._is_last(top):
                # A file that breaks off says so by the length of its segment, but for one written live.
                found = list(self._children(top))
                yield from found or ([] if self._cut else [Hole(self._before, self._end, BREAKS_OFF)])
                return
            elif top.end is None and top.id != _CLUSTER:
                yield from self._hole(None)
            elif top.id == _CLUSTER:
                yield from self._cluster(top)
            else:
                if top.id == _TRACKS:
                    self._tracks = self._numbers(top)
                self._before, self._at = self._at, top.end or self._end

    def _is_last(self, top: Element) -> bool:
        """Whether nothing that is known follows inside of `top`, which reaches over the end."""
        return self._next_top(top.body) >= self._end

    def _cluster(self, cluster: Element) -> Iterator[Hole]:
        broken = False
        for hole in self._children(cluster):
            broken = True
            yield hole
        if cluster.end is not None and not broken and not self._sums_up(cluster):
            yield Hole(cluster.start, cluster.end, "its data does not match its check sum", doubtful=True)

    def _children(self, cluster: Element) -> Iterator[Hole]:
        """Walk inside of `cluster`; where it ends early or is lost, the walk stands at what comes then."""
        end = min(self._end if cluster.end is None else cluster.end, self._end)
        self._at = cluster.body
        while self._at < end:
            child = element_at(self._file, self._at)
            if child is not None and cluster.end is None and child.id in _TOP | {_EBML, _SEGMENT}:
                return
            if child is not None and self._fits(child, end):
                # What looks like a small element may be the inside of a block that is broken.
                self._before = self._at if child.id in (_SIMPLE_BLOCK, _GROUP) else self._before
                self._at = child.end or end
                continue
            if child is not None and child.end is not None and self._goes_on(child.end, end):
                yield Hole(child.start, child.end, "an element in it is damaged")
                self._at = child.end
                continue
            if end == self._end and child is not None and child.id in _IN_CLUSTER and self._is_last(child):
                if not self._cut:
                    yield Hole(child.start, end, BREAKS_OFF)
                self._at = end
                return
            yield from self._hole(None)
            return

    def _goes_on(self, at: int, end: int) -> bool:
        """Whether at `at` a cluster goes on that ends at `end`."""
        following = element_at(self._file, at) if at < end else None
        return at == end or (following is not None and self._fits(following, end))

    def _fits(self, child: Element, end: int) -> bool:
        """Whether `child` may lie in a cluster that ends at `end`."""
        if child.id not in _IN_CLUSTER or child.end is None or child.end > end:
            return False
        length = child.end - child.body
        if child.id in _NUMBERS:
            return length <= 8
        if child.id == _SIMPLE_BLOCK:
            return self._is_block(child)
        if child.id == _GROUP:
            return self._is_group(child, child.end)
        return length == 4 if child.id == _CRC else True

    def _is_group(self, group: Element, end: int) -> bool:
        at, blocks = group.body, 0
        while at < end:
            child = element_at(self._file, at)
            if child is None or child.end is None or child.end > end or child.id not in _IN_GROUP:
                return False
            if child.id == _BLOCK:
                blocks += 1
                if not self._is_block(child):
                    return False
            at = child.end
        return blocks == 1

    def _is_block(self, block: Element) -> bool:
        """Whether `block` says of which track it is, and that track exists."""
        head = read_at(self._file, block.body, 8)
        width = 9 - head[0].bit_length() if head else 9
        if width > 8 or block.end is None or block.end - block.body < width + 3:
            return False
        number = int.from_bytes(head[:width], "big") & ((1 << 7 * width) - 1)
        return not self._tracks or number in self._tracks

    def _numbers(self, tracks: Element) -> frozenset[int]:
        """The numbers of all tracks; none where one of them is not understood."""
        found = set()
        for track in self._within(tracks):
            if track.id != _TRACK:
                continue
            bodies = [(each.body, each.end) for each in self._within(track) if each.id == _NUMBER]
            for body, end in bodies:
                found.add(int.from_bytes(read_at(self._file, body, (end or body) - body), "big"))
            if not bodies:
                return frozenset()
        return frozenset(found)

    def _within(self, parent: Element) -> Iterator[Element]:
        at, end = parent.body, parent.end or parent.body
        while at < end:
            child = element_at(self._file, at)
            if child is None or child.end is None or child.end > end:
                return
            yield child
            at = child.end

    def _sums_up(self, cluster: Element) -> bool:
        """Whether the data of `cluster` is what its check sum says, if it has one."""
        first = element_at(self._file, cluster.body)
        if first is None or first.id != _CRC or first.end is None or cluster.end is None:
            return True
        value = 0
        for _, data in pieces(self._file, first.end, cluster.end):
            value = zlib.crc32(data, value)
        return value == int.from_bytes(read_at(self._file, first.body, 4), "little")

    def _hole(self, unknown: Element | None) -> Iterator[Hole]:
        """Go on at the next element that is known; at `unknown`'s end where that is one."""
        start = self._before
        if unknown is not None and unknown.end is not None and unknown.end <= self._end:
            following = element_at(self._file, unknown.end)
            if unknown.end == self._end or (following is not None and following.id in _TOP):
                self._before, self._at = self._at, unknown.end
                yield Hole(unknown.start, unknown.end, "an element in it is damaged")
                return
        self._at = self._next_top(self._at)
        self._before = self._at
        yield Hole(start, self._at, "a stretch of it is overwritten or missing")

    def _next_top(self, start: int) -> int:
        """Where the next element that a segment holds begins; the end where there is none."""
        for at, data in pieces(self._file, start, self._end, 3):
            for match in _FIRST.finditer(data):
                found = element_at(self._file, at + match.start())
                if found is not None and (found.end is None or found.end <= self._end) and self._is_plausible(found):
                    return found.start
        return self._end

    def _is_plausible(self, top: Element) -> bool:
        if top.id != _CLUSTER:
            return top.end is not None
        first = element_at(self._file, top.body)
        return first is not None and first.id in _NUMBERS | {_CRC, _VOID}
