"""What a picture file says of itself, read without decoding it: what it is, how large, and whether all of it is there.

A decoder is only called on files that passed here, so that a hostile size costs nothing and a file that breaks off
is refused instead of being shown half grey.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from passerby.core.errors import DamagedMedia, UnsupportedMedia
from passerby.media import tiff_tags as tiff
from passerby.media.chunks import png_chunks, riff_chunks
from passerby.media.tiff_tags import Directory, orientation

Kind = Literal["jpeg", "png", "webp", "gif", "bmp", "tiff"]

MAX_PROFILE_BYTES = 4 << 20

_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
# Pictures that are known by sight, so that they get a remedy and not a guess from a video decoder.
_FOREIGN = {
    rb"....ftyp(avif|avis)": "AVIF",
    rb"....ftyp(heic|heix|hevc|hevx|heim|heis|mif1|msf1)": "HEIC",
    rb"\0\0\0\x0cJXL |\xff\x0a": "JPEG XL",
    rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51": "JPEG 2000",
    rb"8BPS": "Photoshop",
    rb"(II\+\0|MM\0\+)": "BigTIFF",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureHeader:
    """What is known of a picture before it is decoded."""

    kind: Kind
    size: tuple[int, int]
    """(width, height) as stored, before it is turned upright."""
    end: int
    """How many bytes of the file belong to the picture; what follows is none of it."""
    frames: int = 1
    """How many pictures an animation has."""
    animated: bool = False
    orientation: int = 1
    """EXIF's 1..8: how the stored picture is to be turned."""
    lossless: bool = True
    profile: bytes | None = None
    """The ICC profile as it came."""
    cicp: tuple[int, int, int, int] | None = None
    """PNG's (primaries, transfer, matrix, full range), in the numbers of ITU-T H.273."""
    sampling: str | None = None
    """How a JPEG shares colour between pixels: '420', '444', …; None for others and for unusual ones."""
    inks: bool = False
    """Stored as cyan, magenta, yellow and black."""
    key: int | None = None
    """The value that stands for transparent in a grey PNG, in 8 or 16 bits."""
    directory: Directory | None = None
    """Of a TIFF."""


def kind_of(start: bytes) -> Kind | None:
    """What kind of picture begins with these bytes (32 are enough), or None."""
    if start.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if start[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BMP_HEADERS:
        return "bmp"
    return "tiff" if tiff.is_tiff(start) else None


def foreign_kind(start: bytes) -> str | None:
    """The name of a kind of picture that is known but not handled, or None."""
    return next((name for magic, name in _FOREIGN.items() if re.match(magic, start, re.DOTALL)), None)


def read_header(data: bytes, name: str) -> PictureHeader:
    """What the picture file `data` says of itself; `name` is for messages.

    Raises:
        DamagedMedia: it breaks off, or its parts contradict each other.
        UnsupportedMedia: not a picture, or of a kind that is not handled.
    """
    kind = kind_of(data[:32])
    if kind is None:
        foreign = foreign_kind(data[:32])
        what = f"{foreign}, which passerby does not read" if foreign else "no picture that passerby knows"
        raise UnsupportedMedia(f"{name} is {what}; convert it to PNG or JPEG first")
    try:
        header = _READERS[kind](data)
    except (struct.error, IndexError) as error:
        raise DamagedMedia(f"{name} breaks off in its header; get a whole copy of it") from error
    except DamagedMedia as error:
        raise DamagedMedia(f"{name} {error}; get a whole copy of it") from error
    except UnsupportedMedia as error:
        raise UnsupportedMedia(f"{name} {error}; convert it to PNG or JPEG first") from error
    if min(header.size) < 1:
        raise DamagedMedia(f"{name} says it is {header.size[0]}x{header.size[1]} pixels; get a whole copy of it")
    return header


# JPEG: ITU-T T.81, annex B

_SAMPLINGS = {(4, 1): "411", (2, 2): "420", (2, 1): "422", (1, 2): "440", (1, 1): "444"}
# In compressed data 0xff is followed by 0, a restart marker or more 0xff; anything else is the next marker.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START_OF_FRAME = frozenset({0xC0, 0xC1, 0xC2})
_UNUSUAL_FRAME = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})


def _jpeg(data: bytes) -> PictureHeader:
    header = PictureHeader(kind="jpeg", size=(0, 0), end=0, lossless=False)
    profile: dict[int, bytes] = {}
    scans = 0
    for marker, at, segment in jpeg_segments(data):
        if marker == 0xD9:
            if not scans or header.size == (0, 0):
                raise DamagedMedia("ends before its picture begins")
            joined = b"".join(part for _, part in sorted(profile.items()))
            return replace(header, end=at, profile=joined or None)
        if marker in _START_OF_FRAME:
            if header.size != (0, 0):
                raise DamagedMedia("holds two JPEG pictures in one")
            header = _jpeg_frame(header, segment)
        elif marker in _UNUSUAL_FRAME:
            raise UnsupportedMedia("is coded in an unusual kind of JPEG (lossless, arithmetic or hierarchical)")
        elif marker == 0xDA:
            scans += 1
        elif marker == 0xE1 and segment.startswith(b"Exif\0\0"):
            header = replace(header, orientation=orientation(segment[6:]))
        elif marker == 0xE2 and segment.startswith(b"ICC_PROFILE\0"):
            profile[segment[12]] = segment[14:]
    raise DamagedMedia("breaks off before the end of its picture")


