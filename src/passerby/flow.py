"""Running a stream of items ahead of whoever reads it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from queue import Empty, Queue
from typing import Any, TypeVar

from passerby.core.stopping import stop_when

T = TypeVar("T")
Stream = Generator[T, None, None]
"""Items as they come; closing it frees what makes them."""


@dataclass(frozen=True, slots=True)
class Over:
    """Nothing comes any more; because of an error, or because all is there."""

    error: BaseException | None = None


class Meter:
    """Seconds of processor time that Python's threads spent, by what they did."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()
        self._inner = threading.local()

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Adds what this thread spends inside to `stage`; of one inside of another, to the inner one alone."""
        begun, before = time.thread_time(), getattr(self._inner, "spent", 0.0)
        self._inner.spent = 0.0
        try:
            yield
        finally:
            spent = time.thread_time() - begun
            with self._lock:
                self.seconds[stage] = self.seconds.get(stage, 0) + spent - self._inner.spent
            self._inner.spent = before + spent


def ahead(items: Iterable[T], depth: int, meter: AbstractContextManager[None] | None = None) -> Stream[T]:
    """The same items, made in a thread of their own, at most `depth` ahead of the reader.

    The thread works inside of `meter`.

    What the thread raises is raised here, after the items before it. Closing this generator stops the thread at its
    next item, or where its work asks `unless_stopped`, and waits for it, so that nothing goes on behind the caller's
    back.
    """
    queue: Queue[T | Over] = Queue(maxsize=depth)
    stop = threading.Event()

    def work() -> None:
        stop_when(stop)
        with meter or nullcontext():
            handed_over(items, queue.put, stop.is_set)

    thread = threading.Thread(target=work, name="passerby ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := queue.get(), Over):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        _drain(queue, thread)


def handed_over(items: Iterable[T], put: Callable[[T | Over], None], stopped: Callable[[], bool]) -> None:
    """Put item after item, and what ended them, until it is `stopped`: the work of a thread that has a reader."""
    try:
        with closing(_stream(items)) as stream:
            for item in stream:
                put(item)
                if stopped():
                    return
    except BaseException as error:  # noqa: BLE001  handed to the reader, whatever it is
        put(Over(error))
    else:
        put(Over())


def _drain(queue: Queue[Any], thread: threading.Thread) -> None:
    """Make room until the thread has noticed that it is to stop."""
    while thread.is_alive():
        try:
            queue.get(timeout=0.01)
        except Empty:
            continue
    thread.join()


def _stream(items: Iterable[T]) -> Stream[T]:
    """Any iterable as a generator; closing it closes what it runs over."""
    iterator: Iterator[T] = iter(items)
    try:
        yield from iterator
    finally:
        if isinstance(iterator, Generator):
            iterator.close()


def windowed(items: Iterable[T], batch: int, reach: int) -> Stream[tuple[list[T], slice]]:
    """Groups of up to `batch` items with up to `reach` more on each side, and where the group lies among them."""
    stream = iter(items)
    before: list[T] = []
    rest: list[T] = []
    while True:
        rest += islice(stream, batch + reach - len(rest))
        if not rest:
            return
        body = rest[:batch]
        yield before + rest, slice(len(before), len(before) + len(body))
        before = (before + body)[-reach:] if reach else []
        rest = rest[batch:]
