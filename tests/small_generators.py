"""Generators with small random weights, in files as they are published, and combinations that name them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra generate")
torch.set_num_threads(1)

from passerby.paint.gan import published  # noqa: E402
from passerby.paint.gan.tria import TriaSize  # noqa: E402
from passerby.paint.gan.unet import UnetSize  # noqa: E402

_FACES: Mapping[str, Any] = {"imsize": [32, 32], "cnum": 4, "max_cnum_mul": 2, "z_channels": 8, "w_dim": 6}
_PERSONS = {**_FACES, "imsize": [36, 20]}
SIZES: Mapping[str, Any] = {
    "stylegan_fdf128": _FACES,
    "stylegan": _FACES,
    "deep_privacy1": 512,
    "styleganL_nocse": _PERSONS,
    "styleganL": {**_PERSONS, "cse_nc": 16},
    "triagan_L_im288": {"imsize": [36, 20], "dim": 4, "dim_mults": [1, 2, 2], "z_channels": 8, "w_dim": 6},
}


def checkpoint(path: Path, name: str, *, centres: int = 0, seed: int = 0) -> Path:
    """The file of a small generator, with as many centres."""
    size = SIZES[name]
    if isinstance(size, Mapping):
        kind = TriaSize if name.startswith("triagan") else UnetSize
        size = kind(**{key: tuple(it) if isinstance(it, list) else it for key, it in size.items()})
    torch.manual_seed(seed)
    contents: dict[str, Any] = {"EMA_generator": published.build(size).state_dict()}
    if centres:
        contents["w_centers"] = torch.randn(centres, 6)
    torch.save(contents, path)
    return path


def combination(folder: Path, *draws: tuple[str, str], centres: int = 0, more: str = "") -> Path:
    """A combination of small generators: (what, generator), …"""
    text = more
    for what, name in draws:
        file = checkpoint(folder / f"{name}.ckpt", name, centres=centres)
        size = SIZES[name]
        if isinstance(size, Mapping):
            size = "{" + ", ".join(f"{key} = {value}" for key, value in size.items()) + "}"
        text += f'\n[[draw]]\nwhat = "{what}"\ngenerator = "{name}"\nfile = "{file.name}"\nsize = {size}\n'
    path = folder / "mine.toml"
    path.write_text(text)
    return path
