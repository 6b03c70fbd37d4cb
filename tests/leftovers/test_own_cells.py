"""A mosaic of passerby's own is no face, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import drawn_frames
import numpy as np
import onnx_models
import pytest

from passerby.core.frame import PixelFormat
from passerby.core.regions import Mask, Region
from passerby.leftovers.own_cells import own_cells
from passerby.paint.composite import composite
from passerby.paint.effects import Mosaic

Picture = np.ndarray[Any, Any]
BOX = np.float32([40, 30, 100, 102])
"""Of a face."""
HIDDEN = (22, 8, 118, 124)
"""What is painted over it."""
SIZE = (160, 128)


def painted(cells: int = 4, shown: PixelFormat = drawn_frames.RGB) -> Any:
    """Noise with a mosaic in it."""
    frame = drawn_frames.frame(shown, SIZE)
    x0, y0, x1, y1 = HIDDEN
    region = Region(0, "face", BOX, Mask(x0, y0, np.full((y1 - y0, x1 - x0), 255, np.uint8)), 0)
    return composite(frame, [region], [Mosaic(cells=cells).patch(frame, region)])


def picture() -> Picture:
    return np.array(painted().planes[0])


def is_own(shown: Picture, box: Picture = BOX) -> bool:
    return own_cells(onnx_models.framed(np.clip(shown, 0, 255).astype(np.uint8)), box)


@pytest.mark.parametrize("shown", drawn_frames.FORMATS, ids=lambda shown: shown.name)
def test_the_mosaic_is_known_in_every_format(shown: PixelFormat) -> None:
    assert own_cells(painted(shown=shown), BOX)


@pytest.mark.parametrize("cells", [3, 4, 6, 8, 12])
def test_the_mosaic_is_known_by_any_number_of_cells_that_can_be_seen(cells: int) -> None:
    assert own_cells(painted(cells), BOX)


def test_what_an_encoder_does_to_it_is_no_matter() -> None:
    coded = cv2.imdecode(cv2.imencode(".jpg", picture(), [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)
    assert is_own(np.asarray(cv2.GaussianBlur(coded, (0, 0), 0.8)))


def face() -> Picture:
    """Soft shades as of skin, with darker places in it."""
    y, x = np.mgrid[:72, :60]
    shade = 150 - 50 * np.hypot((x - 30) / 30, (y - 36) / 36)
    for place in ((18, 28), (42, 28), (30, 54)):
        shade -= 60 * np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / 30)
    return np.clip(shade[..., None] * np.array([1.1, 0.9, 0.8]), 0, 255)


def beside(share: float) -> Callable[[Picture], Picture]:
    """A face that looks out from behind the mosaic."""

    def drawn(shown: Picture) -> Picture:
        first = 100 - round(60 * share)
        shown[30:102, first:100] = face()[:, first - 40 :]
        return shown

    return drawn


def grey_face(shown: Picture) -> Picture:
    shown[30:102, 40:100] = face().mean(axis=2, keepdims=True)
    return shown


def means(shown: Picture) -> Picture:
    """As of other tools, by which people can be told apart."""
    small = cv2.resize(face().mean(axis=2), (4, 4), interpolation=cv2.INTER_AREA)
    shown[30:102, 40:100] = cv2.resize(small, (60, 72), interpolation=cv2.INTER_NEAREST)[..., None]
    return shown


def dark_face(shown: Picture) -> Picture:
    """Hardly to be seen, as large as a cell."""
    shown[48:84, 55:85] = 100 + 0.15 * face()[18:54, 15:45]
    return shown


@pytest.mark.parametrize(
    "change",
    [
        beside(0.2),
        beside(0.5),
        beside(1),
        grey_face,
        dark_face,
        means,
        lambda shown: shown[:, ::-1],
        lambda shown: shown * np.array([1, 0.8, 0.8]),
        lambda shown: shown + 25,
        lambda shown: np.full_like(shown, 115),
        lambda shown: cv2.GaussianBlur(shown, (0, 0), 9),
    ],
    ids=["fifth", "half", "face", "grey", "dark", "means", "mirrored", "coloured", "lighter", "flat", "blurred"],
)
def test_nothing_else_is_taken_for_it(change: Callable[[Picture], Picture]) -> None:
    assert is_own(picture())
    assert not is_own(change(picture().astype(float)))


@pytest.mark.parametrize("box", [(100, 30, 150, 102), (0, 0, 160, 128), (40, 30, 44, 102), (90, 30, 130, 102)])
def test_a_find_that_reaches_beyond_it_is_none(box: tuple[int, ...]) -> None:
    assert not is_own(picture(), np.float32(box))


@pytest.mark.parametrize("name", ["images/group_8_lawn.jpg", "images/five_women_night.jpg"])
def test_no_real_face_is_taken_for_it(name: str) -> None:
    frame = onnx_models.photo(name)
    width, height = frame.size
    boxes = [(x, y, x + side, y + side) for side in (24, 60) for x in range(0, width, 40) for y in range(0, height, 40)]
    assert not any(own_cells(frame, np.float32(box)) for box in boxes)
