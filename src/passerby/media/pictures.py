"""What FFmpeg says of a picture (pixel format, colour tags, display matrix) in passerby's own words, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from av.sidedata.sidedata import SideDataContainer
from av.video import format as formats
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import VideoReformatter

from passerby.core.errors import UnsupportedMedia
from passerby.core.frame import Matrix, MediaInfo, PixelFormat, Plane

# Pixel formats

_SHARING = {(1, 1): "yuv444p", (2, 1): "yuv422p", (2, 2): "yuv420p", (1, 2): "yuv440p"}
"""Subsampling of the chroma planes, (across, down), by FFmpeg's name for 8 bits."""
_DEPTHS = (8, 9, 10, 12)


def format_name(subsampling: tuple[tuple[int, int], ...], depth: int) -> str | None:
    """FFmpeg's name for planes of light, or of light and two of colour; None where it has none."""
    base = "gray" if len(subsampling) == 1 else _SHARING.get(subsampling[1], "")
    name = base if depth == 8 else f"{base}{depth}le"
    return name if name in formats.names else None  # type: ignore[attr-defined]


def _native() -> dict[str, tuple[tuple[tuple[int, int], ...], int]]:
    """Formats whose planes are used as they are, with their subsampling and depth."""
    layouts: list[tuple[tuple[int, int], ...]] = [((1, 1),), *(((1, 1), share, share) for share in _SHARING)]
    found = {format_name(layout, depth): (layout, depth) for layout in layouts for depth in _DEPTHS}
    return {name: value for name, value in found.items() if name is not None}


NATIVE = _native()


