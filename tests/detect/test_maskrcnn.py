"""Mask R-CNN finds what torchvision's own finds with the same weights, and refuses others in a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_frames import RGB, YUV420, frame

from passerby.core import pixels
from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.core.frame import Frame
from passerby.detect import families, maskrcnn
from passerby.detect.families import Use
from passerby.detect.maskrcnn import MaskRCNN
from passerby.runtime import rcnn
from passerby.settings import Options
from passerby.targets import detector, models
from passerby.testing import check_detector

SIDE, MOST, CONF = 64, 12, 0.2
PERSON, CAR = 1, 3
PERSONS = {"person": "person"}


@pytest.fixture(scope="module")
def net() -> Any:
    import torchvision_weights as made

    return made.network("MaskRCNN", SIDE, box_score_thresh=CONF, box_detections_per_img=MOST)


@pytest.fixture(scope="module")
def published(net: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file in the published format: 180 MB, so it goes when the tests are through."""
    import torchvision_weights as made

    path = made.save(net, tmp_path_factory.mktemp("rcnn") / "maskrcnn.pth")
    yield path
    path.unlink()


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maskrcnn, "MOST", MOST)


def own(net: Any, shown: Frame) -> dict[str, Any]:
    """What torchvision's own finds in a frame of square pixels."""
    import torchvision_weights as made

    picture = made.torch.from_numpy(pixels.rgb(shown).transpose(2, 0, 1) / np.float32(255))
    with made.torch.inference_mode():
        [found] = net([picture])
    return {name: values.numpy() for name, values in found.items()}


def test_a_look_finds_what_torchvision_finds_and_the_same_pixels(net: Any, published: Path) -> None:
    shown = frame(RGB, (130, 100))
    wanted = own(net, shown)
    assert {PERSON, CAR} <= set(wanted["labels"].tolist()), "both are there to be told apart"
    rows = np.flatnonzero(wanted["labels"] == PERSON)
    [found] = MaskRCNN(published, conf=CONF, classes=PERSONS, shorter=SIDE).detect([shown])
    assert set(found.labels.tolist()) == {"person"}
    assert np.allclose(found.boxes, wanted["boxes"][rows], atol=1e-3)
    assert np.allclose(found.scores, wanted["scores"][rows], atol=1e-5)
    assert found.masks
    for mask, theirs in zip(found.masks, wanted["masks"][rows, 0] >= 0.5, strict=True):
        ours = np.zeros(theirs.shape, bool)
        if mask is not None:
            x0, y0, x1, y1 = mask.box
            ours[y0:y1, x0:x1] = mask.alpha == 255
        assert np.array_equal(ours, theirs)
    assert any(mask is not None for mask in found.masks)


def test_it_is_a_detector_of_labels_of_ones_own(published: Path) -> None:
    cars = MaskRCNN(published, conf=CONF, classes={"car": "vehicle"}, shorter=SIDE)
    assert cars.labels == {"vehicle"}
    shown = [frame(YUV420, (130, 100)), frame(RGB, (90, 90))]
    check_detector(cars, shown)
    assert all(len(found) for found in cars.detect(shown))


def test_boxes_and_masks_lie_in_the_frame_where_pixels_are_not_square(published: Path) -> None:
    """It is shown a picture twice as wide as the frame is stored."""
    shown = replace(frame(RGB, (64, 100)), sample_aspect=Fraction(2))
    [found] = MaskRCNN(published, conf=CONF, classes=PERSONS, shorter=SIDE).detect([shown])
    assert 50 < found.boxes[:, 2].max() <= 64
    masks = [(box, mask.box) for box, mask in zip(found.boxes, found.masks or (), strict=True) if mask]
    assert masks
    for (x0, y0, x1, y1), (left, top, right, bottom) in masks:
        assert x0 - 1 <= left < right <= x1 + 1
        assert y0 - 1 <= top < bottom <= y1 + 1


def test_the_names_of_today_are_read_as_those_of_the_published_file(net: Any, published: Path, tmp_path: Path) -> None:
    import torchvision_weights as made

    made.torch.save(net.state_dict(), tmp_path / "now.pth")
    shown = frame(RGB, (130, 100))
    [then], [now] = (
        MaskRCNN(path, conf=CONF, classes=PERSONS, shorter=SIDE).detect([shown])
        for path in (published, tmp_path / "now.pth")
    )
    assert np.array_equal(then.boxes, now.boxes)
    (tmp_path / "now.pth").unlink()


