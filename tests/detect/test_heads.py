"""A head is hidden wherever it can be: around a face, and in the upper part of a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from drawn_frames import frame
from hypothesis import given
from hypothesis import strategies as st

from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.detect.heads import Heads

Box = tuple[float, float, float, float]
SIZE = (400, 300)


@dataclass(frozen=True)
class Seen:
    """A detector that finds the same in every frame."""

    label: str
    boxes: Sequence[Box]

    @property
    def labels(self) -> frozenset[str]:
        return frozenset({self.label})

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        boxes = np.array(self.boxes, np.float32).reshape(-1, 4)
        scores = np.full(len(boxes), 0.5, np.float32)
        return [Detections(boxes, scores, np.full(len(boxes), self.label)) for _ in frames]


def heads(faces: Sequence[Box] = (), persons: Sequence[Box] = ()) -> list[list[float]]:
    [found] = Heads(Seen("face", faces), Seen("person", persons)).detect([frame(size=SIZE)])
    assert set(found.labels.tolist()) <= {"head"}
    return [[round(side, 3) for side in box] for box in found.boxes.tolist()]


@pytest.mark.parametrize(
    ("person", "head"),
    [
        ((100, 30, 150, 210), (100, 30, 150, 90)),
        ((100, 30, 200, 210), (100, 30, 200, 130)),
        ((100, 30, 280, 90), (100, 30, 280, 90)),
        ((100, -30, 150, 150), (100, 0, 150, 30)),
    ],
    ids=["stands", "is cut off at the waist", "lies", "leaves the frame"],
)
def test_of_a_person_the_upper_part_is_hidden(person: Box, head: Box) -> None:
    assert heads(persons=[person]) == [list(head)]


def test_a_face_alone_gives_the_whole_head_around_it() -> None:
    assert heads(faces=[(100, 100, 140, 150)]) == [[88, 80, 152, 165]]


def test_a_face_enlarges_the_upper_part_of_whose_it_is() -> None:
    assert heads([(105, 35, 135, 75)], [(100, 30, 150, 210)]) == [[96, 19, 150, 90]]


def test_a_face_elsewhere_is_a_head_of_its_own() -> None:
    assert len(heads([(300, 200, 330, 240)], [(100, 30, 150, 210)])) == 2


def test_where_nobody_is_there_are_no_heads() -> None:
    assert heads() == []


BOXES = st.tuples(st.integers(0, 350), st.integers(0, 250), st.integers(5, 200), st.integers(5, 200)).map(
    lambda of: (of[0], of[1], min(of[0] + of[2], SIZE[0]), min(of[1] + of[3], SIZE[1]))
)


@given(st.lists(BOXES, max_size=4), st.lists(BOXES, max_size=4))
def test_no_face_stays_visible(faces: list[Box], persons: list[Box]) -> None:
    hidden = heads(faces, persons)
    for x0, y0, x1, y1 in faces:
        assert any(x0 >= h[0] and y0 >= h[1] and x1 <= h[2] and y1 <= h[3] for h in hidden)
