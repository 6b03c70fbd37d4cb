"""What a report says of the machine, and of the memory of a run and of its graphics cards."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from passerby import machine

GIGABYTE = 1 << 30


def cards(*held_gb: float, at_work: bool = True) -> SimpleNamespace:
    """A PyTorch with so many graphics cards."""
    return SimpleNamespace(
        cuda=SimpleNamespace(
            is_initialized=lambda: at_work,
            device_count=lambda: len(held_gb),
            get_device_name=lambda card: f"card {card}",
            max_memory_reserved=lambda card: int(held_gb[card] * GIGABYTE),
        )
    )


def test_the_fullest_card_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", cards(1.5, 6.25))
    assert machine.peak_vram_mb() == 6400
    assert machine.described().endswith("cores, card 0, card 1")


@pytest.mark.parametrize("library", [None, cards(5, at_work=False)])
def test_where_no_card_is_at_work_there_is_no_memory_of_one(
    monkeypatch: pytest.MonkeyPatch, library: SimpleNamespace | None
) -> None:
    """Asking must not start one, nor load the library."""
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    if library is not None:
        monkeypatch.setitem(sys.modules, "torch", library)
    assert machine.peak_vram_mb() is None
    assert machine.described().endswith("cores")
    assert ("torch" in sys.modules) == (library is not None)


def test_memory_is_that_of_this_process() -> None:
    block = bytearray(64 << 20)
    assert len(block) / machine.MIB < (machine.peak_memory_mb() or 0) < 64 * 1024
