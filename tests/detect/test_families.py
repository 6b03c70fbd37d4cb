"""A model's family is told by its file; what no family fits is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import drawn_models
import numpy as np
import pytest
from onnx_models import Array, model, noise, real

from passerby.core.errors import OptionError, WeightsError
from passerby.detect.families import FAMILIES, Use, detector, recognised
from passerby.testing import check_detector

REAL = {
    "yunet_n_640.onnx": ("yunet", "face"),
    "yunet_n_dynamic.onnx": ("yunet", "face"),
    "yunet_s_640.onnx": ("yunet", "face"),
    "yolox_nano_416.onnx": ("yolox", "person"),
    "light_person_detector.onnx": ("yolox", "person"),
    "deimv2_atto_coco.onnx": ("detr", "vehicle"),
    "deimv2_femto_coco.onnx": ("detr", "person"),
    "nanodet_m_416.onnx": ("nanodet", "vehicle"),
    "ppocr_v4_det.onnx": ("text", "plate"),
}
OTHERS = ["ultralight_rfb_320.onnx", "ultralight_rfb_640.onnx", "mobilefacenet.onnx"]
PLATES = {"names": "{0: 'License-Plate'}", "task": "detect"}


def drawn(outputs: dict[str, Array], **options: object) -> Callable[[Path], Path]:
    return lambda path: model(path, outputs, **options)  # type: ignore[arg-type]


def zeros(*shape: int) -> Array:
    return np.zeros(shape, np.float32)


DRAWN: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "SCRFD": (drawn_models.scrfd, "scrfd", "face"),
    "SCRFD without points": (lambda path: drawn_models.scrfd(path, points=False), "scrfd", "face"),
    "SCRFD of one size": (lambda path: drawn_models.scrfd(path, size=(160, 128)), "scrfd", "face"),
    "YuNet": (drawn_models.yunet, "yunet", "face"),
    "RetinaFace": (drawn_models.retinaface, "retinaface", "face"),
    "RetinaFace of one size": (lambda path: drawn_models.retinaface(path, size=(160, 128)), "retinaface", "face"),
    "DSFD": (drawn_models.dsfd, "retinaface", "face"),
    "YOLO": (drawn({"output0": zeros(1, 84, 126)}), "yolo", "person"),
    "YOLO of plates": (drawn({"output0": zeros(1, 5, 126)}, metadata=PLATES), "yolo", "plate"),
    "YOLO of heads that says nothing": (drawn({"output0": zeros(1, 5, 126)}), "yolo", "head"),
    "YOLO that suppresses": (drawn({"output0": zeros(1, 300, 6)}, metadata=PLATES), "yolo", "plate"),
    "YOLOX": (drawn({"output": zeros(1, 126, 85)}), "yolox", "vehicle"),
    "RF-DETR": (drawn({"dets": zeros(1, 9, 4), "labels": zeros(1, 9, 91) - 9}, picture="input"), "detr", "person"),
    "YOLOv9 plates": (drawn({"output": zeros(1, 7)}), "plates-yolo9", "plate"),
    "YuNet plates": (
        drawn({"loc": zeros(351, 14), "conf": zeros(351, 2), "iou": zeros(351, 1)}),
        "plates-yunet",
        "plate",
    ),
    "PP-OCR": (drawn({"map": zeros(1, 1, 64, 96)}), "text", "text"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_family_is_told_by_its_file_and_read_by_its_detector(name: str, tmp_path: Path) -> None:
    make, family, label = DRAWN[name]
    path = make(tmp_path / "m.onnx")
    assert recognised(path, [label]) == family
    found_by = detector(family, Use(path, (label,), 0.3, 2))
    assert found_by.labels == {label}
    found_by.detect([noise(320, 256)])


@pytest.mark.parametrize("name", REAL)
def test_published_files_are_told_apart(name: str) -> None:
    family, label = REAL[name]
    path = real(name)
    assert recognised(path, [label]) == family
    check_detector(detector(family, Use(path, (label,), 0.3, 1)))


@pytest.mark.parametrize("name", OTHERS)
def test_published_files_that_nothing_reads_are_refused(name: str) -> None:
    path = real(name)
    with pytest.raises(WeightsError):
        recognised(path, ["face"])


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_not_asked_for_what_it_cannot_find(name: str, tmp_path: Path) -> None:
    if FAMILIES[name].finds is not None:
        with pytest.raises(OptionError, match=f"{name} finds"):
            detector(name, Use(tmp_path / "m.onnx", ("cat",), 0.3, 1))


def test_a_class_that_the_model_lacks_is_refused(tmp_path: Path) -> None:
    path = model(tmp_path / "m.onnx", {"output0": zeros(1, 84, 126)})
    with pytest.raises(OptionError, match="the model knows no plate"):
        detector("yolo", Use(path, ("plate",), 0.3, 1))
