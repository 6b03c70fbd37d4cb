"""Which output belongs to which input: no two share a name, and no input is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from passerby import batch
from passerby.core.detections import Detections
from passerby.core.errors import OptionError, UnsupportedMedia
from passerby.job import Job
from passerby.progress import Silent
from passerby.report import Outcome
from passerby.settings import Options


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("x.mp4", "x_anonymized.mp4", "rec/a.mp4", "rec/a.mpg", "rec/sub/b.jpg", "rec/notes.txt", "rec/c.HEIC"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic" if name.endswith("HEIC") else b"")
    return tmp_path


def outputs(*inputs, output=None, **options):
    planned = batch.assign([Path(name) for name in inputs], output and Path(output), Options(**options))
    return {str(item.input): str(item.output) for item in planned if isinstance(item, Job)}


def test_an_output_never_takes_the_name_of_another_input(here):
    assert outputs("x.mp4", "x_anonymized.mp4") == {
        "x.mp4": "x_anonymized-2.mp4",
        "x_anonymized.mp4": "x_anonymized_anonymized.mp4",
    }


def test_outputs_that_would_share_a_name_get_numbers(here):
    assert outputs("rec") == {
        "rec/a.mp4": "rec_anonymized/a.mp4",
        "rec/a.mpg": "rec_anonymized/a-2.mp4",
        "rec/c.HEIC": "rec_anonymized/c.HEIC",
        "rec/sub/b.jpg": "rec_anonymized/sub/b.jpg",
    }


@pytest.mark.parametrize("mirror", [".", "rec", "rec/.."])
def test_a_folder_is_not_mirrored_onto_itself(here, mirror):
    with pytest.raises(OptionError, match="another folder"):
        outputs("rec", output=mirror)


@pytest.mark.parametrize(("inside", "name"), [("rec", "."), ("rec/sub", ".."), ("rec", "../rec/."), ("rec", "../rec")])
def test_the_output_of_a_folder_lies_beside_it_however_it_is_called(here, monkeypatch, inside, name):
    monkeypatch.chdir(here / inside)
    [path] = {Path(output).resolve() for source, output in outputs(name).items() if source.endswith("a.mpg")}
    assert path == here / "rec_anonymized/a-2.mp4"


def test_a_folder_without_a_name_needs_another_name_for_its_output(here):
    with pytest.raises(OptionError, match="choose a folder with -o"):
        outputs("/")


def test_links_that_lead_in_a_circle_are_files_like_others(here):
    (here / "rec/loop.mp4").symlink_to("loop.mp4")
    assert outputs("rec/loop.mp4", "rec/a.mp4")["rec/loop.mp4"] == "rec/loop_anonymized.mp4"
    assert outputs("rec")["rec/loop.mp4"] == "rec_anonymized/loop.mp4"


def test_a_mirror_inside_the_folder_is_not_walked(here):
    (here / "rec/out").mkdir()
    (here / "rec/out/a.mp4").touch()
    assert "rec/out/a.mp4" not in outputs("rec", output="rec/out")


def test_an_empty_folder_is_said_to_be_empty(here):
    (here / "nothing").mkdir()
    with pytest.raises(OptionError, match="holds no files"):
        outputs("nothing")


@pytest.mark.parametrize("extra", ["x.mp4", "out.mp4"])
def test_a_plan_or_report_takes_the_place_of_no_input_or_output(here, extra):
    with pytest.raises(OptionError, match=r"--plan .* input or output"):
        outputs("x.mp4", output="out.mp4", plan=Path(extra), force=True)
    with pytest.raises(OptionError, match=r"--report .* input or output"):
        batch.assign([Path("x.mp4")], Path("out.mp4"), Options(force=True), Path(extra))


class Nothing:
    labels = frozenset({"face"})

    def detect(self, frames):
        return [Detections.none() for _ in frames]


def done(jobs, monkeypatch, *, raising):
    def run(self, *_):
        raise raising

    monkeypatch.setattr(Job, "run", run)
    return batch.run(jobs, lambda path: Silent(), lambda outcome: None)


@pytest.mark.parametrize("error", [UnsupportedMedia("no"), OptionError("no"), MemoryError("no"), RuntimeError("no")])
def test_one_files_trouble_leaves_the_others_alone(here, monkeypatch, error):
    jobs = [Job(here / name, here / f"out {name}", Options()) for name in ("x.mp4", "x_anonymized.mp4")]
    outcomes = done(jobs, monkeypatch, raising=error)
    assert [outcome.status for outcome in outcomes] == ["failed", "failed"]
    assert all(outcome.message.count("\n") == 0 for outcome in outcomes)


def test_options_that_do_not_suit_the_only_input_are_wrong_usage(here, monkeypatch):
    with pytest.raises(OptionError):
        done([Job(here / "x.mp4", here / "out.mp4", Options())], monkeypatch, raising=OptionError("no"))


def test_folders_made_for_an_output_that_failed_go_again(here, monkeypatch):
    done([Job(here / "x.mp4", here / "new/deep/out.mp4", Options())], monkeypatch, raising=UnsupportedMedia("no"))
    assert not (here / "new").exists()


def test_a_rehearsal_finds_what_would_fail(here):
    jobs = [Job(here / "x.mp4", here / "new.mp4", Options()), Job(here / "gone.mp4", here / "o.mp4", Options())]
    skipped = Outcome(input=here / "notes.txt", status="skipped", message="neither a video nor a picture")
    assert [outcome.status for outcome in batch.rehearse([*jobs, skipped])] == ["planned", "failed", "skipped"]
