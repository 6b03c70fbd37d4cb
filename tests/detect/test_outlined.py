"""What detectors find gets the pixels that a segmenter tells; where it cannot tell, there is no mask."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx_models import DATA, Array, framed, helper, model, noise, numpy_helper, photo, real, save
from onnx_models import TensorProto as Kind

from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.errors import StageError, WeightsError
from passerby.core.frame import Frame
from passerby.core.regions import Mask
from passerby.core.runs import Runs
from passerby.detect.compose import Either, Outlined, able
from passerby.detect.portrait import Portrait
from passerby.mask.shapes import Silhouette
from passerby.testing import check_detector
from passerby.track.live import Seen

OWN = Mask(1, 1, np.full((2, 2), 255, np.uint8))


@dataclass(frozen=True)
class Told:
    """A detector of one answer."""

    answer: Detections
    labels: frozenset[str] = frozenset({"person", "car"})

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self.answer for _ in frames]


@dataclass(frozen=True)
class Whole:
    """A segmenter that takes all of a box for the thing, except of those narrower than ten pixels; it may be short."""

    short: int = 0
    labels: frozenset[str] = frozenset({"person"})

    def segment(self, frame: Frame, boxes: Boxes) -> list[Mask | None]:
        answers: list[Mask | None] = []
        for x0, y0, x1, y1 in boxes.astype(int).tolist():
            answers.append(Mask(x0, y0, np.full((y1 - y0, x1 - x0), 255, np.uint8)) if x1 - x0 >= 10 else None)
        return answers[self.short :]


FOUND = Detections(
    np.array([[10, 10, 40, 50], [50, 10, 80, 30], [60, 20, 65, 40], [20, 5, 50, 45]], np.float32),
    np.array([0.9, 0.8, 0.7, 0.6], np.float32),
    np.array(["person", "car", "person", "person"]),
    masks=(None, None, None, OWN),
)


def test_persons_without_a_mask_get_one() -> None:
    [found] = Outlined(Told(FOUND), Whole()).detect([noise(96, 64)])
    assert found.masks is not None
    assert found.masks[0] is not None
    assert found.masks[0].box == (10, 10, 40, 50)
    assert found.masks[1:] == (None, None, OWN)
    assert np.array_equal(found.boxes, FOUND.boxes)


def test_where_there_is_nobody_nobody_is_asked() -> None:
    cars = replace(FOUND[np.array([1])], masks=None)
    assert Outlined(Told(cars), Whole(short=1)).detect([noise(96, 64)]) == [cars]


def test_a_mask_too_few_stops_the_run() -> None:
    with pytest.raises(StageError, match="1 masks for 2 boxes"):
        Outlined(Told(FOUND), Whole(short=1)).detect([noise(96, 64)])


def test_it_is_looked_again_with_masks() -> None:
    outlined = Outlined(Told(FOUND), Whole())
    assert able(Either((Told(FOUND, frozenset({"face"})), outlined)), "person") == Either((outlined,))


# Portraits


def red(path: Path, side: int = 64) -> Path:
    """A model that is sure of what is red."""
    weights = np.array([40, -40, 0], np.float32).reshape(1, 3, 1, 1)
    held = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(np.array([-20], np.float32), "b")]
    nodes = [helper.make_node("Conv", ["images", "w", "b"], ["light"]), helper.make_node("Sigmoid", ["light"], ["out"])]
    inputs = [helper.make_tensor_value_info("images", Kind.FLOAT, (1, 3, side, side))]
    outputs = [helper.make_tensor_value_info("out", Kind.FLOAT, (1, 1, side, side))]
    return save(path, nodes, inputs, outputs, held, None)


def red_disc(size: tuple[int, int], centre: tuple[int, int], radii: tuple[int, int]) -> Array:
    picture = np.full((size[1], size[0], 3), (40, 90, 120), np.uint8)
    return np.asarray(cv2.ellipse(picture, centre, radii, 0, 0, 360, (230, 20, 40), -1))


@pytest.mark.parametrize("centre", [(150, 100), (20, 100), (150, 190)], ids=["inside", "at the left", "at the bottom"])
@pytest.mark.parametrize("turn", [0, 1])
def test_what_the_model_sees_is_masked_where_it_is(tmp_path: Path, centre: tuple[int, int], turn: int) -> None:
    picture = red_disc((300, 200), centre, (40, 60))
    box = np.array([centre[0] - 40, centre[1] - 60, centre[0] + 41, centre[1] + 61], np.float32)
    box = np.clip(box, 0, np.array([300, 200, 300, 200], np.float32))
    [mask] = Portrait(red(tmp_path / "m.onnx")).segment(framed(picture, turn=turn), box[None])
    assert mask is not None
    seen = Runs.of(mask, (300, 200)).mask()
    whole = np.zeros((200, 300), bool)
    x0, y0, x1, y1 = seen.box
    whole[y0:y1, x0:x1] = seen.alpha > 0
    disc = picture[..., 0] > 200
    # The model sees every fourth pixel or so.
    assert (whole & disc).sum() >= 0.99 * disc.sum()
    assert (whole & disc).sum() >= 0.8 * (whole | disc).sum()


@pytest.mark.parametrize(
    "box", [[10, 10, 40, 50], [200, 10, 290, 190], [400, 10, 500, 100]], ids=["small", "not there", "outside"]
)
def test_what_it_cannot_tell_has_no_mask(tmp_path: Path, box: list[int]) -> None:
    frame = framed(red_disc((300, 200), (60, 100), (40, 60)))
    assert list(Portrait(red(tmp_path / "m.onnx")).segment(frame, np.array([box], np.float32))) == [None]


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    free = model(tmp_path / "free.onnx", {"out": np.zeros((1, 1, 8, 8), np.float32)}, shape=(1, 3, "h", "w"))
    with pytest.raises(WeightsError, match="single size"):
        Portrait(free)
    other = model(tmp_path / "other.onnx", {"out": np.zeros((1, 2, 8, 8), np.float32)}, shape=(1, 3, 8, 8))
    with pytest.raises(StageError, match=r"wanted \(1, 1, 8, 8\)"):
        Portrait(other).segment(noise(96, 64), FOUND.boxes * np.float32(1.5))


def test_outlined_it_keeps_the_detectors_contract(tmp_path: Path) -> None:
    inside = Detections(np.array([[3, 2, 30, 55]], np.float32), np.float32([0.5]), np.array(["person"]))
    check_detector(Outlined(Told(inside), Portrait(red(tmp_path / "m.onnx"))))


# Real weights


def truth() -> list[tuple[str, list[float], list[list[float]]]]:
    """(picture, box, outline) of the persons whose outlines people have drawn in photographs of COCO."""
    if not (DATA / "truth/truth.json").exists():
        pytest.skip("no ../shared/data beside the repository")
    told = json.loads((DATA / "truth/truth.json").read_text())
    return [
        (image["file"], person["person"], person["polygons"])
        for image in told["images"]
        if image["set"] == "coco"
        for person in image["objects"]
    ]


def test_persons_of_photographs_are_hidden_by_their_silhouettes_or_boxes() -> None:
    segmenter = Portrait(real("prisma_portrait_seg.onnx"))
    outlined = 0
    for name, box, polygons in truth():
        frame = photo(f"truth/{name}")
        at = np.array(box, np.float32)
        seen = Seen.of(at, segmenter.segment(frame, at[None])[0], frame)
        hides = Runs.of(Silhouette(grow=0.1, feather=0).mask(at, frame.size, seen.mask), frame.size)
        person = np.zeros(frame.size[::-1], np.uint8)
        for polygon in polygons:
            cv2.fillPoly(person, [np.round(np.reshape(polygon, (-1, 2))).astype(np.int32)], 255)
        known = Runs.of(Mask(0, 0, person), frame.size)
        both = known.area + hides.area - Runs.union([known, hides]).area
        assert both >= 0.98 * known.area
        outlined += seen.mask is not None
    assert outlined == 4
