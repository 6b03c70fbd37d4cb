"""`--method diffusion`: from what is typed to a model and its prompts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import footage
import pytest

from passerby import cli
from passerby.core.errors import OptionError, WeightsError
from passerby.methods import by_diffusion, generating
from passerby.paint.diffusion.choice import SCHEDULERS
from passerby.paint.diffusion.prompts import PROMPTS
from passerby.settings import Options


@pytest.fixture(autouse=True)
def nothing_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("PASSERBY_MODELS", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.chdir(tmp_path)


def test_options_stand_above_the_file_and_the_file_above_what_is_usual(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(
        'weights = "mine.safetensors"\nsteps = 4\nscheduler = "lcm"\n[prompts.face]\nwanted = "a face"\n'
    )
    options = Options(
        hide="faces,plates",
        method=f"face=diffusion:{tmp_path / 'my.toml'},plate=diffusion",
        steps=6,
        taesd="small",
        prompts=("faces=an old face",),
        negative_prompts={"plate": "numbers"},
    )
    face, plate = by_diffusion.choices(options).values()
    assert (face.weights, face.steps, face.scheduler) == (tmp_path / "mine.safetensors", 6, "lcm")
    assert (plate.weights, plate.steps, plate.scheduler) == (None, 6, "dpm++")
    assert face.vae == plate.vae == Path("small")
    assert face.prompts["face"].wanted == "an old face"
    assert plate.prompts["plate"].wanted == PROMPTS["plate"].wanted
    assert plate.prompts["plate"].unwanted == "numbers"
    assert generating.synthetic(options) == ("face", "plate")


def test_other_classes_are_hidden_otherwise() -> None:
    options = Options(hide="faces,persons", method="face=diffusion,person=fill")
    assert generating.synthetic(options) == ("face",)
    assert by_diffusion.choices(Options()) == {}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": "diffusions"}, "--method 'diffusions' is not known"),
        ({"method": "diffusion:nowhere.toml"}, "cannot read nowhere.toml"),
        ({"steps": 0}, "--steps is a whole number from 1 to 1000"),
        ({"guidance": "much"}, "--guidance is a number from 0 to 50"),
        ({"strength": 0}, "--strength is a number above 0"),
        ({"scheduler": "pndm"}, "--scheduler 'pndm' is not known"),
        ({"crop": 100}, "--crop is a multiple of 8"),
        ({"small_memory": 1}, "--small-memory is true or false"),
        ({"every": 0}, "--every is a whole number from 1 to 60"),
        ({"prompts": "nose=a nose"}, "no class is called 'nose'; write CLASS=TEXT"),
        ({"prompts": ("face=a", "faces=b")}, "face has two texts"),
        ({"prompts": {"face": 3}}, "the words for face are text"),
        ({"prompts": "plate=blank"}, "there is a prompt for plates, and diffusion makes up face alone"),
        ({"steps": 2, "strength": 0.3}, "less than one"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_a_line(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        generating.check(Options(**{"method": "diffusion", **options}))


def test_reports_name_no_folders(tmp_path: Path) -> None:
    (tmp_path / "my.toml").touch()
    options = Options(method=f"diffusion:{tmp_path / 'my.toml'}", weights=tmp_path / "a.ckpt", prompts="face=a")
    changed = options.changed()
    assert (changed["method"], changed["weights"], changed["prompts"]) == ("diffusion:my.toml", "a.ckpt", "face=a")


def test_the_command_line_has_the_same_words(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        cli.main(["anonymize", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert all(name in said for name in SCHEDULERS)
    for option in ("weights", "steps", "guidance", "strength", "scheduler", "every", "lora", "taesd", "crop"):
        assert f"--{option} " in said


@pytest.mark.parametrize("words", [["--dry-run"], ["-q"]])
def test_missing_weights_are_one_line_and_no_output(words: list[str], tmp_path: Path, capsys: Any) -> None:
    if words == ["-q"]:
        pytest.importorskip("diffusers", reason="needs the extra diffusion")
    source = tmp_path / "in.png"
    footage.draw(footage.standing(), source)
    assert cli.main([str(source), "--method", "diffusion", *words]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "no Stable Diffusion in data" in said
    assert "v1-5-pruned-emaonly.ckpt" in said
    assert list(tmp_path.glob("in_*")) == []


def test_a_file_that_is_there_and_its_tokenizer_are_enough_for_a_dry_run(tmp_path: Path) -> None:
    options = Options(method="diffusion", weights=tmp_path / "mine.safetensors")
    (tmp_path / "mine.safetensors").touch()
    with pytest.raises(WeightsError, match="of the tokenizer are not both"):
        generating.check_files(options)
    for name in ("vocab.json", "merges.txt"):
        (tmp_path / name).touch()
    generating.check_files(options)
    with pytest.raises(WeightsError, match="there is no lcm"):
        generating.check_files(replace(options, lora=Path("lcm.safetensors")))


def test_live_says_that_it_cannot_wait(capsys: Any) -> None:
    assert cli.main(["live", "0", "--to", "null", "--method", "diffusion"]) == 2
    assert "live cannot wait for diffusion" in capsys.readouterr().err
