"""Nothing grows old between the source's thread and the run, and nothing is kept from it but pictures."""

from __future__ import annotations

import threading

import pytest
from drawn_frames import frame
from live_fakes import FakeClock, arrived

from passerby.core.errors import InputError
from passerby.flow import Over
from passerby.live.inbox import Arrived, Inbox, raise_if_failed, reading
from passerby.live.sources import Lost, Picture
from passerby.live.statistics import Statistics

ENOUGH_S = 10.0


def test_a_burst_pushes_out_the_oldest():
    statistics = Statistics()
    inbox = Inbox(statistics, depth=3)
    for i in range(10):
        inbox.put(arrived(frame(), i))
    kept = [inbox.take(0) for _ in range(3)]
    assert [item.ticks for item in kept] == [7000, 8000, 9000]
    assert inbox.take(0) is None
    assert statistics.dropped == 7


def test_news_are_never_pushed_out():
    inbox = Inbox(Statistics(), depth=2)
    inbox.put(Lost("gone"))
    for i in range(5):
        inbox.put(arrived(frame(), i))
    inbox.put(Over())
    items = [inbox.take(0) for _ in range(4)]
    assert items[0] == Lost("gone")
    assert items[3] == Over()


def taken(pictures, stopped=lambda: False):
    """All that the thread puts in."""
    inbox, items = Inbox(Statistics(), depth=99), []
    with reading(pictures, inbox, FakeClock(5.0), Statistics(), stopped):
        while not items or not isinstance(items[-1], Over):
            item = inbox.take(ENOUGH_S)
            assert item is not None
            items.append(item)
    return items


def test_pictures_come_with_the_time_at_which_they_were_there():
    items = taken(Picture(frame(), None, None) for _ in range(2))
    assert [item.ticks for item in items if isinstance(item, Arrived)] == [5000, 5001]


def test_what_ends_the_source_ends_the_run():
    def broken():
        yield Picture(frame(), None, None)
        raise InputError("torn")

    *_, over = taken(broken())
    with pytest.raises(InputError, match="torn"):
        raise_if_failed(over)


def test_the_source_is_closed_when_the_run_ends():
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield Picture(frame(), None, None)
        finally:
            closed.set()

    inbox = Inbox(Statistics())
    with reading(endless(), inbox, FakeClock(), Statistics(), lambda: False):
        assert inbox.take(ENOUGH_S) is not None
    assert closed.wait(ENOUGH_S)
