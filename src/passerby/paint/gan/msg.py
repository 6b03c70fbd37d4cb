"""The generator of the first DeepPrivacy (https://arxiv.org/abs/1909.04538): a U-Net that is told seven keypoints.

It draws a picture at every size from 4 pixels up and gives their sum.
"""

from __future__ import annotations

import math
from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

from passerby.paint.gan.layers import LEAK, Scaled

SIZES = (4, 8, 16, 32, 64, 128)
WIDTH = 512
"""Channels up to 32 pixels in the published network; there are half as many at 64, and a quarter at 128."""
Z_DIM = 512
LATENT = (32, 4, 4)
"""The shape that z takes."""
POINTS = 7
POSE = (16, 4, 4)
"""The shape that keypoints take on."""


def channels(side: int, width: int = WIDTH) -> int:
    """At the size of `side` pixels."""
    return width // max(side // 32, 1)


class ConvAct(Scaled):
    """Convolution, leaky ReLU, and every pixel brought to unit length."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, linear: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = 1 / math.sqrt(inputs * kernel**2)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        x = functional.conv2d(x, self.scaled().to(x.dtype), self.bias.to(x.dtype), padding=self.weight.shape[-1] // 2)
        if self.linear:
            return x
        x = functional.leaky_relu(x, LEAK)
        return x * (x.square().mean(1, keepdim=True) + 1e-7).rsqrt()


class PoseLinear(Scaled):
    """(N, in) → (N, out), leaky ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(functional.linear(x, self.scaled(), self.bias), LEAK)


def named(**layers: nn.Module) -> nn.Sequential:
    """One after the other, under the names that they have in the checkpoint."""
    return nn.Sequential(OrderedDict(layers))


def block(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3x3 convolutions."""
    return named(layers=named(**{"0": ConvAct(inputs, inputs, 3), "3": ConvAct(inputs, outputs, 3)}))


class MSGGenerator(nn.Module):
    """Known pixels, mask, keypoints and z → a picture of 128x128 whose unknown pixels are drawn."""

    def __init__(self, width: int = WIDTH) -> None:
        """`width` is the number of channels up to 32 pixels."""
        super().__init__()
        sizes = {side: channels(side, width) for side in SIZES}
        self.from_rgb = nn.Sequential(ConvAct(5, sizes[128], 1))
        pose = named(**{"1": PoseLinear(2 * POINTS, 128), "3": PoseLinear(128, math.prod(POSE))})
        self.encoder = nn.ModuleDict()
        self.decoder = nn.ModuleDict({"pose_fcnn": named(pose_preprocessor=pose)})
        self.rgb_convolutions = nn.ModuleDict({str(s): ConvAct(c, 3, 1, linear=True) for s, c in sizes.items()})
        for side, wide in sizes.items():
            below = sizes[max(side // 2, 4)]
            self.encoder[f"basic_block{side}"] = block(wide, below)
            start = below if side > 4 else below + LATENT[0] + POSE[0]
            self.decoder[f"basic_block{side}"] = block(start, wide)
            if side > 4:
                skip = nn.Sequential(ConvAct(2 * below, below, 1))
                self.decoder[f"skip_connection{side}"] = named(conv=named(layers=skip))

    def forward(self, condition: Tensor, mask: Tensor, z: Tensor, keypoints: Tensor) -> Tensor:
        """Draw.

        Args:
            condition: (N, 3, 128, 128) in [-1, 1], 0 where unknown.
            mask: (N, 1, 128, 128), 1 where known.
            z: (N, 512).
            keypoints: (N, 7, 2 or more) x y, as shares of the picture's sides.

        Returns:
            (N, 3, 128, 128), in [-1, 1] or a little beyond: `condition` where known.
        """
        passed = {}
        x = self.from_rgb(torch.cat([condition, mask, 1 - mask], 1))
        for side in reversed(SIZES):
            passed[side] = x = self.encoder[f"basic_block{side}"](x)
            if side > SIZES[0]:
                x = functional.avg_pool2d(x, 2)
        pose = self.decoder["pose_fcnn"](keypoints[..., :2].flatten(1).clamp(-1, 1) * 2 - 1)
        x = torch.cat([x, z.view(-1, *LATENT).to(x.dtype), pose.view(-1, *POSE).to(x.dtype)], 1)
        total = x.new_zeros(x.shape[0], 3, SIZES[0] // 2, SIZES[0] // 2)
        for side in SIZES:
            if side > SIZES[0]:
                x = torch.cat([functional.interpolate(x, scale_factor=2), passed[side]], 1)
                x = self.decoder[f"skip_connection{side}"](x)
            x = self.decoder[f"basic_block{side}"](x)
            total = functional.interpolate(total, scale_factor=2) + self.rgb_convolutions[str(side)](x)
        return condition * mask + (1 - mask) * total / len(SIZES)
