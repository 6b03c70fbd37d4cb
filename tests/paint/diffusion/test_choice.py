"""What can be chosen of a diffusion model, and what makes no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from passerby.core.errors import OptionError
from passerby.paint.diffusion.choice import Diffusion, Running, read
from passerby.paint.diffusion.prompts import PROMPTS, Prompt, prompt


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_chooses_and_leaves_the_rest_as_usual(tmp_path: Path) -> None:
    chosen = read(
        written(
            tmp_path,
            'weights = "fine/tune.ckpt"\nlora = "/models/lcm.safetensors"\nscheduler = "lcm"\nsteps = 4\nguidance = 1\n'
            '[prompts.face]\nwanted = "a face"\n[prompts.dog]\nwanted = "a dog"\nunwanted = "a cat"\n',
        )
    )
    assert chosen == Diffusion(
        weights=tmp_path / "fine/tune.ckpt",
        lora=Path("/models/lcm.safetensors"),
        scheduler="lcm",
        steps=4,
        guidance=1,
        prompts={"face": Prompt("a face"), "dog": Prompt("a dog", "a cat")},
    )
    assert read(written(tmp_path, "")) == Diffusion()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wieghts = 'a'", "wieghts is not known; there is weights, tokenizer"),
        ("steps = 2.5", "steps is to be a whole number, got 2.5"),
        ("steps = true", "steps is to be a whole number, got True"),
        ("weights = 1", "weights is to be text, got 1"),
        ("guidance = 'much'", "guidance is to be a number, got 'much'"),
        ("prompts = 'a face'", r"prompts is to be tables like \[prompts.face\]"),
        ("[prompts]\nface = 'a face'", r"\[prompts.face\] has wanted"),
        ("[prompts.face]\nunwanted = 'a'", r"\[prompts.face\] has wanted"),
        ("[prompts.face]\nwanted = 3", r"\[prompts.face\] is text"),
        ("scheduler = 'magic'", "scheduler 'magic' is not known; choose from ddim, "),
        ("steps = ", "is no TOML"),
    ],
)
def test_a_file_that_says_something_else_is_refused_in_a_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=said) as caught:
        read(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"cannot read .*nowhere\.toml"):
        read(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"steps": 0}, r"steps of dpm\+\+ are 1 to 1000, got 0"),
        ({"steps": 51, "scheduler": "lcm"}, "steps of lcm are 1 to 50, got 51"),
        ({"strength": 0.0}, "strength lies above 0"),
        ({"strength": 1.1}, "strength lies above 0"),
        ({"steps": 2, "strength": 0.4}, "are less than one"),
        ({"guidance": -1.0}, r"guidance lies in 0\.\.50"),
        ({"guidance": float("nan")}, r"guidance lies in 0\.\.50"),
        ({"eta": 2.0}, r"eta lies in 0\.\.1"),
    ],
)
def test_choices_that_make_no_sense_are_refused(choice: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        Diffusion(**choice)


@pytest.mark.parametrize(
    ("running", "said"),
    [({"batch": 0}, "1 crop or more"), ({"precision": "fp8"}, "choose from auto"), ({"precision": "fp16"}, "is cpu")],
)
def test_ways_of_running_that_make_no_sense_are_refused(running: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        Running(**running)


def test_every_class_that_is_hidden_has_its_prompt_and_ones_own_goes_first() -> None:
    classes = ("person", "face", "head", "plate", "vehicle", "text", "car", "bus", "truck", "motorcycle", "bicycle")
    assert set(classes) <= set(PROMPTS)
    assert prompt("face", {}) == PROMPTS["face"]
    assert prompt("face", {"face": Prompt("mine")}) == Prompt("mine")
    assert "wheelbarrow" in prompt("wheelbarrow", {}).wanted
