"""One person stays visible, or one is hidden, by a photograph: told by the whole track, and nothing of it is kept."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import drawn_plans
import footage
import numpy as np
import pytest
from onnx_models import real
from recognize_models import by_light

import passerby
from passerby import recognition
from passerby.cli import main
from passerby.core.errors import OptionError
from passerby.core.plan import decided
from passerby.demo.person import Look
from passerby.demo.scene import Key, Person, Scene, Shot
from passerby.inputs import opened
from passerby.recognition import measured, recognizer
from passerby.recognize.vote import Faces
from passerby.settings import Options

FRAMES = 30
LIGHT, DARK, BETWEEN = Look(), Look(light=0.6), Look(light=0.8)
"""Persons, as the model of these tests tells them apart."""


def beside(*looks, frames=FRAMES):
    """People who stand side by side, each a little to and fro."""
    places = np.linspace(0, 640, len(looks) + 2)[1:-1]
    return footage._scene(
        *(
            Person(i, (Key(0, x, 150, 80), Key(frames / 25, x + 30, 150, 80)), look)
            for i, (x, look) in enumerate(zip(places, looks, strict=True))
        ),
        frames=frames,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Films, photographs and the model."""
    folder = tmp_path_factory.mktemp("recognition")
    by_light(folder / "model.onnx")
    footage.write(beside(LIGHT, DARK), folder / "two.mp4")
    for name, looks in {"light": [LIGHT], "dark": [DARK], "two": [LIGHT, DARK], "none": []}.items():
        footage.draw(beside(*looks), folder / f"{name}.png")
    return folder


@pytest.fixture
def model(folder):
    return {"recognizer": f"mobilefacenet={folder / 'model.onnx'}"}


def fates(plan):
    """What share of each track's boxes is hidden, from left to right."""
    hidden = decided(plan.decisions, plan.rows())[0].tracks
    tracks = sorted(plan.tracks, key=lambda track: track.boxes[0, 0])
    return [float((hidden == track.id).sum() / len(track.frames)) for track in tracks]


def changed_faces(before, after, truth):
    """By how much the middle of each face changed in the mean, in each frame, (frames, persons)."""
    answer = []
    with av.open(str(before)) as a, av.open(str(after)) as b:
        for one, other, faces in zip(a.decode(video=0), b.decode(video=0), truth.faces, strict=True):
            apart = np.abs(one.to_ndarray(format="gray").astype(int) - other.to_ndarray(format="gray"))
            boxes = [np.rint(face.box).astype(int) for face in faces]
            answer.append([apart[y0 + 20 : y1 - 20, x0 + 15 : x1 - 15].mean() for x0, y0, x1, y1 in boxes])
    return np.array(answer)


@pytest.mark.parametrize(
    ("option", "photo", "hidden"),
    [("keep", "light.png", [False, True]), ("keep", "dark.png", [True, False]), ("only", "light.png", [True, False])],
)
def test_a_photograph_says_who_is_hidden(folder, model, tmp_path, option, photo, hidden):
    truth = footage.write(beside(LIGHT, DARK), tmp_path / "two.mp4")
    out = tmp_path / "out.mp4"
    report = passerby.anonymize(tmp_path / "two.mp4", out, **{option: [folder / photo]}, method="fill", **model)
    changed = changed_faces(tmp_path / "two.mp4", out, truth)
    for person, is_hidden in enumerate(hidden):
        assert (changed[:, person] > 15).all() == is_hidden
        assert (changed[:, person] < 5).all() != is_hidden
    assert any(note.startswith("NOT EVERYONE IS HIDDEN") for note in report.notes)
    assert [bool(vote.visible) for vote in sorted(report.recognized, key=lambda it: it.track)].count(True) == 1
    assert all(-1 <= vote.similarity <= 1.001 for vote in report.recognized)


def test_the_report_tells_of_all_that_took_time(folder, model, tmp_path):
    report = passerby.anonymize(folder / "two.png", tmp_path / "out.png", keep=[folder / "light.png"], **model)
    assert set(report.stages) == {"decode", "look", "follow", "recognize", "paint", "encode"}


