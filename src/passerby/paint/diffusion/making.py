"""The diffusion model of a choice, at work; nothing heavy is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from passerby.paint.diffusion.choice import Diffusion, Running
from passerby.paint.diffusion.contract import Inpainter
from passerby.paint.diffusion.files import library

if TYPE_CHECKING:
    from passerby.paint.diffusion.guides import Guide


def inpainter(
    choice: Diffusion, running: Running | None = None, labels: Sequence[str] = (), guides: Sequence[Guide] = ()
) -> Inpainter:
    """The model, with the prompts of `labels` read, and told more by `guides`.

    Raises:
        OptionError: a library or the device is missing.
        WeightsError: a file is missing or is not what it should be.
    """
    check_libraries()
    from passerby.paint.diffusion.engine import StableDiffusion

    return StableDiffusion.from_files(choice, running, labels, guides)


def check_libraries() -> None:
    """Import what every model needs, before anything that takes it for granted.

    Raises:
        OptionError: a library is missing.
    """
    for name in ("torch", "safetensors", "transformers", "diffusers"):
        library(name)
