"""DSFD finds what the original finds, with weights in the published format."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import deep_privacy2
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.errors import OptionError, WeightsError
from passerby.core.frame import Frame, PixelFormat
from passerby.detect.dsfd import DSFD
from passerby.detect.face_model import faces
from passerby.detect.retinaface import DSFD as ANCHORS
from passerby.detect.retinaface import moved


@pytest.fixture(scope="module")
def recorded() -> deep_privacy2.Recorded:
    return deep_privacy2.Recorded("dsfd")


@pytest.fixture(scope="module")
def weights(recorded: deep_privacy2.Recorded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file with weights that a recipe gives: half a gigabyte, so it goes when the tests are through."""
    torch = pytest.importorskip("torch", reason="needs the extra generate")
    torch.set_num_threads(1)
    spec = importlib.util.spec_from_file_location("recipe", deep_privacy2.FOLDER / "recipe.py")
    assert spec
    assert spec.loader
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    shapes = {name: shape for name, shape, _, _ in deep_privacy2.keys("dsfd")["keys"]}
    numbers = recipe.dsfd_weights(recorded.meta["seed"], shapes)
    assert recipe.sha256(numbers) == recorded.meta["weights_sha256"]
    path = tmp_path_factory.mktemp("dsfd") / "dsfd.pth"
    torch.save({name: torch.from_numpy(np.asarray(value)) for name, value in numbers.items()}, path)
    yield path
    path.unlink()


def frame(picture: NDArray[np.uint8]) -> Frame:
    return Frame((picture,), PixelFormat("rgb24", ((1, 1),), 8, "rgb", True), 0, 0, Fraction(1, 25))


def by_place(boxes: NDArray[Any]) -> NDArray[Any]:
    return boxes[np.lexsort(boxes.T)]


def test_a_look_finds_the_originals_faces(recorded: deep_privacy2.Recorded, weights: Path) -> None:
    picture = recorded["image_hwc_rgb"]
    sides = np.tile(picture.shape[1::-1], 2)
    [found] = DSFD(weights).detect([frame(picture)])
    wanted = recorded["filtered/threshold_0.3_nms_0.3_clipped"]
    assert len(found) == len(wanted)
    came = np.column_stack([found.boxes / sides, found.scores])
    assert np.allclose(by_place(came.round(3)), by_place(wanted.round(3)), atol=2e-3)


def test_anchors_and_what_is_made_of_them_are_the_originals(recorded: deep_privacy2.Recorded) -> None:
    height, width = recorded["image_hwc_rgb"].shape[:2]
    anchors = np.float32(ANCHORS.boxes((width, height)) / np.array([width, height] * 2))
    assert np.allclose(anchors, recorded["priors_cxcywh"], atol=1e-6)
    came = moved(recorded["priors_cxcywh"][:50], recorded["decode/loc"][0])
    assert np.allclose(came, recorded["decode/out_xyxy"][0], atol=1e-4)


@pytest.mark.parametrize("conf", [0.3, 0.5])
def test_of_overlapping_finds_the_originals_stay(recorded: deep_privacy2.Recorded, conf: float) -> None:
    raw = recorded["boxes_xyxy_norm_and_score"][0]
    best = raw[raw[:, 4] >= conf]
    kept = faces(best[:, :4], best[:, 4], None, ANCHORS.overlap)
    came = np.column_stack([bx.clip(kept.boxes, (1, 1)), kept.scores])
    wanted = recorded[f"filtered/threshold_{conf}_nms_0.3_clipped"]
    assert np.allclose(by_place(came), by_place(wanted), atol=1e-6)


def test_other_weights_are_refused_in_a_line(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra generate")
    torch.save({"layer1.0.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="holds other weights than wanted"):
        DSFD(tmp_path / "a.pth")


def test_options_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="conf"):
        DSFD(tmp_path / "a.pth", conf=1)
    with pytest.raises(OptionError, match="shrink"):
        DSFD(tmp_path / "a.pth", shrink=0.5)
