"""What a run takes."""

from __future__ import annotations

import pytest

from passerby import stopwatch
from passerby.stopwatch import Stopwatch


def test_latency_is_from_coming_to_leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 11.0, 12.0, 14.0, 17.0])
    monkeypatch.setattr(stopwatch.time, "monotonic", lambda: next(now))
    running = Stopwatch()
    for block in (running.coming(0), running.coming(1), running.leaving(0), running.leaving(1)):
        with block:
            pass
    assert running.latency_ms() == {"p50": 4000, "p95": 4900, "most": 5000}


def test_without_a_frame_there_is_no_latency() -> None:
    assert Stopwatch().latency_ms() == {}
