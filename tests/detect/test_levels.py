"""Each family's models see colours in the order and the numbers that they were trained with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx_models import Array, framed, model

from passerby import runtime
from passerby.core.stages import Detector
from passerby.detect.detr import Detr
from passerby.detect.plates import PlatesYolo9, PlatesYunet
from passerby.detect.text import Text
from passerby.detect.yolo import Yolo
from passerby.detect.yolox import Yolox
from passerby.runtime import Session

ROWS = np.zeros((1, 300, 6), np.float32)
CELLS = np.zeros((1, 126, 85), np.float32)
QUERIES = {"dets": np.zeros((1, 9, 4), np.float32), "labels": np.full((1, 9, 91), -9, np.float32)}
CORNERS = {"loc": np.zeros((351, 14)), "conf": np.zeros((351, 2)), "iou": np.zeros((351, 1))}

MAKERS: dict[str, tuple[Callable[[Path], Detector], dict[str, Array], str, list[float]]] = {
    "YOLO": (Yolo, {"output0": ROWS}, "images", [0.8, 0.4, 0.2]),
    "YOLOX": (Yolox, {"output": CELLS}, "images", [51, 102, 204]),
    "RF-DETR": (Detr, QUERIES, "input", [(0.8 - 0.485) / 0.229, (0.4 - 0.456) / 0.224, (0.2 - 0.406) / 0.225]),
    "RT-DETR": (Detr, QUERIES, "pixel_values", [0.8, 0.4, 0.2]),
    "YOLOv9 plates": (PlatesYolo9, {"output": np.zeros((0, 7), np.float32)}, "images", [0.8, 0.4, 0.2]),
    "YuNet plates": (PlatesYunet, CORNERS, "input", [51, 102, 204]),
    "PP-OCR": (Text, {"map": np.zeros((1, 1, 64, 96), np.float32)}, "x", [-0.6, -0.2, 0.6]),
}


@pytest.mark.parametrize("family", MAKERS)
def test_colours_come_as_the_model_knows_them(family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(runtime.VARIABLE, "onnxruntime")  # OpenVINO gives empty constants no shape
    make, outputs, picture, colour = MAKERS[family]
    seen = []
    run = Session.run
    monkeypatch.setattr(Session, "run", lambda self, inputs: seen.append(inputs) or run(self, inputs))
    detector = make(model(tmp_path / "m.onnx", outputs, picture=picture))
    detector.detect([framed(np.full((64, 96, 3), (204, 102, 51), np.uint8))])
    [inputs] = seen
    assert inputs[picture].shape == (1, 3, 64, 96)
    assert inputs[picture].dtype == np.float32
    np.testing.assert_allclose(inputs[picture][0, :, 32, 48], colour, atol=1e-6)