def test_it_is_chosen_by_its_name_and_needs_no_segmenter(published: Path) -> None:
    chosen = Options(hide="persons", shape="silhouette", models={"person": f"maskrcnn:{published}"})
    assert models(chosen) == ("maskrcnn.pth",)
    assert isinstance(detector(chosen), MaskRCNN)


def test_it_computes_on_the_card_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(families, "MaskRCNN", lambda path, **named: given.update(named))
    monkeypatch.setenv("PASSERBY_RUNTIME", "cuda:1")
    families.detector("maskrcnn", Use(Path("a.pth"), ("person", "vehicle"), 0.4, 2))
    assert (given["device"], given["conf"]) == ("cuda:1", 0.4)
    assert given["classes"]["person"] == "person"
    assert given["classes"]["truck"] == "vehicle"


def _without_a_layer(weights: dict[str, Any]) -> Any:
    del weights["roi_heads.mask_head.mask_fcn1.weight"]
    return weights


def _with_another_layer(weights: dict[str, Any]) -> Any:
    return weights | {"roi_heads.keypoint_head.0.weight": weights["backbone.body.conv1.weight"]}


def _of_other_classes(weights: dict[str, Any]) -> Any:
    return weights | {"roi_heads.box_predictor.cls_score.bias": weights["backbone.body.bn1.bias"][:2]}


def _not_finite(weights: dict[str, Any]) -> Any:
    return weights | {"backbone.body.bn1.bias": weights["backbone.body.bn1.bias"] * float("nan")}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_without_a_layer, r"Missing key.*roi_heads.mask_head.0.0.weight.*wanted is maskrcnn_resnet50_fpn"),
        (_with_another_layer, r"Unexpected key.*roi_heads.keypoint_head.0.weight"),
        (_of_other_classes, "size mismatch for roi_heads.box_predictor.cls_score.bias"),
        (_not_finite, r"not finite in backbone.body.bn1.bias"),
        (lambda weights: weights | {"backbone.body.bn1.bias": "text"}, "backbone.body.bn1.bias"),
        (lambda weights: {"model": weights}, "Missing key"),
        (lambda weights: list(weights), "holds a list"),
    ],
)
def test_other_weights_are_refused_in_a_line(damage: Any, said: str, net: Any, tmp_path: Path) -> None:
    import torchvision_weights as made

    path = tmp_path / "a.pth"
    made.torch.save(damage(made.earlier(net)), path)
    with pytest.raises(WeightsError, match=said) as refused:
        MaskRCNN(path)
    path.unlink()
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


def test_half_a_file_is_refused_in_a_line(published: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.pth"
    half.write_bytes(published.read_bytes()[:100_000])
    with pytest.raises(WeightsError, match=r"half.pth does not load as weights alone"):
        MaskRCNN(half)
    with pytest.raises(WeightsError, match="there is no model file"):
        MaskRCNN(tmp_path / "none.pth")


def test_numbers_that_are_not_finite_stop_the_run(net: Any, tmp_path: Path) -> None:
    """By itself torchvision would go on, and find nobody."""
    import torchvision_weights as made

    path = tmp_path / "a.pth"
    weights = made.earlier(net)
    made.torch.save(weights | {"backbone.body.bn1.running_var": weights["backbone.body.bn1.running_var"] * 0}, path)
    with pytest.raises(StageError, match="not finite"):
        MaskRCNN(path, shorter=SIDE).detect([frame(RGB, (130, 100))])
    path.unlink()


def test_without_torchvision_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    pytest.importorskip("torch", reason="needs the extra generate")
    monkeypatch.setattr(rcnn, "import_module", missing)
    with pytest.raises(OptionError, match=r"needs torchvision.*pip install 'passerby\[rcnn\]'"):
        MaskRCNN(tmp_path / "a.pth")


def test_options_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="conf"):
        MaskRCNN(tmp_path / "a.pth", conf=1)
    with pytest.raises(OptionError, match="knows no hat"):
        MaskRCNN(tmp_path / "a.pth", classes={"hat": "hat"})
