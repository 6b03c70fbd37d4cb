"""Lines of text are found where they are, in a map of probabilities and in pictures."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx_models import DATA, Array, framed, iou, model, noise, photo, real

from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.detect.text import Text
from passerby.testing import check_detector

SHAPE = (1, 3, 160, 320)


def mapped(*lines: tuple[tuple[float, float], tuple[float, float], float, float]) -> Array:
    """A map (1, 1, 160, 320) with rectangles of (centre, size, angle, probability)."""
    shares = np.zeros((160, 320), np.float32)
    for centre, size, angle, share in lines:
        points = cv2.boxPoints((centre, size, angle))
        cv2.fillPoly(shares, [np.round(points).astype(np.int32)], share)
    return shares[None, None]


def grown(shares: Array, unclip: float) -> Array:
    """The upright box around the one line of a map, by trying every angle.

    Of all rectangles around the middles of its pixels the smallest counts; it grows by area * unclip / circumference.
    """
    inside = shares[0, 0] > 0.3
    wide = inside.copy()  # dilated by a pixel to the right and below
    wide[1:] |= inside[:-1]
    wide[:, 1:] |= wide[:, :-1].copy()
    points = np.argwhere(wide)[:, ::-1] + 0.5
    best = (np.inf, np.empty(4))
    for angle in np.deg2rad(np.arange(0, 90, 0.1)):
        axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        along = points @ axes.T
        low, high = along.min(axis=0), along.max(axis=0)
        size = high - low
        if size.prod() < best[0]:
            half = np.abs(axes).T @ (size / 2 + size.prod() * unclip / (2 * size.sum()) + 0.5)
            centre = axes.T @ (low + high) / 2
            best = (size.prod(), np.concatenate([centre - half, centre + half]))
    return best[1]


@pytest.mark.parametrize("unclip", [1.0, 1.6, 2.0])
@pytest.mark.parametrize(("size", "angle"), [((80, 12), 0), ((60, 20), 30), ((20, 60), -20), ((40, 40), 0)])
def test_a_line_grows_by_its_area_over_its_circumference(
    tmp_path: Path, size: tuple[int, int], angle: float, unclip: float
) -> None:
    line = mapped(((150, 80), size, angle, 0.9))
    path = model(tmp_path / "db.onnx", {"map": line}, picture="x", shape=SHAPE)
    [found] = Text(path, unclip=unclip).detect([noise(640, 320)])
    assert found.scores.tolist() == pytest.approx([0.9], abs=0.15)
    np.testing.assert_allclose(found.boxes[0], grown(line, unclip) * 2, atol=0.5)


def test_each_line_is_one_find_and_the_surest_comes_first(tmp_path: Path) -> None:
    lines = mapped(((60, 30), (60, 10), 0, 0.7), ((200, 120), (90, 14), 0, 0.95), ((60, 120), (50, 10), 0, 0.4))
    path = model(tmp_path / "db.onnx", {"map": lines}, picture="x", shape=SHAPE)
    [found] = Text(path).detect([noise(320, 160)])
    centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    np.testing.assert_allclose(centres, [[200, 120], [60, 30]], atol=1.5)
    [more] = Text(path, conf=0.3).detect([noise(320, 160)])
    assert len(more) == 3
    [fewer] = Text(path, threshold=0.8).detect([noise(320, 160)])
    assert len(fewer) == 1


def test_specks_are_noise(tmp_path: Path) -> None:
    path = model(tmp_path / "db.onnx", {"map": mapped(((60, 30), (1, 1), 0, 0.9))}, picture="x", shape=SHAPE)
    assert len(Text(path).detect([noise(320, 160)])[0]) == 0


@pytest.mark.parametrize("options", [{"conf": 0}, {"threshold": 1}, {"unclip": -1}, {"longest": 3}])
def test_an_option_that_makes_no_sense_is_refused(tmp_path: Path, options: dict[str, float]) -> None:
    path = model(tmp_path / "db.onnx", {"map": mapped()}, picture="x", shape=SHAPE)
    with pytest.raises(OptionError):
        Text(path, **options)  # type: ignore[arg-type]


def test_another_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="wanted one map"):
        Text(model(tmp_path / "rows.onnx", {"output": np.zeros((3, 7), np.float32)}))
    path = model(tmp_path / "half.onnx", {"map": mapped()[..., ::2]}, picture="x", shape=SHAPE)
    with pytest.raises(StageError, match="160"):
        Text(path).detect([noise(320, 160)])


def test_it_keeps_the_contract(tmp_path: Path) -> None:
    path = model(tmp_path / "db.onnx", {"map": mapped(((150, 80), (90, 30), 10, 0.9))}, picture="x", shape=SHAPE)
    check_detector(Text(path))


# The published model, PP-OCRv4


def test_written_words_are_covered_wholly() -> None:
    picture = np.full((300, 500, 3), 235, np.uint8)
    cv2.putText(picture, "NOT FOR EVERYONE", (60, 90), cv2.FONT_HERSHEY_SIMPLEX, 1, (20, 20, 20), 2)
    cv2.putText(picture, "room 214", (200, 220), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (20, 20, 20), 2)
    [found] = Text(real("ppocr_v4_det.onnx")).detect([framed(picture)])
    ink = picture[..., 0] < 128
    for x0, y0, x1, y1 in found.boxes.round().astype(int):
        ink[y0:y1, x0:x1] = False
    assert 2 <= len(found) <= 4
    assert not ink.any()


def test_a_small_frame_is_enlarged_to_read_its_plates() -> None:
    picture = photo("images/police_road_text.jpg")
    [found] = Text(real("ppocr_v4_det.onnx")).detect([picture])
    assert max(iou(box, (491, 248, 533, 266)) for box in found.boxes) > 0.6


@pytest.mark.parametrize("number", range(0, 63, 10))
def test_plates_are_text(number: int) -> None:
    detector = Text(real("ppocr_v4_det.onnx"))
    if not (DATA / "plates/plates.json").exists():
        pytest.skip("no ../shared/data beside the repository")
    entry = json.loads((DATA / "plates/plates.json").read_text())["images"][number]
    [found] = detector.detect([photo(f"plates/{entry['file']}")])
    x, y = (np.array(entry["box"][:2]) + entry["box"][2:]) / 2
    assert ((found.boxes[:, :2] < [x, y]) & (found.boxes[:, 2:] > [x, y])).all(axis=1).any()
