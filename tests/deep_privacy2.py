"""What the original DeepPrivacy2 gave for small random weights, where it lies beside the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parents[1] / "../shared/parity/dp2"
NETWORK = {"atol": 1e-4, "rtol": 2e-5}
"""How far what a network gives may be off."""


class Recorded:
    """One file of recorded arrays, by name."""

    def __init__(self, name: str) -> None:
        path = FOLDER / f"{name}.npz"
        if not path.is_file():
            pytest.skip(f"{path.name} is not beside this repository")
        with np.load(path) as arrays:
            self._arrays = dict(arrays)
        self.names = list(self._arrays)
        self.meta: dict[str, Any] = json.loads(bytes(self["meta_json"]))

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def bits(self, name: str, shape: str) -> NDArray[np.bool_]:
        """Packed yes and no."""
        return np.unpackbits(self[name], count=int(np.prod(self[shape]))).reshape(self[shape]).astype(bool)

    def weights(self, prefix: str = "sd/") -> dict[str, Any]:
        """A state dict."""
        import torch

        return {name[len(prefix) :]: torch.from_numpy(self[name]) for name in self.names if name.startswith(prefix)}


def keys(config: str) -> dict[str, Any]:
    """The record of a published checkpoint: names, shapes, number of parameters, how it was built."""
    path = FOLDER / f"{config}.keys.json"
    if not path.is_file():
        pytest.skip(f"{path.name} is not beside this repository")
    return json.loads(path.read_text())  # type: ignore[no-any-return]


def rows_first(picture: NDArray[Any]) -> NDArray[Any]:
    """(C, H, W) as (H, W, C)."""
    return np.ascontiguousarray(np.moveaxis(picture, 0, -1))
