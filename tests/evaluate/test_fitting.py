"""Pictures of another size are laid over the original: it is told how they came to be, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx_models
import pytest
from evaluate.composed import SIZE, Film, seen, tiled, write

from passerby.core import pixels
from passerby.core.errors import InputError
from passerby.core.frame import Frame, MediaInfo, PixelFormat
from passerby.evaluate import ask
from passerby.evaluate.ask import Asked, Told
from passerby.evaluate.fitting import Fit, candidates, told
from passerby.evaluate.sections.answer import Asking

Picture = np.ndarray[Any, Any]
WIDE = (960, 540)


def media(size: tuple[int, int], sample_aspect: Fraction = Fraction(1)) -> MediaInfo:
    shown = PixelFormat("yuv420p", ((1, 1), (2, 2), (2, 2)), 8, "bt709", False)
    tick = Fraction(1, 25)
    return MediaInfo("a.mp4", None, "mov", size, 0, sample_aspect, None, 1 / tick, tick, None, shown)


@pytest.mark.parametrize(
    ("size", "aspect", "made", "ways"),
    [
        ((960, 540), 1, (960, 540), 1),
        ((960, 540), 1, (960, 544), 4),
        ((320, 180), 1, (320, 192), 4),
        ((853, 479), 1, (852, 478), 3),
        ((1920, 1080), 1, (960, 540), 1),
        ((1920, 1080), 1, (640, 368), 1),
        ((720, 576), Fraction(64, 45), (1024, 576), 1),
        ((720, 576), Fraction(64, 45), (720, 576), 1),
        ((720, 576), Fraction(64, 45), (360, 288), 1),
    ],
)
def test_sizes_that_go_together(size: tuple[int, int], aspect: Fraction, made: tuple[int, int], ways: int) -> None:
    found = candidates("a.mp4", media(size, Fraction(aspect)), media(made))
    assert len(found) == ways
    assert found[0].offset is None


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ((540, 960), "960x540 and the anonymized file 540x960 pixels large, turned by a quarter"),
        ((960, 720), "960x720 pixels large, of another shape"),
        ((480, 300), "480x300 pixels large, of another shape"),
        ((64, 64), "of another shape"),
        ((960, 556), "of another shape"),
    ],
)
def test_sizes_that_do_not_are_refused_in_a_line(made: tuple[int, int], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        candidates("a.mp4", media(WIDE), media(made))
    assert "\n" not in str(error.value)


def yuv(size: tuple[int, int], seed: int = 0) -> Frame:
    """A frame of 4:2:0, smooth enough to be scaled."""
    width, height = size
    small = np.random.default_rng(seed).integers(0, 256, (height // 6 + 1, width // 6 + 1, 3)).astype(np.uint8)
    picture = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    shown = PixelFormat("yuv420p", ((1, 1), (2, 2), (2, 2)), 8, "bt709", False)
    blank = tuple(np.zeros((-(-height // y), -(-width // x)), np.uint8) for x, y in shown.subsampling)
    frame = replace(onnx_models.framed(picture), planes=blank, format=shown)
    return frame.with_planes(pixels.to_planes(np.asarray(picture, np.uint8), frame, (0, 0, width, height)))


@pytest.mark.parametrize("offset", [(0, 0), (0, 4), (2, 3), (-3, 0), (-2, -2)])
def test_the_same_pixels_are_cut_out_of_what_was_padded_and_laid_into_what_was_cropped(offset: tuple[int, int]) -> None:
    frame, size = yuv((64, 48)), (60, 44)
    laid = pixels.cut_at(frame, offset, size)
    assert laid.size == size
    assert [plane.shape for plane in laid.planes] == [(44, 60), (22, 30), (22, 30)]
    x, y = offset
    rows, columns = (np.arange(44) + y).clip(0, 47), (np.arange(60) + x).clip(0, 63)
    assert (laid.planes[0] == frame.planes[0][np.ix_(rows, columns)]).all()


def test_a_frame_is_scaled_with_all_of_its_planes() -> None:
    frame = yuv((64, 48))
    large = pixels.scaled(frame, (91, 67))
    assert [plane.shape for plane in large.planes] == [(67, 91), (34, 46), (34, 46)]
    back = pixels.rgb(pixels.scaled(large, frame.size)).astype(int)
    assert np.abs(back - pixels.rgb(frame)).mean() < 4
    assert not any(plane.flags.writeable for plane in large.planes)


def test_an_original_is_made_as_coarse_as_what_is_smaller_and_no_coarser() -> None:
    frame = yuv(SIZE)
    assert Fit(SIZE, SIZE).coarse(frame) is frame
    assert Fit(SIZE, (160, 112)).coarse(frame) is frame
    assert Fit(SIZE, (150, 90), (0, 0)).coarse(frame) is frame
    coarse = Fit(SIZE, (20, 12)).coarse(frame)
    assert coarse.size == SIZE
    assert coarse.planes[0].astype(int).std() < 0.8 * frame.planes[0].astype(int).std()


# From files


def stretched(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, (160, 102), interpolation=cv2.INTER_CUBIC))


def padded_below(picture: Picture) -> Picture:
    return np.pad(picture, ((0, 6), (0, 0), (0, 0)))


def padded_around(picture: Picture) -> Picture:
    return np.pad(picture, ((4, 4), (0, 0), (0, 0)), mode="edge")


def cropped(picture: Picture) -> Picture:
    return picture[:90]


def halved(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, (80, 48), interpolation=cv2.INTER_AREA))


def compared(film: Film, folder: Path, reshape: Callable[[Picture], Picture], *parts: str) -> Asked:
    original = write(film, folder / "a.mp4", hidden=False)
    made = write(film, folder / "b.mp4", hidden=True, reshape=reshape)
    return ask.asked(original, made, parts, Told(), Asking(), seen(film))


@pytest.mark.parametrize(
    ("reshape", "said"),
    [
        (stretched, "it was scaled and stretched down by 6.2 %, and is scaled back to 160x96 (averaged over areas)"),
        (padded_below, "it was padded by 6 at the bottom; nothing is scaled"),
        (padded_around, "it was padded by 4 at the top, padded by 4 at the bottom; nothing is scaled"),
        (cropped, "it was cropped by 6 at the bottom; nothing is scaled"),
        (halved, "it was scaled, and is scaled back to 160x96 (bicubic)"),
    ],
)
def test_it_is_told_how_a_picture_of_another_size_came_to_be(
    reshape: Callable[[Picture], Picture], said: str, tmp_path: Path
) -> None:
    found = compared(tiled(), tmp_path, reshape, "leaks", "quality").evaluation
    assert said in found.compared[0]
    assert any("PSNR and SSIM are lower" in line for line in found.compared) == ("nothing is scaled" not in said)
    assert found.pairs[0][1].size == reshape(np.zeros((96, 160, 3), np.uint8)).shape[1::-1]
    figures = {figure.name: figure for section in found.sections for figure in section.figures}
    assert figures["any-leak rate"].value == pytest.approx(14 / 15)
    likeness = figures["PSNR, pooled, outside"].value
    assert likeness is not None
    assert likeness > (30 if "padded" in said else 20)


def test_a_picture_without_texture_does_not_tell_how_it_came_to_be() -> None:
    flat = onnx_models.framed(np.full((96, 160, 3), 90, np.uint8))
    more = onnx_models.framed(np.full((102, 160, 3), 90, np.uint8))
    ways = [Fit(SIZE, (160, 102)), Fit(SIZE, (160, 102), (0, 0)), Fit(SIZE, (160, 102), (0, 6))]
    fit = told(ways, [(flat, more)])
    assert (fit.offset, fit.told) == (None, False)
    assert "these pictures do not tell" in fit.said()[0]


def test_small_is_not_hidden(tmp_path: Path) -> None:
    """Of a face of 32 pixels the detail goes with the size; whoever nobody hid is to be seen all the same."""

    def tiny(picture: Picture) -> Picture:
        return np.asarray(cv2.resize(picture, (32, 20), interpolation=cv2.INTER_AREA))

    film = tiled()
    bare = replace(film, bare=[(frame, person) for frame in range(12) for person in range(film.people)])
    found = compared(bare, tmp_path, tiny, "leaks").evaluation
    figures = {figure.name: figure for section in found.sections for figure in section.figures}
    assert figures["any-leak rate"].value == 1
    assert "does not count as hidden" in found.compared[-1]
