"""Long work that ends early when nobody waits for it any more, as after Ctrl-C.

A thread that makes something for another one says so once, and whatever it calls may ask between two steps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_thread = threading.local()


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
