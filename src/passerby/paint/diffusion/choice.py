"""Which diffusion model draws what is hidden, and how: all that one can choose, also as a small file.

    weights = "fine-tune.safetensors"   # a checkpoint, or a folder as diffusers writes it
    scheduler = "lcm"
    steps = 4
    guidance = 1.0
    lora = "lcm-lora-sdv1-5.safetensors"

    [prompts.face]
    wanted = "photo of a face, street camera"
    unwanted = "text"

Files are beside the one that names them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from passerby.core.errors import OptionError
from passerby.paint.diffusion.prompts import Prompt

Scheduler = Literal["ddim", "dpm++", "unipc", "euler", "lcm", "tcd"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]
Relief = Literal["depth", "normal"]
"""What a ControlNet may be shown of a person's shape."""
SCHEDULERS: tuple[str, ...] = get_args(Scheduler)
EVERY, MOST_EVERY = 8, 60
"""Frames from one key frame to the next: as usual, and at most."""
FILES = ("weights", "tokenizer", "config", "lora", "vae")
"""The choices that are files or folders."""
_KINDS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys((*FILES, "scheduler"), (str,)),
    "steps": (int,),
    "prompts": (dict,),
}
"""What a file gives for each choice; for those not listed, any number."""
_NAMES: Mapping[tuple[type, ...], str] = {
    (str,): "text",
    (int,): "a whole number",
    (dict,): "tables like [prompts.face]",
    (int, float): "a number",
}
_FEW: Mapping[str, int] = {"lcm": 50, "tcd": 50}
"""Steps at most of schedulers that are made for few; of the others, as many as the models were trained with."""


@dataclass(frozen=True, kw_only=True)
class Diffusion:
    """A model, and how it is made to draw."""

    weights: Path | None = None
    """A checkpoint (.ckpt, .safetensors) or a folder as diffusers writes it; None looks for `files.PUBLISHED`."""
    tokenizer: Path | None = None
    """The folder of vocab.json and merges.txt; None looks beside the weights, and in the folders for models."""
    config: Path | None = None
    """A folder with unet/config.json and its like, for what a checkpoint does not tell; None looks beside it."""
    vae: Path | None = None
    """A small autoencoder (TAESD) in place of the model's own: a folder as diffusers writes it, or the file in it."""
    lora: Path | None = None
    """LCM-LoRA, Hyper-SD, TCD or any other for the U-Net: one .safetensors file, merged into it."""
    lora_scale: float = 1.0
    scheduler: Scheduler = "dpm++"
    steps: int = 20
    guidance: float = 6.0
    """How strongly the prompt counts; 1 or less draws without the unwanted prompt, in half the time."""
    strength: float = 1.0
    """How much of the noise is added to what is there before drawing, in 0..1; 1 is all of it.

    What is there is grey in either case: it is blanked before the model sees it.
    """
    eta: float = 0.3
    """How much new noise each step of TCD adds, in 0..1; models of one step want 1. No other scheduler reads it."""
    prompts: Mapping[str, Prompt] = field(default_factory=dict, hash=False)
    """By label, in place of those of `prompts.PROMPTS`."""

    def __post_init__(self) -> None:
        if self.scheduler not in SCHEDULERS:
            raise OptionError(f"scheduler {self.scheduler!r} is not known; choose from {', '.join(SCHEDULERS)}")
        most = _FEW.get(self.scheduler, 1000)
        if not 1 <= self.steps <= most:
            raise OptionError(f"steps of {self.scheduler} are 1 to {most}, got {self.steps}")
        if not 0 < self.strength <= 1:
            raise OptionError(f"strength lies above 0 and up to 1, got {self.strength}")
        if int(self.steps * self.strength) < 1:
            raise OptionError(
                f"{self.steps} steps at strength {self.strength} are less than one; take more steps, or more strength"
            )
        if not 0 <= self.guidance <= 50:
            raise OptionError(f"guidance lies in 0..50, got {self.guidance}")
        if not 0 <= self.eta <= 1:
            raise OptionError(f"eta lies in 0..1, got {self.eta}")


@dataclass(frozen=True, kw_only=True)
class Running:
    """Where and how a model computes."""

    device: str = "cpu"
    """As PyTorch names it: cpu, cuda, cuda:1, mps."""
    precision: Precision = "auto"
    """auto is fp16 on a graphics card and fp32 elsewhere."""
    batch: int = 4
    """Crops at a time, at most; it is halved while the memory of the device does not suffice."""
    compiled: bool = False
    """Let torch.compile make the U-Net faster: minutes at the first batch of each size."""
    small_memory: bool = False
    """Compute attention in slices and pictures in tiles: slower, for graphics cards of less than 8 GB."""

    def __post_init__(self) -> None:
        if self.precision not in get_args(Precision):
            raise OptionError(
                f"precision {self.precision!r} is not known; choose from {', '.join(get_args(Precision))}"
            )
        if self.batch < 1:
            raise OptionError(f"a batch is 1 crop or more, got {self.batch}")
        if self.device == "cpu" and self.precision == "fp16":
            raise OptionError("fp16 is for graphics cards, and the device is cpu; take bf16 or fp32")


def read(path: Path) -> Diffusion:
    """What a TOML file chooses; what it leaves out is as usual.

    Raises:
        OptionError: the file cannot be read, or says something else.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"cannot read {path}: {error}; give the choice of a model as TOML") from error
    except tomllib.TOMLDecodeError as error:
        raise OptionError(f"{path.name} is no TOML ({error}); see docs/diffusion.md") from error
    known = [field.name for field in fields(Diffusion)]
    chosen: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise OptionError(f"{path.name}: {name} is not known; there is {', '.join(known)}")
        wanted = _KINDS.get(name, (int, float))
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise OptionError(f"{path.name}: {name} is to be {_NAMES[wanted]}, got {value!r}")
        chosen[name] = path.parent / str(value) if name in FILES else value
    prompts = chosen.pop("prompts", {})
    return Diffusion(**chosen, prompts={label: _prompt(path, label, entry) for label, entry in prompts.items()})


def _prompt(path: Path, label: str, entry: Any) -> Prompt:
    if not isinstance(entry, dict) or not set(entry) <= {"wanted", "unwanted"} or "wanted" not in entry:
        raise OptionError(f"{path.name}: [prompts.{label}] has wanted, and unwanted if you like; got {entry!r}")
    if not all(isinstance(words, str) for words in entry.values()):
        raise OptionError(f"{path.name}: [prompts.{label}] is text, got {entry!r}")
    return Prompt(**entry)
