"""A library may set what is the whole process's for as long as it works, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress

import cv2
import pytest

from passerby.one_thread import one_thread


@pytest.fixture(autouse=True)
def _three_threads() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    yield
    cv2.setNumThreads(before)


def test_opencv_has_its_threads_back_after_the_last_run() -> None:
    with ExitStack() as first:
        first.enter_context(one_thread())
        with one_thread():
            first.close()
            assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == 3


def test_a_run_that_fails_gives_them_back_as_well() -> None:
    with suppress(ValueError), one_thread():
        raise ValueError
    assert cv2.getNumThreads() == 3
