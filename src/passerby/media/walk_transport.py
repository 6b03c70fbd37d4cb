"""A walk along the packets of an MPEG transport stream (ISO/IEC 13818-1): sync bytes and continuity counters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class _Counter:
    """What was seen of the packets with the picture's number."""

    last: int | None = None
    """Continuity counter of the one before."""
    content: bytes = b""
    begin: int = 0
    """Where the picture began that it belongs to."""
    table_since: bool = False
    """A table of programmes came since."""
    pictures: int = 0
    unpadded: int = 0
    """So many of the pictures end exactly with a packet, where chance makes it one in 184."""
    open: int | None = None
    """Where a hole began whose end did not come yet."""
    reason: str = field(default="")


def transport_holes(file: BinaryIO, size: int, number: int) -> Iterator[Hole]:
    """What is broken in the picture of a file of `size` bytes; its packets are numbered `number`.

    A hole reaches from the beginning of the picture that it struck to that of the next whole one.
    """
    found = _layout(read_at(file, 0, _HEAD))
    if found is None:
        return
    layout, at = found
    counter = _Counter(begin=at)
    while at < size:
        data = read_at(file, at, layout.size * _ROWS)
        rows = np.frombuffer(data, np.uint8)[: len(data) // layout.size * layout.size].reshape(-1, layout.size)
        lost = np.flatnonzero(rows[:, layout.sync] != _SYNC)
        good = int(lost[0]) if lost.size else len(rows)
        yield from _counted(counter, rows[:good, layout.sync :], at, layout.size, number)
        at += good * layout.size
        if not lost.size and len(rows) == _ROWS:
            continue
        resumed = _resync(file, at, size, layout)
        if resumed is None:
            if not _is_padding(file, at, size) or _is_cut(file, counter, at, layout, number):
                yield Hole(counter.begin if counter.open is None else counter.open, size, BREAKS_OFF)
                return
            break
        if counter.open is None:
            counter.open, counter.reason = counter.begin, "a stretch of it is overwritten or missing"
        counter.last = None
        at = resumed
    if counter.open is not None:
        yield Hole(counter.open, size, counter.reason)


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


def _is_cut(file: BinaryIO, counter: _Counter, end: int, layout: _Layout, number: int) -> bool:
    """Whether the last picture, which goes up to byte `end`, is there in part only."""
    data = read_at(file, counter.begin, end - counter.begin)
    rows = np.frombuffer(data, np.uint8)[: len(data) // layout.size * layout.size].reshape(-1, layout.size)
    rows = rows[:, layout.sync :]
    packets = rows[(rows[:, 1].astype(np.int32) & 0x1F) << 8 | rows[:, 2] == number]
    if not len(packets) or not packets[0, 1] & 0x40:
        return False
    extra = np.where(packets[:, 3] & 0x20, packets[:, 4].astype(np.int64) + 1, 0)
    carried = np.where(packets[:, 3] & 0x10, 184 - extra, 0)
    length = packets[0, 4 + int(extra[0]) :][4:6]
    declared = int.from_bytes(length.tobytes(), "big")
    if declared:
        return int(carried.sum()) < declared + 6
    # Without a length, only the padding of its last packet tells where a picture ends.
    return int(carried[-1]) == 184 and counter.unpadded * 20 <= counter.pictures


def _counted(counter: _Counter, rows: NDArray[np.uint8], at: int, step: int, number: int) -> Iterator[Hole]:
    """Holes among `rows`, whole packets from their sync byte on, the first at byte `at` and one every `step` bytes."""
    numbers = (rows[:, 1].astype(np.int32) & 0x1F) << 8 | rows[:, 2]
    mine = np.flatnonzero(numbers == number)
    if not mine.size:
        counter.table_since |= bool((numbers == _TABLE).any())
        return
    packets = rows[mine]
    counts = packets[:, 3] & 15
    carries = (packets[:, 3] & 0x10) != 0
    begins = (packets[:, 1] & 0x40) != 0
    flagged = (packets[:, 3] & 0x20 != 0) & (packets[:, 4] > 0) & (packets[:, 5] & 0x80 != 0)
    wrong = (packets[:, 1] & 0x80) != 0
    before = np.concatenate([[counts[0] if counter.last is None else counter.last], counts[:-1]]).astype(np.uint8)
    follows = counts == (before + carries) & 15
    if counter.last is None:
        follows[0] = True
    tables = np.flatnonzero(numbers == _TABLE)
    # Only a packet that breaks the row, or begins a picture while a hole is open, needs a look of its own.
    odd = wrong | (~follows & ~flagged)
    starts = np.flatnonzero(begins)
    counter.pictures += len(starts)
    counter.unpadded += int(np.count_nonzero((packets[:-1, 3] & 0x30 == 0x10) & begins[1:]))
    for row in np.flatnonzero(odd | begins) if counter.open is not None or odd.any() else ():
        if odd[row] and not (not wrong[row] and _is_fine(counter, rows, packets, mine, tables, int(row), begins)):
            earlier = starts[starts < row]
            counter.begin = at + int(mine[earlier[-1]]) * step if earlier.size else counter.begin
            if counter.open is None:
                counter.open, counter.reason = counter.begin, "packets of its picture are missing"
        if begins[row] and not wrong[row] and counter.open is not None:
            yield Hole(counter.open, at + int(mine[row]) * step, counter.reason)
            counter.open = None
    _remember(counter, packets, mine, tables, at, step, starts)


def _is_fine(
    counter: _Counter,
    rows: NDArray[np.uint8],
    packets: NDArray[np.uint8],
    mine: NDArray[Any],
    tables: NDArray[Any],
    row: int,
    begins: NDArray[np.bool_],
) -> bool:
    """Whether the packet in `row` only repeats the one before, or begins a part that was appended."""
    same = packets[row - 1].tobytes() if row else counter.content
    # The clock may differ between a packet and its copy.
    if packets[row, 3:].tobytes()[-100:] == same[-100:] and packets[row, 3] & 15 == (same[3] & 15 if same else -1):
        return True
    since = (tables > mine[row - 1]) & (tables < mine[row]) if row else tables < mine[row]
    return bool(begins[row]) and (bool(since.any()) or (row == 0 and counter.table_since))


def _remember(
    counter: _Counter,
    packets: NDArray[np.uint8],
    mine: NDArray[Any],
    tables: NDArray[Any],
    at: int,
    step: int,
    starts: NDArray[Any],
) -> None:
    """Carry on to the next rows."""
    counter.last = int(packets[-1, 3]) & 15
    counter.content = packets[-1].tobytes()
    counter.table_since = bool((tables > mine[-1]).any())
    if starts.size:
        counter.begin = at + int(mine[starts[-1]]) * step
