"""How far a run has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from passerby.core.lent import Watch

BAR = 24
BETWEEN_UPDATES_S = 0.2
BETWEEN_LINES_S = 10.0


class Progress(Protocol):
    """Told after every frame; ended once, also by an error."""

    def update(self, done: int, total: int | None) -> None: ...
    def end(self) -> None: ...


def counting(progress: Progress, total: int | None) -> Watch:
    """Tells `progress` of every frame of `total`, once it is read or written."""

    @contextmanager
    def counted(index: int) -> Iterator[None]:
        yield
        progress.update(index + 1, total)

    return counted


class Silent:
    """Says nothing."""

    def update(self, done: int, total: int | None) -> None:
        pass

    def end(self) -> None:
        pass


class Printed:
    """Says how many frames are done, how many a second, and how long the rest will take."""

    def __init__(self, name: str, stream: TextIO | None = None) -> None:
        self._name = name
        self._stream = stream or sys.stderr
        self._bar = self._stream.isatty()
        self._width = 0
        self._start = self._last = time.monotonic()

    def update(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._last < (BETWEEN_UPDATES_S if self._bar else BETWEEN_LINES_S):
            return
        self._last = now
        text = _line(done, total, now - self._start)
        if self._bar:
            self._show(text)
        else:
            self._stream.write(f"{self._name}: {text}\n")
        self._stream.flush()

    def end(self) -> None:
        if self._bar:
            self._show("")
            self._stream.write("\r")
            self._stream.flush()

    def _show(self, text: str) -> None:
        """Write over the last text; spaces, as not every console knows the sequence that clears a line."""
        self._stream.write(f"\r{text.ljust(self._width)}")
        self._width = len(text)


def _line(done: int, total: int | None, seconds: float) -> str:
    rate = done / max(seconds, 1e-9)
    if not total:
        return f"{done} frames, {rate:.1f} frames/s"
    share = min(done / total, 1.0)
    filled = round(share * BAR)
    left = max(total - done, 0) / max(rate, 1e-9)
    bar = "#" * filled + "-" * (BAR - filled)
    return f"[{bar}] {share:4.0%}  {done}/{total} frames  {rate:.1f} frames/s  {_clock(left)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
