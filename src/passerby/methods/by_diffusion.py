"""What the options say of diffusion: which model makes up what is hidden, and how. A `generating.Family`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from passerby.core.errors import OptionError, WeightsError
from passerby.options.choices import REDRESS
from passerby.paint.diffusion.choice import Diffusion, Running, read
from passerby.paint.diffusion.prompts import prompt

if TYPE_CHECKING:
    from passerby.core.stages import Anonymizer
    from passerby.paint.diffusion.contract import Inpainter
    from passerby.paint.diffusion.crops import Framing
    from passerby.settings import Options

NAME = "diffusion"
FORM = f"{NAME}[:FILE.toml]"


def named(method: str) -> bool:
    """Whether a method is diffusion's."""
    return method.partition(":")[0] == NAME


def check_method(method: str) -> None:
    """Refuse a file that is none, or says something else than a choice of a model."""
    chosen(method)


def check(options: Options, labels: Sequence[str] = ()) -> None:
    """Refuse choices that do not go together, and words for what is not made up."""
    made_up, methods = choices(options, labels), options.methods(labels)
    if not made_up:
        return
    for text in (*options.prompts, *options.negative_prompts):
        if text.label not in made_up and not methods.get(text.label, "").startswith(REDRESS):
            raise OptionError(
                f"there is a prompt for {text.label}s, and diffusion makes up {', '.join(made_up)} alone; "
                f"leave it out, or add {text.label}s to --hide"
            )


def check_files(options: Options, labels: Sequence[str] = ()) -> None:
    """Refuse models that are not there."""
    for choice in choices(options, labels).values():
        check_model(choice)


def check_model(choice: Diffusion) -> None:
    """Look for the files of a model, without loading them.

    Raises:
        WeightsError: one is missing.
    """
    from passerby.paint.diffusion import files

    path = files.model(choice.weights)
    if path.is_file():
        files.vocabulary(path, choice.tokenizer)
    for extra in (choice.lora, choice.vae):
        if extra is not None and not extra.exists():
            raise WeightsError(f"there is no {extra}; check the name")


def synthetic(options: Options, labels: Sequence[str] = ()) -> tuple[str, ...]:
    """The labels that diffusion makes up."""
    return tuple(label for label, method in options.methods(labels).items() if named(method))


def effect(options: Options, others: Anonymizer, labels: Sequence[str] = ()) -> Anonymizer:
    """Diffusion, and `others` for the labels that are not its own; `others` alone where it has none."""
    made_up = choices(options, labels)
    if not made_up:
        return others
    from passerby.methods.dividing import Divided
    from passerby.paint.diffusion.effect import Inpainted
    from passerby.paint.diffusion.several import ByClass
    from passerby.paint.gan.seam import Seam

    labels = tuple(made_up)
    model = ByClass({label: on_devices(options, partial(_model, choice, labels)) for label, choice in made_up.items()})
    seam: Seam = "matched" if options.seam == "soft" else "original"
    inpainted = Inpainted(model, every=options.every, seam=seam, framing=framing(options))
    return Divided(inpainted, labels, others, timelines=model.timelines)


def choices(options: Options, labels: Sequence[str] = ()) -> dict[str, Diffusion]:
    """The model of each label that diffusion makes up."""
    methods = options.methods(labels)
    return {label: with_options(chosen(method), options) for label, method in methods.items() if named(method)}


def chosen(method: str) -> Diffusion:
    """What a method says by itself."""
    _, colon, file = method.partition(":")
    return read(Path(file)) if colon else Diffusion()


def with_options(choice: Diffusion, options: Options) -> Diffusion:
    """A choice with what the options say instead."""
    own = {name: getattr(options, name) for name in ("weights", "steps", "guidance", "strength", "scheduler", "lora")}
    given = {name: value for name, value in {**own, "vae": options.taesd}.items() if value is not None}
    prompts = dict(choice.prompts)
    for text in options.prompts:
        prompts[text.label] = replace(prompt(text.label, prompts), wanted=text.text)
    for text in options.negative_prompts:
        prompts[text.label] = replace(prompt(text.label, prompts), unwanted=text.text)
    return replace(choice, prompts=prompts, **given)


def framing(options: Options) -> Framing:
    """How large crops are."""
    from passerby.paint.diffusion.crops import SIDES, Framing

    return Framing(sides=(*(side for side in SIDES if side < options.crop), options.crop))


def on_devices(options: Options, load: Callable[[Running], Inpainter]) -> Inpainter:
    """What `load` gives, on the graphics cards that PASSERBY_RUNTIME or `--device` names, one on each; else here."""
    from passerby.paint.diffusion.devices import opened
    from passerby.runtime import cards

    running = Running(compiled=options.compile, small_memory=options.small_memory)
    return opened(cards.chosen() or ("cpu",), lambda device: load(replace(running, device=device)))


@lru_cache(maxsize=4)
def _model(choice: Diffusion, labels: tuple[str, ...], running: Running) -> Inpainter:
    """A model with its weights, once for all files of a run."""
    from passerby.paint.diffusion.making import inpainter

    return inpainter(choice, running, labels)
