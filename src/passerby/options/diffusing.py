"""The options of diffusion, which are part of `settings.Options`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

from passerby.core.errors import OptionError
from passerby.options.choices import CLASSES
from passerby.options.values import number, one_of, pairs, switch
from passerby.paint.diffusion.choice import EVERY, MOST_EVERY, SCHEDULERS


@dataclass(frozen=True, slots=True)
class ClassText:
    """Words for a class."""

    label: str
    text: str

    def __str__(self) -> str:
        return f"{self.label}={self.text}"


@dataclass(frozen=True, kw_only=True)
class Diffusing:
    """How diffusion paints. What is None is as the file of `--method diffusion:FILE` says, or else as usual."""

    weights: Path | None = None
    """A checkpoint or a folder; None looks for the published files."""
    steps: int | None = None
    guidance: float | None = None
    """How strongly the prompt counts; 1 or less draws without the negative prompt, in half the time."""
    strength: float | None = None
    """How much noise is put over the grey in place of what is hidden, above 0 to 1."""
    scheduler: str | None = None
    lora: Path | None = None
    """For the U-Net, as LCM-LoRA."""
    taesd: Path | None = None
    """A small autoencoder, a file or a folder, in place of the model's own."""
    prompts: tuple[ClassText, ...] = ()
    """What is drawn of a class, 'face=photo of a face', or a mapping."""
    negative_prompts: tuple[ClassText, ...] = ()
    """What is not, likewise."""
    crop: int = 512
    """Pixels that the side of a crop has at most for the model, a multiple of 8 from 64 to 2048."""
    small_memory: bool = False
    """Compute in slices: slower, for graphics cards of less than 8 GB."""
    compile: bool = False
    """Let torch.compile make the model, or generators, faster, which takes minutes at first."""
    every: int = EVERY
    """Frames from one key frame to the next, which alone are made up; 1 makes up every frame."""

    def check_diffusing(self) -> None:
        """Refuse values that no model could have.

        Raises:
            OptionError: there is one.
        """
        if self.steps is not None:
            number("--steps", self.steps, "a whole number from 1 to 1000", lambda it: 1 <= it <= 1000, Integral)
        if self.guidance is not None:
            number("--guidance", self.guidance, "a number from 0 to 50", lambda it: 0 <= it <= 50)
        if self.strength is not None:
            number("--strength", self.strength, "a number above 0, up to 1", lambda it: 0 < it <= 1)
        if self.scheduler is not None:
            one_of("--scheduler", self.scheduler, SCHEDULERS)
        sides = "a multiple of 8 from 64 to 2048"
        number("--crop", self.crop, sides, lambda it: 64 <= it <= 2048 and it % 8 == 0, Integral)
        switch("--small-memory", self.small_memory)
        switch("--compile", self.compile)
        wanted = f"a whole number from 1 to {MOST_EVERY}"
        number("--every", self.every, wanted, lambda it: 1 <= it <= MOST_EVERY, Integral)


def class_texts(given: Any) -> tuple[ClassText, ...]:
    """The words that are chosen, from 'CLASS=TEXT', several such, or a mapping.

    Raises:
        OptionError: a class is unknown, or has two texts.
        TypeError, AttributeError: `given` is none of these.
    """
    said = pairs(given, ClassText)
    for name, text in said:
        if name.strip() not in CLASSES:
            known = ", ".join(dict.fromkeys(CLASSES.values()))
            raise OptionError(f"no class is called {name.strip()!r}; write CLASS=TEXT, with one of {known}")
        if not isinstance(text, str):
            raise OptionError(f"the words for {name} are text, got {text!r}")
    labels = [CLASSES[name.strip()] for name, _ in said]
    if len(set(labels)) < len(labels):
        raise OptionError(f"{max(labels, key=labels.count)} has two texts; write one")
    return tuple(ClassText(label, text) for label, (_, text) in zip(labels, said, strict=True))


READERS: Mapping[str, Callable[[Any], Any]] = {
    "weights": Path,
    "lora": Path,
    "taesd": Path,
    "prompts": class_texts,
    "negative_prompts": class_texts,
}
"""What makes the exact value of an option of whatever is given for it."""
SEVERAL = {"prompts": "prompt", "negative_prompts": "negative-prompt"}
"""Options that may be given again, and what they are called on the command line."""
