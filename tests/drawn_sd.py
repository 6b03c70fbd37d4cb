"""Stable Diffusion 1.5 made tiny, with random weights, in every layout that it is published in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra diffusion")
safetensors_torch = pytest.importorskip("safetensors.torch", reason="needs the extra diffusion")
for _name in ("transformers", "diffusers"):
    pytest.importorskip(_name, reason="needs the extra diffusion")
torch.set_num_threads(1)

from passerby.paint.diffusion.contract import Crop  # noqa: E402
from passerby.paint.diffusion.files import library  # noqa: E402
from passerby.paint.diffusion.names import TEXT, UNET, VAE, in_text, in_unet, in_vae  # noqa: E402

WORDS = ("photo", "face", "plate", "street", "car")
"""What the vocabulary spells as one; all else goes letter by letter."""
UNET_CONFIG: dict[str, Any] = {
    "out_channels": 4,
    "block_out_channels": (16, 32),
    "layers_per_block": 1,
    "cross_attention_dim": 24,
    "attention_head_dim": 2,
    "norm_num_groups": 8,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}
VAE_CONFIG: dict[str, Any] = {
    "latent_channels": 4,
    "block_out_channels": (8, 8, 8, 16),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "scaling_factor": 0.18215,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}
TEXT_CONFIG: dict[str, Any] = {
    "hidden_size": 24,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 77,
    "hidden_act": "quick_gelu",
}


def vocabulary(folder: Path) -> int:
    """Write vocab.json and merges.txt of a byte-level tokenizer, and return how many tokens it has."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 324))]
    merges = []
    for word in WORDS:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        for count in range(1, len(parts)):
            pair = ("".join(parts[:count]), parts[count])
            if pair not in merges:
                merges.append(pair)
    tokens = dict.fromkeys(
        [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in merges)], None
    )
    tokens |= dict.fromkeys(("<|startoftext|>", "<|endoftext|>"))
    (folder / "vocab.json").write_text(json.dumps({token: row for row, token in enumerate(tokens)}), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges), ""]
    (folder / "merges.txt").write_text("\n".join(lines), encoding="utf-8")
    return len(tokens)


def networks(words: int, channels: int = 4) -> tuple[Any, Any, Any]:
    """U-Net, autoencoder and text encoder; the same at every call."""
    diffusers, transformers = library("diffusers"), library("transformers")
    torch.manual_seed(0)
    text = transformers.CLIPTextModel(
        transformers.CLIPTextConfig(
            vocab_size=words,
            bos_token_id=words - 2,
            eos_token_id=words - 1,
            pad_token_id=words - 1,
            **TEXT_CONFIG,
        )
    )
    unet = diffusers.UNet2DConditionModel(in_channels=channels, **UNET_CONFIG)
    return unet.eval(), diffusers.AutoencoderKL(**VAE_CONFIG).eval(), text.eval()


def state(unet: Any, vae: Any, text: Any) -> dict[str, Any]:
    """Their weights as a checkpoint has them, with what else is in published ones."""
    attends = ["Attn" in kind for kind in unet.config.up_block_types]
    named = {in_unet(name, unet.config.layers_per_block, attends): it for name, it in unet.state_dict().items()}
    levels = len(vae.config.block_out_channels)
    for name, value in vae.state_dict().items():
        squared = ".attentions." in name and value.ndim == 2  # published as convolutions of one pixel
        named[in_vae(name, levels)] = value[:, :, None, None] if squared else value
    named |= {in_text(name): value for name, value in text.state_dict().items()}
    named[f"{TEXT}text_model.embeddings.position_ids"] = torch.arange(77)[None]
    named |= {"betas": torch.linspace(0.0008, 0.012, 1000), "model_ema.decay": torch.tensor(0.9)}
    assert all(name.startswith((UNET, VAE, TEXT, "betas", "model_ema")) for name in named)
    return {name: value.detach().clone().contiguous() for name, value in named.items()}


def configuration(folder: Path, unet: Any, vae: Any, text: Any) -> None:
    """What the weights alone do not tell, in files as diffusers writes them."""
    unet.save_config(folder / "unet")
    vae.save_config(folder / "vae")
    text.config.save_pretrained(folder / "text_encoder")


def checkpoint(path: Path, *, channels: int = 4, half: bool = False) -> Path:
    """A checkpoint, .ckpt or .safetensors, with the vocabulary and a config folder beside it."""
    parts = networks(vocabulary(path.parent), channels)
    configuration(path.parent / "config", *parts)
    held = state(*parts)
    if half:
        held = {name: value.half() if value.is_floating_point() else value for name, value in held.items()}
    if path.suffix == ".ckpt":
        torch.save({"state_dict": held, "global_step": 7}, path)
    else:
        safetensors_torch.save_file(held, path)
    return path


def folder(path: Path, *, channels: int = 4) -> Path:
    """The same model as diffusers writes it."""
    diffusers, transformers = library("diffusers"), library("transformers")
    unet, vae, text = networks(vocabulary(path / "tokenizer"), channels)
    for name, network in (("unet", unet), ("vae", vae), ("text_encoder", text)):
        network.save_pretrained(path / name)
    transformers.CLIPTokenizer(
        vocab=str(path / "tokenizer" / "vocab.json"),
        merges=str(path / "tokenizer" / "merges.txt"),
        model_max_length=77,
    ).save_pretrained(path / "tokenizer")
    diffusers.PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1
    ).save_config(path / "scheduler")
    return path


def small_vae(path: Path) -> Path:
    """A TAESD."""
    torch.manual_seed(1)
    ones = (1, 1, 1, 1)
    widths = (8, 8, 8, 8)
    library("diffusers").AutoencoderTiny(
        encoder_block_out_channels=widths,
        decoder_block_out_channels=widths,
        num_encoder_blocks=ones,
        num_decoder_blocks=ones,
    ).save_pretrained(path)
    return path


def lora(path: Path) -> Path:
    """A LoRA for the U-Net, under the names of LCM-LoRA and its like."""
    torch.manual_seed(2)
    start = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    width = UNET_CONFIG["block_out_channels"][0]
    weights = {
        f"{start}.lora_down.weight": torch.randn(4, width),
        f"{start}.lora_up.weight": torch.randn(width, 4),
        f"{start}.alpha": torch.tensor(4.0),
    }
    safetensors_torch.save_file(weights, path)
    return path


def crop(seed: int = 1, *, under: int = 0, size: tuple[int, int] = (32, 32), label: str = "face") -> Crop:
    """A noisy picture with a hole; `under` is what lies in it."""
    height, width = size
    picture = np.random.default_rng(9).integers(0, 256, (height, width, 3), dtype=np.uint8)
    hole = np.zeros((height, width), bool)
    hole[9:22, 7:20] = True
    picture[hole] = under
    return Crop(picture, hole, label, seed)


def apart(one: Sequence[Any], other: Sequence[Any]) -> int:
    """The largest difference of two lists of pictures, in levels."""
    pairs = zip(one, other, strict=True)
    return max(int(np.abs(a.astype(int) - b).max()) for a, b in pairs)