def test_opencv_has_one_thread_while_faces_are_compared(folder, model, monkeypatch):
    seen = []

    def watching(plan, source, embedder):
        seen.append(cv2.getNumThreads())
        return measured(plan, source, embedder)

    monkeypatch.setattr(recognition, "measured", watching)
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    try:
        passerby.analyze(folder / "two.png", keep=[folder / "light.png"], **model)
        assert (seen, cv2.getNumThreads()) == ([1], 3)
    finally:
        cv2.setNumThreads(before)


def test_both_photographs_keep_both(folder, model):
    plan = passerby.analyze(folder / "two.mp4", keep=[folder / "light.png", folder / "dark.png"], **model)
    assert fates(plan) == [0, 0]


def test_who_is_not_surely_the_one_is_hidden_either_way(folder, model, tmp_path):
    """Between light and dark: too unlike the photograph to be kept, too like it to be left."""
    by_light(tmp_path / "unsure.onnx", dark=-0.3)
    unsure = {"recognizer": f"mobilefacenet={tmp_path / 'unsure.onnx'}"}
    footage.write(beside(BETWEEN), tmp_path / "between.mp4")
    near = passerby.analyze(tmp_path / "between.mp4", only=[folder / "light.png"], **unsure)
    far = passerby.analyze(tmp_path / "between.mp4", keep=[folder / "dark.png"], **model)
    assert fates(near) == fates(far) == [1]


def test_two_who_are_as_much_like_the_photograph_are_both_hidden(folder, model, tmp_path):
    footage.write(beside(LIGHT, LIGHT, DARK), tmp_path / "twins.mp4")
    plan = passerby.analyze(tmp_path / "twins.mp4", keep=[folder / "light.png"], **model)
    assert fates(plan) == [1, 1, 1]
    assert any("at the same time" in decision.reason for decision in plan.decisions)


def test_what_is_decided_is_in_the_plan_and_can_be_overruled(folder, model, tmp_path):
    plan = passerby.analyze(folder / "two.mp4", tmp_path / "two.plan", keep=[folder / "light.png"], **model)
    [kept] = [decision for decision in plan.decisions if not decision.hide]
    assert kept.by == "recognition"
    assert "1.00 like light.png" in kept.reason
    assert fates(passerby.load_plan(tmp_path / "two.plan").hide(kept.track)) == [1, 1]
    assert fates(passerby.load_plan(tmp_path / "two.plan")) == [0, 1]


def test_other_rules_stand_as_they_would_without_it(folder, model):
    """Noting that somebody is hidden does not hide whom a rule keeps."""
    zone = "300,0 700,0 700,400 300,400"
    plan = passerby.analyze(folder / "two.mp4", keep=[folder / "light.png"], keep_zone=zone, **model)
    assert fates(plan) == [0, 0]


@pytest.mark.parametrize("option", ["keep", "only"])
def test_a_picture_is_a_film_of_one_frame(folder, model, option):
    plan = passerby.analyze(folder / "two.png", **{option: [folder / "light.png"]}, **model)
    assert fates(plan) == ([0, 1] if option == "keep" else [1, 0])


