"""Which encoder, with which settings, for which picture in which container."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import av
import cv2
from av.codec.codec import Codec, PixFmtLoss, UnknownCodecError, find_best_pix_fmt_of_list

from passerby.core.errors import OptionError
from passerby.core.frame import MediaInfo
from passerby.media.container import Family
from passerby.media.pictures import NATIVE, VideoInfo, format_name, nearest_native


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How video is encoded. What is None is chosen to suit the picture and the container."""

    encoder: str | None = None
    """FFmpeg's name: 'libx264', 'libx265', 'libvpx-vp9', 'libsvtav1', 'ffv1', …"""
    crf: float | None = None
    """Quality: lower is better and larger; 0 is without any loss."""
    preset: str | None = None
    """Effort, in the encoder's own words."""
    max_res: int | None = None
    """Longest side of the output in pixels; a larger picture is scaled down."""

    def __post_init__(self) -> None:
        if self.crf is not None and not 0 <= self.crf <= 63:
            raise OptionError(f"crf must be from 0 (lossless) to 63, got {self.crf:g}; 20 is a good quality")
        if self.max_res is not None and self.max_res < 16:
            raise OptionError(f"max-res must be at least 16 pixels, got {self.max_res}")


@dataclass(frozen=True)
class _Settings:
    """What passerby knows about one encoder."""

    usual: Mapping[str, str] = field(default_factory=dict)
    lossless: Mapping[str, str] | None = None
    """In place of a quality; None where it has no such mode."""
    presets: tuple[str, ...] = ()
    narrowest: int = 1
    """Fewest pixels across."""
    worst: int = 63
    """The largest crf."""


_EFFORTS = tuple("ultrafast superfast veryfast faster fast medium slow slower veryslow placebo".split())  # noqa: SIM905
_FIXED_QUALITY = {"flags": "+qscale", "global_quality": "354"}
"""Quantizer 3 of encoders that have no crf."""
# What x265 writes about itself goes into the header as well, where no filter reaches it.
_X265 = "log-level=error:info=0"
_KNOWN = {
    "libx264": _Settings({"crf": "20", "preset": "veryfast"}, {"qp": "0"}, _EFFORTS, worst=51),
    "libx265": _Settings(
        {"crf": "22", "preset": "veryfast", "x265-params": _X265},
        {"x265-params": f"{_X265}:lossless=1"},
        _EFFORTS,
        narrowest=64,  # below, its look-ahead writes outside its own memory
        worst=51,
    ),
    "libvpx-vp9": _Settings(
        {"crf": "28", "b": "0", "deadline": "realtime", "cpu-used": "8", "row-mt": "1", "tile-columns": "2"},
        {"lossless": "1"},
    ),
    "libsvtav1": _Settings(
        {"crf": "27", "preset": "8"}, {"svtav1-params": "lossless=1"}, tuple(str(effort) for effort in range(14))
    ),
    "ffv1": _Settings({"level": "3", "slicecrc": "1"}, {}),
    "mpeg4": _Settings(_FIXED_QUALITY),
    "mpeg2video": _Settings(_FIXED_QUALITY),
    "mjpeg": _Settings(_FIXED_QUALITY),
}
_AVX512 = 256
"""OpenCV's number for AVX-512 as x264 uses it (CPU_AVX512_SKX)."""
_EVEN = frozenset({"h264", "hevc"})
"""Codecs whose size is a whole number of chroma samples."""
_WORSE = PixFmtLoss.DEPTH | PixFmtLoss.RESOLUTION | PixFmtLoss.CHROMA


@dataclass(frozen=True)
class Target:
    """What will be written, settled before the first frame."""

    encoder: str
    codec: str
    source_pixels: str
    """Format of the frames' planes, turned upright where the container cannot say that they are to be."""
    pixels: str
    """Format that is encoded."""
    source_size: tuple[int, int]
    size: tuple[int, int]
    """(width, height) as stored."""
    aspect: Fraction
    """Width of a pixel over its height, as stored."""
    options: Mapping[str, str]
    notes: tuple[str, ...]


