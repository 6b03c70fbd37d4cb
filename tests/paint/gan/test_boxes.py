"""How much is shown around a face or a person."""

from __future__ import annotations

import deep_privacy2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.paint.gan import boxes
from passerby.paint.gan.boxes import Box

PICTURE = (120, 160)


@pytest.fixture(scope="module")
def recorded() -> deep_privacy2.Recorded:
    return deep_privacy2.Recorded("boxes")


def rows(recorded: deep_privacy2.Recorded, name: str) -> list[tuple[int, ...]]:
    return [tuple(row) for row in recorded[name].tolist()]


def test_boxes_of_faces_are_the_originals(recorded: deep_privacy2.Recorded) -> None:
    faces = rows(recorded, "face/in_h_w_x0_y0_x1_y1")
    assert [boxes.face_simple(face[2:]) for face in faces] == rows(recorded, "face/simple_0.4")
    assert [boxes.face_fdf128(face[2:], face[:2]) for face in faces] == rows(recorded, "face/fdf128_0.35")


def test_boxes_of_persons_are_the_originals_at_every_step(recorded: deep_privacy2.Recorded) -> None:
    persons = rows(recorded, "person/in_h_w_x0_y0_x1_y1_maskpixels")
    margins, ratios, whole = (
        rows(recorded, f"person/{name}") for name in ("after_axis_expand_0.1", "after_ratio_1.8", "expanded")
    )
    assert [boxes.with_margin(person[2:6], person[:2]) for person in persons] == margins
    steps = list(zip(persons, margins, ratios, strict=True))
    assert [boxes.to_aspect(margin, person[:2], 1.8) for person, margin, _ in steps] == ratios
    assert [boxes.with_background(ratio, person[6], person[:2]) for person, _, ratio in steps] == whole
    assert [boxes.person(person[2:6], person[6], person[:2], 1.8) for person in persons] == whole
    assert [boxes.large_enough(box) for box in whole] == recorded["person/include"].tolist()


def test_axes_grow_as_the_originals(recorded: deep_privacy2.Recorded) -> None:
    axes = rows(recorded, "expand_axis/in_start_end_target_limit")
    assert [boxes.grown(*axis) for axis in axes] == rows(recorded, "expand_axis/out")


@st.composite
def inside(draw: st.DrawFn) -> Box:
    x0, y0 = draw(st.integers(0, PICTURE[1] - 1)), draw(st.integers(0, PICTURE[0] - 1))
    return x0, y0, draw(st.integers(x0 + 1, PICTURE[1])), draw(st.integers(y0 + 1, PICTURE[0]))


def around(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


@given(inside())
def test_what_is_shown_holds_the_whole_face(face: Box) -> None:
    square = boxes.face_fdf128(face, PICTURE)
    assert square[2] - square[0] == square[3] - square[1] or square == boxes.face_simple(face, 0.7)
    if max(face[2] - face[0], face[3] - face[1]) > 2:  # in one or two pixels the originals' rounding hides nothing
        assert around(square, face)
        assert around(boxes.face_simple(face), face)


@given(inside(), st.floats(0.01, 1))
def test_what_is_shown_holds_the_whole_person_in_the_generators_shape(person: Box, share: float) -> None:
    pixels = max(int(share * (person[2] - person[0]) * (person[3] - person[1])), 1)
    shown = boxes.person(person, pixels, PICTURE, 1.8)
    assert around(shown, person)
    width, height = shown[2] - shown[0], shown[3] - shown[1]
    assert abs(height - 1.8 * width) < 5
    assert pixels <= boxes.MOST_PERSON * width * height * 1.01 + 1
