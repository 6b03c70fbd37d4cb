"""IP-Adapter for Stable Diffusion 1 (Ye et al., 2023): draws what looks like a garment in a photograph.

Of its files, ip-adapter_sd15 and those built like it are read (.safetensors or .bin), with the folder image_encoder
that was published beside them. Those for faces are refused: they are told who somebody is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from passerby.core.errors import OptionError, WeightsError, first_line
from passerby.paint.clothes.cache import Cache
from passerby.paint.diffusion import files
from passerby.paint.diffusion.contract import Crop
from passerby.paint.diffusion.files import library
from passerby.paint.diffusion.guides import Telling
from passerby.paint.diffusion.loading import pretrained
from passerby.weights import checkpoint

Picture = NDArray[np.uint8]
"""RGB (H, W, 3)."""
PARTS = ("image_proj", "ip_adapter")
"""What one of its files holds."""
MEAN, SPREAD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of CLIP's pictures, RGB in 0..1."""
WHITE = 255


class Reference:
    """A `Guide`: every crop of `label` is drawn after one of the garments, chosen by its seed."""

    def __init__(
        self,
        path: Path,
        encoder: Path,
        garments: Sequence[Picture],
        *,
        label: str = "clothes",
        scale: float = 0.8,
    ) -> None:
        """Of files that are read when it is attached.

        Args:
            path: an IP-Adapter.
            encoder: the folder of its image encoder.
            garments: photographs, RGB (H, W, 3).
            label: what is drawn after them; other crops are drawn by their words alone.
            scale: how strongly they count, in 0..2.

        Raises:
            OptionError: there is no garment, or the scale is out of range.
        """
        if not garments:
            raise OptionError("an IP-Adapter draws after a photograph; give one with --garment")
        if not 0 <= scale <= 2:
            raise OptionError(f"the scale of an IP-Adapter lies in 0..2, got {scale}")
        self._path, self._encoder, self._label, self._scale = path, encoder, label, scale
        self._garments = [(hashlib.sha256(garment.tobytes()).digest(), garment) for garment in garments]
        self._cache: Cache[bytes, Tensor] = Cache(lambda kept: kept.numel() * kept.element_size())
        self._device, self._dtype, self._width = torch.device("cpu"), torch.float32, 0

    @property
    def notes(self) -> tuple[str, ...]:
        """How often embeddings were at hand."""
        return (self._cache.note,)

    def attach(self, unet: Any, device: torch.device) -> None:
        """See `Guide`.

        Raises:
            WeightsError: a file is missing or damaged, or for another U-Net.
        """
        held = parts(self._path)
        unet.set_default_attn_processor()  # slices are none that it knows; those that it brings need no more memory
        try:
            # What StableDiffusionPipeline.load_ip_adapter does, which needs a whole pipeline and an encoder with it.
            unet._load_ip_adapter_weights([held], low_cpu_mem_usage=False)
        except (KeyError, RuntimeError, ValueError) as error:
            raise WeightsError(
                f"{self._path} is for another U-Net ({first_line(error)[:200]}); give one for this model"
            ) from error
        for processor in unet.attn_processors.values():
            if hasattr(processor, "to_k_ip"):
                processor.scale = [self._scale]
        self._device, self._dtype = device, unet.dtype
        self._width = held["image_proj"]["proj.weight"].shape[1]

    def begin(self, crops: Sequence[Crop]) -> Telling:
        """See `Guide`."""
        wanted = torch.stack([self._of(crop) for crop in crops]).to(self._device, self._dtype)

        def tell(latents: Tensor, step: Tensor, prompts: Tensor) -> dict[str, Any]:
            halves = [wanted] if len(latents) == len(crops) else [torch.zeros_like(wanted), wanted]
            return {"added_cond_kwargs": {"image_embeds": [torch.cat(halves)]}}

        return tell

    def _of(self, crop: Crop) -> Tensor:
        """What is told of one crop, (1, D): of nothing in particular, zeros, as the network was trained."""
        key, garment = self._garments[crop.seed % len(self._garments)]
        embedding = self._cache.get(key, partial(self._embedded, garment))
        return embedding if crop.label == self._label else torch.zeros_like(embedding)

    @torch.inference_mode()
    def _embedded(self, garment: Picture) -> Tensor:
        """CLIP's embedding of a garment, (1, D); the encoder is let go again, and wanted once for each garment.

        Raises:
            WeightsError: the encoder is missing or damaged, or that of another IP-Adapter.
        """
        encoder = pretrained(library("transformers").CLIPVisionModelWithProjection, self._encoder, torch.float32)
        embedding: Tensor = encoder(shown(garment, encoder.config.image_size)).image_embeds
        if embedding.shape[1] != self._width:
            raise WeightsError(
                f"{self._path.name} wants another image encoder: {self._width} numbers of a picture, and "
                f"{self._encoder} gives {embedding.shape[1]}; give the one that was published beside it"
            )
        return embedding


def parts(path: Path) -> dict[str, dict[str, Tensor]]:
    """The `PARTS` of a file of an IP-Adapter, without running anything that it holds.

    Raises:
        WeightsError: it is missing or damaged, or of another kind.
    """
    if not path.is_file():
        raise WeightsError(f"there is no IP-Adapter {path}; give a file like ip-adapter_sd15.safetensors")
    if path.suffix.lower() == ".safetensors":
        held = files.opened(path)
        named = [(name, *name.partition(".")[::2]) for name in held.shapes]
        found = {part: {rest: held.get(name) for name, first, rest in named if first == part} for part in PARTS}
    else:
        found = {part: checkpoint.read(path).get(part, {}) for part in PARTS}
    projection = found["image_proj"]
    if not all(found.values()) or not all(
        isinstance(value, Tensor) for part in found.values() for value in part.values()
    ):
        raise WeightsError(f"{path} is no IP-Adapter: it lacks {' or '.join(PARTS)}; give ip-adapter_sd15")
    if {"proj.weight", "norm.weight"} - projection.keys():
        raise WeightsError(
            f"{path} is an IP-Adapter of another kind, for faces or of more than one embedding; give ip-adapter_sd15, "
            "or its light variant"
        )
    return found


def shown(garment: Picture, side: int) -> Tensor:
    """A garment as CLIP is shown it, (1, 3, side, side): whole, on white."""
    height, width = garment.shape[:2]
    longest = max(height, width)
    canvas = np.full((longest, longest, 3), WHITE, np.uint8)
    top, left = (longest - height) // 2, (longest - width) // 2
    canvas[top : top + height, left : left + width] = garment
    way = cv2.INTER_AREA if longest > side else cv2.INTER_CUBIC
    small = np.asarray(cv2.resize(canvas, (side, side), interpolation=way), np.float32) / 255
    levels = (small - np.array(MEAN, np.float32)) / np.array(SPREAD, np.float32)
    return torch.from_numpy(np.ascontiguousarray(levels.transpose(2, 0, 1)[None]))
