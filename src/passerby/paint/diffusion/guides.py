"""What a U-Net can be told besides words and noise: by a picture of where things are, or by one of how they look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from passerby.paint.diffusion.contract import Crop

Telling = Callable[[Tensor, Tensor, Tensor], dict[str, Any]]
"""From noisy latents (N, 4, h, w), the time step and prompts (N, 77, D) to more arguments of the U-Net.

N is the number of crops, or twice that: with guidance the half without the wanted prompt comes first.
"""
_ADDED = ("down_block_additional_residuals", "mid_block_additional_residual")
"""Arguments that several guides may give: they are added up."""


class Guide(Protocol):
    """Tells a U-Net more."""

    def attach(self, unet: Any, device: torch.device) -> None:
        """Come to where `unet` computes; once, before any crop.

        Raises:
            WeightsError: it is for another U-Net.
        """
        ...

    def begin(self, crops: Sequence[Crop]) -> Telling:
        """What is told of crops of one size, at every step."""
        ...


def told(tellings: Sequence[Telling], latents: Tensor, step: Tensor, prompts: Tensor) -> dict[str, Any]:
    """The arguments of all guides together."""
    answer: dict[str, Any] = {}
    for telling in tellings:
        for name, value in telling(latents, step, prompts).items():
            if name in _ADDED and name in answer:
                before = answer[name]
                value = (
                    [one + other for one, other in zip(before, value, strict=True)]
                    if isinstance(value, list)
                    else before + value
                )
            answer[name] = value
    return answer
