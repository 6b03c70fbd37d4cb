"""Detectors that look at the same frame together have each picture of it made once; and only then."""

from __future__ import annotations

from pathlib import Path

import drawn_models
import numpy as np
import pytest
from onnx_models import model, noise

from passerby.core import pixels
from passerby.detect import pictures
from passerby.detect.compose import Either, Tiled
from passerby.detect.detr import Detr
from passerby.detect.faces import CenterFace
from passerby.detect.yunet import YuNet

QUERIES = {"dets": np.zeros((1, 9, 4), np.float32), "labels": np.full((1, 9, 91), -9, np.float32)}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The sizes of the pictures that are made."""
    sizes: list[tuple[int, int]] = []
    rgb = pixels.rgb
    monkeypatch.setattr(pixels, "rgb", lambda frame, size: sizes.append(size) or rgb(frame, size))
    return sizes


def test_two_detectors_of_one_size_scale_a_frame_once(tmp_path: Path, made: list[tuple[int, int]]) -> None:
    faces, streets = CenterFace(shrink=2), Detr(model(tmp_path / "m.onnx", QUERIES, shape=(1, 3, 64, 96)))
    both = Either((faces, Either((streets, YuNet(drawn_models.yunet(tmp_path / "y.onnx"), shrink=2)))))
    frames = [noise(192, 128), noise(192, 128)]
    found = both.detect(frames)
    assert made == [(96, 64)] * 2
    made.clear()
    assert [len(one) for one in found] == [len(both.detect([frame])[0]) for frame in frames]


def test_those_of_other_sizes_and_other_parts_have_their_own(made: list[tuple[int, int]]) -> None:
    faces = CenterFace()
    Either((faces, CenterFace(shrink=2), Tiled(faces, tile=(160, 160)))).detect([noise(256, 128)])
    assert made == [(256, 128), (128, 64), (160, 128), (160, 128)]


def test_nothing_is_kept_when_the_look_is_over(made: list[tuple[int, int]]) -> None:
    frame = noise(96, 64)
    both = Either((CenterFace(), CenterFace(conf=0.5)))
    for _ in range(2):
        both.detect([frame])
        CenterFace().detect([frame])
    assert made == [(96, 64)] * 4


def test_what_is_shared_cannot_be_written_to() -> None:
    frame = noise(96, 64)
    with pictures.shared():
        first = pictures.rgb(frame, (48, 32))
        assert pictures.rgb(frame, (48, 32)) is first
        with pytest.raises(ValueError, match="read-only"):
            first[0] = 0
    np.testing.assert_array_equal(pictures.rgb(frame, (48, 32)), first)
