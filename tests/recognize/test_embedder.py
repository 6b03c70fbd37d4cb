"""Each family's models are shown faces as they were in training, and what tells nothing gives nothing."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx_models
import pytest
from onnx_models import framed, real
from recognize_models import patch_answer, patches

from passerby.core.detections import Detections
from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.recognize.align import TEMPLATE, aligned, similarity
from passerby.recognize.embedder import FaceEmbedder, Family
from passerby.recognize.families import FAMILIES, embedder

SHOWN = {
    "mobilefacenet": (
        "input0",
        "output0",
        lambda rgb: (rgb / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
        128,
    ),
    "sface": ("data", "fc1", lambda rgb: rgb, 128),
    "arcface": ("input.1", "683", lambda rgb: (rgb - 127.5) / 127.5, 512),
}
"""Names of input and output, numbers, and width of the answer, as each is published."""
PICTURE = np.random.default_rng(1).integers(0, 256, (160, 200, 3)).astype(np.uint8)


def face(*points):
    """Faces with these landmarks."""
    count = len(points)
    boxes = np.tile(np.array([40, 20, 150, 140], np.float32), (count, 1))
    marks = np.array(points, np.float32).reshape(count, -1, 2) if count else np.empty((0, 5, 2), np.float32)
    return Detections(boxes, np.full(count, 0.9, np.float32), np.full(count, "face"), marks)


STRAIGHT = TEMPLATE + np.array([40, 20])


@pytest.mark.parametrize("name", SHOWN)
def test_a_family_is_shown_what_its_publisher_shows_it(tmp_path, name):
    taken, given, numbers, width = SHOWN[name]
    path = patches(tmp_path / "model.onnx", taken, given, width=width)
    family = Family(name, FAMILIES[name].numbers, FAMILIES[name].same, FAMILIES[name].other)
    [found] = FaceEmbedder(family, path).embed(framed(PICTURE), face(STRAIGHT))
    wanted = patch_answer(numbers(aligned(framed(PICTURE), similarity(STRAIGHT)).astype(np.float64)), width)
    np.testing.assert_allclose(found, wanted / np.linalg.norm(wanted), atol=1e-5)
    assert found.dtype == np.float32


def test_sface_sees_what_opencv_shows_it(tmp_path):
    """OpenCV's own recognizer takes pictures as BGR, and turns them round before the model sees them."""
    picture = cv2.GaussianBlur(np.random.default_rng(6).integers(0, 256, (200, 220, 3)).astype(np.uint8), (0, 0), 4)
    picture = cv2.normalize(picture, None, 0, 255, cv2.NORM_MINMAX)
    path = patches(tmp_path / "model.onnx")
    theirs = cv2.FaceRecognizerSF.create(str(path), "")
    row = np.array([[40, 20, 110, 120, *STRAIGHT.reshape(-1), 0.9]], np.float32)
    wanted = theirs.feature(theirs.alignCrop(picture[..., ::-1].copy(), row))[0]
    [found] = embedder(f"sface={path}").embed(framed(picture), face(STRAIGHT))
    assert found @ wanted / np.linalg.norm(wanted) > 0.9999


def test_a_batch_of_any_size_is_a_batch_of_one(tmp_path):
    path = patches(tmp_path / "model.onnx", "input.1", "683", batch="None")
    assert np.isfinite(embedder(f"arcface={path}").embed(framed(PICTURE), face(STRAIGHT))).all()


@pytest.mark.parametrize(
    ("points", "why"),
    [
        (TEMPLATE * 0.45 + np.array([60, 40]), "it is too small"),
        (STRAIGHT + np.array([[0, 0], [-25, 0], [22, 0], [0, 0], [-22, 0]]), "it looks aside"),
        (np.full((5, 2), 50), "the landmarks are in one place"),
    ],
)
def test_what_does_not_show_well_who_it_is_gives_nothing(tmp_path, points, why):
    model = embedder(f"sface={patches(tmp_path / 'model.onnx')}")
    found = model.embed(framed(PICTURE), face(points, STRAIGHT))
    assert np.isnan(found[0]).all(), why
    assert np.linalg.norm(found[1]) == pytest.approx(1)


