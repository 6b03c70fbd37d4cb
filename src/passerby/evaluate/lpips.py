"""LPIPS: how far apart two pictures look, by what a network makes of them. 0 is alike; there is no upper end.

Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", 2018, version 0.1. Each of the
three networks gives numbers of its own, so a figure names its network. PyTorch comes with the extra `evaluate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError, WeightsError
from passerby.evaluate.model_files import fingerprint
from passerby.evaluate.torch_files import pytorch, tensors

Net = Literal["alex", "squeeze", "vgg"]
Tensor = Any
"""A torch.Tensor; PyTorch is loaded where it is used."""

LEAST = 32
"""Pixels on a side below which nothing is left after the networks' pools."""
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)
"""What the networks' training did to R, G, B, for pictures of -1..1."""
TINY = 1e-10
"""Kept from dividing by nought where no channel answers."""


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution, and a ReLU behind it."""

    index: int
    """Of its weights in torchvision's files: features.<index>."""
    channels: int
    size: int = 3
    stride: int = 1
    padding: int = 1


@dataclass(frozen=True, slots=True)
class Fire:
    """SqueezeNet's block: a narrow convolution, then a small and a large one side by side."""

    index: int
    narrow: int
    channels: int
    """Of both together."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The maximum of squares of `size`, two pixels apart; `whole` also takes what hangs over the edge."""

    size: int
    whole: bool = False


class Tap:
    """Here features are compared."""


Layer = Conv | Fire | Pool | Tap
TAP, PLAIN_POOL, WIDE_POOL, WHOLE_POOL = Tap(), Pool(2), Pool(3), Pool(3, whole=True)

NETS: Mapping[Net, tuple[Layer, ...]] = {
    "alex": (
        *(Conv(0, 64, 11, 4, 2), TAP, WIDE_POOL),
        *(Conv(3, 192, 5, 1, 2), TAP, WIDE_POOL),
        *(Conv(6, 384), TAP, Conv(8, 256), TAP, Conv(10, 256), TAP),
    ),
    "squeeze": (
        *(Conv(0, 64, 3, 2, 0), TAP, WHOLE_POOL),
        *(Fire(3, 16, 128), Fire(4, 16, 128), TAP, WHOLE_POOL),
        *(Fire(6, 32, 256), Fire(7, 32, 256), TAP, WHOLE_POOL),
        *(Fire(9, 48, 384), TAP, Fire(10, 48, 384), TAP, Fire(11, 64, 512), TAP, Fire(12, 64, 512), TAP),
    ),
    "vgg": (
        *(Conv(0, 64), Conv(2, 64), TAP, PLAIN_POOL),
        *(Conv(5, 128), Conv(7, 128), TAP, PLAIN_POOL),
        *(Conv(10, 256), Conv(12, 256), Conv(14, 256), TAP, PLAIN_POOL),
        *(Conv(17, 512), Conv(19, 512), Conv(21, 512), TAP, PLAIN_POOL),
        *(Conv(24, 512), Conv(26, 512), Conv(28, 512), TAP),
    ),
}
"""AlexNet, SqueezeNet 1.1 and VGG-16 up to their last feature that counts."""