def nearest_native(pixels: VideoFormat) -> str:
    """The format among `NATIVE` that holds what `pixels` holds, with the least loss."""
    name = pixels.name.replace("yuvj", "yuv")
    if name in NATIVE:
        return name
    bits = max(part.bits for part in pixels.components)
    depth = next((d for d in (8, 10, 12) if d >= bits), 12)
    parts = [part for part in pixels.components if not part.is_alpha]
    coloured = pixels.is_rgb or pixels.has_palette or pixels.is_bayer
    if len(parts) == 1 and not coloured:
        return format_name(((1, 1),), depth) or "gray"
    share = (1, 1) if coloured else (16 // pixels.chroma_width(16), 16 // pixels.chroma_height(16))
    # Coarser sharing than 2x2 (DV, old codecs) goes to the next finer that exists.
    share = min(share[0], 2), min(share[1], 2)
    return format_name(((1, 1), share, share), depth) or "yuv444p"


_COARSE = frozenset({"yuv410p", "yuv411p", "yuvj411p"})
"""Their chroma samples serve more pixels than those of any native format."""

# Colour

UNTAGGED = 2
"""FFmpeg's number for 'unspecified' in primaries, transfer and matrix."""
_MATRICES: dict[int, Matrix] = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601", 7: "bt709", 9: "bt2020", 10: "bt2020"}
SWSCALE = {"bt601": "ITU601", "bt709": "ITU709", "bt2020": "BT2020", "grey": "ITU601"}
"""Our names of matrices as libswscale has them."""
_LIMITED, _FULL = 1, 2


def pixel_format(name: str, tags: dict[str, int], height: int) -> PixelFormat:
    """The format `name` of `NATIVE` with the colour `tags` of a stored picture of `height` rows."""
    subsampling, depth = NATIVE[name]
    usual: Matrix = "bt601" if height <= 576 else "bt709"
    matrix: Matrix = "grey" if len(subsampling) == 1 else _MATRICES.get(tags["matrix"], usual)
    return PixelFormat(name, subsampling, depth, matrix, full_range=tags["range"] == _FULL)


def colour_tags(frame: VideoFrame) -> dict[str, int]:
    """FFmpeg's numbers of what is known about the colours of a decoded frame."""
    full = frame.format.name.startswith("yuvj")
    return {
        "range": _FULL if full else int(frame.color_range),
        "primaries": int(frame.color_primaries),
        "transfer": int(frame.color_trc),
        "matrix": int(frame.colorspace),
    }


@dataclass(frozen=True, slots=True)
class VideoInfo(MediaInfo):
    """What is known about a video before its first frame."""

    rounded: str | None = None
    """FFmpeg's name of its pixels where those of `format` do not hold them exactly, else None."""


class Repacking:
    """Decoded frames of a foreign layout as planes of a native one."""

    def __init__(self, first: VideoFrame) -> None:
        self.source = first.format.name
        self.target = nearest_native(first.format)
        self.needed = self.source.replace("yuvj", "yuv") != self.target
        self.tags = colour_tags(first)
        self._rgb = first.format.is_rgb or first.format.has_palette or first.format.is_bayer
        self.rounds = self._rgb or max(part.bits for part in first.format.components) > _DEPTHS[-1]
        """Whether the target does not hold the source exactly, whatever is done about its alpha."""
        self._swscale = VideoReformatter()
        if self._rgb:
            self.tags |= {"range": _LIMITED, "matrix": 6 if first.height <= 576 else 1}
        self.format = pixel_format(self.target, self.tags, first.height)

    @property
    def note(self) -> str:
        """What a user should know of it."""
        return f"pixels of {self.source} are turned into {self.target}: that is what is written"

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """`frame` in the target format; itself where nothing is to be done."""
        if not self.needed:
            return frame
        if self.source in _COARSE:
            return self._repeated(frame)
        matrix = SWSCALE[self.format.matrix]
        level = "JPEG" if self.format.full_range else "MPEG"
        return self._swscale.reformat(
            frame,
            format=self.target,
            src_colorspace=matrix,  # type: ignore[arg-type]  # names work, the stub says numbers
            dst_colorspace=matrix,  # type: ignore[arg-type]
            src_color_range="JPEG" if self._rgb else level,
            dst_color_range=level,
        )

    def _repeated(self, frame: VideoFrame) -> VideoFrame:
        """`frame` with every chroma sample repeated, where libswscale would blend it with its neighbours."""
        fresh = VideoFrame(frame.width, frame.height, self.target)
        for view, plane in zip(planes_of(fresh), planes_of(frame), strict=True):
            rows, columns = (np.arange(length) for length in view.shape)
            down, across = (-(-want // have) for want, have in zip(view.shape, plane.shape, strict=True))
            view[:] = plane[rows[:, None] // down, columns // across]
        return fresh


# Planes


def planes_of(frame: VideoFrame) -> tuple[Plane, ...]:
    """The planes of a frame in a native format as views, without a copy; they keep the frame alive."""
    dtype = np.dtype("u1" if frame.format.components[0].bits <= 8 else "<u2")
    return tuple(_view(plane, dtype) for plane in frame.planes)


def _view(plane: VideoPlane, dtype: np.dtype[Any]) -> Plane:
    stride = plane.line_size
    # A negative line size says that the last row comes first in memory.
    start = 0 if stride > 0 else (1 - plane.height) * stride
    return np.ndarray((plane.height, plane.width), dtype, memoryview(plane), start, (stride, dtype.itemsize))


# Display matrix


@dataclass(frozen=True)
class Orientation:
    """How a stored picture becomes upright: mirrored left to right first, where it is, then turned."""

    turn: int = 0
    """Quarters clockwise, 0..3."""
    mirrored: bool = False

    def applied(self, planes: tuple[Plane, ...]) -> tuple[Plane, ...]:
        """`planes` without the mirroring, as views; turning is left to `core.pixels.upright`."""
        return tuple(plane[:, ::-1] for plane in planes) if self.mirrored else planes


def orientation(frame: VideoFrame, name: str) -> Orientation:
    """What the display matrix of a decoded frame asks for.

    Raises:
        UnsupportedMedia: it asks for something else than quarter turns and mirroring.
    """
    # Not `frame.side_data`: that would stay on the frame and hold it in turn, until the garbage collector comes.
    data: Any = SideDataContainer(frame).get("DISPLAYMATRIX")  # type: ignore[call-arg]  # the stub forgets it
    if data is None:
        return Orientation()
    a, b, _, c, d = np.frombuffer(data, np.int32)[:5].astype(np.float64)
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    angle = float(np.degrees(np.arctan2(b, a)))
    turn = round(angle / 90) % 4
    if abs(angle - 90 * round(angle / 90)) > 1 or (a, b) == (0, 0):
        _refuse(name, f"asks to be shown turned by {angle:.0f} degrees")
    if mirrored and (frame.width % 2 or frame.height % 2) and nearest_native(frame.format) not in ("gray", "yuv444p"):
        _refuse(name, f"is mirrored and of odd size ({frame.width}x{frame.height})")
    return Orientation(turn, mirrored)


def _refuse(name: str, what: str) -> NoReturn:
    raise UnsupportedMedia(f"{name} {what}; passerby knows quarter turns only: convert it with an editor first")