def test_no_embedding_is_written_anywhere(folder, model, tmp_path, capsys, monkeypatch):
    """Searched for in every file and line, packed and unpacked: its bytes, and its numbers as text."""
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    out, plan, report = tmp_path / "out.mkv", tmp_path / "two.plan", tmp_path / "report.json"
    words = ["--keep", str(folder / "light.png"), "--same-person", "--recognizer", model["recognizer"], "-v", "--json"]
    written = ["-o", str(out), "--plan", str(plan), "--report", str(report)]
    assert main([str(folder / "two.mp4"), *words, *written]) == 0
    said = "".join(capsys.readouterr())
    haystack = b"".join(path.read_bytes() for path in tmp_path.iterdir()) + said.encode()
    with zipfile.ZipFile(plan) as file:
        haystack += b"".join(file.read(name) for name in file.namelist())
    who = recognizer(Options(keep=(folder / "light.png",), **model))
    with opened(folder / "two.mp4", Options()) as source:
        faces = measured(passerby.load_plan(plan), source, who.embedder)
    vectors = [*who.keep.values(), *(row for mine in faces.values() for row in mine.embeddings)]
    assert len(vectors) > 6
    for vector in vectors:
        for kind in (np.float16, np.float32, np.float64):
            assert vector[-4:].astype(kind).tobytes() not in haystack
        for number in vector[8:12]:
            assert f"{number:.5f}".encode() not in haystack
    assert {path.name for path in tmp_path.iterdir()} == {"out.mkv", "two.plan", "report.json"}
    [file] = json.loads(report.read_text())["files"]
    assert {vote["photo"] for vote in file["report"]["recognized"]} == {"light.png"}


def returning(look=LIGHT):
    """Somebody is there, then somebody else in another shot, then somebody again."""
    near, far = ((Key(0, x, 150, 80), Key(2, x + 40, 150, 80)) for x in (180, 460))
    shots = (Person(0, near, LIGHT), footage._street()), (Person(1, far, DARK), footage._evening())
    return Scene(tuple(Shot(25, (person,), back) for person, back in (*shots, (Person(2, near, look), shots[0][1]))))


def test_a_track_that_goes_over_from_one_person_to_another_is_hidden(folder, model, tmp_path):
    """They change places within a frame, and the tracker takes them for one."""
    keys = (Key(0, 250, 150, 80), Key(2, 330, 150, 80))
    shots = [Shot(25, (Person(i, keys, one),), footage._street()) for i, one in enumerate((LIGHT, DARK, LIGHT))]
    footage.write(Scene(tuple(shots)), tmp_path / "swap.mp4")
    plan = passerby.analyze(tmp_path / "swap.mp4", keep=[folder / "light.png"], **model)
    assert fates(plan) == [1]


@pytest.mark.parametrize(("look", "ids"), [(LIGHT, 2), (BETWEEN, 3)])
def test_who_comes_back_is_the_same_track_when_asked(folder, tmp_path, look, ids):
    by_light(tmp_path / "model.onnx")
    chosen = {"recognizer": f"mobilefacenet={tmp_path / 'model.onnx'}"}
    footage.write(returning(look), tmp_path / "back.mp4")
    apart = passerby.analyze(tmp_path / "back.mp4", **chosen)
    plan = passerby.analyze(tmp_path / "back.mp4", same_person=True, **chosen)
    assert (len(apart.tracks), len(plan.tracks)) == (3, ids)
    assert fates(plan) == [1] * ids
    assert sorted(plan.rows().frames.tolist()) == sorted(apart.rows().frames.tolist())


def test_one_person_who_comes_back_is_kept_both_times(folder, model, tmp_path):
    footage.write(returning(), tmp_path / "back.mp4")
    plan = passerby.analyze(tmp_path / "back.mp4", same_person=True, keep=[folder / "light.png"], **model)
    assert {(len(track.frames) > 40, fate) for track, fate in zip(plan.tracks, fates(plan), strict=True)} == {
        (True, 0),
        (False, 1),
    }


