"""A network that draws for `pasting`: crops in, crops out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from passerby.core.errors import OptionError, StageError, WeightsError, first_line
from passerby.paint.compiling import compiling
from passerby.paint.gan import msg, pose
from passerby.paint.gan.boxes import Size
from passerby.paint.gan.msg import MSGGenerator
from passerby.paint.gan.pasting import Picture, Target
from passerby.paint.gan.style import StyleNet, latent
from passerby.paint.gan.tria import TriaGAN
from passerby.paint.gan.unet import StyleGANUnet
from passerby.runtime import Session

Precision = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True, kw_only=True)
class Looks:
    """How far looks may differ."""

    truncation: float = 0
    """0 gives everybody one look, 1 all that the network knows, and many that are no good."""
    modes: bool = False
    """Pull towards one of many centres instead of the one mean: with 0, as many looks as there are centres."""

    def __post_init__(self) -> None:
        if not 0 <= self.truncation <= 1:
            raise OptionError(f"truncation lies in 0..1, got {self.truncation}")


@dataclass(frozen=True, kw_only=True)
class Running:
    """Where and how a network computes."""

    device: str = "cpu"
    precision: Precision = "fp32"
    channels_last: bool = False
    compiled: bool = False
    graph: Path | None = None
    """An ONNX file of the same network (`export.exported`), which onnxruntime or OpenVINO runs in its place."""
    batch: int = 8
    """Crops at a time, at most."""

    def __post_init__(self) -> None:
        if self.graph and (self.compiled or self.channels_last or self.precision != "fp32"):
            raise OptionError("a graph draws as it was exported: leave out precision, channels_last and compiled")
        if self.batch < 1:
            raise OptionError(f"a batch is 1 crop or more, got {self.batch}")
        if self.device == "cpu" and self.precision == "fp16":
            raise OptionError("fp16 is for graphics cards, and the device is cpu; take bf16 or fp32")


def usual_looks(net: nn.Module) -> Looks:
    """As many as the weights have centres; without any, half-way to the mean."""
    style = getattr(net, "style_net", None)
    return Looks(truncation=0.5) if style is None or style.w_centers is None else Looks(modes=True)


class Graph:
    """A network that was exported, and takes what the network takes."""

    def __init__(self, path: Path) -> None:
        """Load the file at `path`.

        Raises:
            WeightsError: it cannot be read.
        """
        self._session = Session(path)

    def __call__(self, *told: Tensor) -> Tensor:
        names = [port.name for port in self._session.inputs]
        given = (np.ascontiguousarray(numbers.cpu().numpy()) for numbers in told)
        [drawn] = self._session.run(dict(zip(names, given, strict=True)))
        return torch.from_numpy(drawn)


class Generator:
    """Draws faces or persons with a network that has its weights. A `Drawer`.

    Unknown pixels are blanked before the network sees them: what it draws cannot depend on them.
    """

    def __init__(self, net: nn.Module, *, looks: Looks | None = None, running: Running | None = None) -> None:
        """Move `net` to where it computes.

        Raises:
            OptionError: it is no generator, or the device is not here.
            WeightsError: its graph cannot be read, or looks are to be pulled to centres, and the weights have none.
        """
        if not isinstance(net, StyleGANUnet | MSGGenerator | TriaGAN):
            raise OptionError(f"a {type(net).__name__} is no generator; use one of published.load")
        self.looks, self.running = looks or Looks(), running or Running()
        if self.looks.modes and (isinstance(net, MSGGenerator) or net.style_net.w_centers is None):
            raise WeightsError("these weights have no centres (w_centers) to pull looks to; use plain truncation")
        try:
            self._net = net.to(self.running.device).eval().requires_grad_(False)
        except (RuntimeError, AssertionError) as error:
            raise OptionError(f"cannot compute on {self.running.device!r} ({first_line(error)})") from error
        if self.running.channels_last:
            self._net = self._net.to(memory_format=torch.channels_last)
        self._forward: Callable[..., Tensor] = self._net
        if self.running.graph:
            self._forward = Graph(self.running.graph)
        elif self.running.compiled:
            self._forward = torch.compile(self._net, dynamic=False)

    @property
    def size(self) -> Size:
        """(height, width) of the crops."""
        side = msg.SIZES[-1]
        return (side, side) if isinstance(self._net, MSGGenerator) else self._net.size.imsize

    def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> NDArray[np.float32]:
        """See `Drawer`.

        Raises:
            StageError: a target does not tell what the network has to know.
            OptionError: it is to be compiled, and there is no compiler.
        """
        step = self.running.batch
        parts = [
            self._batch(pictures[i : i + step], targets[i : i + step], seeds[i : i + step])
            for i in range(0, len(pictures), step)
        ]
        return np.concatenate([np.empty((0, *self.size, 3), np.float32), *parts])

    @torch.inference_mode()
    def _batch(
        self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]
    ) -> NDArray[np.float32]:
        count = len(pictures)
        if self.running.compiled:  # for one size of batch alone: every other would be compiled anew
            rows = [min(i, count - 1) for i in range(self.running.batch)]
            pictures, targets, seeds = [pictures[i] for i in rows], [targets[i] for i in rows], [seeds[i] for i in rows]
        mask = self._planes([target.known for target in targets])
        condition = self._tensor(np.stack(pictures)).permute(0, 3, 1, 2).sub(127.5).div(127.5) * mask
        if self.running.channels_last:
            condition = condition.to(memory_format=torch.channels_last)
        latents = self._latents(np.array(seeds, np.int64))
        told = self._told(targets)
        with compiling("the generator"), self._autocast():
            drawn = self._forward(condition, mask, latents, *told)
        levels = drawn[:count].float().add(1).div(2).clamp(0, 1).mul(255).permute(0, 2, 3, 1)
        return np.asarray(levels.cpu().numpy(), np.float32)

    def _autocast(self) -> AbstractContextManager[None]:
        kind = torch.float16 if self.running.precision == "fp16" else torch.bfloat16
        context: AbstractContextManager[None] = torch.autocast(
            torch.device(self.running.device).type, kind, enabled=self.running.precision != "fp32"
        )
        return context

    def _latents(self, seeds: NDArray[np.int64]) -> Tensor:
        """What the network takes of each seed: w, or of DeepPrivacy 1 z."""
        if isinstance(self._net, MSGGenerator):
            return self._tensor(np.stack([latent(int(seed), msg.Z_DIM) for seed in seeds]))
        style: StyleNet = self._net.style_net
        w = style(self._tensor(np.stack([latent(int(seed), style.z_dim) for seed in seeds])))
        if self.looks.modes:
            return style.truncated_to_modes(w, self.looks.truncation, seeds)
        return style.truncated(w, self.looks.truncation)

    def _told(self, targets: Sequence[Target]) -> tuple[Tensor, ...]:
        """What the network has to know besides picture, mask and latent."""
        net = self._net
        if isinstance(net, MSGGenerator):
            return (self._tensor(np.stack([_said(target.keypoints, "keypoints") for target in targets])),)
        if isinstance(net, TriaGAN):
            bodies = [_said(target.body_known, "the body's mask") for target in targets]
            poses = [pose.planes(_said(target.keypoints, "keypoints"), self.size) for target in targets]
            return self._planes(bodies), self._tensor(np.stack(poses))
        if not net.size.cse_nc:
            return ()
        numbers = np.stack([_said(target.embedding, "a surface embedding") for target in targets])
        where = [_said(target.embedding_known, "the embedding's mask") for target in targets]
        return self._tensor(numbers).permute(0, 3, 1, 2), self._planes(where)

    def _planes(self, masks: Sequence[NDArray[np.bool_]]) -> Tensor:
        return self._tensor(np.stack(masks)[:, None])

    def _tensor(self, numbers: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(numbers)).to(self.running.device, torch.float32)


def _said(value: NDArray[Any] | None, what: str) -> NDArray[Any]:
    if value is None:
        raise StageError(f"this generator has to be told {what}, and a target lacks it; use a generator without")
    return value
