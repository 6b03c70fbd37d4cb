"""A finished file is read anew, another model looks, and what is left over is said with its place and hidden again."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace

import av
import cv2
import footage
import numpy as np
import pytest
from drawn_frames import found
from drawn_frames import frame as drawn_frame
from evaluate.composed import tiled, write
from onnx_models import onnx, photo, real

import passerby
from passerby import analyze, anonymize, cli, load_plan, proving, targets, weights
from passerby.commands import verify_command
from passerby.core.detections import Detections
from passerby.core.errors import InputError, LeftoversFound, OptionError, PlanError, WeightsError
from passerby.job import Job
from passerby.leftovers import seekers as who
from passerby.leftovers.check import BODIES, HEADS, Checking, checked
from passerby.leftovers.page import page
from passerby.leftovers.scales import UpperParts
from passerby.leftovers.seekers import Seekers, seekers, sums
from passerby.media import xmp
from passerby.methods import generating, marking
from passerby.proving import hidden_again, proven
from passerby.settings import Options

LEFT = (20.0, 20.0, 60.0, 70.0)
"""A place of the street where nobody is found by the model that hides."""


def seeing(*places, frames=5):
    """Who looks and finds something at (first frame, box), for so many frames, whatever is there."""

    class Sees:
        labels = frozenset({"face"})

        def detect(self, shown):
            return [self._one(frame) for frame in shown]

        def _one(self, frame):
            boxes = [box for first, box in places if first <= frame.index < first + frames]
            return found(*(np.array(box, np.float32) for box in boxes)) if boxes else Detections.none()

    return lambda labels, hidden_by: Seekers(lambda size, conf: Sees(), ("eyes (0123)",))


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "street.mp4"
    footage.write(footage.walking(), path, footage.Coding(sound="aac"))
    anonymize(path, path.with_name("out.mp4"), plan=path.with_name("its.plan"))
    return path


@pytest.fixture(scope="module")
def face(street):
    """A box that the plan hides in frame 10."""
    plan = load_plan(street.with_name("its.plan"))
    [track] = [track for track in plan.tracks if 10 in track.frames][:1]
    return tuple(float(side) for side in track.boxes[track.frames == 10][0])


def test_opencv_has_one_thread_for_as_long_as_it_is_looked(street, monkeypatch):
    monkeypatch.setattr(cv2, "getNumThreads", lambda: 3)
    told = []
    monkeypatch.setattr(cv2, "setNumThreads", told.append)
    checked(street.with_name("out.mp4"), Checking(), seek=seeing())
    assert told == [1, 3]


def test_every_find_is_left_over_where_nothing_is_known(street):
    verdict = checked(street.with_name("out.mp4"), Checking(), seek=seeing((3, LEFT), (20, LEFT)))
    assert [(len(thing.finds), thing.finds[0].frame) for thing in verdict.leftovers] == [(5, 3), (5, 20)]
    assert verdict.leftovers[0].best.box == LEFT
    assert verdict.leftovers[0].best.time_s == pytest.approx(3 / 25, abs=0.01)
    assert not verdict.clean
    assert "frames 3-7 (0.12-0.28 s)" in verdict.lines()[1]


def test_only_every_nth_frame_is_looked_at_where_that_is_asked_for(street):
    verdict = checked(street.with_name("out.mp4"), Checking(every=10), seek=seeing((3, LEFT), (20, LEFT)))
    assert [[find.frame for find in thing.finds] for thing in verdict.leftovers] == [[20]]
    assert verdict.looked == 3
    assert any("9 of 10 frames are not looked at" in spot for spot in verdict.blind_spots)


def test_what_lies_under_the_plan_is_told_apart(street, face):
    plan = load_plan(street.with_name("its.plan"))
    verdict = checked(street.with_name("out.mp4"), Checking(plan=plan), seek=seeing((10, face), frames=1))
    assert verdict.clean
    assert sum(verdict.others.values()) == 1
    assert any("under what the plan hides: 1" in line for line in verdict.lines())


def test_what_differs_from_the_original_is_not_left_over(street, face):
    verdict = checked(
        street.with_name("out.mp4"), Checking(original=street), seek=seeing((10, face), (3, LEFT), frames=1)
    )
    assert [thing.best.box for thing in verdict.leftovers] == [LEFT]


def test_a_plan_that_was_not_painted_hides_nobody(street, face, tmp_path):
    """The original under another name passes for the output of a plan, as long as nobody compares."""
    plan = load_plan(street.with_name("its.plan"))
    sham = tmp_path / "sham.mp4"
    sham.write_bytes(street.read_bytes() + b"\0\0\0\x08free")
    verdict = checked(sham, Checking(plan=plan, original=street, sound=True), seek=seeing((10, face), frames=1))
    assert len(verdict.leftovers) == 1


def test_the_original_in_place_of_the_output_is_refused(street):
    with pytest.raises(PlanError, match="give the output"):
        checked(street, Checking(plan=load_plan(street.with_name("its.plan"))), seek=seeing())
    with pytest.raises(OptionError, match="the file to verify itself"):
        checked(street, Checking(original=street), seek=seeing())


def test_an_original_with_fewer_frames_is_refused(street, tmp_path):
    footage.write(
        replace(footage.walking(), shots=(replace(footage.walking().shots[0], frames=5),)), tmp_path / "a.mp4"
    )
    with pytest.raises(InputError, match=r"has 5 frames and .* 30, which cannot be compared"):
        checked(street.with_name("out.mp4"), Checking(original=tmp_path / "a.mp4"), seek=seeing((20, LEFT)))


def test_a_plan_of_another_file_is_refused(street, tmp_path):
    """What it hides might lie over somebody by chance."""
    plan, out = load_plan(street.with_name("its.plan")), street.with_name("out.mp4")
    times = np.append(plan.times, plan.times[-1] + 1)
    longer = replace(plan, media=replace(plan.media, frames=31), times=times)
    with pytest.raises(PlanError, match=r"of 31 frames of street\.mp4, and out\.mp4 has 30"):
        checked(out, Checking(plan=longer), seek=seeing())
    other = replace(plan, media=replace(plan.media, name="mall.mp4", sha256="ab" * 32))
    with pytest.raises(PlanError, match=r"plan is for mall\.mp4 \(abababab\), and the original is street\.mp4"):
        checked(out, Checking(plan=other, original=street), seek=seeing((3, LEFT)))


def test_another_film_of_the_same_length_is_no_original(tmp_path):
    """Nobody of it would be found in there, and all would seem to be well."""
    out = write(tiled(), tmp_path / "out.mp4", hidden=True)
    other = write(tiled(seed=1), tmp_path / "other.mp4", hidden=False)
    with pytest.raises(InputError, match=r"nothing in out\.mp4 looks as in other\.mp4"):
        checked(out, Checking(original=other), seek=seeing((3, LEFT)))
    its_own = write(tiled(), tmp_path / "own.mp4", hidden=False)
    assert checked(out, Checking(original=its_own), seek=seeing((3, LEFT))).frames == 12


@pytest.mark.parametrize("wrong", [{"every": 0}, {"conf": 0}, {"conf": 1}])
def test_wrong_options_are_refused(wrong):
    with pytest.raises(OptionError):
        Checking(**wrong)


def test_a_picture_is_verified_too(tmp_path):
    footage.draw(footage.walking(), tmp_path / "photo.png")
    verdict = checked(tmp_path / "photo.png", Checking(), seek=seeing((0, LEFT)))
    assert [thing.best.frame for thing in verdict.leftovers] == [0]
    assert verdict.carried == []


def test_the_page_shows_where_and_not_what(street):
    verdict = checked(street.with_name("out.mp4"), Checking(), seek=seeing((3, LEFT)))
    [leftover] = verdict.leftovers
    shown = cv2.imdecode(np.frombuffer(leftover.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape[0] == 120
    text = page([verdict])
    assert "data:image/jpeg" in text
    assert "frames 3-7" in text
    assert "default-src 'none'" in text


# Who looks


def test_the_model_that_hid_never_looks(monkeypatch, tmp_path):
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path))
    monkeypatch.setattr(weights, "folders", lambda: iter([tmp_path]))
    first, second = (weights.entry(name).file for name, _ in who.CANDIDATES["face"])
    monkeypatch.setattr(weights, "find", lambda name: tmp_path / name)
    (tmp_path / first).touch()
    (tmp_path / second).touch()
    assert seekers({"face"}, frozenset()).models[0].startswith("yunet_n_dynamic")
    assert seekers({"face"}, sums(["yunet_n_dynamic"])).models[0].startswith("scrfd_500m_bnkps")
    every = sums([name for name, _ in who.CANDIDATES["face"]])
    none = seekers({"face"}, every)
    assert none.detector is None
    assert "one does not judge oneself" in none.unchecked[0]


def test_persons_and_vehicles_are_looked_for_by_who_did_not_hide_them():
    """By default two models hide them; a third one, of another kind, judges."""
    for name in ("nanodet_m_416.onnx", "yolox_nano_416.onnx"):
        real(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "folders", lambda: iter([real("nanodet_m_416.onnx").parent]))
        found_by = seekers({"person", "vehicle"}, sums(targets.STREET))
        assert [model.split()[0] for model in found_by.models] == ["nanodet_m_416"]
        [found] = found_by.detector((640, 425), 0.6).detect([photo("truth/coco_000000000785.jpg")])
    assert set(found.labels) == {"person"}


def test_heads_are_looked_for_as_the_upper_parts_of_persons_found_by_who_did_not_hide_them():
    """There is no model of heads to judge; who hides them finds faces and persons with three others."""
    for name in ("nanodet_m_416.onnx", "yolox_nano_416.onnx"):
        real(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "folders", lambda: iter([real("nanodet_m_416.onnx").parent]))
        found_by = seekers({"head", "person"}, sums(targets.usual({"head"})))
        assert [model.split()[0] for model in found_by.models] == ["nanodet_m_416"]
        [found] = found_by.detector((640, 425), 0.6).detect([photo("truth/coco_000000000785.jpg")])
    heads, persons = found.boxes[found.labels == "head"], found.boxes[found.labels == "person"]
    assert len(heads) == len(persons) > 0
    assert (heads[:, :3] == persons[:, :3]).all()
    assert (heads[:, 3] < persons[:, 3]).all()


def test_the_upper_part_of_a_person_is_a_third_of_it_and_within_the_frame():
    class Persons:
        labels = frozenset({"person"})

        def detect(self, frames):
            boxes = np.array([[10, 20, 50, 170], [-10, -4, 10, 30], [40, 60, 80, 70]], np.float32)
            return [Detections(boxes, np.ones(3, np.float32), np.full(3, "person")) for _ in frames]

    [found] = UpperParts(Persons()).detect([drawn_frame(size=(96, 80))])
    assert found.boxes.tolist() == [[10, 20, 50, 70], [0, 0, 10, 16], [40, 60, 80, 70]]
    assert set(found.labels) == {"head"}


def test_of_heads_it_is_said_that_nobody_finds_them_as_such(street, face):
    plan = load_plan(street.with_name("its.plan"))
    heads = replace(plan, tracks=tuple(replace(track, label="head") for track in plan.tracks))
    out = street.with_name("out.mp4")
    alone = checked(out, Checking(plan=heads), seek=seeing())
    beside = checked(out, Checking(plan=heads, original=street), seek=seeing())
    assert {HEADS, BODIES} <= set(alone.blind_spots)
    assert HEADS in beside.blind_spots
    assert BODIES not in beside.blind_spots
    assert not {HEADS, BODIES} & set(checked(out, Checking(plan=plan), seek=seeing()).blind_spots)


@pytest.mark.parametrize("label", ["head", "face"])
def test_the_usual_models_of_a_label_never_look_for_it(street, label):
    """A plan that was imported names no models."""
    plan = load_plan(street.with_name("its.plan"))
    told = replace(plan, provenance={}, tracks=tuple(replace(track, label=label) for track in plan.tracks))
    asked = []
    checked(
        street.with_name("out.mp4"),
        Checking(plan=told),
        seek=lambda labels, hid: asked.append(hid) or seeing()(labels, hid),
    )
    assert asked == [sums(targets.usual({"face", label}))]
    assert (sums(targets.STREET) <= asked[0]) == (label == "head")


def test_of_text_the_one_model_that_is_known_looks_again_and_that_is_said():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "folders", lambda: iter([real("ppocr_v4_det.onnx").parent]))
        hid, other = (seekers({"plate", "text"}, sums(names)) for names in (["ppocr_v4_det"], []))
        [found] = hid.detector((640, 480), 0.6).detect([photo("images/police_road_text.jpg")])
    assert len(hid.models) == 1
    assert [doubt.split()[0] for doubt in hid.doubts] == ["plates", "texts"]
    assert not other.doubts
    assert {"plate", "text"} == set(found.labels)


def test_a_model_that_hid_may_be_given_as_a_file(tmp_path):
    (tmp_path / "mine.onnx").write_bytes(b"")
    assert sums([str(tmp_path / "mine.onnx")]) == {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
    with pytest.raises(WeightsError, match="no model called"):
        sums(["nobody"])


def test_without_a_model_it_is_said_how_to_get_one(street, monkeypatch, capsys):
    monkeypatch.setattr(weights, "folders", lambda: iter([street.parent]))
    out = street.with_name("out.mp4")
    assert cli.main(["verify", str(out)]) == 1
    said = capsys.readouterr().out
    assert "NOT ALL WAS LOOKED FOR" in said
    assert "passerby models pull yunet_n_dynamic" in said
    assert cli.main(["verify", str(street)]) == 3, "the sound is found without any model"


# The command line


@pytest.fixture
def eyes(monkeypatch):
    """Lets `passerby verify` find something at LEFT in frames 3 to 7."""
    monkeypatch.setattr(
        verify_command, "checked", lambda path, checking, progress: checked(path, checking, progress, seeing((3, LEFT)))
    )


def test_leftovers_end_with_3_and_are_told_in_json(street, eyes, capsys, tmp_path):
    out = street.with_name("out.mp4")
    assert cli.main(["verify", str(out), "--json", "-q", "--report", str(tmp_path / "page.html")]) == 3
    [told] = json.loads(capsys.readouterr().out)["files"]
    assert told["leftovers"][0]["finds"][0]["box"] == list(LEFT)
    assert told["clean"] is False
    assert "<figure>" in (tmp_path / "page.html").read_text()


def test_a_report_never_replaces_what_is_read(street, eyes, capsys):
    out = street.with_name("out.mp4")
    assert cli.main(["verify", str(out), "--report", str(out), "-y"]) == 2
    assert cli.main(["verify", str(out), str(out), "--original", str(street)]) == 2


# Marks


def run_report(folder, **files):
    """As a run writes it: what generators drew in each file."""
    runs = [{"frames": 1, "seconds": 1.0, "output": name, "synthetic": drawn} for name, drawn in files.items()]
    path = folder / "run.json"
    path.write_text(json.dumps({"files": [{"report": run} for run in runs]}))
    return path


def test_a_file_in_which_generators_drew_has_to_say_so(street, tmp_path):
    bare = street.with_name("out.mp4")
    marked = tmp_path / "marked.mp4"
    marked.write_bytes(bare.read_bytes() + xmp.box())
    [missing] = checked(bare, Checking(synthetic=True), seek=seeing()).carried
    assert missing.kind == "mark"
    assert checked(bare, Checking(), seek=seeing()).clean
    assert checked(marked, Checking(synthetic=True), seek=seeing()).clean


@pytest.mark.parametrize(("drawn", "code"), [(["face"], 3), ([], 0)])
def test_the_report_of_the_run_tells_whether_generators_drew(street, monkeypatch, capsys, tmp_path, drawn, code):
    monkeypatch.setattr(verify_command, "checked", lambda *given: checked(*given, seeing()))
    report = run_report(tmp_path, **{"out.mp4": drawn})
    assert cli.main(["verify", str(street.with_name("out.mp4")), "--run-report", str(report)]) == code
    assert ("nothing in the file says that it is synthetic" in capsys.readouterr().out) == bool(drawn)


def test_a_report_of_another_run_is_refused(street, capsys, tmp_path):
    report = run_report(tmp_path, **{"other.mp4": ["face"]})
    assert cli.main(["verify", str(street.with_name("out.mp4")), "--run-report", str(report)]) == 2
    assert "tells of no out.mp4, but of other.mp4" in capsys.readouterr().err


@pytest.mark.parametrize(("mark", "written"), [("auto", False), ("none", True)])
def test_what_generators_drew_in_takes_no_name_unmarked_unless_that_is_asked_for(
    street, monkeypatch, tmp_path, mark, written
):
    monkeypatch.setattr(generating, "synthetic", lambda options, labels=(): ("face",))
    monkeypatch.setattr(marking, "mark", lambda options, output, labels=(): None)
    work = Job(street, tmp_path / "out.mp4", Options(verify="check", mark=mark))
    with nullcontext() if written else pytest.raises(LeftoversFound, match="nothing in the file says"):
        proven(work, seek=seeing())
    assert (tmp_path / "out.mp4").exists() == written


# anonymize --verify


def job(street, folder, verify):
    return Job(street, folder / "out.mp4", Options(verify=verify, crf=10, plan=folder / "its.plan"))


def test_what_is_left_over_leaves_no_output(street, tmp_path):
    with pytest.raises(LeftoversFound, match="frames 3-7"):
        proven(job(street, tmp_path, "check"), seek=seeing((3, LEFT)))
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_over_is_hidden_again(street, tmp_path):
    report = proven(job(street, tmp_path, "fix"), seek=seeing((3, LEFT)))
    assert "1 leftover was found and hidden again" in report.notes
    assert (list(report.models), report.looks > 0, report.runtime != "") == (["centerface"], True, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["its.plan", "out.mp4"]
    plan = load_plan(tmp_path / "its.plan")
    assert plan.tracks[-1].frames.tolist() == list(range(14))
    verdict = checked(tmp_path / "out.mp4", Checking(plan=plan, original=street), seek=seeing((3, LEFT)))
    assert verdict.clean
    with av.open(str(tmp_path / "out.mp4")) as one, av.open(str(street)) as other:
        pairs = zip(one.decode(video=0), other.decode(video=0), strict=True)
        x, y = 40, 45
        steps = [int(np.ptp(a.to_ndarray(format="gray")[y - 4 : y + 4, x - 4 : x + 4])) for a, _ in list(pairs)[3:8]]
    assert max(steps) < 60


def test_a_clean_output_takes_its_name_and_says_who_looked(street, tmp_path):
    report = proven(job(street, tmp_path, "check"), seek=seeing())
    assert report.notes[-1].startswith("verified: nothing is left over; looked at 30 of 30 frames with eyes")
    assert report.output == "out.mp4"


def test_without_a_second_model_no_work_is_done(street, tmp_path):
    nobody = lambda labels, hidden_by: Seekers(None, (), ("faces: get it with …",))  # noqa: E731
    with pytest.raises(WeightsError, match="cannot look for faces"):
        proven(job(street, tmp_path, "check"), seek=nobody)
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_ones_own_that_hides_does_not_look(street, tmp_path):
    own = onnx.load(weights.find("centerface"))
    own.doc_string = "mine"
    onnx.save(own, tmp_path / "mine.onnx")
    told = []

    def seek(labels, hidden_by):
        told.append(hidden_by)
        return seeing()(labels, hidden_by)

    options = Options(verify="check", models=f"face={tmp_path / 'mine.onnx'}")
    proven(Job(street, tmp_path / "out.mp4", options), seek=seek)
    assert len(told) == 2
    assert all(sums([str(tmp_path / "mine.onnx")]) <= hid for hid in told)


@pytest.mark.parametrize("look", ["analyze", "anonymize"])
def test_a_plan_says_which_models_do_not_look(street, tmp_path, look):
    own = onnx.load(weights.find("centerface"))
    own.doc_string = "mine"
    onnx.save(own, tmp_path / "mine.onnx")
    models = f"face={tmp_path / 'mine.onnx'}"
    if look == "analyze":
        passerby.analyze(street, tmp_path / "its.plan", models=models)
    else:
        passerby.anonymize(street, tmp_path / "out.mp4", models=models, plan=tmp_path / "its.plan")
    plan = load_plan(tmp_path / "its.plan")
    told = []

    def seek(labels, hidden_by):
        told.append(hidden_by)
        return seeing()(labels, hidden_by)

    checked(street.with_name("out.mp4"), Checking(plan=plan), seek=seek)
    assert set(plan.models) == {"mine.onnx"}
    assert sums([str(tmp_path / "mine.onnx"), "centerface"]) <= told[0]


def test_an_existing_output_stays(street, tmp_path):
    (tmp_path / "out.mp4").write_text("mine")
    with pytest.raises(passerby.OutputError):
        proven(job(street, tmp_path, "check"), seek=seeing())
    assert (tmp_path / "out.mp4").read_text() == "mine"


def test_a_folder_that_is_not_there_is_said(street, tmp_path):
    with pytest.raises(passerby.OutputError, match="does not exist"):
        proven(job(street, tmp_path / "nowhere", "check"), seek=seeing())


def test_gaps_of_a_leftover_are_hidden_too(street):
    verdict = checked(street.with_name("out.mp4"), Checking(), seek=seeing((3, LEFT), (10, LEFT)))
    plan = hidden_again(analyze(street), verdict.leftovers)
    assert plan.tracks[-1].frames.tolist() == list(range(21))


def test_leftovers_end_anonymize_with_3(street, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(proving, "proven", lambda job, shown: proven(job, shown, seek=seeing((3, LEFT))))
    assert cli.main([str(street), "-o", str(tmp_path / "out.mp4"), "--verify", "-q"]) == 3
    assert "no output was written" in capsys.readouterr().err
    assert cli.main([str(street), "-o", str(tmp_path / "out.mp4"), "--verify-fix", "-q"]) == 0


def test_yunet_finds_the_face_that_is_there_and_none_where_it_is_hidden(street, monkeypatch):
    monkeypatch.setattr(weights, "folders", lambda: iter([real("yunet_n_dynamic.onnx").parent]))
    before = passerby.verify(street, every=10, sound=True)
    after = passerby.verify(street.with_name("out.mp4"), plan=street.with_name("its.plan"), original=street, every=10)
    assert before.leftovers
    assert after.clean, after.lines()


def test_the_mosaic_that_passerby_draws_is_not_left_over(street, face):
    verdict = checked(street.with_name("out.mp4"), Checking(), seek=seeing((10, face), (3, LEFT), frames=1))
    assert [thing.best.box for thing in verdict.leftovers] == [LEFT]
    assert any("nothing but the cells that passerby's mosaic draws: 1" in line for line in verdict.lines())
