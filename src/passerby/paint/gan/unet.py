"""The U-Net generator of DeepPrivacy2 (https://arxiv.org/abs/2211.09454), for faces and for persons.

What it is shown of a picture are its known pixels and where they are. It draws the others, guided by w.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from passerby.paint.gan.layers import SQRT_HALF, SQRT_THIRD, Conv, Residual, Settings
from passerby.paint.gan.records import check_record
from passerby.paint.gan.style import StyleNet

SMALLEST = 8
"""Pixels along the longer side at the bottom of the U, or a little more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnetSize:
    """What tells one trained network of this kind from another, under the names of the published configurations."""

    imsize: tuple[int, int]
    """(height, width) in pixels."""
    cnum: int
    """Channels at the full size."""
    max_cnum_mul: int
    """How many times more there are at most further down."""
    z_channels: int = 512
    w_dim: int = 512
    conv_clamp: float | None = 256
    cse_nc: int = 0
    """Numbers per pixel that say which spot of the body it shows; 0 where the network is not told."""
    fix_errors: bool = True
    """Skips are linear and joints are scaled by √⅓; the one network trained before has lrelu and √½."""

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The size in a `constructor` record of a published configuration.

        Raises:
            OptionError: it asks for something that none of the published networks has.
        """
        fixed = {"im_channels": 3, "min_fmap_resolution": SMALLEST, "n_middle_blocks": 0, "mask_output": True}
        check_record(record, fixed | {"input_keypoints": False})
        names = ("cnum", "max_cnum_mul", "z_channels", "w_dim", "conv_clamp", "fix_errors")
        numbers = record["cse_nc"] if record["input_cse"] else 0
        height, width = record["imsize"]
        return cls(imsize=(height, width), cse_nc=numbers, **{name: record[name] for name in names})

    @property
    def levels(self) -> int:
        """Sizes that the U goes through, each half of the one above."""
        return math.floor(math.log2(max(self.imsize)) - math.log2(SMALLEST)) + 1

    def channels(self, side: int) -> int:
        """At the level whose longer side has that many pixels."""
        doubled = math.floor(math.log2(max(self.imsize)) - math.log2(side))
        return self.cnum * min(1 << doubled, self.max_cnum_mul)


class StyleGANUnet(nn.Module):
    """Known pixels, mask and w → a picture whose unknown pixels are drawn."""

    def __init__(self, size: UnetSize) -> None:
        super().__init__()
        self.size, last = size, size.levels - 1
        self.style_net = StyleNet(size.z_channels, size.w_dim)
        told = 4 + (size.cse_nc + 1 if size.cse_nc else 0)
        self.from_rgb = Conv(told, size.cnum, 1, Settings())
        self.encoder = nn.ModuleList(self._encoder(max(size.imsize) >> i, i) for i in range(last + 1))
        joint = SQRT_THIRD if size.fix_errors else SQRT_HALF
        for i in range(last + 1):
            side = max(size.imsize) >> (last - i)
            channels = size.channels(side if i == 0 else side // 2)
            if i:
                settings = Settings(norm=True, clamp=size.conv_clamp, gain=joint)
                setattr(self, f"unet_block{i}", Conv(channels, channels, 1, settings))
        self.decoder = nn.ModuleList(self._decoder(max(size.imsize) >> (last - i), i) for i in range(last + 1))
        self.to_rgb = Conv(size.cnum, 3, 1, Settings(linear=True, clamp=size.conv_clamp))

    def _encoder(self, side: int, i: int) -> Residual:
        size = self.size
        below = side // 2 if i < size.levels - 1 else side
        settings = Settings(down=i > 0, gain=SQRT_HALF, clamp=size.conv_clamp)
        return Residual(size.channels(side), size.channels(below), settings, linear_skip=size.fix_errors)

    def _decoder(self, side: int, i: int) -> Residual:
        size = self.size
        below = side // 2 if i else side
        settings = Settings(up=i < size.levels - 1, norm=True, gain=SQRT_THIRD, clamp=size.conv_clamp, w_dim=size.w_dim)
        return Residual(size.channels(below), size.channels(side), settings, linear_skip=size.fix_errors)

    def forward(
        self,
        condition: Tensor,
        mask: Tensor,
        w: Tensor,
        embedding: Tensor | None = None,
        embedding_mask: Tensor | None = None,
    ) -> Tensor:
        """Draw.

        Args:
            condition: (N, 3, H, W) in [-1, 1], 0 where unknown.
            mask: (N, 1, H, W), 1 where known.
            w: (N, w_dim).
            embedding: (N, cse_nc, H, W), 0 where `embedding_mask` is; only of networks that take it.
            embedding_mask: (N, 1, H, W), 1 where the spot of the body is known.

        Returns:
            (N, 3, H, W), in [-1, 1] or a little beyond: `condition` where known.
        """
        told = [condition, mask]
        if embedding is not None and embedding_mask is not None:
            told += [embedding, embedding_mask]
        x = self.from_rgb(torch.cat(told, 1))
        passed = []
        for block in self.encoder:
            x = block(x)
            passed.append(x)
        for i, block in enumerate(self.decoder):
            if i:
                x = x + getattr(self, f"unet_block{i}")(passed[-1 - i])
            x = block(x, w)
        rgb: Tensor = self.to_rgb(x)
        return condition * mask + (1 - mask) * rgb
