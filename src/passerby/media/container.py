"""Containers: which are read and how safely, which are written and what each can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import Flags, InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from passerby.core.errors import DamagedMedia, InputError, LimitExceeded, OptionError, UnsupportedMedia
from passerby.media.headers import has_lost_index

# What is written


@dataclass(frozen=True, kw_only=True)
class Family:
    """One kind of container that passerby writes."""

    name: str
    """As a person calls it."""
    muxer: str
    """FFmpeg's name."""
    suffixes: tuple[str, ...]
    encoders: tuple[str, ...]
    """Used when none is named: the first that can hold the picture exactly."""
    codecs: frozenset[str]
    """What video it holds, by FFmpeg's names of codecs."""
    turns: bool
    """It can say that the picture is to be shown turned."""
    shapes: frozenset[str]
    """The codecs with which the shape of a pixel (sample aspect) survives in it."""
    timed: bool = True
    """Its packets carry times, so that frames may be uneven, late, or decoded in another order than shown."""
    options: Mapping[str, str] = field(default_factory=dict)
    """For FFmpeg's muxer."""
    edits: bool = False
    """It has an edit list, so that sound may begin before the first moment that is shown."""


_MP4 = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
_MOV = frozenset({"h264", "hevc", "prores", "mjpeg", "mpeg4", "dnxhd"})
_TS = frozenset({"h264", "hevc", "mpeg2video"})
_IN_STREAM = frozenset({"h264", "hevc", "mpeg4", "mpeg2video"})
"""Codecs that carry the shape of a pixel themselves."""

FAMILIES = (
    Family(
        name="MP4",
        muxer="mp4",
        suffixes=(".mp4", ".m4v"),
        encoders=("libx264", "libvpx-vp9"),
        codecs=_MP4,
        turns=True,
        shapes=_MP4,
        edits=True,
    ),
    Family(
        name="QuickTime",
        muxer="mov",
        suffixes=(".mov", ".qt"),
        encoders=("libx264",),
        codecs=_MOV,
        turns=True,
        shapes=_MOV,
        edits=True,
    ),
    Family(
        name="Matroska",
        muxer="matroska",
        suffixes=(".mkv",),
        encoders=("libx264", "libvpx-vp9"),
        codecs=_MP4 | _MOV | {"ffv1", "vp8", "mpeg2video"},
        turns=True,
        shapes=_IN_STREAM,
    ),
    Family(
        name="WebM",
        muxer="webm",
        suffixes=(".webm",),
        encoders=("libvpx-vp9", "libsvtav1"),
        codecs=frozenset({"vp9", "vp8", "av1"}),
        turns=True,
        shapes=frozenset(),
    ),
    Family(
        name="AVI",
        muxer="avi",
        suffixes=(".avi",),
        encoders=("libx264",),
        codecs=frozenset({"h264", "mpeg4", "mjpeg", "ffv1"}),
        turns=False,
        shapes=frozenset({"h264", "mpeg4"}),
        timed=False,
    ),
    Family(
        name="MPEG transport stream",
        muxer="mpegts",
        suffixes=(".ts",),
        encoders=("libx264",),
        codecs=_TS,
        turns=False,
        shapes=_TS,
    ),
    Family(
        name="AVCHD",
        muxer="mpegts",
        suffixes=(".mts", ".m2ts"),
        encoders=("libx264",),
        codecs=_TS,
        turns=False,
        shapes=_TS,
        options={"mpegts_m2ts_mode": "1"},
    ),
)

_WRITTEN = {suffix: family for family in FAMILIES for suffix in family.suffixes}
_READ_ONLY = (
    *(".3gp", ".3g2", ".mpg", ".mpeg", ".vob", ".mod", ".tod", ".wmv", ".asf", ".flv", ".f4v"),
    *(".ogv", ".ogm", ".mxf", ".dv", ".divx", ".rm", ".rmvb", ".nut", ".ivf", ".y4m"),
)
VIDEO_SUFFIXES = frozenset((*_WRITTEN, *_READ_ONLY))
"""File names that are taken for video, in lower case and with the dot."""


def family_of(path: Path) -> Family:
    """The kind of container that the name `path` asks for.

    Raises:
        OptionError: passerby does not write this kind.
    """
    family = _WRITTEN.get(path.suffix.lower())
    if family is None:
        known = " ".join(_WRITTEN)
        raise OptionError(f"cannot write {path.name}: '{path.suffix}' is not one of {known}; choose one with -o")
    return family


def output_suffix(path: Path) -> str:
    """The suffix for what is made from the video `path`: its own where passerby writes that kind, else '.mp4'."""
    return path.suffix if path.suffix.lower() in _WRITTEN else ".mp4"