def _jpeg_frame(header: PictureHeader, segment: bytes) -> PictureHeader:
    depth, height, width, components = struct.unpack_from(">BHHB", segment)
    if depth != 8 or components not in (1, 3, 4):
        raise UnsupportedMedia(f"is a JPEG of {components} components at {depth} bits")
    factors = [divmod(segment[7 + 3 * i], 16) for i in range(components)]
    shared = components == 3 and factors[1:] == [(1, 1), (1, 1)]
    sampling = _SAMPLINGS.get(factors[0]) if shared else None
    return replace(header, size=(width, height), sampling=sampling, inks=components == 4)


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each marker with where its segment ends and what is in it; compressed data is stepped over."""
    at = 2
    while found := _NEXT_MARKER.search(data, at):
        marker, at = data[found.start() + 1], found.end()
        if marker in (0xD9, 0x01):
            yield marker, at, b""
            continue
        (size,) = struct.unpack_from(">H", data, at)
        if at + size > len(data):
            return
        yield marker, at + size, data[at + 2 : at + size]
        at += size


# PNG: ISO/IEC 15948, third edition


def _png(data: bytes) -> PictureHeader:
    header = PictureHeader(kind="png", size=(0, 0), end=0)
    depth, color_type = 8, 0
    announced = frames = 0
    for name, at, body in png_chunks(data):
        if name == b"IHDR":
            width, height, depth, color_type = struct.unpack_from(">IIBB", body)
            if depth not in (1, 2, 4, 8, 16):
                raise DamagedMedia(f"says it has {depth} bits a sample")
            header = replace(header, size=(width, height))
        elif name == b"acTL":
            (announced,) = struct.unpack_from(">I", body)
        elif name == b"fcTL":
            frames += 1
            _inside(struct.unpack_from(">IIII", body, 4), header.size)
        elif name == b"tRNS" and color_type == 0:
            (key,) = struct.unpack_from(">H", body)
            # Fewer than 8 bits are decoded to 8 by repeating them.
            header = replace(header, key=key if depth == 16 else key * (255 // ((1 << depth) - 1)))
        elif name == b"eXIf":
            header = replace(header, orientation=orientation(bytes(body)))
        elif name == b"iCCP":
            header = replace(header, profile=_inflated(bytes(body)))
        elif name == b"cICP":
            primaries, transfer, matrix, full = struct.unpack_from(">4B", body)
            header = replace(header, cicp=(primaries, transfer, matrix, full))
        elif name == b"IEND":
            if frames != announced:
                raise DamagedMedia(f"announces {announced} animation frames and has {frames}")
            return replace(header, end=at, frames=max(frames, 1), animated=frames > 0)
    raise DamagedMedia("breaks off before the end of its picture")


def _inflated(body: bytes) -> bytes | None:
    """The ICC profile in an iCCP chunk, or None when it is broken or huge."""
    stream = zlib.decompressobj()
    try:
        profile = stream.decompress(body[body.index(b"\0") + 2 :], MAX_PROFILE_BYTES)
    except (zlib.error, ValueError):
        return None
    return profile if stream.eof else None


def _inside(box: tuple[int, ...], size: tuple[int, int]) -> None:
    """Raise unless a frame of (width, height, x, y) lies inside an animation of `size`."""
    width, height, x, y = box
    if min(width, height) < 1 or x + width > size[0] or y + height > size[1]:
        raise DamagedMedia("has an animation frame that lies outside of its picture")


# WebP: RFC 9649


def _webp(data: bytes) -> PictureHeader:
    (size,) = struct.unpack_from("<I", data, 4)
    end = 8 + size
    if end > len(data):
        raise DamagedMedia("breaks off before the end of its picture")
    header = PictureHeader(kind="webp", size=(0, 0), end=end)
    frames = 0
    for name, body in riff_chunks(data[:end]):
        if name == b"VP8X":
            header = replace(header, size=(_three(body, 4) + 1, _three(body, 7) + 1))
        elif name in (b"VP8 ", b"VP8L"):
            header = replace(header, lossless=name == b"VP8L", size=_webp_size(name, body))
        elif name == b"ANMF":
            x, y, width, height = (_three(body, at) for at in (0, 3, 6, 9))
            _inside((width + 1, height + 1, 2 * x, 2 * y), header.size)
            frames += 1
            exact = all(part != b"VP8 " for part, _ in riff_chunks(body, 16))
            header = replace(header, lossless=header.lossless and exact)
        elif name == b"EXIF":
            header = replace(header, orientation=orientation(body.removeprefix(b"Exif\0\0")))
        elif name == b"ICCP":
            header = replace(header, profile=body)
    return replace(header, frames=max(frames, 1), animated=frames > 0)


def _webp_size(name: bytes, body: bytes) -> tuple[int, int]:
    if name == b"VP8L":
        (bits,) = struct.unpack_from("<I", body, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF


def _three(data: bytes, at: int) -> int:
    """A whole number of three bytes."""
    return data[at] | data[at + 1] << 8 | data[at + 2] << 16


# GIF: GIF89a


def _gif(data: bytes) -> PictureHeader:
    width, height = struct.unpack_from("<HH", data, 6)
    frames = 0
    end = 0
    for start, end in gif_blocks(data):  # noqa: B007  where the last one ends
        if data[start] == 0x2C:
            x, y, across, down = struct.unpack_from("<HHHH", data, start + 1)
            _inside((across, down, x, y), (width, height))
            frames += 1
    if not frames:
        raise DamagedMedia("ends before its picture begins")
    return PictureHeader(kind="gif", size=(width, height), end=end, frames=frames, animated=True)


def gif_blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each block of a GIF begins and ends; the last one is its trailer.

    Raises:
        DamagedMedia: what follows is no block.
        IndexError: it breaks off.
    """
    at = 13 + _table_bytes(data[10])
    while data[at] != 0x3B:
        start = at
        if data[at] == 0x2C:
            at += 11 + _table_bytes(data[at + 9])
        elif data[at] == 0x21:
            at += 2
        else:
            raise DamagedMedia(f"is damaged: byte {at} begins no GIF block")
        while data[at]:
            at += data[at] + 1
        at += 1
        yield start, at
    yield at, at + 1


