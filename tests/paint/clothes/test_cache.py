"""What was worked out once is not worked out again, as long as there is room."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from passerby.paint.clothes.cache import Cache


def test_a_value_is_made_once() -> None:
    cache: Cache[str, bytes] = Cache(len)
    made = [cache.get("coat", lambda: b"wool") for _ in range(3)]
    assert made == [b"wool"] * 3
    assert (cache.hits, cache.misses) == (2, 1)


def test_garment_style_and_size_each_make_another_key() -> None:
    cache: Cache[tuple[str, str], str] = Cache(len)
    assert cache.get(("ab12", "formal"), lambda: "suit") == "suit"
    assert cache.get(("ab12", "sport"), lambda: "shirt") == "shirt"
    assert cache.misses == 2


def test_what_was_used_longest_ago_goes_first() -> None:
    cache: Cache[str, bytes] = Cache(len, limit=10)
    for name in ("a", "b", "a", "c"):
        cache.get(name, lambda: b"1234")
    cache.get("a", lambda: b"new")
    assert (cache.hits, cache.misses) == (2, 3), "a was used later than b, and is still there"
    assert cache.get("b", lambda: b"new!") == b"new!"


def test_it_never_holds_more_than_its_limit() -> None:
    cache: Cache[int, bytes] = Cache(len, limit=100)
    for i in range(50):
        cache.get(i, lambda: b"." * 30)
    assert cache.note == "garments: 0 of 50 taken from the cache, which holds 3 in 0.0 MB"


def test_what_is_too_large_is_given_and_not_kept() -> None:
    cache: Cache[str, bytes] = Cache(len, limit=10)
    cache.get("small", lambda: b"1234")
    assert cache.get("large", lambda: b"." * 11) == b"." * 11
    cache.get("small", lambda: b"new")
    assert cache.hits == 1, "it pushed out what fitted"


def test_threads_that_want_the_same_wait_for_it() -> None:
    cache: Cache[str, bytes] = Cache(len)
    together = Barrier(4, timeout=10)

    def ask(_: int) -> bytes:
        together.wait()
        return cache.get("coat", lambda: b"wool")

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(4))) == [b"wool"] * 4
    assert cache.misses == 1


def test_a_failure_is_not_kept() -> None:
    cache: Cache[str, bytes] = Cache(len)
    with pytest.raises(ZeroDivisionError):
        cache.get("coat", lambda: bytes(1 // 0))
    assert cache.get("coat", lambda: b"wool") == b"wool"
