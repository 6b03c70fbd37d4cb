"""A tiny Stable Diffusion at work, and ControlNets and IP-Adapters for it in the formats that they are published in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import drawn_sd
import numpy as np
import torch
from diffusers import ControlNetModel
from drawn_sd import UNET_CONFIG
from numpy.typing import NDArray
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from passerby.paint.diffusion.contract import Crop
from passerby.paint.diffusion.loading import POSITIONS, SCHEDULE, Loaded
from passerby.paint.diffusion.names import UNET, in_unet

WIDTH, LOOKS = UNET_CONFIG["cross_attention_dim"], 24
"""Numbers of a word, and of an embedding of a picture."""
SHARED = {name: value for name, value in UNET_CONFIG.items() if name not in ("out_channels", "up_block_types")}
"""What a ControlNet has in common with the U-Net."""
TAKING = (8, 8, 16, 16)
"""Channels of the layers with which a ControlNet takes its picture in: as many as are published, so that 8 pixels
become one."""


def unet(channels: int = 4) -> Any:
    return drawn_sd.networks(97, channels)[0]


class Reading:
    """A tokenizer that gives letters."""

    def __call__(self, texts: list[str], **told: Any) -> dict[str, torch.Tensor]:
        rows = [[ord(letter) % 97 for letter in text.ljust(POSITIONS)[:POSITIONS]] for text in texts]
        return {"input_ids": torch.tensor(rows)}


def loaded(channels: int = 4) -> Loaded:
    """A model that reads letters."""
    network, vae, text = drawn_sd.networks(97, channels)
    return Loaded(network, vae, SCHEDULE, Reading(), lambda: text)


def controlnet() -> Any:
    """One whose last layers are not zero, as they are before training: it would say nothing."""
    torch.manual_seed(2)
    network = ControlNetModel(in_channels=4, conditioning_embedding_out_channels=TAKING, **SHARED).eval()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "controlnet_" in name:
                weight.normal_(0, 0.3)
    return network


def controlnet_folder(folder: Path) -> Path:
    controlnet().save_pretrained(folder)
    return folder


def controlnet_file(path: Path, *, published: bool) -> Path:
    """One file, by the names of its publishers or by those of diffusers; .pth or .safetensors."""
    state = {name: value.contiguous() for name, value in controlnet().state_dict().items()}
    if published:
        state = {f"control_model.{_published(name)}": value for name, value in state.items()}
    if path.suffix == ".pth":
        torch.save(state, path)
    else:
        save_file(state, path)
    return path


HINT = {"conv_in": 0, **{f"blocks.{i}": 2 + 2 * i for i in range(6)}, "conv_out": 14}
"""Where the layers that take the picture in lie in a published file."""


def _published(name: str) -> str:
    module, _, kind = name.rpartition(".")
    if module.startswith("controlnet_cond_embedding."):
        return f"input_hint_block.{HINT[module.removeprefix('controlnet_cond_embedding.')]}.{kind}"
    if module.startswith("controlnet_down_blocks."):
        return f"zero_convs.{module.rpartition('.')[2]}.0.{kind}"
    if module == "controlnet_mid_block":
        return f"middle_block_out.0.{kind}"
    return in_unet(name, SHARED["layers_per_block"], ()).removeprefix(UNET)


def ip_adapter_parts(*, tokens: int = 4) -> dict[str, dict[str, torch.Tensor]]:
    """As ip-adapter_sd15 is built: a projection of CLIP's embedding, and keys and values of every cross-attention."""
    torch.manual_seed(3)
    attention: dict[str, torch.Tensor] = {}
    network = unet()
    for number, name in enumerate(network.attn_processors):
        if name.endswith("attn2.processor"):
            width = network.get_submodule(name.removesuffix(".processor")).inner_dim
            for part in ("to_k_ip", "to_v_ip"):
                attention[f"{number}.{part}.weight"] = torch.randn(width, WIDTH)
    projection = {
        "proj.weight": torch.randn(tokens * WIDTH, LOOKS),
        "proj.bias": torch.randn(tokens * WIDTH),
        "norm.weight": torch.ones(WIDTH),
        "norm.bias": torch.zeros(WIDTH),
    }
    return {"image_proj": projection, "ip_adapter": attention}


def ip_adapter(path: Path) -> Path:
    parts = ip_adapter_parts()
    if path.suffix == ".bin":
        torch.save(parts, path)
    else:
        save_file({f"{part}.{name}": value for part, named in parts.items() for name, value in named.items()}, path)
    return path


def image_encoder(folder: Path) -> Path:
    torch.manual_seed(4)
    config = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
        projection_dim=LOOKS,
    )
    CLIPVisionModelWithProjection(config).eval().save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["projection_dim"] == LOOKS
    return folder


def crop(seed: int = 1, label: str = "clothes", control: NDArray[np.uint8] | None = None) -> Crop:
    """A crop of 64 pixels that is grey in its middle."""
    light = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    picture = np.stack([light, 255 - light, light // 2], axis=2)
    hole = np.zeros((64, 64), bool)
    hole[16:48, 16:48] = True
    picture[hole] = 128
    return Crop(picture, hole, label, seed, control)


def drawing(at: int) -> NDArray[np.uint8]:
    """A picture for a ControlNet: a bar that stands at a column."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[8:56, at : at + 8] = (255, 170, 0)
    return picture
