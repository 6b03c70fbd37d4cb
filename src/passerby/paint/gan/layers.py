"""The layers that the StyleGAN generators are made of: resampling, convolutions with scaled weights, residual blocks.

As in StyleGAN2 (https://arxiv.org/abs/1912.04958), weights are kept at unit variance and scaled by one over the root of
their fan-in when they are used. Other than there, a latent w scales and shifts what comes into a layer, the weights are
not demodulated, and no noise is added.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAK = 0.2
"""The slope of lrelu below zero."""
SQRT_HALF = math.sqrt(1 / 2)
SQRT_THIRD = math.sqrt(1 / 3)


# Resampling by a filter


def binomial() -> Tensor:
    """The filter of all resampling, (4, 4), whose sum is 1."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    return torch.outer(taps, taps) / 64


def smoothed(x: Tensor, taps: Tensor, *, padding: int, stride: int = 1) -> Tensor:
    """Every channel of `x` (N, C, H, W) convolved with `taps` (4, 4)."""
    channels = x.shape[1]
    return functional.conv2d(x, taps.to(x.dtype).repeat(channels, 1, 1, 1), None, stride, padding, groups=channels)


def up2(x: Tensor, taps: Tensor) -> Tensor:
    """`x` (N, C, H, W) at twice the size: a zero after every sample, then the filter."""
    channels = x.shape[1]
    weight = (4 * taps).to(x.dtype).repeat(channels, 1, 1, 1)
    return functional.conv_transpose2d(x, weight, None, stride=2, padding=1, groups=channels)


def down2(x: Tensor, taps: Tensor) -> Tensor:
    """`x` (N, C, H, W) at half the size, (H // 2, W // 2): the filter, then every second sample."""
    return smoothed(x, taps, padding=1, stride=2)


def convolved_up(x: Tensor, weight: Tensor, taps: Tensor) -> Tensor:
    """`x` (N, C, H, W) at twice the size through `weight` (out, in, k, k), k 1 or 3."""
    if weight.shape[-1] == 1:
        return up2(functional.conv2d(x, weight), taps)
    spread = functional.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
    return smoothed(spread, 4 * taps, padding=1)


def convolved_down(x: Tensor, weight: Tensor, taps: Tensor) -> Tensor:
    """`x` (N, C, H, W) at half the size through `weight` (out, in, k, k), k 1 or 3."""
    if weight.shape[-1] == 1:
        return functional.conv2d(down2(x, taps), weight)
    return functional.conv2d(smoothed(x, taps, padding=2), weight, stride=2)


def activated(x: Tensor, *, linear: bool, gain: float = 1, clamp: float | None = None) -> Tensor:
    """The activation lrelu with its gain of root two, or nothing; times `gain`, within ± `clamp` times `gain`."""
    if not linear:
        x = functional.leaky_relu(x, LEAK) * math.sqrt(2)
    x = x * gain
    return x if clamp is None else x.clamp(-clamp * gain, clamp * gain)


# Layers with scaled weights


class Scaled(nn.Module):
    """A layer whose weight is multiplied by `scale` when it is used; `fold` does so once and for all."""

    scale: float
    weight: nn.Parameter

    def scaled(self) -> Tensor:
        """The weight as it is used."""
        return self.weight if self.scale == 1 else self.weight * self.scale

    @torch.no_grad()
    def fold(self) -> None:
        """Scale the weight in place. What is saved from then on is no published checkpoint any more."""
        self.weight.mul_(self.scale)
        self.scale = 1


def fold(module: nn.Module) -> None:
    """Scale the weights of all layers once, which spares every call a pass over all of them."""
    for layer in module.modules():
        if isinstance(layer, Scaled):
            layer.fold()


class Linear(Scaled):
    """(N, in) → (N, out)."""

    def __init__(self, inputs: int, outputs: int, *, rate: float = 1, bias: float = 0) -> None:
        """`rate` is what the learning rate was multiplied by; weights and biases are scaled by it."""
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), float(bias)))
        self.scale = rate / math.sqrt(inputs)
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.scaled(), self.bias * self.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a `Conv` differs from a plain one."""

    up: bool = False
    """Twice the size."""
    down: bool = False
    """Half the size."""
    linear: bool = False
    """No activation."""
    bias: bool = True
    norm: bool = False
    """Instance norm before the bias, without parameters."""
    gain: float = 1
    """After the activation."""
    clamp: float | None = None
    """Results stay within ± this, times the gain."""
    w_dim: int | None = None
    """Length of the latent w that scales and shifts what comes in; None where none does."""


class Conv(Scaled):
    """Modulation → convolution → instance norm → bias → activation → gain → clamp; as far as `settings` ask for it."""

    resample_filter: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if settings.bias else None
        self.scale = 1 / math.sqrt(inputs * kernel**2)
        if settings.up or settings.down:
            self.register_buffer("resample_filter", binomial())
        if settings.w_dim is not None:
            self.affine = Linear(settings.w_dim, inputs, bias=1)
            self.affine_beta = Linear(settings.w_dim, inputs)

    def forward(self, x: Tensor, w: Tensor | None = None) -> Tensor:
        chosen = self.settings
        if w is not None:
            x = x * self.affine(w)[..., None, None] + self.affine_beta(w)[..., None, None]
        x = self._convolved(x, self.scaled().to(x.dtype))
        if chosen.norm:
            x = functional.instance_norm(x)
        if self.bias is not None:
            x = x + self.bias.to(x.dtype)[:, None, None]
        return activated(x, linear=chosen.linear, gain=chosen.gain, clamp=chosen.clamp)

    def _convolved(self, x: Tensor, weight: Tensor) -> Tensor:
        if self.settings.up:
            return convolved_up(x, weight, self.resample_filter)
        if self.settings.down:
            return convolved_down(x, weight, self.resample_filter)
        return functional.conv2d(x, weight, padding=weight.shape[-1] // 2)


class Residual(nn.Module):
    """skip(x) + conv1(conv0(x)), both with the same gain."""

    def __init__(self, inputs: int, outputs: int, settings: Settings, *, linear_skip: bool) -> None:
        """`settings` are those of the 3x3 convolutions; shrinking happens in the first, growing in the second."""
        super().__init__()
        up, down, gain = settings.up, settings.down, settings.gain
        self.conv0 = Conv(inputs, outputs, 3, replace(settings, up=False, gain=1))
        self.conv1 = Conv(outputs, outputs, 3, replace(settings, down=False))
        self.skip = Conv(inputs, outputs, 1, Settings(up=up, down=down, linear=linear_skip, bias=False, gain=gain))

    def forward(self, x: Tensor, w: Tensor | None = None) -> Tensor:
        y: Tensor = self.skip(x) + self.conv1(self.conv0(x, w), w)
        return y
