"""What a picture file carries besides its pixels and their colours."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from passerby.core.errors import DamagedMedia
from passerby.leftovers.marks import marks
from passerby.leftovers.verdict import Carried
from passerby.media import tiff_tags as tiff
from passerby.media.chunks import png_chunks, riff_chunks
from passerby.media.manifest import is_ours
from passerby.media.picture_header import Kind, read_header
from passerby.media.xmp import JPEG_NAME, PACKET, PNG_NAME, TIFF_TAG, gif_extension

# A name tells no more than a letter's case of what a chunk of PNG is for: those that are shown are listed.
PNG_SHOWN = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"bKGD"}
    | {b"hIST", b"pHYs", b"acTL", b"fcTL", b"fdAT", b"mDCV", b"cLLI"}
)
WEBP_SHOWN = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"ICCP"})
_PAGE = {254, 282, 283, 296}
"""What kind of picture it is, and its pixels per inch."""
TIFF_SHOWN = tiff.DECODING | {tiff.ORIENTATION, tiff.EXTRA_SAMPLES, tiff.SAMPLE_FORMAT, tiff.PROFILE} | _PAGE
JPEG_NAMES = {0xE1: "EXIF or XMP", 0xED: "a Photoshop record", 0xFE: "a comment"}
GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
C2PA = "a C2PA manifest"
TIFF_C2PA = 52545
"""C2PA Technical Specification, embedding manifests into TIFF."""


def carried_by_still(path: Path) -> list[Carried]:
    """What lies in the file besides the picture.

    Raises:
        InputError: it is no picture, or damaged.
    """
    data = path.read_bytes()
    header = read_header(data, path.name)
    try:
        names = list(_READERS[header.kind](data[: header.end]))
    except (struct.error, IndexError) as error:
        raise DamagedMedia(f"{path.name} breaks off in its metadata; get a whole copy of it") from error
    if C2PA in names and is_ours(path):
        names = [name for name in names if name != C2PA]
    found = [Carried("metadata", name) for name in names]
    if header.end < len(data):
        found.append(Carried("data", f"{len(data) - header.end} bytes behind the end of the picture"))
    return [*found, *(Carried("data", what) for what in marks(path))]


def _jpeg(data: bytes) -> Iterator[str]:
    """Segments up to the first scan, ITU-T T.81 B.1.1."""
    at = 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        marker = data[at + 1]
        (size,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + size]
        shown = (
            (marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) <= 14)
            or (marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"))
            or (marker == 0xEE and body.startswith(b"Adobe"))
            or (marker == 0xE1 and body == JPEG_NAME + PACKET)
        )
        if marker == 0xEB and body.startswith(b"JP"):
            yield C2PA
        elif (0xE0 <= marker <= 0xEF or marker == 0xFE) and not shown:
            yield f"{JPEG_NAMES.get(marker, f'segment APP{marker - 0xE0}')}, {len(body)} bytes"
        at += 2 + size


def _png(data: bytes) -> Iterator[str]:
    for name, _, body in png_chunks(data):
        if name == b"caBX":
            yield C2PA
        elif name not in PNG_SHOWN and not (name == b"iTXt" and bytes(body) == PNG_NAME + PACKET):
            yield f"chunk {name.decode('latin-1')}, {len(body)} bytes"


def _webp(data: bytes) -> Iterator[str]:
    for name, body in riff_chunks(data):
        if name == b"C2PA":
            yield C2PA
        elif name not in WEBP_SHOWN and not (name == b"XMP " and body == PACKET):
            yield f"chunk {name.decode('latin-1').strip()}, {len(body)} bytes"


def _gif(data: bytes) -> Iterator[str]:
    """Extensions, GIF89a 24 and 26."""
    at = 13 + _table(data[10])
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            at += 10 + _table(data[at + 9]) + 1
            _, at = _blocks(data, at)
            continue
        if data.startswith(gif_extension(), at):
            at += len(gif_extension())
            continue
        kind = data[at + 1]
        body, at = _blocks(data, at + 2)
        if kind == 0xFE:
            yield f"a comment, {len(body)} bytes"
        elif kind == 0xFF and body.startswith(b"C2PA_GIF"):
            yield C2PA
        elif kind == 0x01 or (kind == 0xFF and not body.startswith(GIF_LOOPS)):
            yield f"an extension {body[:11].decode('latin-1')!r}, {len(body)} bytes"


def _table(flags: int) -> int:
    """Bytes of the colour table that `flags` announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """What is in a row of blocks, and where it ends."""
    body = b""
    while data[at]:
        body += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return body, at + 1


def _tiff(data: bytes) -> Iterator[str]:
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, start)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        number, size, place = struct.unpack_from(order + "H2xII", data, at)
        if number == TIFF_C2PA:
            yield C2PA
        elif number not in TIFF_SHOWN and not (number == TIFF_TAG and data[place : place + size] == PACKET):
            yield f"tag {number}"


def _none(data: bytes) -> Iterator[str]:
    return iter(())


_READERS: dict[Kind, Callable[[bytes], Iterator[str]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "gif": _gif,
    "tiff": _tiff,
    "bmp": _none,
}