class Lpips:
    """The metric with one of its networks."""

    def __init__(self, net: Net, backbone: Path, heads: Path, *, device: str = "cpu") -> None:
        """Load the weights.

        Args:
            net: the network.
            backbone: its ImageNet weights, a state dict (.pth) with the names that torchvision gives.
            heads: the weights of its channels as published with LPIPS 0.1 (lin0.model.1.weight, …).
            device: where PyTorch computes.

        Raises:
            OptionError: PyTorch is not here, or the network is unknown.
            WeightsError: a file does not load, or holds weights of another network.
        """
        if net not in NETS:
            raise OptionError(f"LPIPS has no network {net!r}; choose {', '.join(NETS)}")
        self._torch = pytorch("LPIPS")
        self.name = f"LPIPS 0.1, {net}"
        self.model = f"{fingerprint(backbone)}, {fingerprint(heads)}"
        self._layers = NETS[net]
        self._weights = self._loaded(backbone, dict(_shapes(self._layers)), device)
        self._heads = list(self._loaded(heads, dict(_head_shapes(self._layers)), device).values())
        self._shift, self._scale = (
            self._torch.tensor(numbers, device=device).reshape(1, 3, 1, 1) for numbers in (SHIFT, SCALE)
        )

    def distance(self, original: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
        """LPIPS of two RGB pictures (H, W, 3), uint8."""
        return float(self.of_scaled(_scaled(original), _scaled(other))[0])

    def map(self, original: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The distance at each pixel, (H, W): every layer's, enlarged (bilinear) and added up, as `spatial=True` does.

        Its mean is near to `distance`, not equal: enlarging counts the edges differently.
        """
        function = self._torch.nn.functional
        with self._torch.inference_mode():
            layers = self._apart(_scaled(original), _scaled(other))
            size = original.shape[:2]
            whole = [function.interpolate(one, size=size, mode="bilinear", align_corners=False) for one in layers]
        return np.asarray(sum(whole)[0, 0].cpu().numpy(), np.float64)

    def of_scaled(self, a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
        """LPIPS of each pair of `a` and `b`, (N, 3, H, W) RGB of -1 (black) to 1 (white), (N,).

        The sum over layers of the mean over places of Σ w (x/|x| - y/|y|)² over channels.

        Raises:
            ValueError: the shapes differ, a side is shorter than `LEAST`, or values lie beyond -1..1, as those of
                0..255 do. Those of 0..1 cannot be told from a pale picture, and give other numbers.
        """
        with self._torch.inference_mode():
            layers = self._apart(a, b)
            return np.asarray(sum(one.mean(dim=(1, 2, 3)) for one in layers).cpu().numpy(), np.float64)

    def _apart(self, a: NDArray[Any], b: NDArray[Any]) -> list[Tensor]:
        """The weighted squared difference of every layer, (N, 1, h, w) each."""
        if a.shape != b.shape or a.ndim != 4 or a.shape[1] != 3 or min(a.shape[2:]) < LEAST:
            raise ValueError(f"pictures are {a.shape} and {b.shape}; wanted (N, 3, H, W) of {LEAST} pixels or more")
        if max(np.abs(a).max(), np.abs(b).max()) > 1:
            raise ValueError("LPIPS takes values from -1 to 1, got larger ones; give x / 127.5 - 1")
        function = self._torch.nn.functional
        features = zip(self._features(a), self._features(b), strict=True)
        return [
            function.conv2d((_normed(x) - _normed(y)) ** 2, head)
            for (x, y), head in zip(features, self._heads, strict=True)
        ]

    def _features(self, pictures: NDArray[Any]) -> Iterator[Tensor]:
        x = self._torch.tensor(np.asarray(pictures, np.float32), device=self._shift.device)
        x = (x - self._shift) / self._scale
        pool = self._torch.nn.functional.max_pool2d
        for layer in self._layers:
            match layer:
                case Conv(index, _, _, stride, padding):
                    x = self._conv(x, f"features.{index}", stride, padding)
                case Fire(index):
                    narrow = self._conv(x, f"features.{index}.squeeze")
                    small = self._conv(narrow, f"features.{index}.expand1x1")
                    large = self._conv(narrow, f"features.{index}.expand3x3", padding=1)
                    x = self._torch.cat([small, large], 1)
                case Pool(size, whole):
                    x = pool(x, size, 2, ceil_mode=whole)
                case Tap():
                    yield x

    def _conv(self, x: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return self._torch.nn.functional.conv2d(x, weight, bias, stride, padding).relu()

    def _loaded(self, path: Path, shapes: dict[str, tuple[int, ...]], device: str) -> dict[str, Tensor]:
        """The tensors of `path` that are named in `shapes`, in that order."""
        content = tensors(path)
        for name, shape in shapes.items():
            found = tuple(content[name].shape) if name in content else "nothing"
            if found != shape:
                raise WeightsError(f"{path} has {found} for {name}, wanted {shape}; give the weights of that network")
        return {name: content[name].float().to(device) for name in shapes}


def _shapes(layers: tuple[Layer, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The names and shapes of a backbone's weights."""
    before = 3
    for layer in layers:
        if isinstance(layer, Conv):
            yield f"features.{layer.index}.weight", (layer.channels, before, layer.size, layer.size)
            yield f"features.{layer.index}.bias", (layer.channels,)
            before = layer.channels
        elif isinstance(layer, Fire):
            half = layer.channels // 2
            parts = (("squeeze", layer.narrow, before, 1), ("expand1x1", half, layer.narrow, 1))
            for part, out, into, side in (*parts, ("expand3x3", half, layer.narrow, 3)):
                yield f"features.{layer.index}.{part}.weight", (out, into, side, side)
                yield f"features.{layer.index}.{part}.bias", (out,)
            before = layer.channels


def _head_shapes(layers: tuple[Layer, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The names and shapes of the heads: one for each tap, as many weights as the layer before it has channels."""
    before, taps = 0, 0
    for layer in layers:
        if isinstance(layer, Conv | Fire):
            before = layer.channels
        elif isinstance(layer, Tap):
            yield f"lin{taps}.model.1.weight", (1, before, 1, 1)
            taps += 1


def _scaled(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W, 3) of 0..255 as (1, 3, H, W) of -1..1."""
    if picture.dtype != np.uint8 or picture.ndim != 3:
        raise ValueError(f"the picture is {picture.dtype} {picture.shape}; wanted RGB uint8 (H, W, 3)")
    return picture.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(127.5) - 1


def _normed(x: Tensor) -> Tensor:
    return x / ((x * x).sum(dim=1, keepdim=True).sqrt() + TINY)
