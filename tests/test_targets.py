"""What is to be hidden decides which models look, and no more of them than that."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx_models
import pytest
from drawn_frames import Film, Told, frame

from passerby.core.detections import Detections
from passerby.core.errors import OptionError, WeightsError
from passerby.detect import families
from passerby.detect.compose import Either, Sure, able
from passerby.detect.faces import CenterFace
from passerby.detect.yolo import Yolo
from passerby.detect.yunet import YuNet
from passerby.media.video import VideoSource
from passerby.runtime import VARIABLE
from passerby.settings import Options
from passerby.targets import checksums, detector, models
from passerby.weights import TABLE

SHARED = Path(__file__).resolve().parents[2] / "shared"
CROWD = SHARED / "data" / "video" / "crowd_arcade_1080p.mp4"
TOLLGATE = SHARED / "data" / "video" / "tollgate_plates_720p.mp4"


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
        ("heads", ("centerface", "yolox_nano_416", "deimv2_femto_coco")),
        ("plates", ("ppocr_v4_det",)),
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


@pytest.mark.parametrize(
    ("hide", "name"),
    [
        ("persons", "yolox_nano_416"),
        ("faces,text", "ppocr_v4_det"),
        ("heads", "yolox_nano_416"),
        ("plates", "ppocr_v4_det"),
    ],
)
def test_a_missing_model_says_how_to_get_it(nowhere, hide, name):
    with pytest.raises(WeightsError, match=f"passerby models pull {name}"):
        detector(Options(hide=hide))


def test_what_nothing_finds_is_refused():
    with pytest.raises(OptionError, match="faces, heads, persons, plates, vehicles, text"):
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


def shared(tmp_path, monkeypatch, *names):
    """Only these models of ../shared/models are here."""
    for name in names:
        if not (SHARED / "models" / name).exists():
            pytest.skip("no ../shared/models beside the repository")
        (tmp_path / name).symlink_to(SHARED / "models" / name)
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path))


def test_a_model_is_chosen_by_name_or_file_and_several_are_joined(tmp_path, monkeypatch, nowhere):
    shared(tmp_path, monkeypatch, "yunet_n_640.onnx", "yunet_s_640.onnx")
    assert isinstance(detector(Options(models="face=yunet_n_640")), YuNet)
    own = tmp_path / "yunet_s_640.onnx"
    both = Options(models=["face=yunet_n_640", f"face={own}"])
    assert [type(one) for one in detector(both).detectors] == [YuNet, YuNet]
    assert models(both) == ("yunet_n_640", "yunet_s_640.onnx")
    assert checksums(both)["yunet_s_640.onnx"] == sha256(own.read_bytes()).hexdigest()
    assert checksums(both)["yunet_n_640"] == sha256((tmp_path / "yunet_n_640.onnx").read_bytes()).hexdigest()
    assert both.changed() == {"models": "face=yunet_n_640, face=yunet_s_640.onnx"}


def test_who_recognizes_counts_among_those_who_decide_who_is_hidden(tmp_path, monkeypatch, nowhere):
    """Whatever measures who is recognized must be another model."""
    shared(tmp_path, monkeypatch, "yunet_n_640.onnx")
    own, photo = tmp_path / "mine.onnx", tmp_path / "me.png"
    for file in (own, photo):
        file.write_bytes(b"anything")
    chosen = Options(models="face=yunet_n_640", keep=(photo,), recognizer=f"sface={own}")
    assert set(checksums(replace(chosen, keep=()))) == {"yunet_n_640"}
    assert set(checksums(chosen)) == {"yunet_n_640", "centerface", "mine.onnx"}
    assert checksums(chosen)["mine.onnx"] == sha256(b"anything").hexdigest()
    listed = checksums(replace(chosen, recognizer="mobilefacenet"))
    assert listed["mobilefacenet"] == TABLE["mobilefacenet"].sha256


def test_two_files_of_one_name_are_both_told(tmp_path):
    files = [tmp_path / folder / "m.onnx" for folder in "ab"]
    for file in files:
        file.parent.mkdir()
        file.write_bytes(file.parent.name.encode())
    chosen = Options(models=[f"face={file}" for file in files])
    assert set(checksums(chosen).values()) == {sha256(name).hexdigest() for name in (b"a", b"b")}


def test_a_model_that_finds_several_things_looks_once(tmp_path, monkeypatch, nowhere):
    shared(tmp_path, monkeypatch, "yolox_nano_416.onnx", "deimv2_femto_coco.onnx")
    both = detector(Options(hide="persons,vehicles"))
    assert [one.labels for one in both.detectors] == [{"person", "vehicle"}] * 2
    sure = detector(Options(hide="persons,vehicles", conf="person=.5"))
    assert [one.conf for one in sure.detectors] == [{"person": 0.5, "vehicle": 0.2}] * 2


SEGMENTING = {
    "output0": np.full((1, 9, 4), 0.1, np.float32),  # x, y, width, height, four classes, a share of the one prototype
    "output1": np.zeros((1, 1, 8, 8), np.float32),
}


@pytest.mark.parametrize("shape", ["silhouette", "polygon"])
def test_a_model_that_gives_masks_needs_nothing_to_outline_what_it_finds(tmp_path, nowhere, shape):
    names = {"names": "{0: 'person', 1: 'car', 2: 'bus', 3: 'dog'}", "task": "segment"}
    file = onnx_models.model(tmp_path / "seg.onnx", SEGMENTING, shape=(1, 3, 32, 32), metadata=names)
    chosen = Options(hide="persons,vehicles", shape=shape, models={"person": str(file), "vehicle": str(file)})
    assert models(chosen) == ("seg.onnx",)
    assert isinstance(detector(chosen), Yolo)
    plain = replace(chosen, models=[*chosen.models, "person=yolox_nano_416"])
    assert models(plain) == ("seg.onnx", "yolox_nano_416", "prisma_portrait_seg"), "the other one gives none"


@pytest.mark.parametrize(
    ("named", "device", "where"), [(None, "cpu", "mine.pth"), ("cuda", "cuda", "mine.pth"), ("cpu", "cpu", "dsfd.pth")]
)
def test_dsfd_is_chosen_by_its_name(tmp_path, monkeypatch, nowhere, named, device, where):
    """Its weights are PyTorch's: they are not opened to see what they are."""
    made = SimpleNamespace(labels=frozenset({"face"}))
    monkeypatch.setattr(families, "DSFD", lambda path, **given: SimpleNamespace(path=path, **vars(made), **given))
    monkeypatch.delenv(VARIABLE, raising=False)
    if named:
        monkeypatch.setenv(VARIABLE, named)
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path))
    file = tmp_path / where
    file.write_bytes(b"weights")
    chosen = Options(models="face=dsfd" if where == "dsfd.pth" else f"face=dsfd:{file}", conf=0.4)
    found_by = detector(chosen, shrink=2)
    assert (found_by.path, found_by.conf, found_by.shrink, found_by.device) == (file, 0.4, 2, device)
    assert set(checksums(chosen).values()) == {sha256(b"weights").hexdigest()}


