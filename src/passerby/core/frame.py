"""One picture of a video (or a still), as its decoder made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]
"""(H, W) samples of one component, or (H, W, C) interleaved ones; uint8, or uint16 above 8 bits."""

Matrix = Literal["bt601", "bt709", "bt2020", "rgb", "grey"]
"""How planes relate to red, green and blue: a YCbCr matrix, interleaved RGB(A) as it is, or light alone."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """What the numbers in a frame's planes mean."""

    name: str
    """FFmpeg's name: 'yuv420p', 'yuv422p10le', 'gray', …; of pictures 'gray', 'rgb24', 'rgba', 'gray16le', 'rgb48le',
    'rgba64le'."""
    subsampling: tuple[tuple[int, int], ...]
    """Per plane: pixels of the frame that one sample serves, (across, down). 4:2:0 is ((1, 1), (2, 2), (2, 2))."""
    depth: int
    """Bits per sample; planes are uint8 up to 8 and uint16 above."""
    matrix: Matrix
    full_range: bool
    """True when 0 is black and the largest number white; False for video levels (16..235 of 8 bits)."""
    phase: tuple[int, int] = (0, 0)
    """Where the grid of shared chroma samples starts, (across, down): 1 when a turned picture of odd size begins
    with half a sample, else 0."""

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        return np.uint8 if self.depth <= 8 else np.uint16

    @property
    def channels(self) -> int:
        """Interleaved samples per pixel of the first plane: 4 for RGBA, 3 for RGB, else 1."""
        return 4 if self.name.startswith("rgba") else 3 if self.name.startswith("rgb") else 1

    @property
    def peak(self) -> int:
        """The largest number that a sample can hold."""
        return (1 << self.depth) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture: the decoder's own planes, seen upright. Nothing here may be written to."""

    planes: tuple[Plane, ...]
    """Read-only; views turned by `turn`, so rows and columns are those of the upright picture."""
    format: PixelFormat
    index: int
    """0-based, in presentation order."""
    pts: int
    """Presentation time in units of `time_base`."""
    time_base: Fraction
    """Seconds per unit of `pts`."""
    turn: int = 0
    """Quarter turns clockwise that made the stored picture upright, 0..3."""
    sample_aspect: Fraction = Fraction(1)
    """Width of a pixel over its height, in the upright picture."""
    depth: NDArray[np.float32] | None = None
    """(H, W) metres, 0 where unknown, or None."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the upright picture in pixels."""
        height, width = self.planes[0].shape[:2]
        return width, height

    @property
    def time(self) -> Fraction:
        """Presentation time in seconds."""
        return self.pts * self.time_base

    def with_planes(self, planes: tuple[Plane, ...]) -> Frame:
        """The same frame with other (upright) planes."""
        return replace(self, planes=planes)


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What is known about an input before its first frame."""

    name: str
    """File name without its folder."""
    sha256: str | None
    """Of the file's bytes; None for a live stream."""
    container: str
    """FFmpeg's name of the container, 'mov,mp4,…'; 'still' or 'animation' for pictures."""
    size: tuple[int, int]
    """(width, height) of the upright picture."""
    rotation: int
    """Degrees clockwise that the stored picture is turned to be upright: 0, 90, 180 or 270."""
    sample_aspect: Fraction
    """Width of a pixel over its height, in the upright picture."""
    frames: int | None
    """How many frames the container declares, or None."""
    rate: Fraction | None
    """Average frames per second, or None for a still."""
    time_base: Fraction
    """Seconds per unit of `Frame.pts`."""
    duration_s: float | None
    format: PixelFormat
    color: Mapping[str, int] = field(default_factory=dict)
    """FFmpeg's numbers for 'range', 'primaries', 'transfer' and 'matrix', carried through to the output."""
    codec: str = ""
    streams: tuple[str, ...] = ()
    """One entry per stream: 'video h264', 'audio aac', 'data', …"""
    notes: tuple[str, ...] = ()
    """What a user should know of how this input is read, each one line: 'interlaced: …', …"""
    begins: Fraction = Fraction(0)
    """When the input begins for who watches it, in seconds on the clock of its streams; other than 0 in MPEG-TS."""
