"""Pictures as sources: JPEG, PNG, WebP, TIFF, BMP, and animated GIF, PNG and WebP.

A picture is decoded to pixels and turned upright, and `still_sink` writes it anew from pixels alone: what else was in
the file (EXIF, XMP, captions, thumbnails, second pictures, bytes after the end) has no way into the output.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import DamagedMedia, InputError, LimitExceeded
from passerby.core.frame import Frame, MediaInfo, PixelFormat, Plane
from passerby.core.pixels import rgb
from passerby.media.colour_profile import rebuilt
from passerby.media.picture_codec import decode
from passerby.media.picture_header import Kind, PictureHeader, foreign_kind, kind_of, read_header
from passerby.media.picture_salvage import rest
from passerby.media.reading import Gap
from passerby.media.still_limits import StillLimits

KIND_OF_SUFFIX: Mapping[str, Kind] = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".png": "png",
    ".apng": "png",
    ".webp": "webp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".bmp": "bmp",
    ".gif": "gif",
}
STILL_SUFFIXES = frozenset(KIND_OF_SUFFIX)
"""Of the pictures that are read and written, in lower case."""

_TIME_BASE = Fraction(1, 1000)
FORMATS: Mapping[tuple[int, int], str] = {
    (1, 8): "gray",
    (3, 8): "rgb24",
    (4, 8): "rgba",
    (1, 16): "gray16le",
    (3, 16): "rgb48le",
    (4, 16): "rgba64le",
}
"""The pixel format of pictures with so many channels, of so many bits."""


@dataclass(frozen=True, slots=True)
class StillInfo(MediaInfo):
    """What is known of a picture, with what its output needs in order to look the same."""

    profile: bytes | None = None
    """An ICC profile with nothing but the picture's colours in it."""
    lossless: bool = True
    """Whether the picture was stored without loss."""
    sampling: str | None = None
    """How a JPEG shared colour between pixels: '411', '420', '422', '440' or '444'."""
    plays: int = 0
    """How often an animation is shown; 0 for ever."""
    durations_ms: tuple[int, ...] = ()
    """Of each picture of an animation."""


def picture(path: Path) -> NDArray[np.uint8]:
    """A picture file, upright, RGB (H, W, 3).

    Raises:
        PasserbyError: it is none that can be read.
    """
    with StillSource(path) as source:
        return rgb(next(iter(source)))


def is_still(path: Path) -> bool:
    """Whether a file begins as a picture does, its name aside; also of kinds that are known only to be refused."""
    try:
        with path.open("rb") as file:
            start = file.read(32)
    except OSError:
        return False
    return kind_of(start) is not None or foreign_kind(start) is not None


class StillSource:
    """The pictures of a file, upright. Fits `core.stages.Source`.

    Each frame has one plane of RGB, RGBA or grey. The file is decoded on opening: only then is known what it holds.

    Raises:
        UnsupportedMedia: not a picture, or of a kind that is not handled (HEIC, pages of a TIFF, …).
        DamagedMedia: it breaks off or does not decode.
        LimitExceeded: larger than `limits`.
        InputError: the file cannot be read.
    """

    def __init__(self, path: Path, limits: StillLimits | None = None, *, salvage: bool = False) -> None:
        """`salvage`: of a damaged file, take what is left of it; `missing` says what is not."""
        limits = limits or StillLimits()
        data = _read(path, limits)
        check = partial(limits.check, data, name=path.name)
        try:
            header = read_header(data, path.name)
            check(header)
            decoded, lost = decode(data, header, path.name), ""
        except DamagedMedia:
            if not salvage:
                raise
            left = rest(data, path.name, check)
            header, decoded, lost = left.header, left.decoded, left.reason
        self._pictures = decoded.pictures
        # Times have to rise. Every player shows a GIF's 0 as long as its 1, and nothing shorter can be written.
        shortest_ms = 10 if header.kind == "gif" else 1
        durations = tuple(max(duration, shortest_ms) for duration in decoded.durations_ms)
        self._info = _info(path.name, data, header, decoded.pictures, durations, decoded.plays)
        first = len(self._pictures) if header.animated else 0
        self.missing = [Gap(first, sum(durations) / 1000, None, lost)] if lost else []
        """What of the file is not in the pictures."""

    @property
    def info(self) -> StillInfo:
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        pts = 0
        for index, picture in enumerate(self._pictures):
            yield Frame((picture,), self._info.format, index, pts, _TIME_BASE)
            pts += self._info.durations_ms[index] if self._info.durations_ms else 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._pictures = ()


def _read(path: Path, limits: StillLimits) -> bytes:
    try:
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise LimitExceeded(f"{path.name} has {size} bytes, {limits.max_bytes} are allowed; raise max_bytes")
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror or error}; check its name and that it may be read"
        ) from error


def _info(
    name: str,
    data: bytes,
    header: PictureHeader,
    pictures: tuple[Plane, ...],
    durations_ms: tuple[int, ...],
    plays: int,
) -> StillInfo:
    pixel_format = _format(pictures[0])
    profile = rebuilt(header.profile) if header.profile else None
    # A profile for another number of colours than there are would be an error in the output.
    if profile and (profile[16:20] == b"GRAY") != (pixel_format.matrix == "grey"):
        profile = None
    notes = []
    if header.inks:
        notes.append("printing inks: the picture is stored as CMYK and is written as RGB")
    if header.profile and not profile:
        notes.append("colour profile: of a kind that is not carried over, so that colours may look a little different")
    animated = len(pictures) > 1
    duration_ms = sum(durations_ms)
    height, width = pictures[0].shape[:2]
    return StillInfo(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        container="animation" if animated else "still",
        size=(width, height),
        rotation=0,
        sample_aspect=Fraction(1),
        frames=len(pictures),
        rate=Fraction(1000 * len(pictures), duration_ms) if animated else None,
        time_base=_TIME_BASE,
        duration_s=duration_ms / 1000 if animated else None,
        format=pixel_format,
        color=_tags(header.cicp),
        codec=header.kind,
        streams=(f"picture {header.kind}",),
        notes=tuple(notes),
        profile=profile,
        lossless=header.lossless,
        sampling=header.sampling,
        plays=plays,
        durations_ms=durations_ms if animated else (),
    )


def _tags(cicp: tuple[int, int, int, int] | None) -> dict[str, int]:
    """PNG's description of its colours in FFmpeg's numbers, which differ in the range: 1 is limited and 2 is full."""
    if cicp is None:
        return {}
    primaries, transfer, matrix, full = cicp
    return {"primaries": primaries, "transfer": transfer, "matrix": matrix, "range": 2 if full else 1}


def _format(picture: Plane) -> PixelFormat:
    channels = picture.shape[2] if picture.ndim == 3 else 1
    depth = 8 * picture.itemsize
    return PixelFormat(FORMATS[channels, depth], ((1, 1),), depth, "grey" if channels == 1 else "rgb", True)
