"""What is in doubt in a small picture is looked at again in full size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from drawn_frames import frame

from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.detect.compose import SecondLook

SIZE = (1280, 720)


@dataclass(frozen=True)
class Saying:
    """A detector that says the same of every frame, whatever is in it."""

    boxes: Sequence[tuple[float, float, float, float]]
    scores: Sequence[float]
    labels = frozenset({"face"})

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        boxes = np.array(self.boxes, np.float32).reshape(-1, 4)
        return [Detections(boxes, np.array(self.scores, np.float32), np.full(len(boxes), "face")) for _ in frames]


@dataclass(frozen=True)
class Close:
    """A detector that finds a face of 20 pixels in the middle of whatever it is shown, and keeps the sizes."""

    shown: list[tuple[int, int]] = field(default_factory=list)
    side: float = 20
    labels = frozenset({"face"})

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        self.shown.extend(frame.size for frame in frames)
        return [self._middle(frame.size) for frame in frames]

    def _middle(self, size: tuple[int, int]) -> Detections:
        x, y = size[0] / 2, size[1] / 2
        box = np.array([[x - self.side / 2, y - self.side / 2, x + self.side / 2, y + self.side / 2]], np.float32)
        return Detections(box, np.array([0.9], np.float32), np.array(["face"]))


def found(saying: Saying, close: Close, **more: int) -> Boxes:
    [answer] = SecondLook(saying, close, 0.2, **more).detect([frame(size=SIZE)])
    return answer.boxes


def around(x: float, y: float, side: float = 24) -> tuple[float, float, float, float]:
    return x - side / 2, y - side / 2, x + side / 2, y + side / 2


def test_what_is_sure_is_not_looked_at_again() -> None:
    close = Close()
    np.testing.assert_array_equal(found(Saying([around(300, 300)], [0.3]), close), [around(300, 300)])
    assert not close.shown


def test_what_is_in_doubt_is_looked_at_in_full_size_and_counts_as_that_look_says() -> None:
    close = Close()
    np.testing.assert_array_equal(found(Saying([around(300, 300)], [0.15]), close), [around(300, 300, 20)])
    assert close.shown == [(128, 128)]


def test_what_the_closer_look_does_not_see_is_nothing() -> None:
    assert not len(found(Saying([around(300, 300)], [0.15]), Close(side=400)))


def test_doubts_about_what_is_sure_already_are_not_looked_into() -> None:
    close = Close()
    boxes = found(Saying([around(300, 300, 60), around(305, 300)], [0.9, 0.15]), close)
    np.testing.assert_array_equal(boxes, [around(300, 300, 60)])
    assert not close.shown


def test_of_many_doubts_some_are_looked_into_and_others_in_another_frame() -> None:
    places = [around(60 + 90 * i, 300) for i in range(13)]
    look = SecondLook(Saying(places, [0.15] * 13), Close(), 0.2, most=4)
    frames = [replace(frame(size=SIZE), index=i) for i in range(40)]
    answers = [{tuple(box) for box in answer.boxes.tolist()} for answer in look.detect(frames)]
    assert {len(answer) for answer in answers} == {4}
    assert len(set().union(*answers)) == 13
    np.testing.assert_array_equal(look.detect(frames[:1])[0].boxes, look.detect(frames[:1])[0].boxes)


@pytest.mark.parametrize(
    ("size", "shrink", "looked"),
    [((1920, 1080), 2, 4), ((1280, 720), 4 / 3, 4), ((3840, 2160), 2, 4), ((960, 540), 2, 1), ((960, 1080), 2, 2)],
)
def test_in_an_area_of_a_picture_fewer_are_looked_into_than_in_all_of_it(
    size: tuple[int, int], shrink: float, looked: int
) -> None:
    places = [around(60 + 60 * i, 300) for i in range(13)]
    close = Close()
    SecondLook(Saying(places, [0.15] * 13), close, 0.2, shrink).detect([frame(size=size)])
    assert len(close.shown) == looked


@pytest.mark.parametrize("doubts", [0, 1])
def test_nothing_and_one_doubt_alone_are_answers(doubts: int) -> None:
    assert len(found(Saying([around(300, 300)] * doubts, [0.15] * doubts), Close())) == doubts