# What is read


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How large an input may be, so that a hostile file cannot take the machine down."""

    max_pixels: int = 2**26
    """Of one picture: 8192 x 8192, twice an 8K frame."""
    max_streams: int = 256
    """Of all kinds; a Matroska file with many fonts attached has dozens."""
    max_duration_s: float = 24 * 3600.0

    def __post_init__(self) -> None:
        for name in ("max_pixels", "max_streams", "max_duration_s"):
            if not getattr(self, name) > 0:
                raise OptionError(f"{name} must be above 0, got {getattr(self, name)}")

    def check_size(self, name: str, width: int, height: int) -> None:
        """Raise LimitExceeded for a picture with too many pixels."""
        if width * height > self.max_pixels:
            raise LimitExceeded(
                f"{name}: a picture of {width}x{height} is over the limit of {self.max_pixels} pixels; "
                "raise the limit if you trust this file"
            )

    def check_duration(self, name: str, seconds: float) -> None:
        """Raise LimitExceeded for a time that lies too far from the beginning."""
        if seconds > self.max_duration_s:
            raise LimitExceeded(
                f"{name}: {seconds:.0f} s is over the limit of {self.max_duration_s:.0f} s; "
                "raise the limit if you trust this file, or cut it"
            )


# Formats that hold their media themselves. Play lists (HLS, DASH, concat scripts, image sequences) are left out:
# they name other files and addresses, and FFmpeg would open those.
_READABLE = "mov,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mxf,dv,ivf,rm,nut,yuv4mpegpipe"

NO_FILM = Disposition.attached_pic | Disposition.timed_thumbnails
"""Video streams that are none: cover art, strips of thumbnails."""
_CLOCK_FROM_ANYWHERE = frozenset({"mpegts", "mpeg"})
"""Formats whose clock need not begin at 0."""


def opened(path: Path, limits: Limits) -> InputContainer:
    """Open `path` for reading, and nothing but `path`.

    Raises:
        UnsupportedMedia: it is not a video file that passerby reads.
        DamagedMedia: it is one, but so damaged that it does not open.
        LimitExceeded: it is larger than `limits`.
        InputError: it cannot be read at all.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"cannot read {path}: it is not a file; give a video")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; check its name and that it may be read") from error
    if empty:
        raise UnsupportedMedia(f"{path.name} is empty (0 bytes); nothing was recorded or copied")
    safe = {
        "protocol_whitelist": "file",
        "format_whitelist": _READABLE,
        "max_streams": str(limits.max_streams + 1),
        "max_pixels": str(limits.max_pixels),
    }
    try:
        # With the protocol named, no sign in the file's name means anything to FFmpeg.
        container = av.open(f"file:{path}", options=safe, metadata_errors="replace")
    except av.error.MemoryError as error:
        raise LimitExceeded(
            f"{path.name} has more than {limits.max_streams} streams or is too large; "
            "raise the limit if you trust this file"
        ) from error
    except av.error.FFmpegError as error:
        if has_lost_index(path):
            raise DamagedMedia(
                f"{path.name} breaks off before its index (the moov box), without which nothing in it can be found; "
                "copy it again from the camera, or repair it there"
            ) from error
        raise UnsupportedMedia(
            f"{path.name} is not a video that passerby reads ({error.strerror}); check it, or convert it to MP4"
        ) from error
    try:
        _check(path.name, container, limits)
    except BaseException:
        container.close()
        raise
    if container.format.name not in _CLOCK_FROM_ANYWHERE:
        # PyAV asks FFmpeg to make up missing presentation times; in AVI it makes them up wrong.
        container.flags &= ~Flags.gen_pts.value  # type: ignore[operator]  # a number
    return container


def packets_of(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any]]:
    """The packets of `streams`; an empty one at the end of each."""
    # PyAV counts the streams at the beginning, and stumbles at the very end over one that came up later.
    with suppress(IndexError):
        yield from container.demux(*streams)


def _check(name: str, container: InputContainer, limits: Limits) -> None:
    if len(container.streams) > limits.max_streams:
        raise LimitExceeded(
            f"{name} has {len(container.streams)} streams, over the limit of {limits.max_streams}; "
            "raise the limit if you trust this file"
        )
    if container.duration is not None:
        limits.check_duration(name, container.duration / av.time_base)


def picture_stream(name: str, container: InputContainer, limits: Limits) -> VideoStream:
    """The first video stream that is a video: not cover art, not a strip of thumbnails.

    Raises:
        UnsupportedMedia: there is none, or its codec is unknown.
        LimitExceeded: its pictures are too large.
    """
    for stream in container.streams.video:
        if not stream.disposition & NO_FILM:
            break
    else:
        kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise UnsupportedMedia(f"{name} holds no moving picture, only {kinds}; nothing to hide faces in")
    if stream.codec_context is None:
        raise UnsupportedMedia(f"{name}: its video codec is not known here; convert it to H.264 first")
    limits.check_size(name, stream.codec_context.width, stream.codec_context.height)
    stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    return stream


def origin(container: InputContainer) -> Fraction:
    """The time in seconds at which the file begins for a viewer, by the clock of its streams."""
    if container.format.name not in _CLOCK_FROM_ANYWHERE:
        return Fraction(0)
    starts = [s.start_time * s.time_base for s in container.streams if s.start_time is not None and s.time_base]
    return min(starts, default=Fraction(0))
