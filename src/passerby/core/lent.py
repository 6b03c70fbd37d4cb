"""Sources and sinks around others that somebody else has opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from passerby.core.frame import Frame, MediaInfo
from passerby.core.stages import Sink, Source

Watch = Callable[[int], AbstractContextManager[object]]
"""Gives the block in which a frame is read or written, by its number, counted from 0."""


class Lent:
    """A context manager that does nothing: entering and leaving what is inside is the caller's part."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        pass


@dataclass(frozen=True)
class WatchedSource(Lent):
    """A source that reads every frame in a block of its own. At its end one more is left, by `StopIteration`."""

    source: Source
    watch: Watch

    @property
    def info(self) -> MediaInfo:
        return self.source.info

    def __iter__(self) -> Iterator[Frame]:
        frames, index = iter(self.source), 0
        while True:
            try:
                with self.watch(index):
                    frame = next(frames)
            except StopIteration:
                return
            yield frame
            index += 1


@dataclass(frozen=True)
class WatchedSink(Lent):
    """A sink that writes every frame in a block of its own."""

    sink: Sink
    watch: Watch

    def write(self, frame: Frame) -> None:
        with self.watch(frame.index):
            self.sink.write(frame)