def settle(info: MediaInfo, encoding: Encoding, family: Family) -> Target:
    """Choose how to write what `info` describes.

    Raises:
        OptionError: the encoder is unknown, or does not go with the container, the picture or the other options.
    """
    upright = not family.turns or info.rotation % 180 == 0
    width, height = info.size if upright else info.size[::-1]
    aspect = info.sample_aspect if upright else 1 / info.sample_aspect
    source = _source_pixels(info, family)
    size = _scaled((width, height), NATIVE[source][0], encoding.max_res)
    codec, pixels, loss = _choose(info, encoding, family, source, size)
    notes = []
    if encoding.encoder is None and codec.name != family.encoders[0]:
        notes.append(f"{codec.name} is used: {family.encoders[0]} cannot hold this picture as it is")
    if pixels != source:
        notes.append(f"{codec.name} does not take {source}: {pixels} is written")
    if size != (width, height):
        notes.append(f"scaled from {width}x{height} to {size[0]}x{size[1]}")
    if info.rotation and not family.turns:
        notes.append(f"{family.name} cannot say that a picture is turned: it is written upright")
    if encoding.crf == 0 and isinstance(info, VideoInfo) and info.rounded:
        raise OptionError(
            f"{info.name} stores {info.rounded}, which passerby works on as {info.format.name}: that rounds, so crf 0 "
            "cannot be without loss; use --crf 1, or leave --crf out"
        )
    if loss and encoding.crf == 0:
        raise OptionError(
            f"{codec.name} cannot hold {source} without loss (it would take {pixels}); "
            "for crf 0 use --encoder ffv1 and -o NAME.mkv, or --encoder libx265"
        )
    if aspect != 1 and codec.canonical_name not in family.shapes:
        raise OptionError(
            f"{info.name} has pixels of shape {aspect}, which {family.name} with {codec.name} cannot say; "
            "use -o NAME.mp4, or NAME.mkv with H.264"
        )
    options = {**_options(codec.name, encoding), **_repeatable(codec.name, size)}
    if not family.timed:
        options["bf"] = "0"
    return Target(
        codec.name, codec.canonical_name, source, pixels, (width, height), size, aspect, options, tuple(notes)
    )


def _source_pixels(info: MediaInfo, family: Family) -> str:
    """The format of the planes as they go to the encoder: as stored, or upright where `family` cannot turn them."""
    known = NATIVE.get(info.format.name)
    layout = info.format.subsampling if known is None or not family.turns else known[0]
    name = format_name(layout, info.format.depth)
    if known is None or name is None:
        raise OptionError(f"{info.name}: {info.format.name} cannot be written into {family.name}; use -o NAME.mp4")
    return name


