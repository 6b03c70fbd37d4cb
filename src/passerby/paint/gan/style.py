"""From a number to a look: the latents z and w, and how far w may stray.

A seed gives z; a small network turns z into w, which tells a generator what to draw. Looks near the mean of all w are
crisp, and everybody's are the same there; *multi-modal truncation* (https://arxiv.org/abs/2202.12211) pulls towards the
nearest of many means instead.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from passerby.core.errors import WeightsError
from passerby.paint.gan.layers import Linear, activated


def latent(seed: int, length: int) -> NDArray[np.float32]:
    """The z of a seed in [0, 2³²), (length,): the same numbers as the original draws for it."""
    return np.asarray(np.random.RandomState(seed).normal(size=length), np.float32)


class StyleNet(nn.Module):
    """From z (N, z_dim) to w (N, w_dim)."""

    w_avg: Tensor
    w_centers: Tensor | None

    def __init__(self, z_dim: int, w_dim: int, layers: int = 2) -> None:
        super().__init__()
        self.z_dim, self.layers = z_dim, layers
        self.register_buffer("w_avg", torch.zeros(w_dim))
        self.register_buffer("w_centers", None)
        for i in range(layers):
            setattr(self, f"fc{i}", Linear(w_dim if i else z_dim, w_dim, rate=0.01))

    def forward(self, z: Tensor) -> Tensor:
        x = z.float()
        x = x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()
        for i in range(self.layers):
            x = activated(getattr(self, f"fc{i}")(x), linear=False)
        return x

    def truncated(self, w: Tensor, truncation: float) -> Tensor:
        """`w` (N, w_dim) pulled to the mean of all: 0 gives everybody one look, 1 changes nothing."""
        return torch.lerp(self.w_avg, w, min(max(truncation, 0), 1))

    def truncated_to_modes(self, w: Tensor, truncation: float, seeds: NDArray[np.int64]) -> Tensor:
        """`w` (N, w_dim) pulled to the centre that each of the `seeds` (N,) chooses.

        Raises:
            WeightsError: the checkpoint has no centres.
        """
        if self.w_centers is None:
            raise WeightsError("these weights have no centres (w_centers) to pull looks to; use plain truncation")
        chosen = torch.from_numpy(np.asarray(seeds % len(self.w_centers), np.int64)).to(w.device)
        return torch.lerp(self.w_centers[chosen], w, min(max(truncation, 0), 1))
