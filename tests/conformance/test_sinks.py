"""Every sink that comes with passerby keeps the contract."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from passerby.media.still_sink import StillSink
from passerby.media.write import Encoding, VideoSink
from passerby.testing import CASES, check_sink, drawn


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts"])
def test_a_video_in_every_container(tmp_path: Path, suffix: str) -> None:
    check_sink(VideoSink, tmp_path / f"out{suffix}")


@pytest.mark.parametrize("case", [case for case in CASES if case[0].startswith("yuv")], ids=str)
def test_a_video_of_every_format(tmp_path: Path, case: tuple[str, tuple[int, int], int]) -> None:
    check_sink(VideoSink, tmp_path / "out.mp4", drawn(*case, count=8))


@pytest.mark.parametrize("encoder", ["libx264", "libx265", "libsvtav1"])
def test_a_video_by_every_encoder(tmp_path: Path, encoder: str) -> None:
    check_sink(lambda path, info: VideoSink(path, info, Encoding(encoder=encoder)), tmp_path / "out.mkv")


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
