"""Every parser that comes with passerby keeps the contract, on frames of every kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from drawn_dressed import Dressed, Person, dressed
from onnx_models import framed
from parsing_models import PERSON, parsing_model

from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.core.parsing import GROUPS, Parsed
from passerby.core.pixels import placed
from passerby.core.regions import Mask
from passerby.core.stages import Parser
from passerby.mask.parsing import ModelParser
from passerby.mask.parsing_approximate import ApproximateParser
from passerby.mask.parsing_families import FAMILIES
from passerby.testing import CASES

SIZE = (161, 123)


class Told:
    """Outlines and faces of what is drawn."""

    labels = frozenset({"person", "face"})

    def __init__(self, drawn: Dressed) -> None:
        self._drawn = drawn

    def segment(self, frame: Frame, boxes: Boxes) -> Sequence[Mask | None]:
        return [Mask(0, 0, np.maximum.reduce(self._drawn.each)) for _ in boxes]

    def detect(self, frames: Sequence[Frame]) -> Sequence[Detections]:
        count = len(self._drawn.faces)
        found = Detections(self._drawn.faces, np.ones(count, np.float32), np.full(count, "face"))
        return [found for _ in frames]


def by_model(drawn: Dressed, folder: Path) -> Parser:
    return ModelParser(parsing_model(folder / "a.onnx", FAMILIES["segformer"]))


def by_colour(drawn: Dressed, folder: Path) -> Parser:
    return ApproximateParser(Told(drawn), Told(drawn))


@pytest.fixture(scope="module")
def drawn() -> Dressed:
    return dressed(SIZE, [PERSON.moved(-0.2), Person(at=(0.7, 0.04))])


@pytest.fixture(params=[by_model, by_colour])
def parser(request: pytest.FixtureRequest, drawn: Dressed, tmp_path: Path) -> Parser:
    make: Callable[[Dressed, Path], Parser] = request.param
    return make(drawn, tmp_path)


def places(drawn: Dressed) -> Boxes:
    """The persons, one that reaches over an edge, a small box, and one outside of the frame."""
    others = np.array([[-30, -20, 60, 90], [10, 10, 20, 30], [400, 0, 500, 120]], np.float32)
    return np.concatenate([drawn.boxes, others])


def same(a: Parsed | None, b: Parsed | None) -> bool:
    if a is None or b is None:
        return a is b
    return [one.group for one in a.garments] == [one.group for one in b.garments] and all(
        one.mask.box == other.mask.box and np.array_equal(one.mask.alpha, other.mask.alpha)
        for one, other in zip(a.garments, b.garments, strict=True)
    )


@pytest.mark.parametrize(("name", "turn"), sorted({(name, turn) for name, _, turn in CASES}))
def test_on_frames_of_every_kind(parser: Parser, drawn: Dressed, name: str, turn: int) -> None:
    frame, boxes = framed(drawn.picture, name, turn), places(drawn)
    before = [plane.copy() for plane in frame.planes]
    answers = parser.parse(frame, boxes)
    assert len(answers) == len(boxes)
    assert answers[3] is answers[4] is None
    for one in answers:
        if one is None:
            continue
        groups = [garment.group for garment in one.garments]
        assert groups
        assert len(set(groups)) == len(groups)
        assert set(groups) <= set(GROUPS)
        masks = [placed(garment.mask, (0, 0, *SIZE)).astype(int) for garment in one.garments]
        assert all(garment.mask.alpha.dtype == np.uint8 for garment in one.garments)
        assert sum(masks).max() <= 255 + len(masks)
    assert all(map(np.array_equal, before, frame.planes))


def test_from_several_threads_at_once(parser: Parser, drawn: Dressed) -> None:
    frame, boxes = framed(drawn.picture), places(drawn)
    with ThreadPoolExecutor(4) as pool:
        [first, *others] = pool.map(lambda _: parser.parse(frame, boxes), range(6))
    assert all(same(a, b) for other in others for a, b in zip(first, other, strict=True))


def test_of_nobody_nothing_is_said(parser: Parser, drawn: Dressed) -> None:
    assert len(parser.parse(framed(drawn.picture), np.zeros((0, 4), np.float32))) == 0
