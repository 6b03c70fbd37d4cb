"""What the prompts mean to the model: each class is put into numbers once, and the text encoder is let go again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from passerby.paint.diffusion.loading import POSITIONS, Loaded
from passerby.paint.diffusion.prompts import Prompt, prompt


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """A prompt as the U-Net reads it."""

    wanted: torch.Tensor
    """(1, 77, width) float32, on the processor."""
    unwanted: torch.Tensor
    """The same."""


class Words:
    """The meaning of prompts, by label."""

    def __init__(self, loaded: Loaded, own: Mapping[str, Prompt]) -> None:
        self._loaded, self._own = loaded, own
        self._known: dict[str, Meaning] = {}

    def of(self, labels: Iterable[str]) -> list[Meaning]:
        """One per label, in order; the text encoder is loaded where one is new, and not kept."""
        labels = list(labels)
        new = [label for label in dict.fromkeys(labels) if label not in self._known]
        if new:
            self._learn(new)
        return [self._known[label] for label in labels]

    @torch.inference_mode()
    def _learn(self, labels: list[str]) -> None:
        prompts = [prompt(label, self._own) for label in labels]
        texts = [text for one in prompts for text in (one.wanted, one.unwanted)]
        read: Any = self._loaded.tokenizer(
            texts, padding="max_length", max_length=POSITIONS, truncation=True, return_tensors="pt"
        )
        meant = self._loaded.text()(read["input_ids"])[0]
        for row, label in enumerate(labels):
            self._known[label] = Meaning(meant[2 * row : 2 * row + 1], meant[2 * row + 1 : 2 * row + 2])
