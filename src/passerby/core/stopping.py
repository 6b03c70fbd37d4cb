"""Long work that ends early when nobody waits for it any more, as after Ctrl-C.

A thread that makes something for another one says so once, and whatever it calls may ask between two steps. The main
thread is interrupted by an exception, and asks as well: code written in C may swallow that, or turn it into another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn, TypeVar

T = TypeVar("T")

_thread = threading.local()
_signals: list[int] = []
"""Those that came to end the process. No `Event`: a second signal would wait for the lock that the first one holds."""


class NobodyWaits(Exception):
    """Ends the work of a thread whose reader has gone."""


def stop_when(gone: threading.Event) -> None:
    """From now on, `unless_stopped` in this thread asks `gone`."""
    _thread.gone = gone


def stopping_alike(work: Callable[[], T]) -> Callable[[], T]:
    """The same work for a thread that helps this one: it ends early when this one would."""
    gone: threading.Event | None = getattr(_thread, "gone", None)

    def helping() -> T:
        if gone is not None:
            stop_when(gone)
        return work()

    return helping


def unless_stopped() -> None:
    """Do nothing, but in a thread whose reader has gone.

    Raises:
        NobodyWaits: it has.
    """
    gone: threading.Event | None = getattr(_thread, "gone", None)
    if gone is not None and gone.is_set():
        raise NobodyWaits


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Handle a signal by ending what the main thread does, as Ctrl-C does; `unless_interrupted` knows of it."""
    _signals.append(number)
    raise KeyboardInterrupt


def forget_interrupts() -> None:
    """Let the signals that came until now interrupt nothing more."""
    _signals.clear()


def unless_interrupted() -> None:
    """Do nothing, but after `interrupt`.

    Raises:
        KeyboardInterrupt: a signal came, though the exception that it raised may have got lost.
    """
    if _signals:
        raise KeyboardInterrupt