def test_tracks_that_become_one_are_recognized_each_by_its_own_faces():
    """The second follows right after the first, and may yet be somebody else until its own face is seen."""
    alike = np.tile(np.float32([1, 0]), (3, 1))
    parts = {
        id: Faces(np.array([2, 7, 12]) + start, alike, np.tile([start, start + 20], (3, 1)))
        for id, start in ((1, 0), (2, 20))
    }
    plan = drawn_plans.plan(drawn_plans.track(1, 0, 20), drawn_plans.track(2, 20, 40, x=400))
    merged, faces = recognition._merged(plan, parts, SimpleNamespace(same=0.5, other=0.25))
    assert [len(track.frames) for track in merged.tracks] == [40]
    assert faces[1].stretches.tolist() == [[0, 20]] * 3 + [[20, 40]] * 3


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        ("none.png", "no face"),
        ("two.png", "2 faces"),
        ("small.png", "or too small"),
        ("model.onnx", "wants a photograph"),
        ("empty.jpg", "wants a photograph"),
        ("gone.jpg", "not a file"),
    ],
)
@pytest.mark.parametrize("option", ["--keep", "--only"])
def test_a_photograph_that_does_not_do_is_wrong_usage(folder, model, tmp_path, capsys, option, photo, words):
    (folder / "empty.jpg").write_bytes(b"")
    small = cv2.resize(cv2.imread(str(folder / "light.png")), None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(folder / "small.png"), small)
    inputs = [str(folder / "two.mp4"), str(folder / "two.png")]
    given = [option, str(folder / photo), "--recognizer", model["recognizer"], "-q", "-o", str(tmp_path)]
    assert main([*inputs, *given]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert photo in line
    assert words in line
    assert list(tmp_path.iterdir()) == []


def test_options_that_make_no_sense_are_refused(folder):
    photo = folder / "light.png"
    with pytest.raises(OptionError, match="give one of them"):
        Options(keep=(photo,), only=(photo,))
    with pytest.raises(OptionError, match="add faces"):
        Options(keep=(photo,), hide="persons")
    with pytest.raises(OptionError, match="choose from"):
        passerby.analyze(folder / "two.mp4", keep=photo, recognizer="eigenfaces")


def test_plans_and_reports_name_files_and_not_where_they_lie(folder):
    changed = Options(keep=[folder / "light.png", folder / "dark.png"], recognizer=f"sface={folder}/m.onnx").changed()
    assert changed == {"keep": "light.png, dark.png", "recognizer": "sface=m.onnx"}


def test_live_says_that_it_cannot_tell(folder, capsys):
    assert main(["live", str(folder / "two.mp4"), "--to", "null", "--keep", str(folder / "light.png")]) == 2
    assert "--keep-zone" in capsys.readouterr().err


VIDEO = Path(__file__).resolve().parents[2] / "shared" / "data" / "video"
HE, SHE = VIDEO / "phone_selfie_portrait_720x1280.mp4", VIDEO / "talking_head_512.mp4"


def real_frames(path, first, count):
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if first <= index < first + count:
                yield frame.to_ndarray(format="rgb24")
            if index >= first + count:
                return


def halves(first, count=30):
    """He on the left and she on the right, in 640x360."""
    for pair in zip(real_frames(HE, first, count), real_frames(SHE, first, count), strict=True):
        picture = np.full((360, 640, 3), 60, np.uint8)
        for left, part in zip((0, 320), pair, strict=True):
            scale = min(320 / part.shape[1], 360 / part.shape[0])
            small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            picture[: small.shape[0], left : left + small.shape[1]] = small
        yield picture


@pytest.mark.skipif(not HE.exists(), reason="no ../shared/data beside the repository")
def test_of_two_real_people_one_is_kept_by_a_picture_from_another_moment(tmp_path):
    """With an absence: both are there, then nobody, then both again."""
    with av.open(str(tmp_path / "both.mp4"), "w") as out:
        video = out.add_stream("libx264", rate=30, options={"crf": "16", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = 640, 360, "yuv420p"
        blank = [np.full((360, 640, 3), 60, np.uint8)] * 10
        for picture in (*halves(0), *blank, *halves(200)):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            out.mux(video.encode(frame.reformat(format="yuv420p")))
        out.mux(video.encode())
    [photo] = real_frames(HE, 320, 1)
    cv2.imwrite(str(tmp_path / "he.png"), photo[..., ::-1])
    chosen = {"recognizer": f"mobilefacenet={real('mobilefacenet.onnx')}", "same_person": True}
    kept = passerby.analyze(tmp_path / "both.mp4", keep=[tmp_path / "he.png"], **chosen)
    left = passerby.analyze(tmp_path / "both.mp4", only=[tmp_path / "he.png"], **chosen)
    assert fates(kept) == [0, 1]
    assert fates(left) == [1, 0]
