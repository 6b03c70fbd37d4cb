"""DSFD (https://arxiv.org/abs/1810.10220) on a ResNet-152, as hukkelas/DSFD-Pytorch-Inference publishes its weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

BLOCKS = (3, 8, 36, 3)
"""Of the four stages of a ResNet-152."""
WIDTHS = (256, 512, 1024, 2048, 512, 256)
"""Channels of the six maps."""
ENHANCERS = ("cpm3_3", "cpm4_3", "cpm5_3", "cpm7", "cpm6_2", "cpm7_2")
PLACES = (4, 8, 12, 12, 12, 12)
CLASSES = (4, 6, 8, 8, 8, 8)
"""Numbers that the heads of each map give; those for training alone are passed over."""


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1, each with batch norm, beside a shortcut."""

    def __init__(self, inputs: int, width: int, stride: int, *, first: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        shortcut = nn.Sequential(nn.Conv2d(inputs, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))
        self.downsample = shortcut if first else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        return functional.relu(self.bn3(self.conv3(y)) + self.downsample(x))


def stage(inputs: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    """One size of a ResNet."""
    rest = [Bottleneck(4 * width, width, 1, first=False) for _ in range(blocks - 1)]
    return nn.Sequential(Bottleneck(inputs, width, stride, first=True), *rest)


def halved(inputs: int, between: int, outputs: int) -> nn.Sequential:
    """A map at half the size."""
    return nn.Sequential(
        nn.Conv2d(inputs, between, 1),
        nn.BatchNorm2d(between),
        nn.ReLU(),
        nn.Conv2d(between, outputs, 3, 2, 1),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Enhanced(nn.Module):
    """Three views of a map, each seeing further than the one before, side by side."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.cpm1 = nn.Conv2d(inputs, 256, 3, padding=1)
        self.cpm2 = nn.Conv2d(inputs, 256, 3, padding=2, dilation=2)
        self.cpm3 = nn.Conv2d(256, 128, 3, padding=1)
        self.cpm4 = nn.Conv2d(256, 128, 3, padding=2, dilation=2)
        self.cpm5 = nn.Conv2d(128, 128, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        further = self.cpm2(x).relu()
        furthest = self.cpm5(self.cpm4(further).relu())
        return torch.cat([self.cpm1(x), self.cpm3(further), furthest], 1).relu()


class Head(nn.Module):
    """Numbers for every cell of a map."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(512, 256, 3, padding=1)
        self.conv2 = nn.Conv2d(256, 256, 3, padding=1)
        self.conv3 = nn.Conv2d(256, 256, 3, padding=1)
        self.conv4 = nn.Conv2d(256, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in (self.conv1, self.conv2, self.conv3):
            x = layer(x).relu()
        y: Tensor = self.conv4(x)
        return y


class DSFDNetwork(nn.Module):
    """A picture → for every cell of six maps how far a face's box is off, and the scores of background and face."""

    def __init__(self) -> None:
        super().__init__()
        start = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        self.layer1 = nn.Sequential(*start, stage(64, 64, BLOCKS[0], 1))
        for i in (2, 3, 4):
            width = 64 << (i - 1)
            setattr(self, f"layer{i}", nn.Sequential(stage(2 * width, width, BLOCKS[i - 1], 2)))
        self.layer5, self.layer6 = halved(2048, 512, 512), halved(512, 128, 256)
        for i in (1, 2, 3):
            setattr(self, f"latlayer{i}", nn.Conv2d(WIDTHS[i], WIDTHS[i - 1], 1))
            setattr(self, f"smooth{i}", nn.Conv2d(WIDTHS[i - 1], WIDTHS[i - 1], 1))
        for name, width in zip(ENHANCERS, WIDTHS, strict=True):
            setattr(self, name, Enhanced(width))
        self.loc, self.conf = nn.ModuleList(map(Head, PLACES)), nn.ModuleList(map(Head, CLASSES))

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Look.

        Args:
            picture: (1, 3, H, W), BGR less its mean.

        Returns:
            (N, 4) and (N, 2), row by row of the largest map first; the two scores sum to 1.
        """
        maps, x = [], picture
        for i in range(1, 7):
            x = getattr(self, f"layer{i}")(x)
            maps.append(x)
        for i in (3, 2, 1):
            above = getattr(self, f"latlayer{i}")(maps[i])
            above = functional.interpolate(above, maps[i - 1].shape[2:], mode="bilinear", align_corners=True)
            maps[i - 1] = getattr(self, f"smooth{i}")(maps[i - 1]) * above
        seen = [getattr(self, name)(one) for name, one in zip(ENHANCERS, maps, strict=True)]
        places = [_rows(head(one))[:, :4] for head, one in zip(self.loc, seen, strict=True)]
        scores = [_two(_rows(head(one)), i) for i, (head, one) in enumerate(zip(self.conf, seen, strict=True))]
        return torch.cat(places), torch.cat(scores).softmax(1)


def _rows(values: Tensor) -> Tensor:
    """(1, C, H, W) as (H · W, C)."""
    return values[0].flatten(1).T


def _two(values: Tensor, level: int) -> Tensor:
    """Background and face out of four numbers: the best of three is background on the largest map, else a face."""
    best, other = values[:, :3].amax(1), values[:, 3]
    return torch.stack([best, other] if level == 0 else [other, best], 1)
