"""The published generators: how each is built, and its weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from passerby import weights
from passerby.core.errors import OptionError, WeightsError
from passerby.paint.gan.layers import fold
from passerby.paint.gan.msg import MSGGenerator
from passerby.paint.gan.tria import TriaGAN, TriaSize
from passerby.paint.gan.unet import StyleGANUnet, UnetSize
from passerby.weights import checkpoint

HOLDERS = ("EMA_generator", "running_average_generator")
"""Where a checkpoint keeps the weights to use: means over the last steps of training."""
CENTRES = "w_centers"

SIZES: Mapping[str, UnetSize | TriaSize | int] = {
    "stylegan_fdf128": UnetSize(imsize=(128, 128), cnum=128, max_cnum_mul=4),
    "stylegan": UnetSize(imsize=(256, 256), cnum=64, max_cnum_mul=8),
    "styleganL": UnetSize(imsize=(288, 160), cnum=64, max_cnum_mul=8, cse_nc=16),
    "styleganL_nocse": UnetSize(imsize=(288, 160), cnum=64, max_cnum_mul=8, fix_errors=False),
    "deep_privacy1": 512,
    "triagan_L_im288": TriaSize(),
}
"""What tells the published networks apart, by name."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A network with its weights, ready to draw."""

    net: nn.Module
    unused: tuple[str, ...]
    """Names in the file that the network has no use for: one who loads tells of them."""


def build(size: UnetSize | TriaSize | int) -> nn.Module:
    """The network of that size, with weights drawn at random; a number is the width of DeepPrivacy 1's."""
    if isinstance(size, UnetSize):
        return StyleGANUnet(size)
    return TriaGAN(size) if isinstance(size, TriaSize) else MSGGenerator(size)


def load(name: str, path: Path | None = None, size: UnetSize | TriaSize | int | None = None) -> Loaded:
    """The generator `name` of `SIZES`, or one of your own.

    Args:
        name: whose weights are looked for, in the folders for models.
        path: a checkpoint of yours, instead.
        size: of your own network; None is that of `name`.

    Raises:
        OptionError: the name is unknown.
        WeightsError: the file is missing, or holds other weights than the network wants.
    """
    if name not in SIZES:
        raise OptionError(f"there is no generator called {name!r}; there is {', '.join(SIZES)}")
    found = weights.brought(name, path)
    held = named(checkpoint.read(found), found)
    net = build(SIZES[name] if size is None else size)
    centres = held.get(f"style_net.{CENTRES}")
    if centres is not None and isinstance(net, StyleGANUnet | TriaGAN):
        if centres.ndim != 2 or centres.shape[1] != net.size.w_dim:
            came = tuple(centres.shape)
            raise WeightsError(f"{found} has {CENTRES} {came}, wanted is (any, {net.size.w_dim}); use another file")
        net.style_net.w_centers = centres
    unused = checkpoint.put(held, net, found)
    fold(net)
    net.eval().requires_grad_(False)
    return Loaded(net, unused)


def named(contents: Mapping[str, Any], path: Path) -> dict[str, Tensor]:
    """The weights in a checkpoint, under the names that they have in the networks here.

    Raises:
        WeightsError: there is nothing but other things in it.
    """
    holder = next((contents[name] for name in HOLDERS if name in contents), contents)
    rows = holder.items() if isinstance(holder, Mapping) else ()
    held = {name: value for name, value in rows if isinstance(value, Tensor)}
    if not held:
        raise WeightsError(f"{path} holds no generator: neither {' nor '.join(HOLDERS)}, nor weights by name")
    if isinstance(contents.get(CENTRES), Tensor):
        held[f"style_net.{CENTRES}"] = contents[CENTRES]
    held = _of_old_deep_privacy(held)
    return _of_growing_tria(held)


def _of_old_deep_privacy(held: dict[str, Tensor]) -> dict[str, Tensor]:
    """Old checkpoints of DeepPrivacy 1 number their blocks from 4 pixels up instead of naming them by their size."""
    if "from_rgb.conv.layers.0.weight" not in held:
        return held
    numbered = re.compile(r"(encoder\.basic_block)(\d+)(\..*)")

    def renamed(name: str) -> str:
        if match := numbered.fullmatch(name):
            return f"{match[1]}{4 << int(match[2])}{match[3]}"
        return name.replace("from_rgb.conv.layers.0.", "from_rgb.0.")

    return {renamed(name): value for name, value in held.items()}


def _of_growing_tria(held: dict[str, Tensor]) -> dict[str, Tensor]:
    """Checkpoints of TriA-GAN may hold an output for each size that it grew through: the last one counts."""
    outputs = sorted(int(match[1]) for name in held if (match := re.fullmatch(r"decoder\.to_rgb\.(\d+)\.weight", name)))
    if outputs:
        last = f"decoder.to_rgb.{outputs[-1]}."
        held |= {name.replace(last, "decoder.to_rgb."): held[name] for name in list(held) if name.startswith(last)}
    return held
