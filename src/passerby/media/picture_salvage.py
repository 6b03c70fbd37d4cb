"""What is left of a picture file that is damaged, where it can be told from what a decoder makes up.

Of a PNG, and of a JPEG that is stored from top to bottom, these are the upper rows; of an animation, the first
pictures. Others show all of themselves at once, only worse.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from passerby.core.errors import DamagedMedia
from passerby.media.chunks import png_chunk, png_chunks, riff_chunk, riff_chunks
from passerby.media.picture_codec import Decoded, decode, decode_what_is_there, finished
from passerby.media.picture_header import PictureHeader, gif_blocks, jpeg_segments, kind_of, read_header

_END_OF_JPEG = b"\xff\xd9"
_SCAN, _PROGRESSIVE = 0xDA, 0xC2
_ENDS_EARLY = re.compile(r"[Pp]remature end|found marker 0xd9 instead of RST")
"""What libjpeg says of data that is right as far as it goes."""
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Per pixel, by PNG's type of colour."""


Check = Callable[[PictureHeader], None]
"""Raises if a picture is too large to be decoded."""


class _Untold(Exception):
    """Nobody can tell what is left."""


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """What is left of a picture file."""

    header: PictureHeader
    decoded: Decoded
    """Where rows are missing, it is black."""
    reason: str
    """What is missing."""


def rest(data: bytes, name: str, check: Check) -> Rest:
    """What is left of the damaged picture file `data`; `name` is for messages.

    Raises:
        DamagedMedia: nothing, or nobody can tell what.
    """
    kind = kind_of(data[:32])
    try:
        if kind == "jpeg":
            return _jpeg(data, name, check)
        if kind not in _MENDED:
            raise _Untold
        mended, reason = _MENDED[kind](data, check)
        header = read_header(mended, name)
        check(header)
        return Rest(header, decode(mended, header, name), reason)
    except (_Untold, DamagedMedia, IndexError, KeyError, struct.error) as error:
        raise DamagedMedia(f"{name} is damaged, and nobody can tell what of it is left; get a whole copy") from error


def _lost_rows(first: int, height: int) -> str:
    """The reason, where rows from `first` on are missing."""
    if not first:
        raise _Untold
    return f"rows {first} to {height - 1} of {height} are missing, as stored; they are black"


def _jpeg(data: bytes, name: str, check: Check) -> Rest:
    """Rows that do not depend on what comes behind the data: where they would, the decoder makes them up."""
    # Half a marker would make one of whatever follows, and the decoder would look no further.
    data = data.rstrip(b"\xff")
    ended = data + _END_OF_JPEG
    header = read_header(ended, name)
    markers = [marker for marker, _, _ in jpeg_segments(ended)]
    # One that has an end is damaged within, where nothing tells how far.
    if header.end < len(ended) or _PROGRESSIVE in markers or markers.count(_SCAN) > 1:
        raise _Untold
    check(header)
    short, heard = decode_what_is_there(ended, header)
    long, _ = decode_what_is_there(data + _noise(data) + _END_OF_JPEG, header)
    if short is None or long is None or not all(_ENDS_EARLY.search(complaint) for complaint in heard):
        raise _Untold
    height = len(short)
    differs = (short != long).reshape(height, -1).any(axis=1)
    first = int(differs.argmax()) if differs.any() else height
    short[first:] = 0
    reason = _lost_rows(first, height) if first < height else "its end mark is missing, but nothing of the picture"
    return Rest(header, Decoded((finished(short, header),), (), 0), reason)


def _noise(data: bytes) -> bytes:
    """What could come next in a JPEG: noise, with the restart markers that have their turn."""
    random = Random(0)
    scan = data.rfind(bytes([0xFF, _SCAN]))
    last = max((data.rfind(bytes([0xFF, 0xD0 + n]), scan), n) for n in range(8))
    turn = last[1] if last[0] >= 0 else 7
    parts = [random.randbytes(1 << 14).replace(b"\xff", b"\xfe") for _ in range(8)]
    return b"".join(part + bytes([0xFF, 0xD0 + (turn + n) % 8]) for n, part in enumerate(parts, 1))


def _png(data: bytes, check: Check) -> tuple[bytes, str]:
    """An animation up to the last picture that is there in full; of a still, the rows that are."""
    chunks = _sound_chunks(data)
    controls = [index for index, (name, _) in enumerate(chunks) if name == b"fcTL"]
    if any(name == b"acTL" for name, _ in chunks):
        whole = len(controls) - 1
        kept = [
            (name, struct.pack(">I", whole) + body[4:] if name == b"acTL" else body)
            for name, body in chunks[: controls[-1]]
        ]
        reason = _lost_frames(whole)
    else:
        kept, reason = _png_rows(chunks, check)
    return data[:8] + b"".join(png_chunk(name, body) for name, body in (*kept, (b"IEND", b""))), reason


def _sound_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks up to one that breaks off or does not sum up, and what there is of data that breaks off."""
    chunks: list[tuple[bytes, bytes]] = []
    at = 8
    try:
        for name, end, body in png_chunks(data):
            chunks.append((name, bytes(body)))
            at = end
    except DamagedMedia:
        return chunks
    if data[at + 4 : at + 8] == b"IDAT":
        chunks.append((b"IDAT", data[at + 8 :]))
    return chunks


def _png_rows(chunks: list[tuple[bytes, bytes]], check: Check) -> tuple[list[tuple[bytes, bytes]], str]:
    """The chunks of a still of which the rows that are missing are black."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", dict(chunks)[b"IHDR"])
    if interlaced or colour not in _SAMPLES:
        raise _Untold
    check(PictureHeader(kind="png", size=(width, height), end=0))
    row = 1 + (width * depth * _SAMPLES[colour] + 7) // 8
    stream = zlib.decompressobj()
    try:
        pixels = stream.decompress(b"".join(body for name, body in chunks if name == b"IDAT"), row * height)
    except zlib.error as error:
        raise _Untold from error
    first = len(pixels) // row
    padded = pixels[: first * row].ljust(row * height, b"\0")
    kept = [(name, body) for name, body in chunks if name not in (b"IDAT", b"IEND")]
    return [*kept, (b"IDAT", zlib.compress(padded, 1))], _lost_rows(first, height)


def _gif(data: bytes, _: Check) -> tuple[bytes, str]:
    end = frames = 0
    with suppress(DamagedMedia, IndexError):
        for start, after in gif_blocks(data):
            if data[start] == 0x2C:
                end, frames = after, frames + 1
    return data[:end] + b"\x3b", _lost_frames(frames)


def _webp(data: bytes, _: Check) -> tuple[bytes, str]:
    chunks: list[tuple[bytes, bytes]] = []
    with suppress(DamagedMedia):
        for name, part in riff_chunks(data):
            chunks.append((name, part))
    body = b"WEBP" + b"".join(riff_chunk(name, part) for name, part in chunks)
    return riff_chunk(b"RIFF", body), _lost_frames(sum(name == b"ANMF" for name, _ in chunks))


def _lost_frames(first: int) -> str:
    """The reason, where pictures of an animation from `first` on are missing."""
    if first < 1:
        raise _Untold
    return f"it breaks off: pictures from {first} on are missing"


_MENDED: dict[str | None, Callable[[bytes, Check], tuple[bytes, str]]] = {"png": _png, "gif": _gif, "webp": _webp}
"""A sound file of what is left, and what is missing; raise _Untold where that cannot be told."""
