"""OpenCV on one thread for as long as a run lasts: its own would fight with the detector's and the encoder's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

_lock = threading.Lock()
_before: list[int] = []
"""What was set before each run that goes on, the first one first."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, OpenCV starts no threads. The setting is the whole process's: the last run to end puts it back."""
    with _lock:
        _before.append(cv2.getNumThreads())
        cv2.setNumThreads(1)
    try:
        yield
    finally:
        with _lock:
            # Runs may end in any order; only the first one saw what was set outside of all of them.
            outside = _before[0]
            _before.pop()
            if not _before:
                cv2.setNumThreads(outside)
