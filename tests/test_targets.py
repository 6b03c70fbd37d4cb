"""What is to be hidden decides which models look, and no more of them than that."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from drawn_frames import Film, Told

from passerby.core.errors import OptionError, WeightsError
from passerby.detect.compose import Either, able
from passerby.detect.faces import CenterFace
from passerby.media.video import VideoSource
from passerby.settings import Options
from passerby.targets import detector, models

SHARED = Path(__file__).resolve().parents[2] / "shared"
CROWD = SHARED / "data" / "video" / "crowd_arcade_1080p.mp4"


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No models but those that come with passerby."""
    for variable in ("PASSERBY_MODELS", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))


@pytest.mark.parametrize(
    ("hide", "names"),
    [
        ("faces", ("centerface",)),
        ("persons,vehicles", ("yolox_nano_416", "deimv2_femto_coco")),
        ("faces,text,persons", ("centerface", "ppocr_v4_det", "yolox_nano_416", "deimv2_femto_coco")),
    ],
)
def test_every_target_names_its_models_once(hide, names):
    assert models(Options(hide=hide)) == names


@pytest.mark.parametrize("shape", ["silhouette", "polygon"])
def test_silhouettes_of_persons_need_one_more(shape):
    street = ("yolox_nano_416", "deimv2_femto_coco")
    assert models(Options(hide="persons", shape=shape)) == (*street, "prisma_portrait_seg")
    assert models(Options(hide="vehicles", shape=shape)) == street
    assert models(Options(hide="persons", shape="box")) == street


def test_faces_need_no_other_model(nowhere):
    assert isinstance(detector(Options()), CenterFace)


@pytest.mark.parametrize(("hide", "name"), [("persons", "yolox_nano_416"), ("faces,text", "ppocr_v4_det")])
def test_a_missing_model_says_how_to_get_it(nowhere, hide, name):
    with pytest.raises(WeightsError, match=f"passerby models pull {name}"):
        detector(Options(hide=hide))


def test_what_nothing_finds_is_refused():
    with pytest.raises(OptionError, match="faces, persons, vehicles, text"):
        Options(hide="cats")


def test_for_one_label_only_those_that_find_it_look():
    film = Film([(10, 10)])
    faces, plates = Told(film), Told(film, labels=frozenset({"plate"}))
    assert able(Either((faces, plates)), "plate") == Either((plates,))
    assert able(faces, "face") is faces


def pulled(folder, monkeypatch):
    """Let a folder of published models be the one that is looked into."""
    for name in ("yolox_nano_416.onnx", "deimv2_femto_coco.onnx", "prisma_portrait_seg.onnx"):
        (folder / name).symlink_to(SHARED / "models" / name)
    monkeypatch.setenv("PASSERBY_MODELS", str(folder))


@pytest.mark.skipif(not CROWD.exists(), reason="no ../shared/data beside the repository")
@pytest.mark.skipif(not (SHARED / "models" / "prisma_portrait_seg.onnx").exists(), reason="no ../shared/models")
def test_persons_of_a_crowd_have_masks_and_faces_have_none(tmp_path, monkeypatch):
    pulled(tmp_path, monkeypatch)
    with VideoSource(CROWD) as source:
        [frame] = islice(source, 40, 41)
    [found] = detector(Options(hide="faces,persons", shape="silhouette"), shrink=2).detect([frame])
    masked = {label: {mask is not None for mask, it in zip(found.masks, found.labels, strict=True) if it == label}
              for label in ("face", "person")}  # fmt: skip
    assert masked == {"face": {False}, "person": {True}}


@pytest.mark.skipif(not CROWD.exists(), reason="no ../shared/data beside the repository")
@pytest.mark.skipif(not (SHARED / "models" / "yolox_nano_416.onnx").exists(), reason="no ../shared/models")
def test_faces_and_persons_of_a_crowd_are_found_in_one_look(tmp_path, monkeypatch):
    pulled(tmp_path, monkeypatch)
    with VideoSource(CROWD) as source:
        [frame] = islice(source, 40, 41)
    [found] = detector(Options(hide="faces,persons"), shrink=2).detect([frame])
    assert (found.labels == "face").sum() >= 5
    assert (found.labels == "person").sum() >= 7
    assert set(found.labels.tolist()) == {"face", "person"}
