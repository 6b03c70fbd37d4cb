"""What is known of how a finished file came to be says what its pixels are, and lets an attacker undo it."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from passerby.core.boxes import clip
from passerby.core.errors import OptionError
from passerby.core.frame import Frame, PixelFormat
from passerby.core.regions import Region
from passerby.evaluate import known, pairs
from passerby.evaluate.inversion import undone
from passerby.methods import hiding
from passerby.paint.composite import composite
from passerby.paint.effects import Blur
from passerby.settings import DEFAULTS

RGB = PixelFormat("rgb24", ((1, 1),), 8, "rgb", True)
SIZE = (320, 240)
BOX = np.array([120, 70, 190, 160], np.float32)
AT_EDGE = np.array([2, 150, 62, 236], np.float32)
SIDE = 112


def picture() -> np.ndarray:
    random = np.random.default_rng(1).uniform(0, 255, (SIZE[1] // 8, SIZE[0] // 8, 3)).astype(np.float32)
    return np.clip(cv2.resize(random, SIZE, interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)


def shown(whole: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """The crop of a face, as an attacker cuts it out, and where it was."""
    x0, y0, x1, y1 = np.rint(clip(pairs.squared(box[None]), SIZE)).astype(int)[0].tolist()
    crop = cv2.resize(whole[y0:y1, x0:x1], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return crop, (x0, y0, x1, y1)


def painted(whole: np.ndarray, box: np.ndarray, effect: Blur) -> np.ndarray:
    frame = Frame((whole,), RGB, 0, 0, Fraction(1, 25))
    region = Region(1, "face", box, hiding.shapes(DEFAULTS, ["face"])["face"].mask(box, SIZE), 1)
    return np.asarray(composite(frame, [region], effect.paint([frame], [[region]])[0]).planes[0])


def blurred(whole: np.ndarray, box: np.ndarray, sigma: float) -> np.ndarray:
    """By another tool, in the same shape."""
    mask = hiding.shapes(DEFAULTS, ["face"])["face"].mask(box, SIZE)
    x0, y0, x1, y1 = mask.box
    alpha = np.zeros((SIZE[1], SIZE[0], 1), np.float32)
    inner = mask.alpha[max(-y0, 0) : SIZE[1] - y0, max(-x0, 0) : SIZE[0] - x0, None]
    alpha[max(y0, 0) : y1, max(x0, 0) : x1] = inner / np.float32(255)
    soft = cv2.GaussianBlur(whole, (0, 0), sigma)
    return np.rint(alpha * soft + (1 - alpha) * whole).astype(np.uint8)


def error(one: np.ndarray, other: np.ndarray) -> float:
    """Of the middle, where the face is."""
    inner = slice(SIDE // 5, -SIDE // 5)
    return float(np.abs(one.astype(float) - other.astype(float))[inner, inner].mean())


@pytest.mark.parametrize("box", [BOX, AT_EDGE])
def test_what_passerby_blurs_is_what_the_operator_says(box: np.ndarray) -> None:
    whole = picture()
    original, place = shown(whole, box)
    hidden, _ = shown(painted(whole, box, Blur()), box)
    way = known.told("samples:8", DEFAULTS).at(box, place, SIZE, SIDE)
    assert error(hidden, original) > 20
    assert error(hidden, way.forward(original.astype(np.float32))) < 7


@pytest.mark.parametrize("box", [BOX, AT_EDGE])
def test_a_blur_by_another_tool_is_undone(box: np.ndarray) -> None:
    whole = picture()
    original, place = shown(whole, box)
    hidden, _ = shown(blurred(whole, box, 3), box)
    way = known.told("blur:3", DEFAULTS).at(box, place, SIZE, SIDE)
    assert error(undone([hidden], [way]), original) < error(hidden, original) / 2


@pytest.mark.parametrize("written", ["mosaic:4", "samples:8", "blur:5", "noise"])
def test_adjoints_are_adjoint(written: str) -> None:
    """<A x, y> = <x, A' y>, without which conjugate gradients do not converge."""
    _, place = shown(picture(), BOX)
    way = known.told(written, DEFAULTS).at(BOX, place, SIZE, SIDE)
    x, y = np.random.default_rng(0).normal(0, 1, (2, SIDE, SIDE, 3)).astype(np.float32)
    assert float((way.forward(x) * y).sum()) == pytest.approx(float((x * way.adjoint(y)).sum()), rel=1e-3, abs=0.1)


@pytest.mark.parametrize("written", ["mosaic", "mosaic:0", "mosaic:4.5", "blur:-1", "blur:nan", "fill", "noise:20"])
def test_what_cannot_be_undone_is_refused(written: str) -> None:
    with pytest.raises(OptionError, match="says nothing that can be undone"):
        known.told(written, DEFAULTS)


@pytest.mark.parametrize(
    ("runs", "kind", "amount"),
    [
        ([("mosaic", {})], None, None),
        ([("blur", {})], "samples", 8),
        ([("fill", {})], None, None),
        ([("mosaic", {}), ("blur", {})], None, None),
        ([], None, None),
    ],
)
def test_the_report_of_a_run_says_how_faces_were_hidden(
    tmp_path: Path, runs: list[tuple[str, dict[str, str]]], kind: str | None, amount: float | None
) -> None:
    files = [
        {"report": {"frames": 1, "seconds": 1.0, "methods": {"face": method}, "options": options}}
        for method, options in runs
    ]
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"files": files}))
    way = known.by_run(path, DEFAULTS)
    assert (None if way is None else (way.kind, way.amount)) == (None if kind is None else (kind, amount))