def test_dsfd_that_is_not_here_says_where_it_is_from(tmp_path, monkeypatch, nowhere):
    with pytest.raises(WeightsError, match=r"dsfd.pth is missing .*hukkelas/DSFD-Pytorch-Inference"):
        detector(Options(models="face=dsfd"))


def test_a_class_with_a_threshold_of_its_own_is_told_apart():
    boxes = np.tile(np.array([[1, 2, 30, 40]], np.float32), (4, 1))
    scores, labels = np.array([0.3, 0.5, 0.3, 0.1], np.float32), np.array(["car", "car", "man", "man"])
    all_of_them = SimpleNamespace(detect=lambda frames: [Detections(boxes, scores, labels)])
    [kept] = Sure(all_of_them, {"car": 0.4, "man": 0.2}).detect([frame()])
    assert (kept.scores.tolist(), kept.labels.tolist()) == (scores[1:3].tolist(), ["car", "man"])


WRONG = [
    ("cat=x.onnx", "--model: no class is called 'cat'"),
    ("face=", "--model: face has no model"),
    ("yunet_n_640", "--model: no class is called"),
    (3, "--model"),
    ({"person": 3}, "person has a model or a list of them, by names or files; got 3"),
    ({"face": []}, "face has a model or a list of them"),
    ("face=yunet_n_64", "did you mean yunet_n_640"),
    ("face=missing.onnx", "no model file missing.onnx"),
    ("face=text:NOISE", "text finds plate, text, not face"),
    ("face=NOISE", "as no model does that finds face"),
    ("person=detr:NOISE", "has the outputs noise"),
]


@pytest.mark.parametrize(("given", "said"), WRONG)
def test_a_model_that_does_not_fit_is_told_in_one_line(tmp_path, given, said):
    noise = onnx_models.model(tmp_path / "noise.onnx", {"noise": np.zeros((1, 7, 8), np.float32)})
    chosen = given.replace("NOISE", str(noise)) if isinstance(given, str) else given
    with pytest.raises((OptionError, WeightsError), match=re.escape(said)) as refused:
        detector(Options(hide="persons" if "person" in str(given) else "faces", models=chosen))
    assert len(str(refused.value).splitlines()) == 1


def test_settings_files_name_models_by_class():
    given = Options(models={"faces": "yunet_n_640", "plate": ["a.onnx", "yolo:b=c.onnx"]})
    assert given == Options(models=["face=yunet_n_640", "plate=a.onnx", "plate=yolo:b=c.onnx"])
    assert replace(given, grow=0.5).models == given.models


def test_the_plates_of_a_toll_gate_are_found_as_text(tmp_path, monkeypatch, nowhere):
    shared(tmp_path, monkeypatch, "ppocr_v4_det.onnx")
    if not TOLLGATE.exists():
        pytest.skip("no ../shared/data beside the repository")
    with VideoSource(TOLLGATE) as source:
        [seen] = islice(source, 30, 31)
    [plates] = detector(Options(hide="plates")).detect([seen])
    [both] = detector(Options(hide="plates,text")).detect([seen])
    assert set(plates.labels.tolist()) == {"plate"}
    assert sorted(both.labels.tolist()) == ["plate"] * len(plates) + ["text"] * len(plates)
