"""NanoDet's exports are read as a plain reading of their published layout does."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from onnx_models import Array, cut, iou, model, noise, photo, real, suppressed

from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.detect.classes import COCO, PERSONS, STREET
from passerby.detect.nanodet import NanoDet
from passerby.testing import check_detector

BINS = 8


def tables(strides: tuple[int, ...] = (8, 16, 32)) -> dict[str, Array]:
    """Scores (1, N, 80) and unscaled likelihoods of distances (1, N, 32) for each grid of a picture of 96x64."""
    rng = np.random.default_rng(4)
    outputs = {}
    for stride in strides:
        count = (96 // stride) * (64 // stride)
        scores = rng.uniform(0, 1, (1, count, 80)) ** 6
        scores[..., 2] += 0.3 * rng.uniform(0, 1, (1, count))
        outputs[f"cls_pred_stride_{stride}"] = np.clip(scores, 0, 1).astype(np.float32)
        outputs[f"dis_pred_stride_{stride}"] = rng.normal(0, 2, (1, count, 4 * BINS)).astype(np.float32)
    return outputs


def reference(outputs: dict[str, Array], size: tuple[int, int], conf: float) -> list[tuple[float, str, list[float]]]:
    ratio = min(96 / size[0], 64 / size[1])
    scale = [round(size[0] * ratio) / size[0], round(size[1] * ratio) / size[1]] * 2
    found = []
    for stride in (8, 16, 32):
        for at, (scores, bins) in enumerate(
            zip(outputs[f"cls_pred_stride_{stride}"][0], outputs[f"dis_pred_stride_{stride}"][0], strict=True)
        ):
            best = int(np.argmax(scores))
            if scores[best] > conf and COCO[best] in STREET:
                x, y = ((at % (96 // stride)) + 0.5) * stride, ((at // (96 // stride)) + 0.5) * stride
                away = []
                for side in bins.reshape(4, BINS).tolist():
                    likely = [math.exp(value) for value in side]
                    away.append(sum(k * p for k, p in enumerate(likely)) / sum(likely) * stride)
                box = (x - away[0], y - away[1], x + away[2], y + away[3])
                found.append((float(scores[best]), COCO[best], box, len(found)))
    rows = suppressed(found, 0.6)
    return [(score, name, cut([v / s for v, s in zip(box, scale, strict=True)], size)) for score, name, box, _ in rows]


@pytest.mark.parametrize("size", [(96, 64), (200, 100), (61, 133)])
def test_tables_are_read_as_published(tmp_path: Path, size: tuple[int, int]) -> None:
    path = model(tmp_path / "nanodet.onnx", tables())
    [found] = NanoDet(path, conf=0.4).detect([noise(*size)])
    expected = [row for row in reference(tables(), size, 0.4) if row[2][2] > row[2][0] and row[2][3] > row[2][1]]
    assert len(expected) > 4
    assert found.labels.tolist() == [row[1] for row in expected]
    np.testing.assert_allclose(found.scores, [row[0] for row in expected], rtol=1e-5)
    np.testing.assert_allclose(found.boxes, [row[2] for row in expected], rtol=1e-4, atol=1e-2)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="wanted cls_pred_stride_8"):
        NanoDet(model(tmp_path / "a.onnx", {"output": np.zeros((1, 126, 85), np.float32)}))
    short = tables()
    short["cls_pred_stride_8"] = short["cls_pred_stride_8"][:, 1:]
    with pytest.raises(StageError, match="of stride 8"):
        NanoDet(model(tmp_path / "b.onnx", short)).detect([noise(96, 64)])
    with pytest.raises(OptionError, match="knows no zebu"):
        NanoDet(model(tmp_path / "c.onnx", tables()), classes={"zebu": "animal"})


def test_persons_are_found_where_people_marked_them() -> None:
    detector = NanoDet(real("nanodet_m_416.onnx"), classes=PERSONS)
    check_detector(detector)
    [found] = detector.detect([photo("truth/coco_000000000785.jpg")])
    assert max(iou(box, (280.8, 44.7, 499.5, 391.4)) for box in found.boxes) > 0.8
