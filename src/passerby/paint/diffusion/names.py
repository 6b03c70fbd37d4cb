"""What the weights of Stable Diffusion 1 are called in its published checkpoints, and what diffusers calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence

UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."
"""How the names of the three networks begin in a checkpoint."""

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_UNET_ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
_BLOCK = re.compile(r"(down_blocks|mid_block|up_blocks)\.(?:(\d+)\.)??(resnets|attentions|\w+samplers)\.(\d+)\.(.+)")


def in_unet(name: str, layers: int, attends: Sequence[bool]) -> str:
    """A checkpoint's name for a weight of the U-Net.

    Args:
        name: in diffusers.
        layers: of each level on its way down; there is one more on the way up.
        attends: whether each level of the way up has attention.
    """
    match = _BLOCK.fullmatch(name)
    if not match:
        module, _, kind = name.rpartition(".")
        return f"{UNET}{_UNET_ENDS[module]}.{kind}"
    way, kind, rest = match[1], match[3], match[5]
    level, index = int(match[2] or 0), int(match[4])
    if kind == "resnets":
        module, _, last = rest.rpartition(".")
        rest = f"{_RESNET[module]}.{last}"
    part = 0 if kind == "resnets" else 1
    if way == "mid_block":
        return f"{UNET}middle_block.{2 * index + part}.{rest}"
    if kind == "downsamplers":
        return f"{UNET}input_blocks.{(level + 1) * (layers + 1)}.0.{rest.replace('conv', 'op')}"
    if kind == "upsamplers":
        return f"{UNET}output_blocks.{level * (layers + 1) + layers}.{1 + attends[level]}.{rest}"
    if way == "down_blocks":
        return f"{UNET}input_blocks.{1 + level * (layers + 1) + index}.{part}.{rest}"
    return f"{UNET}output_blocks.{level * (layers + 1) + index}.{part}.{rest}"


def in_vae(name: str, levels: int) -> str:
    """A checkpoint's name for a weight of the autoencoder, which has that many levels; `name` is that of diffusers."""
    side, _, rest = name.partition(".")
    match = _BLOCK.fullmatch(rest)
    if not match:
        return VAE + name.replace("conv_norm_out", "norm_out")
    way, kind, index = match[1], match[3], int(match[4])
    inner = match[5].replace("conv_shortcut", "nin_shortcut")
    if way == "mid_block" and kind == "attentions":
        module, _, last = inner.rpartition(".")
        return f"{VAE}{side}.mid.attn_1.{_ATTENTION[module]}.{last}"
    if way == "mid_block":
        return f"{VAE}{side}.mid.block_{index + 1}.{inner}"
    down = way == "down_blocks"
    # A checkpoint counts the levels of both ways from the largest picture.
    level = int(match[2]) if down else levels - 1 - int(match[2])
    place = f"block.{index}" if kind == "resnets" else kind.removesuffix("rs")
    return f"{VAE}{side}.{'down' if down else 'up'}.{level}.{place}.{inner}"


def in_text(name: str) -> str:
    """A checkpoint's name for a weight of CLIP's text encoder; `name` is that of transformers, of any version."""
    return f"{TEXT}text_model.{name.removeprefix('text_model.')}"
