"""Drawn plates hide the real ones, belong to nobody, and stay the same while a track lasts."""

from __future__ import annotations

import difflib
import json
import os
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_frames import FORMATS, frame

from passerby.core import pixels
from passerby.core.errors import OptionError
from passerby.core.regions import Mask, Region
from passerby.mask.shapes import Rectangle
from passerby.media.stills import StillSource
from passerby.methods.hiding import effect
from passerby.paint.composite import blanked, composite
from passerby.paint.plates import Plate, number
from passerby.settings import Options

SHARED = Path(__file__).parents[2].parent / "shared"
PLATES = SHARED / "data/plates/plates.json"
READER = Path(os.environ.get("PASSERBY_MODELS", "")) / "ppocr_v4_rec.onnx"


def region(box, alpha=None, seed=3):
    x0, y0, x1, y1 = box
    alpha = np.full((y1 - y0, x1 - x0), 255, np.uint8) if alpha is None else alpha
    return Region(1, "plate", np.array(box, np.float32), Mask(x0, y0, alpha), seed)


def painted(picture, *regions, blank=False):
    plate = Plate(blank=blank)
    shown = blanked(picture, regions)
    return composite(picture, regions, plate.paint([shown], [regions])[0])


def light(picture):
    return pixels.luma(picture, picture.size)


def test_no_number_is_one_that_france_or_italy_gives_out():
    """Both do without I, O and U, and France counts from 001."""
    numbers = {number(seed) for seed in range(2000)}
    assert len(numbers) > 1000
    for text in numbers:
        assert re.fullmatch("[A-Z]{2}-000-[A-Z]{2}", text)
        assert set(text[:2]) & set("IOU")
        assert set(text[-2:]) & set("IOU")


@pytest.mark.parametrize("pixel_format", FORMATS, ids=lambda f: f.name)
def test_a_plate_looks_the_same_wherever_it_is_and_another_tracks_is_different(pixel_format):
    picture = frame(pixel_format)
    here = light(painted(picture, region((8, 8, 72, 24))))[8:24, 8:72]
    there = light(painted(frame(pixel_format, seed=9), region((16, 32, 80, 48))))[32:48, 16:80]
    other = light(painted(picture, region((8, 8, 72, 24), seed=4)))[8:24, 8:72]
    assert np.array_equal(here, there)
    assert not np.array_equal(here, other)


def test_a_blank_plate_has_no_letters():
    picture = frame()
    blank = light(painted(picture, region((8, 8, 72, 24)), blank=True))[8:24, 8:72]
    full = light(painted(picture, region((8, 8, 72, 24))))[8:24, 8:72]
    assert blank[4:-4, 4:-4].std() < 1
    assert full[4:-4, 4:-4].std() > 20


def test_a_plate_too_narrow_for_one_line_has_two():
    """Between the lines, halfway down, there is no ink; on a plate of one line there is."""
    picture = frame()
    square = light(painted(picture, region((8, 8, 52, 38))))[8:38, 8:52]
    long = light(painted(picture, region((8, 8, 72, 24))))[8:24, 8:72]
    assert square[14:16, 4:-4].min() > 130
    assert long[7:9, 4:-4].min() < 100


def test_a_plate_follows_the_slant_of_a_silhouette():
    """The line along its upper edge runs as the silhouette's does, and below it there is none."""
    corners = np.array([[4, 4], [60, 20], [60, 36], [4, 20]], np.int32)
    alpha = cv2.fillConvexPoly(np.zeros((40, 64), np.uint8), corners, 255)
    after = light(painted(frame(), region((10, 6, 74, 46), alpha), blank=True))
    for x in (16, 24, 32, 40, 48):
        top = 6 + round(4 + (x - 4) * 16 / 56)
        assert after[top : top + 4, 10 + x].min() < 180
        assert after[top + 5 : top + 11, 10 + x].min() > 185


@pytest.mark.parametrize(
    "alpha", [np.eye(20), np.zeros((20, 20)), np.pad([[1]], 9), np.tri(20)], ids=["line", "nothing", "dot", "triangle"]
)
def test_a_silhouette_that_is_no_plate_is_covered_all_the_same(alpha):
    """A line, nothing, a dot, a triangle."""
    it = region((10, 10, 10 + alpha.shape[1], 10 + len(alpha)), np.asarray(alpha * 255, np.uint8))
    one, other = (light(painted(frame(seed=seed), it)) for seed in (1, 2))
    rows, columns = np.nonzero(alpha)
    assert np.array_equal(one[10 + rows, 10 + columns], other[10 + rows, 10 + columns])


@pytest.mark.parametrize("method", ["synthetic", "blank"])
def test_faces_get_no_plates(method):
    with pytest.raises(OptionError, match=f"draws number plates and no faces; write plate={method}"):
        Options(hide="faces,plates", method=method)
    options = Options(hide="faces,plates", method=f"mosaic,plate={method}")
    with pytest.raises(OptionError, match="no heads"):
        effect(Options(hide="plates", method=method), ["head"])
    assert effect(options).effects["plate"] == Plate(blank=method == "blank")


@pytest.mark.skipif(not PLATES.is_file(), reason="needs ../shared/data/plates")
@pytest.mark.skipif(not READER.is_file(), reason="needs ppocr_v4_rec.onnx in PASSERBY_MODELS")
def test_a_reader_reads_nothing_of_the_real_number():
    from passerby.evaluate.reader import PlateReader

    reader, read = PlateReader(READER), 0
    for row, truth in enumerate(json.loads(PLATES.read_text())["images"][::4]):
        with StillSource(PLATES.parent / truth["file"]) as source:
            picture = next(iter(source))
        box = np.array(truth["box"], np.float32)
        it = Region(row, "plate", box, Rectangle(grow=0.1).mask(box, picture.size), seed=1000 + row)
        x0, y0, x1, y1 = truth["box"]
        before, after = (pixels.rgb(one)[y0:y1, x0:x1] for one in (picture, painted(picture, it)))
        read += _alike(reader.read(before).text, truth["text"]) > 0.8
        assert _alike(reader.read(after).text, truth["text"]) < 0.4
    assert read > 8, "the reader reads the real ones, so it would have seen them"


def _alike(one: str, other: str) -> float:
    plain = re.sub("[^A-Z0-9]", "", one.upper())
    return difflib.SequenceMatcher(None, plain, other).ratio()
