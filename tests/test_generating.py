"""`--method gan:…` and `passerby deep-privacy2`: from what is typed to files that say that they are synthetic."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import footage
import numpy as np
import pytest

import passerby
from passerby import cli
from passerby.arguments import parse
from passerby.commands import deep_privacy2
from passerby.core.errors import OptionError, WeightsError
from passerby.leftovers.carried import carried_by_video
from passerby.leftovers.carried_stills import carried_by_still
from passerby.media import xmp
from passerby.media.mark import SYNTHETIC
from passerby.media.xmp import PACKET
from passerby.methods import by_gan, generating
from passerby.settings import Options
from passerby.weights import checkpoint


@pytest.fixture(autouse=True)
def models_of_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("PASSERBY_MODELS", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def mine(tmp_path: Path) -> str:
    """A combination with a small generator of faces."""
    small_generators = pytest.importorskip("small_generators", reason="needs the extra generate")
    return f"gan:{small_generators.combination(tmp_path, ('face', 'stylegan'), centres=5)}"


def picture(path: Path) -> Path:
    footage.draw(footage.standing(), path)
    return path


def run(*words: object) -> int:
    return cli.main([str(word) for word in words])


# Options


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": "gan:FB_csee"}, "gan:FB_csee is not known; choose from face_fdf128"),
        ({"method": "gan:FB_cse"}, "draws persons, and none of these are hidden; add --hide persons"),
        ({"method": "gan:face", "truncation": 1.5}, "--truncation is a number from 0 to 1, got 1.5"),
        ({"method": "gan:face", "smooth": 1}, "--smooth is a number from 0 to 0.9, got 1"),
        ({"method": "gan:face", "seam": "hard"}, "--seam 'hard' is not known"),
        ({"method": "gan:face", "multi_modal": "yes"}, "--multi-modal is true or false"),
        ({"method": "gan:face", "generators": "dcgan=a"}, "no generator is called 'dcgan'"),
        ({"method": "gan:face", "generators": "stylegan=nothing.ckpt"}, "is not a file that exists"),
        ({"method": "gan:face", "person_generator": "styleganL"}, "draws no persons"),
        ({"method": "gan:FB_nocse", "hide": "persons", "person_generator": "x"}, "no generator called 'x'"),
        ({"method": "gan:FB_nocse", "hide": "persons", "person_generator": "stylegan"}, "stylegan draws faces, and"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_a_line(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        generating.check(Options(**options))


def test_each_class_has_its_own_method(tmp_path: Path) -> None:
    file = tmp_path / "a.ckpt"
    file.touch()
    options = Options(
        hide="faces,persons", method="face=gan:face,person=gan:FB_cse_mask", generators={"stylegan": file}
    )
    drawn = by_gan.drawn(options)
    assert drawn
    names = [(draw.what, draw.generator, draw.file) for draw in drawn.draws]
    assert names == [("face", "stylegan", file), ("person", "styleganL", None), ("person", "styleganL_nocse", None)]
    assert generating.synthetic(options) == ("face", "person")
    assert generating.synthetic(Options(hide="faces,persons", method="face=gan:face,person=fill")) == ("face",)
    assert by_gan.drawn(Options()) is None


def test_reports_name_no_folders(tmp_path: Path, mine: str) -> None:
    options = Options(method=f"face={mine}")
    assert options.changed()["method"] == "face=gan:mine.toml"


# Files


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".bmp"])
def test_a_picture_says_that_it_is_synthetic(suffix: str, tmp_path: Path, mine: str) -> None:
    source, output = picture(tmp_path / f"in{suffix}"), tmp_path / f"out{suffix}"
    assert run(source, "-o", output, "--method", mine, "--report", tmp_path / "report.json", "-q") == 0
    report = json.loads((tmp_path / "report.json").read_text())["files"][0]["report"]
    assert report["synthetic"] == ["face"]
    says = PACKET in output.read_bytes()
    assert says == (suffix != ".bmp")
    assert any("cannot say that it is synthetic" in note for note in report["notes"]) == (not says)
    assert carried_by_still(output) == []
    before, after = (cv2.imread(str(path)) for path in (source, output))
    assert after is not None
    assert (before != after).any(2).sum() > 500
    [seed] = {report["seed"]}
    assert str(seed).encode() not in output.read_bytes()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_film_says_that_it_is_synthetic(suffix: str, tmp_path: Path, mine: str) -> None:
    footage.write(footage.standing(), tmp_path / "in.mp4")
    output = tmp_path / f"out{suffix}"
    words = ("--method", mine, "--end", "0.2", "--report", tmp_path / "report.json", "-q")
    assert run(tmp_path / "in.mp4", "-o", output, *words) == 0
    with av.open(str(output)) as container:
        says = {key.lower(): value for key, value in container.metadata.items()}.get("comment")
        assert sum(1 for _ in container.decode(video=0)) == 5
    assert says == (None if suffix == ".ts" else SYNTHETIC)
    assert xmp.SOURCE_TYPE.encode() in output.read_bytes()
    assert [one for one in carried_by_video(output, sound=False) if "comment" in one.what.lower()] == []
    assert "cannot say" not in (tmp_path / "report.json").read_text()


def test_what_was_shown_is_held_on_to_as_far_as_is_wanted(tmp_path: Path, mine: str) -> None:
    footage.write(footage.walking(), tmp_path / "in.mp4")
    came = {}
    for smooth in ("0", "0.8"):
        output = tmp_path / f"{smooth}.mkv"
        words = ("--method", mine, "--smooth", smooth, "--end", "0.2", "--encoder", "ffv1", "-q")
        assert run(tmp_path / "in.mp4", "-o", output, *words) == 0
        with av.open(str(output)) as container:
            came[smooth] = [one.to_ndarray() for one in container.decode(video=0)]
    assert not all(map(np.array_equal, came["0"], came["0.8"]))


def test_what_is_drawn_by_a_plan_says_so_too(tmp_path: Path, mine: str) -> None:
    """Also where the plan speaks of classes that the options do not."""
    source, output = picture(tmp_path / "in.png"), tmp_path / "out.png"
    made = passerby.analyze(source)
    tracks = [replace(track, label="head") for track in made.tracks]
    combination = Path(mine.removeprefix("gan:"))
    combination.write_text(combination.read_text().replace('"face"', '"head"'))
    report = passerby.render(replace(made, tracks=tracks), output, media=source, method=mine)
    assert report.synthetic == ("head",)
    assert PACKET in output.read_bytes()


def test_without_generators_nothing_is_said(tmp_path: Path) -> None:
    source = picture(tmp_path / "in.png")
    assert run(source, "-o", tmp_path / "out.png", "-q") == 0
    assert b"xmp" not in (tmp_path / "out.png").read_bytes()


def test_missing_weights_are_one_line_and_no_output(tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("torch", reason="needs the extra generate")
    source = picture(tmp_path / "in.png")
    assert run(source, "-o", tmp_path / "out.png", "--method", "gan:face", "-q") == 1
    said = capsys.readouterr().err
    assert "stylegan.ckpt is missing" in said
    assert "licence" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out.png").exists()


def test_a_dry_run_misses_weights_too(tmp_path: Path, capsys: Any) -> None:
    source = picture(tmp_path / "in.png")
    assert run(source, "--method", "gan:face", "--dry-run") == 1
    assert "stylegan.ckpt is missing" in capsys.readouterr().err


def test_missing_pytorch_is_one_line_and_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def missing(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(checkpoint, "import_module", missing)
    source = picture(tmp_path / "in.png")
    assert run(source, "-o", tmp_path / "out.png", "--method", "gan:face", "-q") == 2
    assert "pip install 'passerby[generate]'" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()


def test_centres_that_are_wanted_and_not_there_are_one_line(tmp_path: Path) -> None:
    small_generators = pytest.importorskip("small_generators", reason="needs the extra generate")
    from passerby import job

    mine = f"gan:{small_generators.combination(tmp_path, ('face', 'stylegan'))}"
    with pytest.raises(WeightsError, match="no centres"):
        job.anonymize(picture(tmp_path / "in.png"), method=mine, multi_modal=True)
    assert not (tmp_path / "in_anonymized.png").exists()


# The options of the original


def meant(*words: str) -> list[list[str]]:
    return list(deep_privacy2.commands(parse(["deep-privacy2", *words])))


USUAL = ["--hide", "faces", "--conf", "0.3"]
FACE = ["--method", "gan:face", "--truncation", "0.0"]


@pytest.mark.parametrize(
    ("words", "before", "after"),
    [
        ([], [], []),
        (["--st", "2", "--et", "5", "--fps", "10"], ["--start", "2", "--end", "5", "--fps", "10"], []),
        (["--start-time", "2", "--end-time", "5"], ["--start", "2", "--end", "5"], []),
        (["--max-res", "640"], [], ["--max-res", "640"]),
        (["--amp", "--track", "-v"], [], []),
    ],
)
def test_options_of_the_original_have_words_here(words: list[str], before: list[str], after: list[str]) -> None:
    Path("in.mp4").touch()
    for option in ("-i", "--input_path"):
        [came] = meant("configs/anonymizers/face.py", option, "in.mp4", *words)
        assert came == ["anonymize", *before, *USUAL, *FACE, *after, "-y", "--", "in.mp4"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["-o", "out.mp4"], ["-o", "out.mp4"]),
        (["--output_path", "out.mp4"], ["-o", "out.mp4"]),
        (["--dst", "0.7"], ["--conf", "0.7"]),
        (["--detection-score-threshold", "0"], ["--conf", "0.001"]),
        (["--vd"], ["--method", "outline"]),
        (["--visualize-detection"], ["--method", "outline"]),
        (["--mt"], ["--truncation", "0.0", "--multi-modal"]),
        (["--multi-modal-truncation", "-t", "0.5"], ["--truncation", "0.5", "--multi-modal"]),
        (["--truncation_value", "1"], ["--truncation", "1.0"]),
        (["--seed", "7"], ["--seed", "7"]),
        (["--person-generator", "configs/fdh/styleganL_nocse.py"], ["--person-generator", "styleganL_nocse"]),
        (["--cse-person-generator", "a/FB_triagan.py"], ["--cse-person-generator", "FB_triagan"]),
        (["--generator", "stylegan=a.ckpt"], ["--generator", "stylegan=a.ckpt"]),
    ],
)
def test_an_option_of_the_original_becomes_ours(words: list[str], wanted: list[str]) -> None:
    Path("in.mp4").touch()
    [came] = meant("FB_cse_mask_face", "-i", "in.mp4", *words)
    assert any(came[i : i + len(wanted)] == wanted for i in range(len(came)))
    assert came[came.index("--hide") :][:2] == ["--hide", "persons,faces"]
    assert ("--shape" in came) == ("outline" not in came)


def test_a_camera_is_hidden_live() -> None:
    [came] = meant("face", "--webcam", "-o", "out.mkv")
    assert came == ["live", "0", "--show", "--to", "out.mkv", *USUAL, *FACE, "-y"]


def test_a_camera_can_be_slowed_down_and_be_quiet() -> None:
    [came] = meant("face", "--webcam", "--fps", "5", "--max-res", "480", "-q")
    assert came == ["live", "0", "--show", "--fps", "5", *USUAL, *FACE, "--max-res", "480", "-y", "-q"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["FB_what.py", "-i", "in.mp4"], "no configuration known here"),
        (["missing.toml", "-i", "in.mp4"], "cannot read missing.toml"),
        (["face"], "no input"),
        (["face", "--webcam", "-i", "in.mp4"], "leave -i out"),
        (["face", "--webcam", "--st", "2"], "leave --st, --et and --cache out"),
        (["face", "--webcam", "--et", "2"], "leave --st, --et and --cache out"),
        (["face", "--webcam", "--cache"], "leave --st, --et and --cache out"),
        (["face", "-i", "in.mp4", "-t", "2"], "from 0 to 1"),
        (["face", "-i", "in.mp4", "--dst", "x"], "dst"),
        (["face", "-i", "in.mp4", "--text-prompt", "x"], "text-prompt"),
        ([], "CONFIG"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage_in_a_line(words: list[str], told: str, capsys: Any) -> None:
    Path("in.mp4").touch()
    assert run("deep-privacy2", *words) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


def test_a_folder_is_mirrored_and_found_again_in_the_cache(tmp_path: Path, mine: str) -> None:
    (tmp_path / "in" / "deeper").mkdir(parents=True)
    picture(tmp_path / "in" / "a.png")
    picture(tmp_path / "in" / "deeper" / "b.jpg")
    words = ("deep-privacy2", mine.removeprefix("gan:"), "-i", "in", "-o", "out", "--cache", "--seed", "3")
    assert run(*words) == 0
    first = [cv2.imread(str(tmp_path / "out" / name)) for name in ("a.png", "deeper/b.jpg")]
    plans = sorted((tmp_path / "out").rglob("*.plan"))
    written = [plan.stat().st_mtime_ns for plan in plans]
    assert len(plans) == 2
    assert run(*words) == 0
    assert [plan.stat().st_mtime_ns for plan in plans] == written
    again = [cv2.imread(str(tmp_path / "out" / name)) for name in ("a.png", "deeper/b.jpg")]
    assert all(np.array_equal(one, other) for one, other in zip(again, first, strict=True))
    shown = cv2.imread(str(tmp_path / "out" / "a.png"))
    assert np.abs(shown.astype(int) - cv2.imread(str(tmp_path / "in" / "a.png"))).max() > 50
    cv2.imwrite(str(tmp_path / "in" / "a.png"), np.full((64, 64, 3), 99, np.uint8))
    assert run(*words) == 0  # another picture of the same name
    assert (cv2.imread(str(tmp_path / "out" / "a.png")) == 99).all()