def test_a_short_answer_is_that_of_an_unclear_face(tmp_path):
    path = patches(tmp_path / "model.onnx")
    seen = framed(PICTURE), face(STRAIGHT)
    length = np.linalg.norm(embedder(f"sface={path}").answer(aligned(seen[0], similarity(STRAIGHT))))
    for clear, known in ((length * 1.01, False), (length * 0.99, True)):
        family = Family("mine", FAMILIES["sface"].numbers, 0.5, 0.2, clear=float(clear))
        assert np.isfinite(FaceEmbedder(family, path).embed(*seen)).all() == known


def test_no_faces_give_no_rows(tmp_path):
    assert len(embedder(f"sface={patches(tmp_path / 'model.onnx')}").embed(framed(PICTURE), face())) == 0


def test_a_detector_without_landmarks_cannot_be_used(tmp_path):
    model = embedder(f"sface={patches(tmp_path / 'model.onnx')}")
    bare = Detections(np.zeros((1, 4), np.float32), np.ones(1, np.float32), np.array(["face"]))
    with pytest.raises(StageError, match="five landmarks"):
        model.embed(framed(PICTURE), bare)


@pytest.mark.parametrize("answer", [np.zeros((1, 128)), np.full((1, 128), np.nan), np.ones((1, 1))])
def test_an_answer_that_is_no_embedding_ends_the_run(tmp_path, answer):
    path = onnx_models.model(tmp_path / "model.onnx", {"fc1": answer}, picture="data", shape=(1, 3, 112, 112))
    with pytest.raises(StageError, match="no embedding"):
        embedder(f"sface={path}").embed(framed(PICTURE), face(STRAIGHT))


def test_a_model_of_something_else_is_refused(tmp_path):
    path = onnx_models.model(tmp_path / "model.onnx", {"out": np.ones((1, 4))}, shape=(1, 3, 640, 640))
    with pytest.raises(WeightsError, match="wanted is one face"):
        embedder(f"arcface={path}")


@pytest.mark.parametrize(
    ("recognizer", "error", "words"),
    [
        ("eigenfaces", OptionError, "choose from mobilefacenet, sface, arcface"),
        ("sface", OptionError, "sface=FILE"),
        ("mobilefacenet=", OptionError, "needs a file"),
        ("arcface=nowhere.onnx", WeightsError, "nowhere.onnx"),
    ],
)
def test_a_recognizer_that_is_not_there_is_refused_in_one_line(recognizer, error, words):
    with pytest.raises(error, match=words) as raised:
        embedder(recognizer)
    assert "\n" not in str(raised.value)


PHOTOS = Path(onnx_models.DATA) / "images"


@pytest.mark.skipif(not PHOTOS.exists(), reason="no ../shared/data beside the repository")
def test_strangers_on_one_photograph_are_told_apart_by_published_weights():
    """Four women, five women, eight people: the published MobileFaceNet takes none of them for another."""
    from passerby.detect.faces import CenterFace
    from passerby.recognition import closely

    model = embedder(f"mobilefacenet={real('mobilefacenet.onnx')}")
    for name in ("images/four_women_indoor.jpg", "images/five_women_night.jpg", "images/group_8_lawn.jpg"):
        frame = onnx_models.photo(name)
        [found] = CenterFace(conf=0.5, shrink=max(frame.size) / 960).detect([frame])
        rows = np.concatenate([model.embed(frame, closely(frame, box)) for box in found.boxes])
        rows = rows[np.isfinite(rows).all(axis=1)]
        cosines = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
        assert len(rows) >= 4
        assert cosines.max() < model.same
