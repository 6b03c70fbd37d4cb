"""How noise becomes a picture in steps: the schedulers, by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from passerby.paint.diffusion.choice import Diffusion
from passerby.paint.diffusion.files import library
from passerby.paint.diffusion.shapes import Config

_CLASSES: Mapping[str, tuple[str, Config]] = {
    "ddim": ("DDIMScheduler", {"timestep_spacing": "trailing"}),
    "dpm++": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True, "algorithm_type": "dpmsolver++"}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "tcd": ("TCDScheduler", {}),
}
"""What diffusers calls each, and how it is set."""


def scheduler(choice: Diffusion, schedule: Config) -> Any:
    """A new scheduler; it counts its steps, so each batch takes one of its own.

    Args:
        choice: its name.
        schedule: what `Loaded` says of how the network was trained.
    """
    name, own = _CLASSES[choice.scheduler]
    kind = getattr(library("diffusers"), name)
    known = inspect.signature(kind).parameters
    return kind(**{key: value for key, value in {**schedule, **own}.items() if key in known})


def begin(made: Any, choice: Diffusion, device: torch.device) -> Sequence[torch.Tensor]:
    """Set a scheduler up, and return its time steps; a strength below 1 leaves out the first ones."""
    made.set_timesteps(choice.steps, device=device)
    first = choice.steps - int(choice.steps * choice.strength)
    if first and hasattr(made, "set_begin_index"):
        made.set_begin_index(first)
    return list(made.timesteps[first:])


def extras(made: Any, choice: Diffusion, generators: list[torch.Generator]) -> dict[str, Any]:
    """What else a step of this scheduler takes: the noise of each crop comes from its own generator."""
    taken = inspect.signature(made.step).parameters
    told: dict[str, Any] = {"generator": generators} if "generator" in taken else {}
    return told | {"eta": choice.eta} if choice.scheduler == "tcd" else told
