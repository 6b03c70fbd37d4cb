"""Silhouettes from the look to the output: only what they cover changes, and two halves make the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import av
import cv2
import footage
import numpy as np
import pytest
from onnx_models import model

import passerby
from passerby.core.detections import Detections
from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.core.regions import Mask
from passerby.core.stages import Detector
from passerby.detect.yolo import Yolo
from passerby.job import Job
from passerby.looking import Looking
from passerby.plans import analyzed, rendering
from passerby.quality import Finders, finders
from passerby.settings import Options

LOSSLESS = {"encoder": "ffv1", "seed": 1, "force": True}


@dataclass(frozen=True)
class Diamonds:
    """A detector whose finds have the pixels of a diamond in their boxes."""

    detector: Detector

    @property
    def labels(self) -> frozenset[str]:
        return self.detector.labels

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [replace(found, masks=tuple(map(diamond, found.boxes))) for found in self.detector.detect(frames)]


def diamond(box: np.ndarray) -> Mask:
    x0, y0, x1, y1 = np.floor(box[:2]).astype(int).tolist() + np.ceil(box[2:]).astype(int).tolist()
    w, h = x1 - x0, y1 - y0
    corners = np.array([[w // 2, 0], [w - 1, h // 2], [w // 2, h - 1], [0, h // 2]], np.int32)
    return Mask(x0, y0, np.asarray(cv2.fillConvexPoly(np.zeros((h, w), np.uint8), corners, 255)))


def with_diamonds(info, options):
    found_by = finders(info, options)
    return replace(found_by, detector=Diamonds(found_by.detector))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "street.mp4"
    footage.write(footage.walking(), path)
    return path


def pictures(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]


def changed(path, bare):
    """Pixels that are not as they were, per frame."""
    return [int((after != before).sum()) for after, before in zip(pictures(path), pictures(bare), strict=True)]


@pytest.mark.parametrize("shape", ["silhouette", "polygon"])
def test_analyzed_and_rendered_is_anonymized(film, tmp_path, shape):
    options = Options(shape=shape, **LOSSLESS)
    at_once, later = tmp_path / "at_once.mkv", tmp_path / "later.mkv"
    Job(film, at_once, replace(options, plan=tmp_path / "at_once.plan")).run(look=with_diamonds)
    analyzed(film, tmp_path / "later.plan", options, look=with_diamonds)
    plan = passerby.load_plan(tmp_path / "later.plan")
    rendering(plan, film, later, options).render(plan)
    assert all(map(np.array_equal, pictures(at_once), pictures(later)))
    assert (tmp_path / "at_once.plan").read_bytes() == (tmp_path / "later.plan").read_bytes()
    [track] = plan.tracks
    assert len(track.known_masks()) > 0.8 * len(track.frames)


def test_a_silhouette_hides_less_than_its_polygon_and_that_less_than_the_box(film, tmp_path):
    plan = analyzed(film, None, Options(shape="silhouette", seed=1), look=with_diamonds)
    sizes = {}
    for shape in ("silhouette", "polygon", "box"):
        out = tmp_path / f"{shape}.mkv"
        passerby.render(plan, out, shape=shape, grow=0, feather=0, method="fill", colour="00ff00", encoder="ffv1")
        sizes[shape] = np.array(changed(out, film))
    assert (sizes["silhouette"] <= sizes["polygon"]).all()
    assert sizes["silhouette"].sum() < 0.75 * sizes["box"].sum()
    assert (sizes["polygon"] <= sizes["box"]).all()


def test_of_a_plan_without_masks_silhouettes_are_boxes(film, tmp_path):
    plan = passerby.analyze(film)
    for shape, said in (("silhouette", True), ("box", False)):
        report = passerby.render(plan, tmp_path / f"{shape}.mkv", shape=shape, **LOSSLESS)
        assert any("boxes are hidden" in note for note in report.notes) == said
    assert all(map(np.array_equal, pictures(tmp_path / "silhouette.mkv"), pictures(tmp_path / "box.mkv")))


def test_the_masks_of_a_yolo_hide_what_they_cover(tmp_path):
    """A table of one find (x, y, width, height, score, share of the one prototype), and a prototype of two bars."""
    prototype = np.full((1, 1, 36, 64), -1, np.float32)
    prototype[:, :, 8:12, 10:40] = prototype[:, :, 12:28, 10:16] = prototype[:, :, 26:28, 10:40] = 1
    find = np.array([25, 18, 30, 20, 0.9, 1], np.float32).reshape(1, 6, 1)
    file = model(
        tmp_path / "seg.onnx", {"output0": find, "output1": prototype}, shape=(1, 3, 36, 64),
        metadata={"names": "{0: 'person'}", "task": "segment"},
    )  # fmt: skip
    photo, out = tmp_path / "photo.png", tmp_path / "out.png"
    cv2.imwrite(str(photo), np.random.default_rng(5).integers(0, 255, (360, 640, 3)).astype(np.uint8))
    options = Options(hide="persons", shape="silhouette", method="fill", grow=0, feather=0)
    Job(photo, out, options).run(look=lambda *_: Finders(Yolo(file), None, Looking()))
    before, after = cv2.imread(str(photo)), cv2.imread(str(out))
    same = (before == after).all(axis=2)
    assert not after[85:115, 105:395].any()
    assert not after[125:275, 105:155].any()
    assert same[130:255, 170:395].all(), "what lies between the bars is not of the thing"
    assert same[:75].all()


@pytest.mark.parametrize(("name", "value"), [("pad", -1), ("pad", 1.5), ("feather", 1001), ("feather", True)])
def test_senseless_pixels_are_refused(name, value):
    with pytest.raises(OptionError, match=f"--{name} is a number of pixels"):
        Options(**{name: value})


def test_heads_padding_and_soft_edges_hide_more(film, tmp_path):
    plan = passerby.analyze(film, end=0.2)
    sizes = {}
    for name, options in {
        "oval": {}, "head": {"shape": "head"}, "padded": {"pad": 8}, "soft": {"feather": 12}, "hard": {"feather": 0},
    }.items():  # fmt: skip
        passerby.render(plan, tmp_path / f"{name}.mkv", method="fill", colour="00ff00", encoder="ffv1", **options)
        first, before = pictures(tmp_path / f"{name}.mkv")[0], pictures(film)[0]
        sizes[name] = (first != before).sum()
    assert sizes["hard"] < sizes["oval"] < sizes["padded"]
    assert sizes["oval"] < 0.9 * sizes["head"]
    assert sizes["oval"] < sizes["soft"]
