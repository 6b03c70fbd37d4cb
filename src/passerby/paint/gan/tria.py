"""The generator of TriA-GAN ("Synthesizing Anyone, Anywhere, in Any Pose", WACV 2024): persons, guided by keypoints.

Every layer is modulated by w before it computes, in the encoder as well, and the decoder adds noise drawn once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from passerby.paint.gan.layers import SQRT_HALF, SQRT_THIRD, Linear, Scaled, activated, binomial, down2, up2
from passerby.paint.gan.pose import PLANES as POSE_PLANES
from passerby.paint.gan.records import check_record
from passerby.paint.gan.style import StyleNet

TOLD = 3 + 2 + 2 + POSE_PLANES
"""Channels that the network is shown: picture, mask, mask of the body, and pose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriaSize:
    """What tells one trained network of this kind from another, under the names of the published configurations."""

    imsize: tuple[int, int] = (288, 160)
    """(height, width) in pixels."""
    dim: int = 128
    """Channels at the full size."""
    dim_mults: tuple[int, ...] = (1, 2, 4, 4, 4, 4)
    """How many times more there are at each level, the full size first."""
    z_channels: int = 64
    w_dim: int = 512

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The size in a `constructor` record of a published configuration.

        Raises:
            OptionError: it asks for something that none of the published networks has.
        """
        fixed = {"num_resnet_blocks": 2, "n_middle_blocks": 2, "input_joint": True, "input_keypoints": True}
        fixed |= dict.fromkeys(("norm_enc", "norm_dec", "layer_scale", "use_noise", "use_maskrcnn_mask"), True)
        check_record(record, fixed)
        height, width = record["imsize"]
        return cls(
            imsize=(height, width),
            dim=record["dim"],
            dim_mults=tuple(record["dim_mults"]),
            z_channels=record["z_channels"],
            w_dim=record["w_dim"],
        )

    @property
    def channels(self) -> tuple[int, ...]:
        """Of each level, the full size first."""
        return tuple(self.dim * times for times in self.dim_mults)


class Convolution(Scaled):
    """A convolution whose weight and bias are scaled; `fan_in` inputs count for the weight's scale."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, fan_in: int, bias: bool, gain: float = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale = gain / math.sqrt(fan_in * kernel**2)
        self.gain = gain

    def convolved(self, x: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias.to(x.dtype) * self.gain
        return functional.conv2d(x, self.scaled().to(x.dtype), bias, padding=self.weight.shape[-1] // 2)


class Plain(Convolution):
    """Nothing but the convolution."""

    def forward(self, x: Tensor) -> Tensor:
        return self.convolved(x)


class Joint(Convolution):
    """What the encoder passes on to the decoder: instance norm, lrelu, 1x1 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 1, fan_in=channels, bias=False, gain=SQRT_THIRD)

    def forward(self, x: Tensor) -> Tensor:
        return self.convolved(activated(functional.instance_norm(x), linear=False))


class Modulated(Convolution):
    """Instance norm, scale and shift by w, lrelu, 3x3 convolution, noise."""

    noise_const: Tensor

    def __init__(self, inputs: int, outputs: int, w_dim: int, *, gain: float, noise: tuple[int, int] | None) -> None:
        """`noise`: the (height, width) of noise, if there is any."""
        super().__init__(inputs, outputs, 3, fan_in=inputs, bias=True, gain=gain)
        self.affine = Linear(w_dim, inputs, bias=1)
        self.affine_beta = Linear(w_dim, inputs)
        self.noise_strength = None if noise is None else nn.Parameter(torch.zeros(()))
        if noise is not None:
            self.register_buffer("noise_const", torch.randn(noise))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        x = functional.instance_norm(x)
        x = x * self.affine(w)[..., None, None] + self.affine_beta(w)[..., None, None]
        x = self.convolved(activated(x, linear=False))
        return x if self.noise_strength is None else x + (self.noise_const * self.noise_strength).to(x.dtype)


class Block(nn.Module):
    """skip(x) + conv1(conv0(x)) · layer_scale."""

    def __init__(
        self, inputs: int, outputs: int, w_dim: int, *, gain: float, noise: tuple[int, int] | None = None
    ) -> None:
        super().__init__()
        self.layer_scale = nn.Parameter(torch.ones(1, outputs, 1, 1))
        self.conv0 = Modulated(inputs, inputs, w_dim, gain=1, noise=noise)
        self.conv1 = Modulated(inputs, outputs, w_dim, gain=gain, noise=noise)
        self.skip = Plain(inputs, outputs, 1, fan_in=inputs, bias=False, gain=gain)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        y: Tensor = self.skip(x) + self.conv1(self.conv0(x, w), w) * self.layer_scale
        return y


class Blocks(nn.ModuleList):
    """One after the other."""

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        for block in self:
            x = block(x, w)
        return x


class Resampling(nn.Module):
    """Holds the filter."""

    resample_filter: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("resample_filter", binomial())


class Encoder(nn.Module):
    """From the full size to the smallest; `layers` holds the smallest first."""

    def __init__(self, size: TriaSize) -> None:
        super().__init__()
        wide = size.channels
        below = (*wide[1:], wide[-1])
        self.layers = nn.ModuleList(
            Blocks([Block(c, c, size.w_dim, gain=SQRT_HALF), Block(c, d, size.w_dim, gain=SQRT_HALF)])
            for c, d in reversed(list(zip(wide, below, strict=True)))
        )
        self.downsample = Resampling()

    def forward(self, x: Tensor, w: Tensor) -> list[Tensor]:
        """What every level passes on, the smallest first."""
        passed: list[Tensor] = []
        for level in reversed(self.layers):
            if passed:
                x = down2(x, self.downsample.resample_filter)
            x = level(x, w)
            passed.insert(0, x)
        return passed


class Decoder(nn.Module):
    """From the smallest size to the full one."""

    def __init__(self, size: TriaSize) -> None:
        super().__init__()
        wide = size.channels[::-1]
        above = (wide[0], *wide[:-1])
        height, width = size.imsize
        self.middle_blocks = Blocks()
        self.layers, self.unet_layers = nn.ModuleList(), nn.ModuleDict()
        for i, (c, d) in enumerate(zip(above, wide, strict=True)):
            noise = height >> (len(wide) - 1 - i), width >> (len(wide) - 1 - i)
            if i == 0:
                for _ in range(2):
                    self.middle_blocks.append(Block(c, c, size.w_dim, gain=SQRT_HALF, noise=noise))
            else:
                self.unet_layers[str(i)] = nn.Sequential(Joint(c))
            first = Block(c, d, size.w_dim, gain=SQRT_THIRD if i else SQRT_HALF, noise=noise)
            second = Block(d, d, size.w_dim, gain=SQRT_HALF, noise=noise)
            self.layers.append(Blocks([first, second]))
        self.upsample = Resampling()
        self.to_rgb = Plain(wide[-1], 3, 1, fan_in=wide[-1], bias=True)

    def forward(self, passed: list[Tensor], w: Tensor) -> Tensor:
        """Of what the levels of the encoder passed on, the smallest first, (N, 3, H, W)."""
        x = self.middle_blocks(passed[0], w)
        for i, level in enumerate(self.layers):
            if i:
                x = up2(x, self.upsample.resample_filter) + self.unet_layers[str(i)](passed[i])
            x = level(x, w)
        y: Tensor = self.to_rgb(x)
        return y


class TriaGAN(nn.Module):
    """Known pixels, mask, pose and w → a picture whose unknown pixels are drawn."""

    def __init__(self, size: TriaSize) -> None:
        super().__init__()
        self.size = size
        self.style_net = StyleNet(size.z_channels, size.w_dim)
        # The published weights were trained with 7 in place of the number of channels.
        self.from_rgb = Plain(TOLD, size.dim, 7, fan_in=7, bias=True)
        self.encoder = Encoder(size)
        self.decoder = Decoder(size)

    def forward(self, condition: Tensor, mask: Tensor, w: Tensor, body_mask: Tensor, pose: Tensor) -> Tensor:
        """Draw.

        Args:
            condition: (N, 3, H, W) in [-1, 1], 0 where unknown.
            mask: (N, 1, H, W), 1 where known.
            w: (N, w_dim).
            body_mask: (N, 1, H, W), 0 where the person is; no larger than what is unknown.
            pose: (N, 23, H, W), as `pose.planes` makes it of keypoints.

        Returns:
            (N, 3, H, W), in [-1, 1] or a little beyond: `condition` where known.
        """
        x = self.from_rgb(torch.cat([condition, mask, 1 - mask, body_mask, 1 - body_mask, pose], 1))
        rgb: Tensor = self.decoder(self.encoder(x, w), w)
        return condition * mask + (1 - mask) * rgb
