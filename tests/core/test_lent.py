"""Sources and sinks that somebody watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import drawn_frames

from passerby.core.lent import WatchedSink, WatchedSource


class Watched:
    """Notes what happens in which order."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    @contextmanager
    def watch(self, index: int) -> Iterator[None]:
        self.notes.append(f"begin {index}")
        yield
        self.notes.append(f"end {index}")


class Film:
    """Two frames, noted as they are made."""

    info: Any = SimpleNamespace(name="film")

    def __init__(self, notes: list[str]) -> None:
        self.notes = notes

    def __iter__(self) -> Iterator[Any]:
        for index in range(2):
            self.notes.append(f"made {index}")
            yield drawn_frames.frame(index=index)


def test_every_frame_is_read_in_a_block_of_its_own_which_the_end_never_completes() -> None:
    watched = Watched()
    source = WatchedSource(Film(watched.notes), watched.watch)  # type: ignore[arg-type]
    assert source.info.name == "film"
    assert [frame.index for frame in source] == [0, 1]
    assert watched.notes == ["begin 0", "made 0", "end 0", "begin 1", "made 1", "end 1", "begin 2"]


def test_every_frame_is_written_in_a_block_of_its_own() -> None:
    watched = Watched()
    sink = SimpleNamespace(write=lambda frame: watched.notes.append(f"written {frame.index}"))
    WatchedSink(sink, watched.watch).write(drawn_frames.frame(index=7))  # type: ignore[arg-type]
    assert watched.notes == ["begin 7", "written 7", "end 7"]
