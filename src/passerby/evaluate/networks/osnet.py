"""OSNet for PyTorch (Zhou et al., ICCV 2019), with the parameters' names as deep-person-reid publishes them.

Imported by `checkpoint.py` alone, when such a network is made.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

FEATURES = 512


class ConvNorm(nn.Module):
    """Convolution, batch norm and, unless `linear`, ReLU."""

    def __init__(self, channels: tuple[int, int], size: int = 1, stride: int = 1, *, linear: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(*channels, size, stride=stride, padding=size // 2, bias=False)
        self.bn = nn.BatchNorm2d(channels[1])
        self._linear = linear

    def forward(self, pictures: Tensor) -> Tensor:
        rows: Tensor = self.bn(self.conv(pictures))
        return rows if self._linear else torch.relu(rows)


class LightConv(nn.Module):
    """A 3x3 convolution in two: 1x1 over all channels, then 3x3 in each."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv2(self.conv1(pictures))))


class Gate(nn.Module):
    """Weighs channels by what they hold in the mean; one gate for all scales of a block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 16, 1)
        self.fc2 = nn.Conv2d(channels // 16, channels, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        means = pictures.mean(dim=(2, 3), keepdim=True)
        return pictures * torch.sigmoid(self.fc2(torch.relu(self.fc1(means))))


class Block(nn.Module):
    """Four streams of one to four light convolutions, from 3x3 to 9x9 pixels, gated and added up."""

    def __init__(self, channels: tuple[int, int]) -> None:
        super().__init__()
        middle = channels[1] // 4
        self.conv1 = ConvNorm((channels[0], middle))
        # The first stream is a single layer and is not in a sequence: its parameters have shorter names.
        self.conv2a = LightConv(middle)
        self.conv2b, self.conv2c, self.conv2d = (
            nn.Sequential(*(LightConv(middle) for _ in range(depth))) for depth in (2, 3, 4)
        )
        self.gate = Gate(middle)
        self.conv3 = ConvNorm((middle, channels[1]), linear=True)
        self.downsample = ConvNorm(channels, linear=True) if channels[0] != channels[1] else nn.Identity()

    def forward(self, pictures: Tensor) -> Tensor:
        reduced = self.conv1(pictures)
        streams = (self.conv2a, self.conv2b, self.conv2c, self.conv2d)
        gated: Tensor = sum((self.gate(stream(reduced)) for stream in streams[1:]), self.gate(streams[0](reduced)))
        return torch.relu(self.conv3(gated) + self.downsample(pictures))


class OSNet(nn.Module):
    """Pictures (N, 3, 256, 128), as ImageNet's norm makes them, to embeddings (N, 512), without the classifier."""

    def __init__(self, width: int) -> None:
        """`width` is the number of channels of the first layer: 64 for x1_0, 16 for x0_25."""
        super().__init__()
        first, second, third, last = width, 4 * width, 6 * width, 8 * width
        self.conv1 = ConvNorm((3, first), 7, stride=2)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv2 = _stage((first, second), shrinks=True)
        self.conv3 = _stage((second, third), shrinks=True)
        self.conv4 = _stage((third, last), shrinks=False)
        self.conv5 = ConvNorm((last, last))
        self.fc = nn.Sequential(nn.Linear(last, FEATURES), nn.BatchNorm1d(FEATURES), nn.ReLU())

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.conv4(self.conv3(self.conv2(self.maxpool(self.conv1(pictures)))))
        embeddings: Tensor = self.fc(self.conv5(maps).mean(dim=(2, 3)))
        return embeddings


def _stage(channels: tuple[int, int], *, shrinks: bool) -> nn.Sequential:
    """Two blocks and, where it `shrinks`, a halving."""
    layers: list[nn.Module] = [Block(channels), Block((channels[1], channels[1]))]
    if shrinks:
        layers.append(nn.Sequential(ConvNorm((channels[1], channels[1])), nn.AvgPool2d(2, stride=2)))
    return nn.Sequential(*layers)
