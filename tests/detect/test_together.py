"""On a GPU several frames are shown to a model at a time; what is found in each is what is found in it alone."""

from __future__ import annotations

from pathlib import Path

import drawn_models
import numpy as np
import pytest
from fake_onnxruntime import CUDA, Fake
from onnx_models import framed, model

from passerby import runtime
from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.core.stages import Detector
from passerby.detect.compose import Tiled
from passerby.detect.detr import Detr
from passerby.detect.faces import CenterFace
from passerby.detect.scrfd import SCRFD
from passerby.runtime import VARIABLE, Session

QUERIES = {"dets": np.zeros((1, 9, 4), np.float32), "labels": np.full((1, 9, 91), -9, np.float32)}
FREE = ("batch", 3, "height", "width")


@pytest.fixture(params=["cuda", "cpu"])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    library = Fake([CUDA])
    monkeypatch.setattr(runtime.onnx_runtime, "quiet", lambda: library)
    monkeypatch.setattr("passerby.detect.model.shared", Session)
    name: str = request.param
    monkeypatch.setenv(VARIABLE, name)
    return name


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each call has."""
    counts: list[int] = []
    run = Session.run
    monkeypatch.setattr(
        Session, "run", lambda self, inputs: counts.append(len(next(iter(inputs.values())))) or run(self, inputs)
    )
    return counts


def clouds(seed: int, width: int = 96, height: int = 64) -> Frame:
    return framed(np.random.default_rng(seed).integers(0, 255, (height, width, 3)).astype(np.uint8))


def same(detector: Detector, frames: list[Frame]) -> None:
    """What `detector` finds in all of them is what it finds in each."""
    for frame, found in zip(frames, detector.detect(frames), strict=True):
        [alone] = detector.detect([frame])
        assert len(found) > 0
        np.testing.assert_allclose(found.boxes, alone.boxes, atol=1e-3)
        np.testing.assert_allclose(found.scores, alone.scores, atol=1e-5)


def test_frames_of_one_size_are_shown_together_on_a_gpu(device: str, batches: list[int]) -> None:
    frames = [clouds(seed) for seed in range(11)]
    faces = CenterFace(conf=0.001)
    faces.detect(frames)
    assert batches == ([8, 3] if device == "cuda" else [1] * 11)
    same(faces, frames)


def test_frames_of_other_sizes_are_shown_one_by_one(device: str, batches: list[int]) -> None:
    frames = [clouds(0), clouds(1, 128, 96)]
    same(CenterFace(conf=0.001), frames)
    assert set(batches) == {1}


def test_tiles_are_shown_together(device: str, batches: list[int]) -> None:
    Tiled(CenterFace(), tile=(160, 160)).detect([clouds(0, 256, 128)])
    assert batches == ([2] if device == "cuda" else [1, 1])


def test_a_model_that_takes_one_picture_or_mixes_its_answers_is_shown_one(
    device: str, batches: list[int], tmp_path: Path
) -> None:
    for detector in (SCRFD(drawn_models.scrfd(tmp_path / "s.onnx")), Detr(model(tmp_path / "d.onnx", QUERIES))):
        detector.detect([clouds(0), clouds(1)])
    assert batches == [1] * 4


def test_an_answer_that_is_short_ends_the_run(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "cuda")
    run = Session.run
    monkeypatch.setattr(Session, "run", lambda self, inputs: tuple(output[:1] for output in run(self, inputs)))
    with pytest.raises(StageError, match="wanted 2 rows of each"):
        CenterFace().detect([clouds(0), clouds(1)])
