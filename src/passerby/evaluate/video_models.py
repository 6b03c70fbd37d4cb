"""A network that looks at clips, from an ONNX file: for action recognition and for distances of videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable, OptionError, StageError
from passerby.evaluate.model_files import fingerprint
from passerby.runtime import Session

Picture = NDArray[np.uint8]
Layout = Literal["NCTHW", "NTCHW", "NSCTHW"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipInput:
    """How a network wants its clips. The defaults are mmaction2's for Kinetics-400."""

    layout: Layout = "NCTHW"
    """N clips, S views, C channels (RGB), T frames, H, W. mmaction2's 3D networks take NSCTHW, its 2D ones NTCHW."""
    frames: int = 8
    """Taken at equal steps over the whole clip, each from the middle of its part."""
    side: int = 224
    """The shorter side is scaled to it, and the middle is cut out."""
    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    std: tuple[float, float, float] = (58.395, 57.12, 57.375)
    """Of R, G, B in 0..255."""

    def __post_init__(self) -> None:
        if self.frames < 1 or self.side < 1 or not all(self.std):
            raise OptionError(f"a clip of {self.frames} frames, {self.side} pixels and std {self.std} is none")

    @classmethod
    def fitting(cls, shape: tuple[int | None, ...]) -> ClipInput:
        """For a network whose input has `shape`: its layout, and what it says of frames and sides.

        Raises:
            OptionError: it is none of the layouts.
        """
        layouts: tuple[Layout, ...] = ("NCTHW", "NTCHW", "NSCTHW")
        fits = [each for each in layouts if len(each) == len(shape) and shape[each.index("C")] == 3]
        if not fits or shape[-1] != shape[-2]:
            raise OptionError(f"a network of clips takes {shape}, wanted {', '.join(layouts)} of square RGB pictures")
        frames, side = shape[fits[0].index("T")], shape[-1]
        usual = cls()
        return cls(layout=fits[0], frames=frames or usual.frames, side=side or usual.side)

    def array(self, clip: Sequence[Picture]) -> NDArray[np.float32]:
        """RGB pictures (H, W, 3) as the network takes them, N and S being 1.

        Raises:
            NotMeasurable: there is no picture.
        """
        if not clip:
            raise NotMeasurable("a clip has no frame; give a longer one")
        chosen = np.stack([self._cut(clip[place]) for place in self.places(len(clip))])
        scaled = (chosen - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        axes = (0, 3, 1, 2) if self.layout == "NTCHW" else (3, 0, 1, 2)
        views = (None,) * (2 if self.layout == "NSCTHW" else 1)
        return np.ascontiguousarray(scaled.transpose(axes)[views], np.float32)

    def places(self, count: int) -> list[int]:
        """Which of `count` frames are looked at."""
        return [int((place + 0.5) * count / self.frames) for place in range(self.frames)]

    def _cut(self, picture: Picture) -> NDArray[np.float32]:
        height, width = picture.shape[:2]
        shrink = self.side / min(height, width)
        size = max(round(width * shrink), self.side), max(round(height * shrink), self.side)
        kind = cv2.INTER_AREA if shrink < 1 else cv2.INTER_LINEAR
        scaled = cv2.resize(picture, size, interpolation=kind)
        x, y = (size[0] - self.side) // 2, (size[1] - self.side) // 2
        return np.asarray(scaled[y : y + self.side, x : x + self.side], np.float32)


class OnnxVideo:
    """An ONNX file with one input of clips. Its first output are features, or scores of classes."""

    def __init__(self, path: Path, takes: ClipInput | None = None, *, name: str = "") -> None:
        """Load `path`, which `takes` clips so; by default as `ClipInput.fitting` tells.

        Raises:
            WeightsError: it does not load.
            OptionError: it has more than one input, or not as many axes as the layout.
        """
        self._session = Session(path)
        shapes = [port.shape for port in self._session.inputs]
        if len(shapes) != 1 or (takes and len(shapes[0]) != len(takes.layout)):
            layout = takes.layout if takes else "clips"
            raise OptionError(f"{path.name} takes {shapes}, wanted one input of {layout}; say its layout")
        self._takes = takes or ClipInput.fitting(shapes[0])
        self.name = name or path.stem
        self.model = fingerprint(path)
        self.frames = self._takes.frames

    def places(self, count: int) -> list[int]:
        """Which of the `count` frames of a clip are looked at."""
        return self._takes.places(count)

    def features(self, clips: Sequence[Sequence[Picture]]) -> NDArray[Any]:
        """(N, d) float32: the first output, flattened, for each of N clips of RGB pictures (H, W, 3)."""
        [port] = self._session.inputs
        rows = [self._session.run({port.name: self._takes.array(clip)})[0].reshape(-1) for clip in clips]
        return np.stack(rows)

    def classes(self, clips: Sequence[Sequence[Picture]]) -> NDArray[np.intp]:
        """(N,) the class with the highest score of each clip.

        Raises:
            StageError: scores are not finite.
        """
        scores = self.features(clips)
        if not np.isfinite(scores).all():
            raise StageError(f"{self.name} gave scores that are not finite; look at how clips are fed to it")
        return np.asarray(scores.argmax(axis=1), np.intp)
