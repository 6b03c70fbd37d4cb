"""AGW for PyTorch (Ye et al., "Deep Learning for Person Re-identification: A Survey and Outlook", TPAMI 2021).

A ResNet-50 whose last stage does not shrink, with non-local attention, generalized-mean pooling and a batch-norm neck;
parameters' names as ReID-Survey publishes them. Imported by `checkpoint.py` alone, when such a network is made.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

FEATURES = 2048
STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 1))
"""(channels before they are made four times as many, blocks, stride) of every stage."""
ATTENTION = {2: 2, 3: 3}
"""After how many of the last blocks of a stage attention comes."""


class Bottleneck(nn.Module):
    """ResNet's block of three convolutions; stride in the second."""

    def __init__(self, channels: int, middle: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, middle, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, 4 * middle, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * middle)
        same = stride == 1 and channels == 4 * middle
        shortcut = nn.Conv2d(channels, 4 * middle, 1, stride=stride, bias=False), nn.BatchNorm2d(4 * middle)
        self.downsample = nn.Identity() if same else nn.Sequential(*shortcut)

    def forward(self, maps: Tensor) -> Tensor:
        rows = torch.relu(self.bn1(self.conv1(maps)))
        rows = torch.relu(self.bn2(self.conv2(rows)))
        return torch.relu(self.bn3(self.conv3(rows)) + self.downsample(maps))


class NonLocal(nn.Module):
    """Attention by dot products over a single inner channel, as published, added to what comes in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.g, self.theta, self.phi = (nn.Conv2d(channels, 1, 1) for _ in range(3))
        self.W = nn.Sequential(nn.Conv2d(1, channels, 1), nn.BatchNorm2d(channels))

    def forward(self, maps: Tensor) -> Tensor:
        count, _, height, width = maps.shape
        values, queries, keys = (layer(maps).view(count, 1, -1) for layer in (self.g, self.theta, self.phi))
        weights = queries.transpose(1, 2) @ keys / (height * width)
        seen = (weights @ values.transpose(1, 2)).transpose(1, 2).reshape(count, 1, height, width)
        added: Tensor = self.W(seen)
        return added + maps


class Pool(nn.Module):
    """Generalized mean over a map, (mean of x^p)^(1/p), with a learnt p; 1 is the mean, infinity the maximum."""

    def __init__(self) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.full((1,), 3.0))

    def forward(self, maps: Tensor) -> Tensor:
        return maps.clamp(min=1e-6).pow(self.p).mean(dim=(2, 3)).pow(1 / self.p)


class Backbone(nn.Module):
    """ResNet-50 with attention. There is no ReLU after the first layer: the published weights were trained without."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        channels = 64
        for number, (middle, blocks, stride) in enumerate(STAGES, 1):
            layers = [Bottleneck(channels, middle, stride)]
            channels = 4 * middle
            layers += [Bottleneck(channels, middle, 1) for _ in range(blocks - 1)]
            self.add_module(f"layer{number}", nn.Sequential(*layers))
            self.add_module(f"NL_{number}", nn.ModuleList(NonLocal(channels) for _ in range(ATTENTION.get(number, 0))))

    def forward(self, pictures: Tensor) -> Tensor:
        maps: Tensor = self.maxpool(self.bn1(self.conv1(pictures)))
        for number in range(1, len(STAGES) + 1):
            blocks, attention = (list(self.get_submodule(f"{part}{number}").children()) for part in ("layer", "NL_"))
            plain = len(blocks) - len(attention)
            for block in blocks[:plain]:
                maps = block(maps)
            for block, seeing in zip(blocks[plain:], attention, strict=True):
                maps = seeing(block(maps))
        return maps


class AGW(nn.Module):
    """Pictures (N, 3, 256, 128), as ImageNet's norm makes them, to embeddings (N, 2048), without the classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.base = Backbone()
        self.global_pool = Pool()
        self.bottleneck = nn.BatchNorm1d(FEATURES)

    def forward(self, pictures: Tensor) -> Tensor:
        embeddings: Tensor = self.bottleneck(self.global_pool(self.base(pictures)))
        return embeddings
