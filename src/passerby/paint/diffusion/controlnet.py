"""ControlNet for Stable Diffusion 1 (Zhang et al., 2023), from a folder as diffusers writes it or a published file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.paint.diffusion import files
from passerby.paint.diffusion.contract import Crop
from passerby.paint.diffusion.files import library
from passerby.paint.diffusion.guides import Telling
from passerby.paint.diffusion.loading import pretrained
from passerby.paint.diffusion.names import UNET, in_unet
from passerby.paint.diffusion.shapes import Config, Shapes
from passerby.weights import checkpoint

Kind = Literal["openpose", "inpaint", "shape"]
"""openpose is shown `Crop.control`, a skeleton; inpaint, the crop itself; shape, `Crop.control`, depth or the like."""
KINDS: tuple[str, ...] = get_args(Kind)
WARNING = (
    "a ControlNet that is shown depth, normals or edges is told the very shape of who is hidden; openpose is told how "
    "they stand alone"
)
_START = "control_model."
_SAME = ("block_out_channels", "layers_per_block", "cross_attention_dim", "down_block_types")
"""What a ControlNet has to have in common with the U-Net, as their configurations call it."""
_TAKEN = (*_SAME, "attention_head_dim", "norm_num_groups")


class ControlNet:
    """A `Guide`. Crops without a picture for it are drawn as if it were not there."""

    def __init__(self, path: Path, kind: Kind = "openpose", *, scale: float = 1.0) -> None:
        """Of `path`: a folder, or one file of it (.safetensors, .pth), which is read when it is attached.

        Raises:
            OptionError: the kind is not known, or the scale is out of range.
        """
        if kind not in KINDS:
            raise OptionError(f"a ControlNet is one of {', '.join(KINDS)}, got {kind!r}")
        if not 0 <= scale <= 2:
            raise OptionError(f"the scale of a ControlNet lies in 0..2, got {scale}")
        self.notes = (WARNING,) if kind == "shape" else ()
        self._path, self._kind, self._scale = path, kind, scale
        self._network: Any = None

    def attach(self, unet: Any, device: torch.device) -> None:
        """See `Guide`.

        Raises:
            WeightsError: the file is missing or damaged, or for another U-Net.
        """
        self._network = load(self._path, unet.config, unet.dtype).to(device)

    def begin(self, crops: Sequence[Crop]) -> Telling:
        """See `Guide`.

        Raises:
            StageError: a picture for it has another size than its crop.
        """
        shown = [self._shown(crop) for crop in crops]
        there = torch.tensor([picture is not None for picture in shown])
        if not there.any():
            return lambda latents, step, prompts: {}
        black = np.zeros((3, *crops[0].hole.shape), np.float32)
        stacked = np.stack([black if picture is None else picture for picture in shown])
        condition = torch.from_numpy(stacked).to(self._network.device, self._network.dtype)
        weight = (there * self._scale).to(condition)[:, None, None, None]

        def tell(latents: Tensor, step: Tensor, prompts: Tensor) -> dict[str, Any]:
            halves = len(latents) // len(crops)
            down, middle = self._network(
                latents,
                step,
                encoder_hidden_states=prompts,
                controlnet_cond=condition.repeat(halves, 1, 1, 1),
                return_dict=False,
            )
            share = weight.repeat(halves, 1, 1, 1)
            return {
                "down_block_additional_residuals": [one * share for one in down],
                "mid_block_additional_residual": middle * share,
            }

        return tell

    def _shown(self, crop: Crop) -> NDArray[np.float32] | None:
        """What it is shown of a crop, (3, H, W) in 0..1; what is to be inpainted is -1, as that one was trained."""
        if self._kind == "inpaint":
            picture = np.asarray(crop.picture / 255, np.float32)
            picture[crop.hole] = -1
            return picture.transpose(2, 0, 1)
        if crop.control is None:
            return None
        if crop.control.shape != crop.picture.shape:
            raise StageError(
                f"a crop of {crop.picture.shape} has a picture of {crop.control.shape} for its ControlNet; draw it in "
                "the same size"
            )
        return np.asarray(crop.control / 255, np.float32).transpose(2, 0, 1)


def load(path: Path, unet: Any, dtype: torch.dtype) -> Any:
    """The network at `path`, for a U-Net of the configuration `unet`, on the processor.

    Raises:
        OptionError: a library is not installed.
        WeightsError: the file or folder is missing or damaged, or for another U-Net.
    """
    if not path.exists():
        raise WeightsError(f"there is no ControlNet {path}; give a folder as diffusers writes it, or one file")
    kind = library("diffusers").ControlNetModel
    network = pretrained(kind, path, dtype) if path.is_dir() else _single(kind, path, unet)
    for name in _SAME:
        came, wanted = (np.array(config[name]).tolist() for config in (network.config, unet))
        if came != wanted:
            raise WeightsError(f"{path} is for another U-Net: its {name} is {came}, and the U-Net's is {wanted}")
    return network.to(dtype).eval().requires_grad_(False)


def _single(kind: Any, path: Path, unet: Any) -> Any:
    """A ControlNet of one file, by the names of its publishers or by those of diffusers."""
    held = files.opened(path)
    start = _START if any(name.startswith(_START) for name in held.shapes) else ""
    own = "controlnet_cond_embedding.conv_in.weight" in held.shapes
    if not own and f"{start}input_hint_block.0.weight" not in held.shapes:
        raise WeightsError(f"{path} is no ControlNet: it has no input_hint_block; give one for Stable Diffusion 1")
    config: Config = {name: unet[name] for name in _TAKEN}
    widths = _widths(held.shapes, "controlnet_cond_embedding." if own else f"{start}input_hint_block.", own=own)
    network = kind(**config, in_channels=4, conditioning_embedding_out_channels=widths)
    layers = config["layers_per_block"]
    names = {name: name if own else start + _published(name, layers, 2 * len(widths)) for name in network.state_dict()}
    weights = {name: held.get(other) for name, other in names.items() if other in held.shapes}
    checkpoint.put(weights, network, path)
    return network


def _widths(shapes: Shapes, start: str, *, own: bool) -> tuple[int, ...]:
    """Channels of the layers that take the picture in: every second one changes their number."""
    names = [f"{start}conv_in.weight", *(f"{start}blocks.{i}.weight" for i in range(1, 99, 2))]
    published = [f"{start}{2 * i}.weight" for i in (0, *range(2, 99, 2))]
    there = [shapes[name] for name in (names if own else published) if name in shapes]
    return tuple(shape[0] for shape in there)


def _published(name: str, layers: int, last: int) -> str:
    """What the files of its publishers call a weight; `last` numbers the layer that ends taking the picture in."""
    module, _, kind = name.rpartition(".")
    part = module.split(".")
    match part:
        case ["controlnet_cond_embedding", "conv_in"]:
            return f"input_hint_block.0.{kind}"
        case ["controlnet_cond_embedding", "blocks", index]:
            return f"input_hint_block.{2 * int(index) + 2}.{kind}"
        case ["controlnet_cond_embedding", "conv_out"]:
            return f"input_hint_block.{2 * last - 2}.{kind}"
        case ["controlnet_down_blocks", index]:
            return f"zero_convs.{index}.0.{kind}"
        case ["controlnet_mid_block"]:
            return f"middle_block_out.0.{kind}"
    return in_unet(name, layers, ()).removeprefix(UNET)
