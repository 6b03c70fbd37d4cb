"""How the networks in a checkpoint of Stable Diffusion 1 are built, read off the shapes of its weights.

The number of attention heads, the groups of the norms and the factor of the latents leave no trace in a shape. They
are those of Stable Diffusion 1.5 unless a `config` folder says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count, takewhile
from pathlib import Path
from typing import Any

from passerby.core.errors import WeightsError
from passerby.paint.diffusion.names import TEXT, UNET, VAE

Shapes = Mapping[str, tuple[int, ...]]
"""Of every weight, by name."""
Config = dict[str, Any]
"""The arguments of a network in diffusers or transformers."""

TRAINED_AT = 512
"""Pixels a side of the pictures that Stable Diffusion 1.5 was trained with."""
HEADS, GROUPS, HEAD_WIDTH = 8, 32, 64
"""Of Stable Diffusion 1.5: heads of the U-Net, groups of norms, channels of a head of the text encoder."""
UNTOLD: Mapping[str, tuple[str, ...]] = {
    "unet": ("attention_head_dim", "norm_num_groups"),
    "vae": ("norm_num_groups", "sample_size", "scaling_factor"),
    "text_encoder": ("num_attention_heads", "hidden_act"),
}
"""What the shapes do not tell of each network, as its configuration calls it."""
FOREIGN: Mapping[str, str] = {
    "cond_stage_model.model.": "Stable Diffusion 2, whose text encoder is OpenCLIP's",
    "conditioner.embedders.": "Stable Diffusion XL",
    f"{UNET}joint_blocks.": "Stable Diffusion 3",
    f"{UNET}double_blocks.": "FLUX",
}
"""How names begin in checkpoints of other models, and what these are called."""
VELOCITY = "v_pred"
"""What is in checkpoints of models that were trained to tell velocities (Salimans and Ho, 2022) instead of noise."""


def configs(shapes: Shapes, path: Path, folder: Path | None = None) -> dict[str, Config]:
    """The configurations of unet, vae and text_encoder, and, as scheduler, how the U-Net was trained as far as is told.

    Args:
        shapes: of the checkpoint, with the names that `text_model.` begins.
        path: the checkpoint's, for errors.
        folder: with unet/config.json and its like, and perhaps scheduler/scheduler_config.json; None looks for a folder
            config* beside the checkpoint that is of such networks.

    Raises:
        WeightsError: there are no such networks in it, or `folder` is of others.
    """
    foreign = next((model for start, model in FOREIGN.items() if any(name.startswith(start) for name in shapes)), None)
    if foreign is not None:
        raise WeightsError(f"{path} is {foreign}; give a checkpoint of Stable Diffusion 1")
    try:
        told = {"unet": _unet(shapes), "vae": _vae(shapes), "text_encoder": _text(shapes)}
    except (KeyError, IndexError, ValueError) as error:
        raise WeightsError(
            f"{path} is no whole checkpoint of Stable Diffusion 1: {error.args[0]} is missing in it; get the file "
            "again, or another one"
        ) from error
    said = {"scheduler": {"prediction_type": "v_prediction"}} if VELOCITY in shapes else {}
    if folder is not None:
        return {**_completed(told, folder), **said}
    for beside in sorted(path.parent.glob("config*/")):
        if all((beside / name / "config.json").is_file() for name in told):
            try:
                return {**_completed(told, beside), **said}
            except WeightsError:
                continue  # it belongs to another checkpoint
    return {"scheduler": {}, **told, **said}


def _completed(told: Mapping[str, Config], folder: Path) -> dict[str, Config]:
    """The configurations with what `folder` says of what is untold."""
    whole: dict[str, Config] = {"scheduler": {}}
    for name, config in told.items():
        found = _read(folder / name / "config.json")
        for key, value in config.items():
            said = found.get(key, value)
            if key not in UNTOLD[name] and said != (list(value) if isinstance(value, tuple) else value):
                raise WeightsError(
                    f"{folder} is of another model: {key} of its {name} is {said}, and the weights have {value}"
                )
        whole[name] = {**config, **{key: found[key] for key in UNTOLD[name] if key in found}}
    trained = folder / "scheduler" / "scheduler_config.json"
    if trained.is_file() and "prediction_type" in (found := _read(trained)):
        whole["scheduler"] = {"prediction_type": found["prediction_type"]}
    return whole


def _read(path: Path) -> Config:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"cannot read {path}: {error}") from error
    if not isinstance(found, dict):
        raise WeightsError(f"{path} is no configuration as diffusers writes it; get it again")
    return found


def _unet(shapes: Shapes) -> Config:
    first = shapes[f"{UNET}input_blocks.0.0.weight"]
    widths, layers, attends = [first[0]], 0, [False]
    for block in _numbered(shapes, f"{UNET}input_blocks.", ".0.", first=1):
        if f"{block}0.op.weight" in shapes:
            widths.append(0)
            attends.append(False)
            continue
        widths[-1] = shapes[f"{block}0.in_layers.2.weight"][0]
        attends[-1] |= f"{block}1.norm.weight" in shapes
        layers += 1
    if not layers or 0 in widths:
        raise KeyError(f"{UNET}input_blocks.{len(widths)}")
    cross = shapes[f"{UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight"][1]
    return {
        "in_channels": first[1],
        "out_channels": shapes[f"{UNET}out.2.weight"][0],
        "block_out_channels": tuple(widths),
        "layers_per_block": layers // len(widths),
        "cross_attention_dim": cross,
        "attention_head_dim": _dividing(HEADS, widths),
        "norm_num_groups": _dividing(GROUPS, widths),
        "down_block_types": tuple("CrossAttnDownBlock2D" if yes else "DownBlock2D" for yes in attends),
        "up_block_types": tuple("CrossAttnUpBlock2D" if yes else "UpBlock2D" for yes in reversed(attends)),
    }


def _vae(shapes: Shapes) -> Config:
    levels = list(_numbered(shapes, f"{VAE}encoder.down.", ".block.0.conv1."))
    if not levels:
        raise KeyError(f"{VAE}encoder.down.0")
    layers = len(list(_numbered(shapes, f"{VAE}encoder.down.0.block.", ".conv1.")))
    widths = tuple(shapes[f"{level}block.0.conv1.weight"][0] for level in levels)
    return {
        "in_channels": shapes[f"{VAE}encoder.conv_in.weight"][1],
        "out_channels": shapes[f"{VAE}decoder.conv_out.weight"][0],
        "latent_channels": shapes[f"{VAE}decoder.conv_in.weight"][1],
        "block_out_channels": widths,
        "layers_per_block": layers,
        "norm_num_groups": _dividing(GROUPS, widths),
        "sample_size": TRAINED_AT,  # pictures in tiles, for small memory, have tiles of this size
        "scaling_factor": 0.18215,
        "down_block_types": ("DownEncoderBlock2D",) * len(widths),
        "up_block_types": ("UpDecoderBlock2D",) * len(widths),
    }


def _text(shapes: Shapes) -> Config:
    start = f"{TEXT}text_model."
    words, width = shapes[f"{start}embeddings.token_embedding.weight"]
    return {
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": shapes[f"{start}encoder.layers.0.mlp.fc1.weight"][0],
        "num_hidden_layers": len(list(_numbered(shapes, f"{start}encoder.layers.", ".layer_norm1."))),
        "num_attention_heads": max(1, width // HEAD_WIDTH),
        "max_position_embeddings": shapes[f"{start}embeddings.position_embedding.weight"][0],
        "hidden_act": "quick_gelu",
    }


def _numbered(shapes: Shapes, start: str, inside: str, first: int = 0) -> Iterator[str]:
    """What begins the names of the blocks that are there, counted up from `first`."""
    there = {name[len(start) :].split(".")[0] for name in shapes if name.startswith(start) and inside in name}
    return (f"{start}{number}." for number in takewhile(lambda number: str(number) in there, count(first)))


def _dividing(usual: int, widths: list[int] | tuple[int, ...]) -> int:
    """`usual`, or the largest half, quarter and so on of it that divides all `widths`."""
    while any(width % usual for width in widths):
        usual //= 2
    return usual