def _table_bytes(packed: int) -> int:
    """Of the colour table that a descriptor announces."""
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


# BMP and TIFF


def _bmp(data: bytes) -> PictureHeader:
    header_bytes, pixels_at = struct.unpack_from("<I", data, 14)[0], struct.unpack_from("<I", data, 10)[0]
    if header_bytes == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    row = (width * bits + 31) // 32 * 4
    if compression in (0, 3, 6) and pixels_at + row * abs(height) > len(data):
        raise DamagedMedia("breaks off before the end of its picture")
    return PictureHeader(kind="bmp", size=(width, abs(height)), end=len(data))


# Photometric interpretation → (samples per pixel, bits per sample) that decode to what they are.
_TIFF_LAYOUTS: dict[int, frozenset[tuple[int, int]]] = {
    0: frozenset({(1, 1), (1, 8)}),
    1: frozenset({(1, 1), (1, 8), (1, 16)}),
    2: frozenset({(3, 8), (3, 16), (4, 8), (4, 16)}),
    3: frozenset({(1, 8)}),
    5: frozenset({(4, 8)}),
    6: frozenset({(3, 8)}),
}


def _tiff(data: bytes) -> PictureHeader:
    directory = tiff.read_directory(data)
    if directory.following or tiff.SUB_DIRECTORIES in directory.tags or tiff.DNG_VERSION in directory.tags:
        raise UnsupportedMedia("holds several pictures (pages, a thumbnail or a camera's raw data)")
    photometric = directory.number(tiff.PHOTOMETRIC, -1)
    bits = directory.numbers(tiff.BITS, (1,))
    layout = directory.number(tiff.SAMPLES, 1), bits[0]
    split = directory.number(tiff.PLANAR, 1) != 1
    whole = set(directory.numbers(tiff.SAMPLE_FORMAT, (1,))) == {1}
    if layout not in _TIFF_LAYOUTS.get(photometric, ()) or len(set(bits)) > 1 or not whole or (split and bits[0] > 8):
        raise UnsupportedMedia(f"is an unusual kind of TIFF ({layout[0]} samples of {layout[1]} bits a pixel)")
    for offsets, sizes in ((tiff.STRIP_OFFSETS, tiff.STRIP_BYTES), (tiff.TILE_OFFSETS, tiff.TILE_BYTES)):
        parts = zip(directory.numbers(offsets), directory.numbers(sizes), strict=False)
        if any(start + size > len(data) for start, size in parts):
            raise DamagedMedia("breaks off before the end of its picture")
    profile = directory.tags.get(tiff.PROFILE)
    return PictureHeader(
        kind="tiff",
        size=(directory.number(tiff.WIDTH), directory.number(tiff.HEIGHT)),
        end=len(data),
        orientation=turn if 1 <= (turn := directory.number(tiff.ORIENTATION, 1)) <= 8 else 1,
        profile=profile.data if profile else None,
        inks=photometric == 5,
        directory=directory,
    )


_READERS: dict[Kind, Callable[[bytes], PictureHeader]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "gif": _gif,
    "bmp": _bmp,
    "tiff": _tiff,
}
