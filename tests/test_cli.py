"""The command line as a user meets it: what it writes, what it says, and how it ends."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import av
import cv2
import footage
import numpy as np
import pytest

from passerby import analyze, cli, load_plan
from passerby.core.stopping import unless_interrupted
from passerby.media.write import VideoSink
from passerby.progress import Printed
from passerby.report import Outcome, summary


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """A second of a person walking, with sound, and its plan."""
    path = tmp_path_factory.mktemp("clip") / "street.mp4"
    footage.write(footage.walking(), path, footage.Coding(sound="aac"))
    analyze(path, path.with_name("its.plan"))
    return path


@pytest.fixture
def here(clip, tmp_path, monkeypatch):
    """An empty folder to work in, with the clip and a picture in it."""
    shutil.copy(clip, tmp_path / "street.mp4")
    footage.draw(footage.walking(), tmp_path / "photo.png")
    (tmp_path / "notes.txt").write_text("not a video")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("This is not a video.\n" * 50)
    (tmp_path / "sham.jpg").write_text("not a picture")
    (tmp_path / "folder").mkdir()
    shutil.copy(clip.with_name("its.plan"), tmp_path / "its.plan")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def passerby(*words):
    return cli.main([str(word) for word in words])


def files(folder: Path):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def frames(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_video_and_nothing_else_gives_its_name_anonymized(here, capsys):
    before = files(here)
    assert passerby("street.mp4") == 0
    assert set(files(here)) - set(before) == {"street_anonymized.mp4"}
    said = capsys.readouterr()
    assert said.out == ""
    assert "hiding faces by mosaic" in said.err
    assert "sound is dropped" in said.err
    assert "metadata is removed" in said.err
    assert len(frames(here / "street_anonymized.mp4")) == len(frames(here / "street.mp4"))


def test_a_picture_is_anonymized_too(here):
    assert passerby("photo.png", "-q") == 0
    before, after = (cv2.imread(str(here / name)) for name in ("photo.png", "photo_anonymized.png"))
    changed = (before != after).any(axis=2).mean()
    assert 0 < changed < 0.2


def test_one_word_of_json_goes_to_standard_output(here, capsys):
    assert passerby("street.mp4", "--json", "-v") == 0
    [told] = json.loads(capsys.readouterr().out)["files"]
    assert told["status"] == "done"
    assert told["report"]["frames"] == 30
    assert told["report"]["tracks"] >= 1


def test_quiet_says_nothing(here, capsys):
    assert passerby("street.mp4", "-q") == 0
    said = capsys.readouterr()
    assert said.out + said.err == ""


def test_an_outline_says_even_quietly_that_nothing_is_hidden(here, capsys):
    assert passerby("street.mp4", "--method", "outline", "-q") == 0
    assert "NOTHING IS HIDDEN" in capsys.readouterr().err
    assert passerby("street.mp4", "--method", "outline", "-y") == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert "found (nothing hidden)" in last
    assert "tracks hidden" not in last


def test_an_existing_output_stays_unless_forced(here, capsys):
    (here / "street_anonymized.mp4").write_text("mine")
    assert passerby("street.mp4") == 1
    assert "--force" in capsys.readouterr().err
    assert (here / "street_anonymized.mp4").read_text() == "mine"
    assert passerby("street.mp4", "-y", "-q") == 0
    assert len(frames(here / "street_anonymized.mp4")) == 30


def test_a_dry_run_writes_nothing(here, capsys):
    before = files(here)
    assert passerby("street.mp4", "photo.png", "-o", "out", "--dry-run") == 0
    assert files(here) == before
    assert not (here / "out").exists()
    assert "street.mp4 -> out/street.mp4: planned" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["--cells=100", "--grow=inf", "--crf=inf", "--image=missing.png"])
def test_a_dry_run_refuses_wrong_values_before_anything_is_announced(here, capsys, wrong):
    assert passerby("street.mp4", "--dry-run", wrong) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_several_inputs_go_into_a_folder_and_names_never_collide(here):
    (here / "folder" / "street.mp4").write_bytes((here / "street.mp4").read_bytes())
    assert passerby("street.mp4", "folder/street.mp4", "photo.png", "-o", "out", "-q") == 0
    assert files(here / "out") == ["photo.png", "street-2.mp4", "street.mp4"]


def test_a_folder_is_mirrored_and_the_rest_is_listed_as_skipped(here, capsys):
    (here / "empty.mp4").unlink()
    (here / "text.mp4").unlink()
    deep = here / "folder" / "day 1"
    deep.mkdir()
    shutil.move(here / "street.mp4", deep / "street.mp4")
    shutil.move(here / "photo.png", here / "folder" / "photo.png")
    shutil.move(here / "notes.txt", here / "folder" / "notes.txt")
    assert passerby("folder", "--json") == 0
    assert files(here / "folder_anonymized") == ["day 1/street.mp4", "photo.png"]
    told = {entry["input"]: entry["status"] for entry in json.loads(capsys.readouterr().out)["files"]}
    assert told == {"folder/day 1/street.mp4": "done", "folder/notes.txt": "skipped", "folder/photo.png": "done"}


def test_some_failures_among_several_are_told_apart(here, capsys):
    assert passerby("street.mp4", "text.mp4", "-o", "out") == 4
    assert files(here / "out") == ["street.mp4"]
    assert "text.mp4" in capsys.readouterr().err


def test_options_may_stand_anywhere(here):
    assert passerby("street.mp4", "-o", "out", "-q", "photo.png") == 0
    assert files(here / "out") == ["photo.png", "street.mp4"]


def test_a_part_of_a_video(here):
    assert passerby("street.mp4", "-o", "part.mp4", "--start", "0.2", "--end", "0:00.6", "-q") == 0
    assert len(frames(here / "part.mp4")) == 10


def test_a_smaller_and_slower_output(here):
    assert passerby("street.mp4", "-o", "small.mp4", "--max-res", "320", "--fps", "5", "-q") == 0
    small = frames(here / "small.mp4")
    assert small[0].shape == (180, 320, 3)
    assert len(small) in (6, 7)


def test_report_and_plan_are_written_down(here):
    assert passerby("street.mp4", "--report", "r.json", "--plan", "p.plan", "-q", "--seed", "7") == 0
    [report] = [file["report"] for file in json.loads((here / "r.json").read_text())["files"]]
    plan = load_plan("p.plan")
    assert report["seed"] == plan.seed == 7
    assert len(plan.rows()) == report["hidden"]
    assert plan.media.sha256 == report["input_sha256"]


@pytest.mark.parametrize("method", ["fill", "blur", "noise", "image", "outline", "face=mosaic"])
def test_every_method(here, method, capsys):
    assert passerby("street.mp4", "--method", method, "--image", "photo.png", "--colour", "ff0000") == 0
    said = capsys.readouterr().err
    assert ("NOTHING IS HIDDEN" in said) == (method == "outline")
    assert ("can be undone" in said) == (method == "blur")


def test_the_same_input_options_and_seed_give_the_same_bytes(here):
    assert passerby("street.mp4", "-o", "a.mp4", "-q") == 0
    assert passerby("street.mp4", "-o", "b.mp4", "-q") == 0
    assert (here / "a.mp4").read_bytes() == (here / "b.mp4").read_bytes()


def test_ctrl_c_leaves_nothing_and_ends_with_130(here, monkeypatch, capsys):
    from passerby.core.lent import WatchedSink

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    before = files(here)
    monkeypatch.setattr(WatchedSink, "write", interrupted)
    assert passerby("street.mp4") == 130
    assert files(here) == before
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["analyze", "street.mp4"], ["plan", "edit", "its.plan", "--keep", "1"]])
def test_ctrl_c_leaves_plans_as_they_were(here, monkeypatch, words):
    from passerby.plan import store

    def interrupted(plan, file, folder):
        file.write(b"half of a plan")
        raise KeyboardInterrupt

    before = {name: (here / name).read_bytes() for name in files(here)}
    monkeypatch.setattr(store, "save", interrupted)
    assert passerby(*words) == 130
    assert {name: (here / name).read_bytes() for name in files(here)} == before


def test_the_demo_makes_two_clips(here, capsys):
    assert passerby("demo", "-q") == 0
    assert {"passerby_demo.mp4", "passerby_demo_anonymized.mp4"} <= set(files(here))


@pytest.mark.parametrize("mine", ["passerby_demo.mp4", "passerby_demo_anonymized.mp4"])
def test_the_demo_replaces_files_only_when_told_to(here, capsys, mine):
    (here / mine).write_text("mine")
    before = files(here)
    assert passerby("demo") == 1
    assert files(here) == before
    assert (here / mine).read_text() == "mine"
    [said] = capsys.readouterr().err.splitlines()
    assert "--force" in said
    if mine == "passerby_demo.mp4":
        assert passerby("demo", "-q", "-y") == 0
        assert len(frames(here / mine)) > 0


def test_signal_handlers_are_put_back(monkeypatch):
    during = []
    monkeypatch.setitem(cli.RUN, "doctor", lambda _: during.append(signal.getsignal(signal.SIGTERM)) or 0)
    before = signal.getsignal(signal.SIGTERM)
    assert passerby("doctor") == 0
    assert during[0] is not before
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_a_library_turns_into_another_error_still_is_one(monkeypatch, number):
    """NumPy and OpenCV do when it comes while they load."""

    def load(chosen):
        try:
            signal.raise_signal(number)
        except BaseException as error:
            raise ImportError("cannot be loaded") from error

    monkeypatch.setitem(cli.RUN, "doctor", load)
    assert passerby("doctor") == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_gets_lost_ends_the_run_at_the_next_frame(here, monkeypatch, capsys, number):
    handed_over = []

    def write(sink, frame):
        handed_over.append(frame.index)
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(number)

    monkeypatch.setattr(VideoSink, "write", write)
    before = files(here)
    assert passerby("street.mp4", "-q") == 130
    assert handed_over == [0]
    assert files(here) == before
    assert "interrupted" in capsys.readouterr().err


def test_an_interrupt_is_over_with_the_run(monkeypatch):
    monkeypatch.setitem(cli.RUN, "doctor", lambda _: signal.raise_signal(signal.SIGTERM))
    assert passerby("doctor") == 130
    unless_interrupted()


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_a_closed_terminal_ends_like_ctrl_c_but_not_under_nohup(monkeypatch):
    monkeypatch.setitem(cli.RUN, "doctor", lambda _: signal.raise_signal(signal.SIGHUP) or 0)
    before = signal.getsignal(signal.SIGHUP)
    try:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        assert passerby("doctor") == 130
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert passerby("doctor") == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_it_runs_in_any_thread(capsys):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(passerby("doctor")))
    thread.start()
    thread.join()
    assert codes == [0]


def test_the_report_is_ascii_whatever_the_names_are():
    strange = Outcome(input=Path("caf\udce9 – é.mp4"), status="failed", message="ü\udcff")
    text = summary([strange])
    assert text.isascii()
    assert json.loads(text)["files"][0]["input"] == str(strange.input)


def test_the_bar_leaves_nothing_on_the_line(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("passerby.progress.BETWEEN_UPDATES_S", 0)
    screen = Terminal()
    shown = Printed("street.mp4", screen)
    shown.update(1, 100)
    shown.update(2, None)
    shown.end()
    assert "\x1b" not in screen.getvalue()
    _, bar, shorter, blank, rest = screen.getvalue().split("\r")
    assert len(bar) == len(shorter)
    assert blank == " " * len(shorter.rstrip())
    assert rest == ""


def test_the_doctor_answers(capsys):
    assert passerby("doctor") == 0
    assert "centerface" in capsys.readouterr().out
    assert passerby("doctor", "--json") == 0
    json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--help"],
        ["-h"],
        ["anonymize", "--help"],
        ["demo", "-h"],
        ["plan", "-h"],
        ["plan", "edit", "-h"],
        ["--version"],
    ],
)
def test_help_and_version_go_to_standard_output(words, capsys):
    with pytest.raises(SystemExit) as end:
        passerby(*words)
    assert end.value.code == 0
    assert "passerby" in capsys.readouterr().out


def test_a_plan_is_made_shown_changed_and_rendered(here, capsys):
    assert passerby("analyze", "street.mp4", "-q") == 0
    assert passerby("plan", "show", "street.plan", "--json") == 0
    [track] = json.loads(capsys.readouterr().out)["tracks"]
    assert (track["first_frame"], track["last_frame"], track["decision"]) == (0, 29, "hidden")
    edits = ["--keep", f"{track['id']}:3-5", "--method", f"{track['id']}:20-24=fill", "--reason", "said yes"]
    assert passerby("plan", "edit", "street.plan", *edits, "-q") == 0
    assert passerby("plan", "show", "street.plan") == 0
    said = capsys.readouterr().out
    assert "hidden in 27 boxes, by fill in 5" in said
    assert "keep track 1 in frames 3-5 (user: said yes)" in said
    assert passerby("plan", "edit", "street.plan", "--split", "1@25", "--reason", "two people", "-q") == 0
    assert passerby("plan", "show", "street.plan") == 0
    assert "track 1 split at frame 25, from which on it is track 2 (user: two people)" in capsys.readouterr().out
    assert passerby("render", "street.plan", "--json", "-q") == 0
    [told] = json.loads(capsys.readouterr().out)["files"]
    assert told["output"] == "street_anonymized.mp4"
    assert told["report"]["hidden"] == 27
    assert "3 of 30 boxes stay visible" in told["report"]["notes"][-1]


def test_a_plan_from_anybody_cannot_steer_the_terminal(here, capsys):
    assert passerby("plan", "edit", "its.plan", "--keep", "1", "--reason", "\x1b[2J\x07done", "-q") == 0
    assert passerby("plan", "show", "its.plan") == 0
    said = capsys.readouterr().out
    assert "?[2J?done" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("command", [[], ["analyze"]], ids=["anonymize", "analyze"])
@pytest.mark.parametrize("option", ["--only-zone", "--keep-zone"])
def test_a_zone_outside_of_the_picture_stops_the_run(here, capsys, command, option):
    """With a mistyped only-zone nobody would be hidden."""
    before = sorted(here.iterdir())
    assert passerby(*command, "street.mp4", option, "9000,0 9100,0 9100,90") == 2
    assert "outside of the picture, which has 640x360" in capsys.readouterr().err
    assert sorted(here.iterdir()) == before


def test_an_edit_goes_into_the_plan_itself_or_into_another(here):
    passerby("analyze", "street.mp4", "-o", "a.plan", "-q")
    before = (here / "a.plan").read_bytes()
    assert passerby("plan", "edit", "a.plan", "--keep", "1", "-o", "b.plan", "-q") == 0
    assert (here / "a.plan").read_bytes() == before
    assert len(load_plan("b.plan").decisions) == 1
    assert passerby("plan", "edit", "a.plan", "--keep", "1", "-o", "b.plan") == 1
    assert passerby("plan", "edit", "a.plan", "--hide", "1", "-o", "b.plan", "-y", "-q") == 0
    assert load_plan("b.plan").decisions[0].hide


def test_a_box_is_drawn_from_the_shell(here):
    passerby("analyze", "street.mp4", "-q")
    assert passerby("plan", "edit", "street.plan", "--delete", "1", "--draw", "face@0.4s:227,120,46,60", "-q") == 0
    [drawn] = load_plan("street.plan").tracks
    assert drawn.frames.tolist() == list(range(30))


@pytest.mark.parametrize("form", ["xml", "coco.json", "csv", "json"])
def test_a_plan_goes_out_and_comes_back(here, form):
    passerby("analyze", "street.mp4", "-q")
    assert passerby("plan", "export", "street.plan", "-o", f"out.{form}") == 0
    assert passerby("plan", "import", "street.plan", f"out.{form}", "-o", "back.plan", "--by", "reviewer") == 0
    assert load_plan("back.plan").changes[-1].by == "reviewer"
    there, back = load_plan("street.plan").rows(), load_plan("back.plan").rows()
    assert np.array_equal(there.boxes, back.boxes)
    assert np.array_equal(there.frames, back.frames)


def test_a_sheet_shows_faces_only_when_told_to(here, capsys):
    passerby("analyze", "street.mp4", "-q")
    assert passerby("plan", "sheet", "street.plan", "-q") == 0
    hidden = (here / "street.html").read_text()
    assert passerby("plan", "sheet", "street.plan", "-y", "--show-faces") == 0
    assert "FACES" in capsys.readouterr().err
    assert (here / "street.html").read_text() != hidden


def test_a_settings_file_is_read_and_named(here, capsys):
    (here / "passerby.toml").write_text('method = "fill"\nmin-size = 500')
    assert passerby("street.mp4") == 0
    said = capsys.readouterr().err
    assert "hiding faces by fill" in said
    assert "settings of passerby.toml" in said
    assert "warning: NOT EVERYONE IS HIDDEN" in said
    assert "0 places of 0 tracks" in said


USAGE = [
    (["-q"], "no input"),
    (["street.mp4", "--what"], "--what"),
    (["street.mp4", "--hide", "cats"], "'cats'"),
    (["street.mp4", "--hide", ""], "--hide"),
    (["street.mp4", "--method", "smear"], "'smear'"),
    (["street.mp4", "--method", "plate=fill"], "'plate'"),
    (["street.mp4", "--method", "image"], "--image"),
    (["street.mp4", "--method", "image", "--image", "missing.png"], "missing.png"),
    (["street.mp4", "--shape", "star"], "'star'"),
    (["street.mp4", "--grow", "-1"], "--grow"),
    (["street.mp4", "--grow", "much"], "--grow"),
    (["street.mp4", "--grow", "nan"], "--grow"),
    (["street.mp4", "--cells", "0"], "--cells"),
    (["street.mp4", "--cells", "4.5"], "--cells"),
    (["street.mp4", "--conf", "1.5"], "--conf"),
    (["street.mp4", "--conf", "nan"], "--conf"),
    (["street.mp4", "--audio", "louder"], "'louder'"),
    (["street.mp4", "--start", "soon"], "'soon'"),
    (["street.mp4", "--start", "-3"], "--start"),
    (["street.mp4", "--start", "5", "--end", "4"], "--end"),
    (["street.mp4", "--end", "0"], "--end"),
    (["street.mp4", "--start", "9999"], "9999"),
    (["street.mp4", "--max-res", "3"], "--max-res"),
    (["street.mp4", "--fps", "0"], "--fps"),
    (["street.mp4", "--fps", "1/0"], "1/0"),
    (["street.mp4", "--fps", "fast"], "'fast'"),
    (["street.mp4", "--encoder", "mpeg9"], "mpeg9"),
    (["street.mp4", "--encoder", "libvpx"], "libvpx"),
    (["street.mp4", "--encoder", "aac"], "aac"),
    (["street.mp4", "--crf", "low"], "--crf"),
    (["street.mp4", "--crf", "-5"], "crf"),
    (["street.mp4", "--crf", "nan"], "crf"),
    (["street.mp4", "--preset", "warp"], "warp"),
    (["street.mp4", "--seed", "-1"], "--seed"),
    (["street.mp4", "--colour", "red"], "'red'"),
    (["street.mp4", "photo.png", "--plan", "p.plan", "-o", "out"], "--plan"),
    (["street.mp4", "--report", "street.mp4", "-y"], "--report"),
    (["street.mp4", "-o", "out.mp4", "--plan", "out.mp4"], "--plan"),
    (["folder", "-o", "."], "another folder"),
    (["street.mp4", "-t", "0.2"], "--conf or --end"),
    (["street.mp4", "-s", "640x360"], "--max-res"),
    (["street.mp4", "-m"], "--plan"),
    (["street.mp4", "-b", "9"], "--crf"),
    (["street.mp4", "-k"], "--audio keep"),
    (["street.mp4", "-o", "out.xyz"], ".mp4"),
    (["street.mp4", "-o", "out"], ".mp4"),
    (["photo.png", "-o", "photo.mp4"], ".png"),
    (["street.mp4", "-o", "street.png"], ".mp4"),
    (["demo", "-o", "nowhere"], "nowhere"),
    (["doctor", "now"], "now"),
    (["street.mp4", "--quality", "best"], "'best'"),
    (["street.mp4", "--min-face", "3"], "--min-face"),
    (["street.mp4", "--min-face", "large"], "--min-face"),
    (["street.mp4", "--min-size", "-3"], "--min-size"),
    (["street.mp4", "--keep-zone", "1,2"], "--keep-zone"),
    (["street.mp4", "--only-zone", "here"], "--only-zone"),
    (["plan", "edit", "its.plan", "--keep-zone", "-90,0 -10,0 -10,90"], "outside of the picture"),
    (["street.mp4", "--config", "missing.toml"], "missing.toml"),
    (["street.mp4", "--config", "notes.txt"], "notes.txt"),
    (["analyze"], "INPUT"),
    (["analyze", "street.mp4", "photo.png"], "photo.png"),
    (["analyze", "street.mp4", "-o", "street.mp4", "-y"], "the input itself"),
    (["analyze", "street.mp4", "--method", "fill"], "--method"),
    (["analyze", "street.mp4", "--start", "99"], "99"),
    (["render"], "PLAN"),
    (["render", "its.plan", "--conf", "0.5"], "--conf"),
    (["plan"], "show"),
    (["plan", "its.plan"], "show"),
    (["plan", "show"], "PLAN"),
    (["plan", "edit", "its.plan"], "no edit"),
    (["plan", "edit", "its.plan", "--keep"], "--keep"),
    (["plan", "edit", "its.plan", "--keep", "7"], "no track 7"),
    (["plan", "edit", "its.plan", "--keep", "seven"], "TRACKS"),
    (["plan", "edit", "its.plan", "--keep", "1:50-60"], "frames 0 to 29"),
    (["plan", "edit", "its.plan", "--draw", "face@9:700,0,20,20"], "outside"),
    (["plan", "edit", "its.plan", "--", "x"], "takes no inputs"),
    (["plan", "export", "its.plan"], "-o"),
    (["plan", "export", "its.plan", "-o", "out.doc"], "out.doc"),
    (["plan", "export", "its.plan", "-o", "x.xml", "--format", "doc"], "'doc'"),
    (["plan", "export", "its.plan", "-o", "its.plan", "--format", "csv", "-y"], "another name"),
    (["plan", "export", "its.plan", "-o", "street.mp4", "--format", "csv", "-y"], "another name"),
    (["plan", "edit", "its.plan", "--keep", "1", "-o", "street.mp4", "-y"], "another name"),
    (["render", "its.plan", "--report", "its.plan", "-y"], "another name"),
    ([""], "the name is empty"),
    (["street.mp4", "-o", ""], "the name is empty"),
    (["render", "its.plan", "-o", "out.mp4", "--report", "out.mp4", "-y"], "another name"),
    (["plan", "sheet", "its.plan", "-o", "its.plan", "-y"], "another name"),
]
FAILURES = [
    (["sham.jpg"], "named like a picture"),
    (["missing.mp4"], "does not exist"),
    (["empty.mp4"], "empty"),
    (["text.mp4"], "text.mp4"),
    (["notes.txt"], "notes.txt"),
    (["street.mp4", "-o", "street.mp4"], "the input itself"),
    (["street.mp4", "-o", "street.mp4", "-y"], "the input itself"),
    (["street.mp4", "-o", "text.mp4"], "exists already"),
    (["street.mp4", "--method", "image", "--image", "street.mp4"], "street.mp4"),
    (["street.mp4", "--plan", "notes.txt"], "exists already"),
    (["street.mp4", "--plan", "nowhere/p.plan"], "nowhere"),
    (["analyze", "missing.mp4"], "does not exist"),
    (["analyze", "folder"], "folder"),
    (["analyze", "text.mp4"], "text.mp4"),
    (["analyze", "street.mp4", "-o", "notes.txt"], "exists already"),
    (["analyze", "street.mp4", "-o", "nowhere/x.plan"], "nowhere"),
    (["render", "missing.plan"], "missing.plan"),
    (["render", "notes.txt"], "notes.txt"),
    (["render", "its.plan", "-o", "text.mp4"], "exists already"),
    (["render", "its.plan", "--media", "photo.png"], "the plan is for street.mp4"),
    (["render", "its.plan", "--media", "missing.mp4"], "missing.mp4"),
    (["render", "its.plan", "--media", "text.mp4"], "text.mp4"),
    (["plan", "show", "street.mp4"], "street.mp4 is no plan"),
    (["plan", "show", "folder"], "folder"),
    (["plan", "edit", "its.plan", "--keep", "1", "-o", "notes.txt"], "exists already"),
    (["plan", "edit", "its.plan", "--draw", "face@9:1,2,30,40", "--media", "photo.png"], "the plan is for street.mp4"),
    (["plan", "export", "its.plan", "-o", "notes.txt", "--format", "csv"], "exists already"),
    (["plan", "import", "its.plan", "missing.xml"], "missing.xml"),
    (["plan", "import", "its.plan", "notes.txt", "--format", "cvat"], "notes.txt"),
    (["plan", "sheet", "its.plan", "--media", "missing.mp4"], "missing.mp4"),
]


@pytest.mark.parametrize(("words", "said"), USAGE, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_wrong_usage_is_one_line_and_no_output(here, capsys, words, said):
    check_refused(here, capsys, words, said, code=2)


@pytest.mark.parametrize(("words", "said"), FAILURES, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_bad_files_are_one_line_and_no_output(here, capsys, words, said):
    check_refused(here, capsys, words, said, code=1)


def check_refused(here, capsys, words, said, code):
    before = files(here)
    assert passerby(*words) == code
    out, err = capsys.readouterr()
    problem = err.strip().splitlines()[-1]
    assert said in problem
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) <= 2, "more than the announcement and one line"
    assert out == ""
    assert files(here) == before


def test_a_wrong_report_file_is_found_out_before_the_work(here, capsys):
    assert passerby("street.mp4", "--report", "notes.txt") == 1
    assert not (here / "street_anonymized.mp4").exists()
    assert "notes.txt" in capsys.readouterr().err


def test_a_picture_of_noise_is_no_trouble(here):
    cv2.imwrite("noise.png", np.random.default_rng(0).integers(0, 256, (33, 47, 3), np.uint8))
    assert passerby("noise.png", "-q") == 0


def test_names_after_two_dashes_are_inputs(here):
    shutil.move("photo.png", "-photo.png")
    assert passerby("-q", "--", "-photo.png") == 0
    assert (here / "-photo_anonymized.png").exists()


def test_a_reader_that_goes_away_is_no_failure(here):
    """`passerby photo.png --json | head -1` must not end in a traceback."""
    words = [sys.executable, "-m", "passerby", "photo.png", "--json", "-q"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 0


@pytest.mark.parametrize(("device", "said"), [("abacus", "name one of tensorrt, cuda"), ("cuda", "pip install")])
def test_a_device_that_is_not_there_is_wrong_usage_and_nothing_is_written(here, capsys, monkeypatch, device, said):
    monkeypatch.setenv("PASSERBY_RUNTIME", "")
    monkeypatch.setattr("passerby.providers.fault", lambda provider, library: "there is none")
    before = sorted(here.iterdir())
    assert cli.main(["street.mp4", "--device", device]) == 2
    assert said in capsys.readouterr().err
    assert sorted(here.iterdir()) == before
