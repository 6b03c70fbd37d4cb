"""What goes into a bug report, and what does not."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import passerby
from passerby import cli, weights
from passerby.commands import doctor


@pytest.fixture(autouse=True)
def verified_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PASSERBY_RUNTIME", "PASSERBY_MODELS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "nobody"))
    weights.verify.cache_clear()


def test_a_report_says_what_a_maintainer_asks_first() -> None:
    shown = doctor.text(doctor.report())
    for wanted in (passerby.__version__, "CPython", "FFmpeg", "onnxruntime", "libx264", "h264", "CPUExecutionProvider"):
        assert wanted in shown


def test_a_report_says_which_models_are_there_and_that_they_are_the_right_ones() -> None:
    [model] = doctor.report().models
    assert (model.name, model.licence, model.state) == ("centerface", "MIT", "verified")
    assert model.path is not None
    assert model.runs is not None
    assert model.sha256 in doctor.text(doctor.report())


def test_a_report_tries_out_models_that_were_fetched_and_is_silent_of_those_that_were_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetched = replace(weights.TABLE["centerface"], name="fetched", source="https://example.invalid/fetched.onnx")
    monkeypatch.setitem(weights.TABLE, "fetched", fetched)
    monkeypatch.setenv("PASSERBY_MODELS", str(tmp_path))
    assert [model.name for model in doctor.report().models] == ["centerface"]
    shutil.copy(weights.find("centerface"), tmp_path / fetched.file)
    told = {model.name: model for model in doctor.report().models}
    assert list(told) == ["centerface", "fetched"]
    assert told["fetched"].state == "verified"
    assert told["fetched"].runs is not None


def test_a_report_is_json() -> None:
    report = doctor.report()
    read = json.loads(json.dumps(report.as_dict()))
    assert read["passerby"] == passerby.__version__
    assert read["encoders"]["libx264"] is True
    assert set(report.libraries) - {"openvino"} == {"numpy", "av", "FFmpeg", "onnxruntime", "opencv"}


def test_a_report_says_what_runs_models_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERBY_RUNTIME", "onnxruntime")
    report = doctor.report()
    assert report.runtime == "onnxruntime: PASSERBY_RUNTIME names it"
    assert report.models[0].runs is not None
    assert report.models[0].runs.runtime in doctor.text(report)
    assert report.runtime in doctor.text(report)


def test_a_runtime_that_cannot_be_had_is_told_and_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERBY_RUNTIME", "abacus")
    report = doctor.report()
    assert "'abacus'" in report.runtime
    assert (report.models[0].state, report.models[0].runs) == ("verified", None)
    assert report.runtime in doctor.text(report)


def test_codecs_that_are_missing_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ENCODERS", ("libx264", "h266_dream"))
    report = doctor.report()
    assert report.encoders == {"libx264": True, "h266_dream": False}
    assert "libx264; missing: h266_dream" in doctor.text(report)


@pytest.mark.parametrize("content", [None, b"another model"])
def test_a_missing_or_wrong_model_is_told_and_not_raised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "centerface.onnx").write_bytes(content)
    monkeypatch.setattr(weights, "folders", lambda: iter([tmp_path]))
    [model] = doctor.report().models
    assert (model.path, model.runs) == (None, None)
    assert model.state != "verified"
    assert "not there" in doctor.text(doctor.report())


def test_the_users_home_is_not_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "jane.doe"
    folder = home / "models"
    folder.mkdir(parents=True)
    (folder / "centerface.onnx").write_bytes(b"another model")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("PASSERBY_MODELS", str(folder))
    report = doctor.report()
    assert "~" in report.models[0].state
    assert "jane.doe" not in doctor.text(report) + json.dumps(report.as_dict())


def test_a_report_tells_of_the_models_that_are_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(weights.find("centerface"), tmp_path / "mine.onnx")
    (tmp_path / "passerby.toml").write_text('models = {face = ["mine.onnx", "gone.onnx"]}\ngrow = 0.5')
    assert cli.main(["doctor", "--json"]) == 0
    mine, gone = json.loads(capsys.readouterr().out)["chosen"]
    assert (mine["label"], mine["name"], mine["family"], mine["state"]) == ("face", "mine.onnx", "centerface", "works")
    assert mine["sha256"] == weights.TABLE["centerface"].sha256
    assert gone["state"].startswith("there is no model file gone.onnx")
    assert cli.main(["doctor", "--model", "text=mine.onnx", "--model", "face=mine.onnx"]) == 0
    shown = capsys.readouterr().out
    assert "chosen       text: mine.onnx, read as nothing" in shown
    assert "gone" not in shown, "of faces, what is typed takes the place of what the file says"
    assert cli.main(["doctor", "--model", "text=mine.onnx"]) == 0
    assert "gone" in capsys.readouterr().out
