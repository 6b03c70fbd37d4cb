"""The visible label covers a corner and leaves the rest of the picture as it was."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_frames import FORMATS, frame

from passerby.core import pixels
from passerby.paint.label import labelled


@pytest.mark.parametrize("pixel_format", FORMATS, ids=lambda f: f.name)
@pytest.mark.parametrize("turn", [0, 1, 3])
def test_it_lies_in_the_lower_left_corner_however_the_picture_is_stored(pixel_format, turn):
    before = frame(pixel_format, turn=turn) if turn else frame(pixel_format)
    after = labelled(before, "AI")
    (width, height), seen = after.size, pixels.luma(after, after.size)
    changed = seen != pixels.luma(before, before.size)
    assert changed[height // 2 :, : width // 2].mean() > 0.05
    assert not changed[: height // 2].any()
    assert seen[changed].max() > 150 > 60 > seen[changed].min()


def test_it_does_not_depend_on_the_picture():
    one, other = (labelled(frame(seed=seed), "AI-modified") for seed in (1, 2))
    same = pixels.luma(one, one.size) == pixels.luma(other, other.size)
    rows = np.flatnonzero(same[:, 8:40].all(axis=1))
    assert len(rows) >= 8


@pytest.mark.parametrize("text", ["A", "words that are far wider than the picture is, up to sixty."])
def test_it_fits_into_pictures_of_any_size(text):
    before = frame()
    box = pixels.aligned(before, (0, 0, 16, 10))
    small = pixels.cut(before, box)
    assert labelled(small, text).size == small.size
