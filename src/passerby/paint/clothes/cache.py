"""What was worked out of garments, kept as long as there is room: the same one comes again with every batch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

LIMIT_BYTES = 256 * 1024 * 1024


Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    """Values by key, the ones used last, as many as `limit` bytes hold. May be used from several threads at once."""

    def __init__(self, size: Callable[[Value], int], *, limit: int = LIMIT_BYTES) -> None:
        """Keep values whose `size` is told in bytes.

        Raises:
            ValueError: `limit` is less than nothing.
        """
        if limit < 0:
            raise ValueError(f"a cache holds 0 bytes or more, got {limit}")
        self.hits, self.misses = 0, 0
        self._size, self._limit, self._held = size, limit, 0
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of `key`, made once as long as it is kept. One larger than the whole cache is given, not kept."""
        with self._lock:
            if key in self._kept:
                self.hits += 1
                self._kept.move_to_end(key)
                return self._kept[key][0]
            self.misses += 1
            value = make()  # within the lock: two threads that want the same would both work it out
            size = self._size(value)
            if size <= self._limit:
                self._kept[key] = value, size
                self._held += size
            while self._held > self._limit:
                _, (_, freed) = self._kept.popitem(last=False)
                self._held -= freed
            return value

    @property
    def note(self) -> str:
        """How often it helped, for the report of a run."""
        return (
            f"garments: {self.hits} of {self.hits + self.misses} taken from the cache, "
            f"which holds {len(self._kept)} in {self._held / 1e6:.1f} MB"
        )
