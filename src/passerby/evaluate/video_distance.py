"""How far two heaps of video pieces are apart in the features of a network: FVD, where that is I3D on Kinetics-400."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from passerby.evaluate.distribution import frechet
from passerby.evaluate.statistics import Figure

Picture = NDArray[np.uint8]


class VideoFeatures(Protocol):
    """A frozen network that turns clips into numbers."""

    name: str
    model: str
    """File and sha256."""
    frames: int
    """How many frames it looks at."""

    def features(self, clips: Sequence[Sequence[Picture]]) -> NDArray[Any]:
        """(N, d) for N clips of `frames` RGB pictures each."""
        ...


@dataclass(slots=True)
class VideoDistance:
    """Takes frames of two videos side by side, and remembers the features of their pieces, which do not overlap."""

    network: VideoFeatures
    _waiting: tuple[list[Picture], list[Picture]] = field(default_factory=lambda: ([], []))
    _rows: tuple[list[NDArray[Any]], list[NDArray[Any]]] = field(default_factory=lambda: ([], []))

    def begin(self) -> None:
        """The next frame is of another clip; a piece that is not whole is dropped."""
        self._waiting = [], []

    def add(self, original: Picture, other: Picture) -> None:
        """The next frame before and after, RGB (H, W, 3)."""
        for waiting, rows, picture in zip(self._waiting, self._rows, (original, other), strict=True):
            waiting.append(picture)
            if len(waiting) == self.network.frames:
                rows.append(self.network.features([waiting])[0])
                waiting.clear()

    def figure(self) -> Figure:
        """The squared Fréchet distance of both heaps.

        Unterthiner et al., "Towards accurate generative models of video", 2018. Other networks give other numbers, so
        it is called by the network's name. Published FVDs stand on thousands of clips; fewer make it larger.
        """
        network, n = self.network, len(self._rows[0])
        name = f"Fréchet video distance of {network.name}"
        protocol = f"pieces of {network.frames} frames without overlap"
        if n < 2:
            missing = f"{n} pieces of {network.frames} frames; 2 are needed at least"
            return Figure(name=name, value=None, n=n, protocol=protocol, model=network.model, missing=missing)
        a, b = (np.stack(rows) for rows in self._rows)
        notes: tuple[str, ...] = ("no interval: pieces of one video are alike",)
        if n < a.shape[1]:
            notes = (f"N = {n} < d = {a.shape[1]}: the covariance is singular", *notes)
        return Figure(name=name, value=frechet(a, b), n=n, protocol=protocol, model=network.model, notes=notes)
