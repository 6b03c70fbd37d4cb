"""A walk along the packets of an MPEG transport stream (ISO/IEC 13818-1): sync bytes and continuity counters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from passerby.media.hole import BREAKS_OFF, Hole, read_at

_SYNC = 0x47
_SIZES = {188: 0, 192: 4, 204: 0}
"""Bytes per packet, with the place of the sync byte in it: plain, with arrival times, with error correction."""
_IN_A_ROW = 5
"""So many packets, each with its sync byte, are no accident."""
_HEAD = 1 << 16
_ROWS = 1 << 14
"""Packets that are looked at together."""
_TABLE = 0
"""The number of the packets with which every stream begins: its table of programmes."""


@dataclass(frozen=True, slots=True)
class _Layout:
    size: int
    sync: int


def transport_holes(file: BinaryIO, size: int, number: int) -> Iterator[Hole]:
    """What is broken in the picture of a file of `size` bytes; its packets are numbered `number`.

    A hole reaches from the beginning of the picture that it struck to that of the next whole one.
    """
    found = _layout(read_at(file, 0, _HEAD))
    if found is None:
        return
    layout, at = found
    watch = _Watch(number, layout, at)
    while at < size:
        data = read_at(file, at, layout.size * _ROWS)
        rows = np.frombuffer(data, np.uint8)[: len(data) // layout.size * layout.size].reshape(-1, layout.size)
        lost = np.flatnonzero(rows[:, layout.sync] != _SYNC)
        good = int(lost[0]) if lost.size else len(rows)
        yield from watch.see(rows[:good, layout.sync :], at)
        at += good * layout.size
        if not lost.size and len(rows) == _ROWS:
            continue
        resumed = _resync(file, at, size, layout)
        if resumed is None:
            if not _is_padding(file, at, size) or watch.is_cut(file, at):
                watch.strike(BREAKS_OFF)
            break
        watch.strike("a stretch of it is overwritten or missing")
        at = resumed
    if watch.struck is not None:
        yield Hole(watch.struck, size, watch.reason)


def _layout(head: bytes) -> tuple[_Layout, int] | None:
    """How packets lie in a file that begins with `head`, and where the first one does; None: they do not."""
    data = np.frombuffer(head, np.uint8) == _SYNC
    for size, sync in _SIZES.items():
        begin = _first_run(data, size, sync, min(_IN_A_ROW, len(head) // size))
        if begin is not None:
            return _Layout(size, sync), begin
    return None


def _first_run(is_sync: NDArray[np.bool_], size: int, sync: int, count: int) -> int | None:
    """The first place from which `count` packets have their sync byte."""
    span = len(is_sync) - sync - size * (count - 1)
    if span <= 0 or not count:
        return None
    runs = np.logical_and.reduce([is_sync[sync + k * size :][:span] for k in range(count)])
    return int(runs.argmax()) if runs.any() else None


def _resync(file: BinaryIO, start: int, end: int, layout: _Layout) -> int | None:
    """Where packets begin again after `start`; None: nowhere."""
    reach = layout.size * (_IN_A_ROW + 1)
    at = start
    while at < end:
        data = read_at(file, at, _HEAD * 16)
        count = min(_IN_A_ROW, max((end - at) // layout.size - 1, 1))
        found = _first_run(np.frombuffer(data, np.uint8) == _SYNC, layout.size, layout.sync, count)
        if found is not None and at + found + layout.size <= end:
            return at + found
        if at + len(data) >= end:
            return None
        at += len(data) - reach
    return None


def _is_padding(file: BinaryIO, start: int, end: int) -> bool:
    """Whether nothing but one value, 0 or 255, follows."""
    values: set[int] = set()
    for at in range(start, end, _HEAD):
        values |= set(read_at(file, at, min(_HEAD, end - at)))
        if len(values) > 1:
            return False
    return values <= {0} or values <= {255}


class _Watch:
    """Follows the packets of one picture stream."""

    def __init__(self, number: int, layout: _Layout, begin: int) -> None:
        """`begin`: where the first packet lies."""
        self.struck: int | None = None
        """Where the picture begins that a hole struck, until the next picture begins."""
        self.reason = ""
        self._number = number
        self._layout = layout
        self._begin = begin
        """Where the last picture began."""
        self._last: NDArray[np.uint8] | None = None
        """The packet before."""
        self._table_since = False
        self._pictures = 0
        self._unpadded = 0
        """So many pictures end exactly with a packet, where chance makes it one in 184."""

    def strike(self, reason: str) -> None:
        """Note that a hole struck the picture that began last."""
        if self.struck is None:
            self.struck, self.reason = self._begin, reason
        self._last = None

    def see(self, rows: NDArray[np.uint8], at: int) -> Iterator[Hole]:
        """Holes that end among `rows`, whole packets from their sync byte on, of which the first lies at byte `at`."""
        numbers = _numbers(rows)
        mine, tables = np.flatnonzero(numbers == self._number), np.flatnonzero(numbers == _TABLE)
        if not mine.size:
            self._table_since |= bool(tables.size)
            return
        behind_table = np.diff(np.searchsorted(tables, mine), prepend=0) > 0
        behind_table[0] |= self._table_since
        self._table_since = bool((tables > mine[-1]).any())
        yield from self._follow(rows[mine], at + mine * self._layout.size, behind_table)

    def _follow(
        self, packets: NDArray[np.uint8], places: NDArray[Any], behind_table: NDArray[np.bool_]
    ) -> Iterator[Hole]:
        """Holes that end among the `packets` of the picture, which lie at `places`."""
        before = np.vstack([packets[:1] if self._last is None else self._last[None], packets[:-1]])
        counts, counts_before = packets[:, 3] & 15, before[:, 3] & 15
        begins, wrong = packets[:, 1] & 0x40 != 0, packets[:, 1] & 0x80 != 0
        follows = counts == (counts_before + (packets[:, 3] >> 4 & 1)) & 15
        # A packet may be sent twice, with another clock in its head.
        repeats = (counts == counts_before) & (packets[:, -100:] == before[:, -100:]).all(axis=1)
        announced = (packets[:, 3] & 0x20 != 0) & (packets[:, 4] > 0) & (packets[:, 5] & 0x80 != 0)
        # Where parts were joined, the next one begins with its tables and a picture.
        joined = begins & behind_table
        broken = wrong | ~(follows | repeats | announced | joined)
        starts = np.flatnonzero(begins)
        for row in np.flatnonzero(broken | begins) if self.struck is not None or broken.any() else ():
            if broken[row]:
                self._begin = int(places[starts[starts < row][-1]]) if (starts < row).any() else self._begin
                self.strike("packets of its picture are missing")
            if begins[row] and not wrong[row] and self.struck is not None:
                yield Hole(self.struck, int(places[row]), self.reason)
                self.struck = None
        self._last = packets[-1].copy()
        self._pictures += len(starts)
        self._unpadded += int(np.count_nonzero(begins & (before[:, 3] & 0x30 == 0x10)))
        if starts.size:
            self._begin = int(places[starts[-1]])

    def is_cut(self, file: BinaryIO, end: int) -> bool:
        """Whether the last picture, which goes up to byte `end`, is there in part only."""
        data, size = read_at(file, self._begin, end - self._begin), self._layout.size
        rows = np.frombuffer(data, np.uint8)[: len(data) // size * size].reshape(-1, size)[:, self._layout.sync :]
        packets = rows[_numbers(rows) == self._number]
        if not len(packets) or not packets[0, 1] & 0x40:
            return False
        extra = np.where(packets[:, 3] & 0x20, packets[:, 4].astype(np.int64) + 1, 0)
        carried = np.where(packets[:, 3] & 0x10, 184 - extra, 0)
        declared = int.from_bytes(packets[0, 4 + int(extra[0]) :][4:6].tobytes(), "big")
        if declared:
            return int(carried.sum()) < declared + 6
        # Without a length, only the padding of its last packet tells where a picture ends.
        return int(carried[-1]) == 184 and self._unpadded * 20 <= self._pictures


def _numbers(rows: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Of each packet, the number of the stream that it belongs to."""
    return (rows[:, 1].astype(np.int32) & 0x1F) << 8 | rows[:, 2]
