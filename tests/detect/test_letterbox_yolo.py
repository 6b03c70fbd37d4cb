"""A frame in a model's input keeps its shape, and boxes find their way back to the fraction of a pixel."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx_models import framed

from passerby.detect.letterbox import around, centred, cornered

SIDES = st.integers(1, 3000)


def blank(width: int, height: int, aspect: Fraction = Fraction(1)):
    return framed(np.zeros((height, width, 3), np.uint8), sample_aspect=aspect)


@pytest.mark.parametrize(
    ("frame", "size", "inner", "corner"),
    [
        ((1920, 1080), (640, 640), (640, 360), (0, 140)),
        ((1080, 1920), (640, 640), (360, 640), (140, 0)),
        ((853, 479), (640, 640), (640, 359), (0, 140)),
        ((32, 18), (640, 384), (640, 360), (0, 12)),
        ((4000, 1), (64, 64), (64, 1), (0, 31)),
    ],
)
def test_the_frame_lies_in_the_middle_and_the_odd_row_below(frame, size, inner, corner):
    box = centred(blank(*frame), size)
    assert (box.inner, box.corner) == (inner, corner)
    assert cornered(blank(*frame), size).corner == (0, 0)


@given(SIDES, SIDES, st.sampled_from([(640, 640), (416, 416), (640, 384), (96, 64)]))
def test_the_frames_edges_are_the_edges_of_what_becomes_of_it(width, height, size):
    frame = replace(blank(1, 1), planes=(np.broadcast_to(np.uint8(0), (height, width, 3)),))
    for box in (centred(frame, size), cornered(frame, size)):
        x, y = box.corner
        ends = np.array([[x, y, x + box.inner[0], y + box.inner[1]]], np.float32)
        np.testing.assert_allclose(box.to_frame(ends), [[0, 0, width, height]], atol=1e-3)
        assert x >= 0
        assert y >= 0
        assert x + box.inner[0] <= size[0]
        assert y + box.inner[1] <= size[1]


def test_pixels_that_are_not_square_are_shown_as_they_are_meant():
    assert centred(blank(720, 576, Fraction(64, 45)), (640, 640)).inner == (640, 360)
    assert centred(blank(720, 576, Fraction(1000)), (640, 640)).inner == (640, 512)


def test_a_free_input_is_as_large_as_needed():
    assert around(blank(1920, 1080), 640) == (640, 384)
    assert around(blank(200, 400), 320) == (160, 320)


def test_grey_is_around_the_picture():
    frame = framed(np.full((10, 20, 3), 200, np.uint8))
    picture = centred(frame, (40, 40)).picture(frame)
    assert (picture[10:30] == 200).all()
    assert (picture[:10] == 114).all()
    assert (picture[30:] == 114).all()
