"""What a run takes."""

from __future__ import annotations

import pytest

from passerby import clock
from passerby.clock import Clock


def test_latency_is_from_coming_to_leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 11.0, 12.0, 14.0, 17.0])
    monkeypatch.setattr(clock.time, "monotonic", lambda: next(now))
    running = Clock()
    running.came(0)
    running.came(1)
    running.left(0)
    running.left(1)
    assert running.latency_ms() == {"p50": 4000, "p95": 4900, "most": 5000}


def test_without_a_frame_there_is_no_latency() -> None:
    assert Clock().latency_ms() == {}


def test_memory_is_that_of_this_process() -> None:
    block = bytearray(64 << 20)
    assert len(block) / clock.MIB < (clock.peak_memory_mb() or 0) < 64 * 1024


def test_without_pytorch_nobody_tells_of_video_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(clock.sys.modules, "torch", raising=False)
    assert clock.peak_vram_mb() is None
