"""`passerby evaluate` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from evaluate.composed import Colours, Film, pair, seen, truth, write
from onnx_models import DATA, real

from passerby.cli import main
from passerby.evaluate import ask
from passerby.evaluate.sections import crops


@pytest.fixture(autouse=True)
def _no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those that come with passerby."""
    for name in ("PASSERBY_MODELS", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "no models"))


@pytest.fixture
def seeing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a detector and an embedder, as if weights were there."""
    monkeypatch.setattr(ask.asked, "__defaults__", (seen(Film()),))
    monkeypatch.setattr(crops, "embedder", lambda of, asking: Colours())


def test_without_weights_the_rest_runs_and_what_is_missing_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original, anonymized = pair(Film(), tmp_path)
    assert main(["evaluate", str(original), str(anonymized), "-o", str(tmp_path / "report"), "-q"]) == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert [section["name"] for section in report["sections"]] == ["quality", "temporal"]
    assert "passerby models pull yunet_n_dynamic" in str(report)
    assert "passerby models pull mobilefacenet" in str(report)
    assert (tmp_path / "report" / "report.html").exists()
    assert "LPIPS" in capsys.readouterr().out


def test_everything_that_can_be_asked(tmp_path: Path, seeing: None) -> None:
    original, anonymized = pair(Film(frames=30), tmp_path)
    assert main(["evaluate", str(original), str(anonymized), "-o", str(tmp_path / "report"), "-q"]) == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    names = [section["name"] for section in report["sections"]]
    assert names == ["leaks", "reid", "faces", "attack", "drift", "quality", "temporal"]
    assert len(list((tmp_path / "report" / "curves").glob("*.svg"))) >= 5


def test_one_question_alone_is_answered_on_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], seeing: None
) -> None:
    original, anonymized = pair(Film(bare=((3, 1),)), tmp_path)
    assert main(["evaluate", "leaks", str(original), str(anonymized), "-q"]) == 0
    said = capsys.readouterr().out
    assert "any-leak rate" in said
    assert "33.3 %" in said


def test_a_failed_control_fails_the_command(tmp_path: Path, seeing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind(Colours):
        def embed(self, crops):  # type: ignore[no-untyped-def]
            return 0 * super().embed(crops) + 1

    monkeypatch.setattr(crops, "embedder", lambda of, asking: Blind())
    original, anonymized = pair(Film(frames=30), tmp_path)
    assert main(["evaluate", "attack", str(original), str(anonymized), "-q"]) == 1


def test_some_of_a_folder_that_cannot_be_compared_are_told_by_the_exit_code(tmp_path: Path, seeing: None) -> None:
    original, anonymized = pair(Film(), tmp_path, "good.mp4")
    _, bad = pair(Film(), tmp_path, "bad.mp4")
    write(Film(frames=3), bad, hidden=True)
    assert main(["evaluate", "leaks", str(original.parent), str(anonymized.parent), "-q"]) == 4


def test_crops_are_exported_as_market_1501(tmp_path: Path, seeing: None) -> None:
    original, anonymized = pair(Film(frames=30), tmp_path)
    told = truth(Film(frames=30), tmp_path / "truth.csv", "person")
    words = ["evaluate", "reid", str(original), str(anonymized), "--truth", str(told), "-q"]
    assert main([*words, "--organize", str(tmp_path / "market")]) == 0
    names = sorted(path.name for path in (tmp_path / "market" / "query").iterdir())
    assert len(names) == 60
    assert names[0].startswith("0001_c2s1_000000")


def test_actions_are_compared_by_what_a_model_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    original, anonymized = pair(Film(), tmp_path)
    right = {f"clip{i}": ("run" if i < 8 else "sit") for i in range(10)}
    later = {f"clip{i}": ("run" if i < 6 else "sit") for i in range(10)}
    rows = [[{"clip": clip, "label": label, "truth": "run"} for clip, label in told.items()] for told in (right, later)]
    for name, told in zip(("before.json", "after.json"), rows, strict=True):
        (tmp_path / name).write_text(json.dumps(told))
    words = ["evaluate", "utility", str(original), str(anonymized), "-q"]
    assert main([*words, "--before", str(tmp_path / "before.json"), "--after", str(tmp_path / "after.json")]) == 0
    assert "60.0 %" in capsys.readouterr().out


# Masks


def masks(folder: Path, *, shift: int = 0, size: tuple[int, int] = (40, 40)) -> Path:
    folder.mkdir(parents=True)
    for frame in range(3):
        mask = np.zeros(size, np.uint8)
        mask[4:20, 4 + shift : 20 + shift] = 255
        cv2.imwrite(str(folder / f"mask_{frame:03}.png"), mask)
    return folder


def test_masks_are_compared_per_environment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, shift in (("a", 0), ("b", 4)):
        masks(tmp_path / "ours" / name)
        masks(tmp_path / "reference" / name, shift=shift)
    (tmp_path / "map.json").write_text(json.dumps({"a": "Lab", "b": "Hallway"}))
    words = ["evaluate", "masks", str(tmp_path / "ours"), str(tmp_path / "reference")]
    assert main([*words, "--environments", str(tmp_path / "map.json"), "-o", str(tmp_path / "report")]) == 0
    assert "IoU" in capsys.readouterr().out
    [section] = json.loads((tmp_path / "report" / "report.json").read_text())["sections"]
    values = {figure["name"]: figure["value"] for figure in section["figures"]}
    assert values["IoU, Lab"] == 1
    assert values["IoU, Hallway"] == pytest.approx(12 / 20)


def test_masks_of_two_sizes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = masks(tmp_path / "a"), masks(tmp_path / "b", size=(30, 40))
    assert main(["evaluate", "masks", str(one), str(other)]) == 1
    assert "give masks of one size" in capsys.readouterr().err


# Bad input


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("{original}", "{folder}/none.mp4"), 1, "none.mp4 does not exist"),
        (("{original}", "{picture}"), 1, "the original is a video and the anonymized file a picture"),
        (("{original}", "{folder}"), 1, "are a folder and a file"),
        (("{folder}/empty", "{folder}/empty"), 1, "no file in"),
        (("{original}", "{original}"), 2, "given twice"),
        (("{original}", "{anonymized}", "--every", "0"), 2, "--every"),
        (("{original}", "{anonymized}", "--models", "{original}"), 2, "is no folder"),
        (("{original}", "{anonymized}", "--plan", "{picture}"), 1, "is no plan"),
        (("{original}", "{anonymized}", "--truth", "{picture}"), 2, "does not tell its format"),
        (("{original}", "{anonymized}", "--hidden-by", "nothing"), 1, "no model called"),
        (("{original}", "{anonymized}", "--before", "{picture}"), 2, "belong together"),
        (("{original}", "{anonymized}", "--run-report", "{picture}"), 1, "no report of a run"),
        (("{original}", "{anonymized}", "-o", "{written}"), 1, "exists already"),
        (("{original}", "{anonymized}", "-o", "{folder}"), 2, "which is read"),
        (("{original}", "{anonymized}", "-o", "{folder}/none/report"), 1, "does not exist"),
        (("{original}",), 2, "required"),
    ],
)
def test_bad_input_is_told_in_one_line(
    words: tuple[str, ...], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original, anonymized = pair(Film(), tmp_path)
    picture = tmp_path / "picture.png"
    cv2.imwrite(str(picture), np.zeros((96, 160, 3), np.uint8))
    written = tmp_path / "other" / "report"
    for folder in (written, tmp_path / "empty"):
        folder.mkdir(parents=True)
    (written / "report.html").write_text("mine")
    places = {"original": original, "anonymized": anonymized, "picture": picture, "folder": tmp_path}
    places["written"] = written
    assert main(["evaluate", *(word.format(**places) for word in words), "-q"]) == code
    [line] = capsys.readouterr().err.splitlines()
    assert said in line
    assert (written / "report.html").read_text() == "mine"


# With real weights


def test_who_is_hidden_by_default_does_not_leak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One woman talks; the plan says which part of the film was read."""
    models = real("yunet_n_dynamic.onnx").parent
    film = DATA / "video" / "talking_head_512.mp4"
    if not film.exists():
        pytest.skip("no ../shared/data beside the repository")
    hidden, plan = tmp_path / "hidden.mp4", tmp_path / "hidden.plan"
    assert main([str(film), "-o", str(hidden), "--plan", str(plan), "--end", "0.4", "-q"]) == 0
    words = ["evaluate", "leaks", str(film), str(hidden), "--plan", str(plan), "--models", str(models), "-q"]
    assert main([*words, "-o", str(tmp_path / "report")]) == 0
    [section] = json.loads((tmp_path / "report" / "report.json").read_text())["sections"]
    values = {figure["name"]: figure["value"] for figure in section["figures"]}
    assert values["any-leak rate"] == 0
    assert values["faces found in the original"] == 1
    assert values["faces found in the output"] < 0.2
