"""Pictures to latents and back. What half precision cannot hold is computed once more in float32."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from passerby.core.errors import StageError


class Autoencoder:
    """A VAE, or a TAESD. May be called from several threads at once."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._scale = float(network.config.scaling_factor)
        # Two threads use it, and one of them may be changing its precision.
        self._lock = threading.Lock()

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in -1..1 as float32 latents (N, 4, H / 8, W / 8): the means of what the VAE knows.

        Raises:
            StageError: they are not finite numbers.
        """
        return self._through(self._encoded, pictures) * self._scale

    def decode(self, latents: Tensor) -> Tensor:
        """The reverse of `encode`.

        Raises:
            StageError: they are not finite numbers.
        """
        return self._through(self._decoded, latents / self._scale)

    def _encoded(self, pictures: Tensor) -> Tensor:
        found = self._network.encode(pictures)
        latents: Tensor = found.latents if hasattr(found, "latents") else found.latent_dist.mode()
        return latents

    def _decoded(self, latents: Tensor) -> Tensor:
        pictures: Tensor = self._network.decode(latents).sample
        return pictures

    def _through(self, half: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
        with self._lock:
            result = half(values.to(self._network.dtype)).float()
            if not result.isfinite().all() and self._network.dtype != torch.float32:
                self._network.float()
                result = half(values.float())
            if not result.isfinite().all():
                raise StageError("the autoencoder gives numbers that are not finite; use other weights, or fp32")
        return result
