"""Every source that comes with passerby keeps the contract, however its frames are stored."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice, product
from pathlib import Path

import cv2
import footage
import numpy as np
import pytest

from passerby.media.stills import StillSource
from passerby.media.video import Reading, VideoSource
from passerby.testing import check_source

SHARED = Path(__file__).resolve().parents[2] / "../shared/data"
FILMS = sorted((SHARED / "video").glob("*.*4")) + sorted((SHARED / "video").glob("*.avi"))


@pytest.mark.parametrize("name", footage.CODINGS)
def test_a_video_file(tmp_path: Path, name: str) -> None:
    suffix, coding = footage.CODINGS[name]
    path = tmp_path / f"film{suffix}"
    footage.write(footage.cut(), path, coding)
    check_source(lambda: VideoSource(path))


def test_a_part_of_a_video_at_a_lower_rate(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    footage.write(footage.walking(), path)
    check_source(lambda: VideoSource(path, Reading(start_s=Fraction(1, 5), end_s=Fraction(1), fps=Fraction(10))))


@pytest.mark.skipif(not FILMS, reason="no ../shared/data/video beside the repository")
@pytest.mark.parametrize("path", FILMS, ids=lambda path: path.name)
def test_real_footage(path: Path) -> None:
    check_source(lambda: VideoSource(path), most=6)


@pytest.mark.parametrize(("suffix", "channels"), [*product((".png", ".webp", ".tiff", ".bmp"), (1, 3, 4)), (".jpg", 3)])
def test_a_picture(tmp_path: Path, suffix: str, channels: int) -> None:
    path = tmp_path / f"picture{suffix}"
    picture = np.random.default_rng(0).integers(0, 256, (31, 45, channels)).astype(np.uint8)
    cv2.imwrite(str(path), picture)
    check_source(lambda: StillSource(path))


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_a_picture_of_16_bits(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 65536, (31, 45, 3)).astype(np.uint16))
    check_source(lambda: StillSource(path))


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_an_animation(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"moving{suffix}"
    animation = cv2.Animation()
    animation.frames = [cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA) for picture, _ in islice(footage.walking(), 4)]
    animation.durations = [40, 100, 20, 60]
    cv2.imwriteanimation(str(path), animation)
    check_source(lambda: StillSource(path))
