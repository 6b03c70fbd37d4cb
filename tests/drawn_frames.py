"""Frames drawn for tests, with things in them whose place is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from passerby.core import pixels
from passerby.core.detections import Detections
from passerby.core.frame import Frame, MediaInfo, PixelFormat

YUV420 = PixelFormat("yuv420p", ((1, 1), (2, 2), (2, 2)), 8, "bt709", False)
YUV422_10 = PixelFormat("yuv422p10le", ((1, 1), (2, 1), (2, 1)), 10, "bt709", False)
YUV444_FULL = PixelFormat("yuv444p", ((1, 1), (1, 1), (1, 1)), 8, "bt601", True)
GREY_16 = PixelFormat("gray16le", ((1, 1),), 16, "grey", True)
RGB = PixelFormat("rgb24", ((1, 1),), 8, "rgb", True)
RGBA_16 = PixelFormat("rgba64le", ((1, 1),), 16, "rgb", True)
FORMATS = (YUV420, YUV422_10, YUV444_FULL, GREY_16, RGB, RGBA_16)


def frame(
    pixel_format: PixelFormat = YUV420,
    size: tuple[int, int] = (96, 64),
    *,
    turn: int = 0,
    index: int = 0,
    seed: int = 0,
) -> Frame:
    """Noise in every plane, as stored; `size` (width, height) is the stored one."""
    rng = np.random.default_rng(seed)
    channels = () if pixel_format.channels == 1 else (pixel_format.channels,)
    planes = tuple(
        rng.integers(0, pixel_format.peak, (-(-size[1] // sy), -(-size[0] // sx), *channels), pixel_format.dtype)
        for sx, sy in pixel_format.subsampling
    )
    views, turned = pixels.upright(planes, pixel_format, turn)
    return Frame(views, turned, index, index, Fraction(1, 25), turn)


@dataclass(frozen=True)
class Film:
    """A source of grey frames in which a patterned square moves. Fits `core.stages.Source`."""

    path: Sequence[tuple[int, int] | None]
    """Top-left corner of the square in each frame; None where it is not there."""
    side: int = 40
    size: tuple[int, int] = (320, 240)
    cuts: frozenset[int] = field(default_factory=frozenset)
    """Frames at which the background becomes another one."""

    @property
    def info(self) -> MediaInfo:
        return MediaInfo(
            name="film", sha256=None, container="drawn", size=self.size, rotation=0, sample_aspect=Fraction(1),
            frames=len(self.path), rate=Fraction(25), time_base=Fraction(1, 25), duration_s=None, format=YUV420,
        )  # fmt: skip

    def __enter__(self) -> Film:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[Frame]:
        width, height = self.size
        rng = np.random.default_rng(1)
        pattern = np.kron(rng.integers(40, 220, (8, 8)), np.ones((self.side // 8, self.side // 8))).astype(np.uint8)
        chroma = np.full((height // 2, width // 2), 128, np.uint8)
        scene = 0
        for index, corner in enumerate(self.path):
            scene += index in self.cuts
            luma = np.random.default_rng(100 + scene).integers(0, 2, (height // 40, width // 40)) * 120 + 60
            luma = np.kron(luma, np.ones((40, 40))).astype(np.uint8)
            if corner is not None:
                x, y = corner
                seen = pattern[: max(height - y, 0), : max(width - x, 0)]
                luma[y : y + seen.shape[0], x : x + seen.shape[1]] = seen
            views, drawn = pixels.upright((luma, chroma, chroma.copy()), YUV420, 0)
            yield Frame(views, drawn, index, index, Fraction(1, 25))

    def box(self, index: int) -> np.ndarray:
        corner = self.path[index]
        assert corner is not None
        return np.array([corner[0], corner[1], corner[0] + self.side, corner[1] + self.side], np.float32)


@dataclass
class Told:
    """A detector that is told what there is in each frame, except where it is blind. Fits `core.stages.Detector`."""

    film: Film
    misses: frozenset[int] = frozenset()
    labels: frozenset[str] = frozenset({"face"})
    looks: list[int] = field(default_factory=list)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self._one(frame.index) for frame in frames]

    def _one(self, index: int) -> Detections:
        self.looks.append(index)
        if self.film.path[index] is None or index in self.misses:
            return Detections.none()
        return found(self.film.box(index))


def found(*boxes: np.ndarray, score: float = 0.9) -> Detections:
    """Faces at `boxes`."""
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), score, np.float32),
        np.full(len(boxes), "face"),
    )
