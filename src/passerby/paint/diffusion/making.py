"""The diffusion model of a choice, at work; nothing heavy is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from passerby.paint.diffusion.choice import Diffusion, Running
from passerby.paint.diffusion.contract import Inpainter
from passerby.paint.diffusion.files import library


def inpainter(choice: Diffusion, running: Running | None = None, labels: Sequence[str] = ()) -> Inpainter:
    """The model, with the prompts of `labels` read.

    Raises:
        OptionError: a library or the device is missing.
        WeightsError: a file is missing or is not what it should be.
    """
    for name in ("torch", "safetensors", "transformers", "diffusers"):
        library(name)
    from passerby.paint.diffusion.engine import StableDiffusion

    return StableDiffusion.from_files(choice, running, labels)
