"""Looking at turned frames as well: what lies is found, and where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import footage
import numpy as np
import pytest

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.detections import Detections
from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.detect.compose import Tiled
from passerby.detect.faces import CenterFace
from passerby.detect.rotated import Rotated
from passerby.testing import CASES, FORMATS, check_detector, drawn


@dataclass(frozen=True)
class Watching:
    """A detector that finds a thing at (5, 3) of every frame, with a landmark in a corner, and keeps the frames."""

    labels = frozenset({"thing"})
    seen: list[Frame] = field(default_factory=list)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        self.seen.extend(frames)
        box, landmark = np.array([[5, 3, 9, 10]], np.float32), np.array([[[5, 10]]], np.float32)
        return [Detections(box, np.ones(1, np.float32), np.array(["thing"]), landmark) for _ in frames]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_the_detector_is_shown_the_turned_picture(case: tuple[str, tuple[int, int], int], quarters: int) -> None:
    [frame] = drawn(*case, count=1)
    watching = Watching()
    Rotated(watching, (quarters,)).detect([frame])
    upright, turned = watching.seen
    assert upright is frame
    np.testing.assert_array_equal(pixels.rgb(turned), np.rot90(pixels.rgb(frame), -quarters))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("box", [(0, 0, 9, 11), (7, 4, 20, 19), (12, 16, 400, 400)])
def test_parts_of_a_turned_frame_have_the_samples_that_they_had(
    case: tuple[str, tuple[int, int], int], quarters: int, box: pixels.Box
) -> None:
    """A side of odd length begins, turned end to end, with half a colour sample."""
    [frame] = drawn(*case, count=1)
    watching = Watching()
    Rotated(watching, (quarters,)).detect([frame])
    turned = watching.seen[1]
    whole = (0, 0, *turned.size)
    shapes = [(at[0].stop, at[1].stop) for at in pixels.window(turned.format, whole)]
    assert shapes == [plane.shape[:2] for plane in turned.planes]
    x0, y0, x1, y1 = pixels.aligned(turned, box)
    width, height = frame.size
    back = {
        1: (y0, height - x1, y1, height - x0),
        2: (width - x1, height - y1, width - x0, height - y0),
        3: (width - y1, x0, width - y0, x1),
    }[quarters]
    assert pixels.aligned(frame, back) == back
    for part, plane in zip(pixels.crop(turned, (x0, y0, x1, y1)), pixels.crop(frame, back), strict=True):
        np.testing.assert_array_equal(part, np.rot90(plane, -quarters))


@pytest.mark.parametrize(
    ("quarters", "box", "landmark"),
    [
        (1, (3, 39, 10, 43), (10, 43)),
        (2, (55, 38, 59, 45), (59, 38)),
        (3, (54, 5, 61, 9), (54, 5)),
    ],
)
def test_boxes_and_landmarks_are_turned_back(
    quarters: int, box: tuple[float, ...], landmark: tuple[float, float]
) -> None:
    [found] = Rotated(Watching(), (quarters,)).detect(drawn(size=(64, 48), count=1))
    assert found.landmarks is not None
    np.testing.assert_array_equal(found.boxes, [(5, 3, 9, 10), box])
    np.testing.assert_array_equal(found.landmarks, [[(5, 10)], [landmark]])


@pytest.mark.parametrize(("score", "kept"), [(0.4, (10, 10, 30, 40)), (0.9, (8, 9, 34, 46))])
def test_a_thing_is_found_once_where_it_was_seen_best(score: float, kept: tuple[float, ...]) -> None:
    """A look from the wrong side may see a larger box, in which the right one lies."""

    class Unsure:
        labels = frozenset({"thing"})

        def detect(self, frames: Sequence[Frame]) -> list[Detections]:
            return [self.look(frame) for frame in frames]

        def look(self, frame: Frame) -> Detections:
            box, sure = ((10, 10, 30, 40), 0.6) if frame.turn == 0 else ((30, 2, 56, 39), score)
            return Detections(np.array([box], np.float32), np.array([sure], np.float32), np.array(["thing"]))

    [found] = Rotated(Unsure(), (2,)).detect(drawn(size=(64, 48), count=1))
    np.testing.assert_array_equal(found.boxes, [kept])


def test_the_shape_of_pixels_and_the_depth_turn_as_well() -> None:
    [frame] = drawn(size=(64, 48), count=1)
    depth = np.arange(64 * 48, dtype=np.float32).reshape(48, 64)
    watching = Watching()
    Rotated(watching).detect([replace(frame, sample_aspect=Fraction(4, 3), depth=depth)])
    assert [seen.sample_aspect for seen in watching.seen] == [Fraction(4, 3), Fraction(3, 4)] * 2
    for quarters, seen in enumerate(watching.seen):
        assert seen.depth is not None
        np.testing.assert_array_equal(seen.depth, np.rot90(depth, -quarters))


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_face_is_found_whichever_way_it_lies(quarters: int) -> None:
    picture, [face] = next(iter(footage.standing(90)))
    lying = np.ascontiguousarray(np.rot90(picture, -quarters))
    frame = Frame((lying,), FORMATS["rgb24"], 0, 0, Fraction(1, 25))
    [found] = Rotated(CenterFace()).detect([frame])
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = face.box
    true = (
        (x0, y0, x1, y1),
        (height - y1, x0, height - y0, x1),
        (width - x1, height - y1, width - x0, height - y0),
        (y0, width - x1, y1, width - x0),
    )[quarters]
    best = bx.iou(np.array([true], np.float32), found.boxes)[0].argmax()
    assert bx.iou(np.array([true], np.float32), found.boxes)[0, best] > 0.6
    assert found.landmarks is not None
    towards = found.landmarks[best, 3:].mean(axis=0) - found.landmarks[best, :2].mean(axis=0)
    down = ((0, 1), (-1, 0), (0, -1), (1, 0))[quarters]
    assert towards @ np.array(down) > 0.8 * np.hypot(*towards), "the mouth lies on the wrong side of the eyes"


def test_it_turns_what_is_tiled_and_keeps_the_contract() -> None:
    check_detector(Rotated(Tiled(CenterFace(conf=0.05), tile=(160, 160), overlap=64)))


@pytest.mark.parametrize("quarters", [(), (0,), (4,), (1, 1), (-1,)])
def test_other_turns_are_refused(quarters: tuple[int, ...]) -> None:
    with pytest.raises(OptionError, match="quarters"):
        Rotated(CenterFace(), quarters)