def _scaled(size: tuple[int, int], layout: tuple[tuple[int, int], ...], longest: int | None) -> tuple[int, int]:
    """`size` with its longest side at most `longest`, and then a whole number of chroma samples."""
    if longest is None or max(size) <= longest:
        return size
    across, down = layout[-1]
    factor = Fraction(longest, max(size))
    return max(int(size[0] * factor) // across, 1) * across, max(int(size[1] * factor) // down, 1) * down


def _choose(
    info: MediaInfo, encoding: Encoding, family: Family, source: str, size: tuple[int, int]
) -> tuple[Codec, str, bool]:
    """(encoder, pixel format, whether that format loses anything)."""
    names = [encoding.encoder] if encoding.encoder else family.encoders
    choices = [(codec, *_pixels(codec, source)) for codec in map(_codec, names)]
    for codec, _, _ in choices:
        if codec.canonical_name not in family.codecs:
            held = ", ".join(sorted(family.codecs))
            raise OptionError(f"{family.name} does not hold what {codec.name} makes; it holds {held}")
    fitting = [choice for choice in choices if _fits(choice[0], choice[1], size)]
    if not fitting:
        codec, pixels, _ = choices[0]
        raise OptionError(
            f"{info.name} is {size[0]}x{size[1]}, and {codec.name} with {pixels} needs even sides; "
            f"use -o NAME.mkv (VP9 takes any size), or --max-res {max(size) - 1}"
        )
    narrowest = _KNOWN.get(fitting[0][0].name, _Settings()).narrowest
    if size[0] < narrowest:
        raise OptionError(
            f"{fitting[0][0].name} needs pictures at least {narrowest} pixels wide, got {size[0]}; use libx264"
        )
    exact = [choice for choice in fitting if choice[1] == source]
    return (exact or fitting)[0]


def _codec(name: str) -> Codec:
    try:
        codec = Codec(name, "w")
    except UnknownCodecError:
        codec = None
    if codec is None or codec.type != "video":
        there = " ".join(_available())
        raise OptionError(f"'{name}' is no video encoder here; choose one of {there}")
    return codec


def _available() -> Iterator[str]:
    """Encoders that passerby has settings for, as far as this build has them."""
    return (name for name in _KNOWN if name in av.codecs_available)


def _pixels(codec: Codec, source: str) -> tuple[str, bool]:
    """(the format in which `codec` takes pictures in `source`, whether something is lost)."""
    # Of the others, some live on graphics cards and some are RGB.
    taken = [
        pixels.name for pixels in codec.video_formats or () if pixels.name.startswith(("yuv4", "gray", "nv", "p0"))
    ]
    if source in taken or not taken:
        return source, False
    best, loss = find_best_pix_fmt_of_list(taken, source)
    if best is None:
        raise OptionError(f"{codec.name} takes none of passerby's pictures ({source}); choose another --encoder")
    return best.name.replace("yuvj", "yuv"), bool(loss & _WORSE)


def _fits(codec: Codec, pixels: str, size: tuple[int, int]) -> bool:
    layout, _ = NATIVE[nearest_native(av.VideoFormat(pixels))]
    across, down = layout[-1]
    return codec.canonical_name not in _EVEN or (size[0] % across == 0 and size[1] % down == 0)


def _repeatable(name: str, size: tuple[int, int]) -> Mapping[str, str]:
    """What else the encoder `name` needs to write the same bytes each time for pictures of `size`.

    With AVX-512, x264 takes eight blocks of 16 pixels at once where it spreads bits over frames, and where a picture's
    row ends in between it reads memory that nobody wrote. With AVX2, a little slower, it does not.
    """
    if name != "libx264" or -(-size[0] // 16) % 8 == 0 or not cv2.checkHardwareSupport(_AVX512):
        return {}
    return {"x264-params": "asm=avx2"}


def _options(name: str, encoding: Encoding) -> Mapping[str, str]:
    """FFmpeg's options for the encoder `name`.

    Raises:
        OptionError: it has no such preset, no such crf or no lossless mode.
    """
    settings = _KNOWN.get(name, _Settings())
    options = dict(settings.usual)
    if encoding.crf == 0:
        if settings.lossless is None:
            raise OptionError(f"{name} has no lossless mode (crf 0); use libx264, libx265, libvpx-vp9 or ffv1")
        options.pop("crf", None)
        options |= settings.lossless
    elif encoding.crf is not None:
        if encoding.crf > settings.worst:
            raise OptionError(f"crf of {name} goes from 0 (lossless) to {settings.worst}, got {encoding.crf:g}")
        options["crf"] = f"{encoding.crf:g}"
    if encoding.preset is not None:
        if settings.presets and encoding.preset not in settings.presets:
            raise OptionError(f"{name} has no preset '{encoding.preset}'; choose one of {' '.join(settings.presets)}")
        options["preset"] = encoding.preset
    if name == "libsvtav1":
        # Its log goes straight to the screen. Whoever wants it may say so.
        os.environ.setdefault("SVT_LOG", "1")
    options["flags"] = options.get("flags", "") + "+bitexact"
    return options
