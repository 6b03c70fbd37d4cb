"""Every sink that comes with passerby keeps the contract."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from passerby.media.stills import StillSink
from passerby.testing import check_sink, drawn


@pytest.mark.parametrize(
    ("suffix", "name"),
    [*product((".png", ".tiff"), ("gray", "rgb24", "rgba64le")), *product((".jpg", ".webp", ".bmp"), ("rgb24",))],
)
def test_a_picture(tmp_path: Path, suffix: str, name: str) -> None:
    check_sink(StillSink, tmp_path / f"out{suffix}", drawn(name, count=1))


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_an_animation(tmp_path: Path, suffix: str) -> None:
    frames = drawn("rgb24", count=5)
    check_sink(
        lambda path, info: StillSink(path, replace(info, container="animation")), tmp_path / f"out{suffix}", frames
    )
