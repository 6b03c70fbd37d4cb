"""Animated GIF, PNG and WebP: the file around pictures that are encoded one by one.

Written here because libraries join neighbouring frames that are equal, round times, or redraw what lies below a
see-through pixel. Here every frame that goes in comes out, with its own time, and only one is held in memory.

Each frame after the first holds the rectangle that changed. References: GIF89a; PNG, third edition; RFC 9649 (WebP).
"""

from __future__ import annotations

import heapq
import itertools
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import BinaryIO, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from passerby.core.frame import Plane
from passerby.media.chunks import png_chunk, png_chunks, riff_chunk, riff_chunks

Encode = Callable[[Plane], bytes]
"""A whole PNG or WebP file of one picture."""


class AnimationWriter(Protocol):
    """Writes an animation into a file, frame by frame."""

    def add(self, picture: Plane, duration_ms: int) -> None:
        """Append a picture: uint8 or uint16 (H, W), (H, W, 3) or (H, W, 4), the same for every frame."""
        ...

    def close(self) -> None:
        """Complete the file. It is left open."""
        ...


def _changed(before: Plane | None, now: Plane) -> tuple[int, int, int, int]:
    """The box in which two pictures differ; a pixel when they do not. It begins at even places, as WebP asks."""
    height, width = now.shape[:2]
    if before is None:
        return 0, 0, width, height
    differs = now != before
    if differs.ndim == 3:
        differs = differs.any(axis=2)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not rows.size:
        return 0, 0, 1, 1
    return int(columns[0]) & ~1, int(rows[0]) & ~1, int(columns[-1]) + 1, int(rows[-1]) + 1


class ApngWriter:
    """Animated PNG."""

    def __init__(self, file: BinaryIO, encode: Encode, plays: int) -> None:
        self._file, self._encode, self._plays = file, encode, plays
        self._before: Plane | None = None
        self._control_at = self._frames = self._sequence = 0

    def add(self, picture: Plane, duration_ms: int) -> None:
        x0, y0, x1, y1 = _changed(self._before, picture)
        coded = self._encode(np.ascontiguousarray(picture[y0:y1, x0:x1]))
        chunks = [(name, bytes(body)) for name, _, body in png_chunks(coded)]
        if self._before is None:
            self._file.write(b"\x89PNG\r\n\x1a\n")
            for name, body in itertools.takewhile(lambda chunk: chunk[0] != b"IDAT", chunks):
                self._chunk(name, body)
            self._control_at = self._file.tell()
            self._control()
        # Delays are a 16-bit number over another: thousandths as long as they fit, then seconds.
        delay = (duration_ms, 1000) if duration_ms < 1 << 16 else (min(round(duration_ms / 1000), 65535), 1)
        self._chunk(b"fcTL", struct.pack(">5I2H2B", self._next(), x1 - x0, y1 - y0, x0, y0, *delay, 0, 0))
        for name, body in chunks:
            if name == b"IDAT" and self._before is None:
                self._chunk(name, body)
            elif name == b"IDAT":
                self._chunk(b"fdAT", struct.pack(">I", self._next()) + body)
        self._before = picture
        self._frames += 1

    def close(self) -> None:
        self._chunk(b"IEND", b"")
        self._file.seek(self._control_at)
        self._control()

    def _control(self) -> None:
        self._chunk(b"acTL", struct.pack(">2I", self._frames, self._plays))

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence - 1

    def _chunk(self, name: bytes, body: bytes) -> None:
        self._file.write(png_chunk(name, body))


class WebpWriter:
    """Animated WebP."""

    def __init__(self, file: BinaryIO, encode: Encode, plays: int) -> None:
        self._file, self._encode, self._plays = file, encode, plays
        self._before: Plane | None = None
        self._behind: bytes | None = None
        """What is said of the whole file, and stands behind all pictures."""

    def add(self, picture: Plane, duration_ms: int) -> None:
        x0, y0, x1, y1 = _changed(self._before, picture)
        chunks = dict(riff_chunks(self._encode(np.ascontiguousarray(picture[y0:y1, x0:x1]))))
        if self._before is None:
            self._behind = chunks.get(b"XMP ")
            self._begin(picture, chunks.get(b"ICCP"))
        time = min(duration_ms, (1 << 24) - 1)
        place = b"".join(value.to_bytes(3, "little") for value in (x0 // 2, y0 // 2, x1 - x0 - 1, y1 - y0 - 1, time))
        coded = b"".join(riff_chunk(name, chunks[name]) for name in (b"ALPH", b"VP8 ", b"VP8L") if name in chunks)
        # Flag 2: the rectangle replaces what is below it, see-through pixels and all.
        self._file.write(riff_chunk(b"ANMF", place + b"\2" + coded))
        self._before = picture

    def close(self) -> None:
        if self._behind is not None:
            self._file.write(riff_chunk(b"XMP ", self._behind))
        size = self._file.tell()
        self._file.seek(4)
        self._file.write(struct.pack("<I", size - 8))

    def _begin(self, picture: Plane, profile: bytes | None) -> None:
        height, width = picture.shape[:2]
        flags = 0x02 | (0x10 if picture.shape[2:] == (4,) else 0) | (0x20 if profile else 0)
        flags |= 0x04 if self._behind is not None else 0
        size = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
        self._file.write(b"RIFF\0\0\0\0WEBP" + riff_chunk(b"VP8X", struct.pack("<I", flags) + size))
        if profile:
            self._file.write(riff_chunk(b"ICCP", profile))
        self._file.write(riff_chunk(b"ANIM", struct.pack("<IH", 0, min(self._plays, 65535))))


class GifWriter:
    """GIF, animated or not. Times are in hundredths of a second, 1 at least, and a pixel is see-through or not."""

    def __init__(self, file: BinaryIO, plays: int, extension: bytes = b"") -> None:
        """`extension` is said of the whole file, and stands behind all pictures."""
        self._file, self._plays, self._extension = file, plays, extension
        self._before: Plane | None = None

    def add(self, picture: Plane, duration_ms: int) -> None:
        if self._before is None:
            self._begin(picture)
        alpha = picture.shape[2:] == (4,)
        # A see-through pixel shows what lies below, so such frames are whole and cleared away after their time.
        x0, y0, x1, y1 = _changed(None if alpha else self._before, picture)
        palette, indices, clear = _indexed(picture[y0:y1, x0:x1])
        flags = (2 if alpha else 1) << 2 | (clear is not None)
        delay = min(max(round(duration_ms / 10), 1), 65535)
        self._file.write(b"\x21\xf9\4" + struct.pack("<BHBx", flags, delay, clear or 0))
        self._file.write(struct.pack("<c4HB", b"\x2c", x0, y0, x1 - x0, y1 - y0, 0x87))
        self._file.write(palette.tobytes().ljust(768, b"\0") + _compressed(indices))
        self._before = picture

    def close(self) -> None:
        self._file.write(self._extension + b"\x3b")

    def _begin(self, picture: Plane) -> None:
        height, width = picture.shape[:2]
        # Every frame has a palette of its own; the common one of two colours is what some readers want to see.
        self._file.write(b"GIF89a" + struct.pack("<2H3B", width, height, 0xF0, 0, 0) + bytes(6))
        if self._plays != 1:
            repeats = min(self._plays - 1, 65535) if self._plays else 0
            self._file.write(b"\x21\xff\x0bNETSCAPE2.0\3\1" + struct.pack("<Hx", repeats))


def _compressed(indices: NDArray[np.uint8]) -> bytes:
    """GIF's image data (LZW) of palette indices (H, W), from FFmpeg's encoder of GIF."""
    height, width = indices.shape
    encoder = av.CodecContext.create("gif", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "pal8"
    encoder.time_base = Fraction(1, 100)
    encoder.options = {"gifflags": "0"}
    frame = av.VideoFrame(width, height, "pal8")
    rows = np.pad(indices, ((0, 0), (0, frame.planes[0].line_size - width)))
    frame.planes[0].update(rows.tobytes())
    # Without a see-through entry in its palette FFmpeg writes the indices as they are.
    frame.planes[1].update(b"\xff" * frame.planes[1].buffer_size)
    frame.pts = 0
    packet = bytes([*encoder.encode(frame), *encoder.encode(None)][0])
    at = 13 + _table_bytes(packet[10])
    while packet[at] == 0x21:
        at += 2
        while packet[at]:
            at += packet[at] + 1
        at += 1
    return packet[at + 10 + _table_bytes(packet[at + 9]) :]


def _table_bytes(packed: int) -> int:
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


# Palettes: at most 256 colours, the picture's own where they fit


def _indexed(picture: Plane) -> tuple[NDArray[np.uint8], NDArray[np.uint8], int | None]:
    """(palette (K, 3), indices (H, W), the index that is see-through or None) of a picture in 8 bits."""
    alpha = picture.shape[2:] == (4,)
    shown = picture[..., 3] >= 128 if alpha else np.ones(picture.shape[:2], bool)
    pixels = (np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture[..., :3])[shown]
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    palette, places = _reduced(_unpacked(colours), counts, 255 if alpha else 256)
    indices = np.full(shown.shape, 255, np.uint8)
    indices[shown] = places[inverse]
    # Named also where all is shown: readers clear a frame away to see-through only if it has such an index.
    return palette, indices, 255 if alpha else None


def _unpacked(colours: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(np.uint8)


def _reduced(
    colours: NDArray[np.uint8], counts: NDArray[np.intp], size: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """At most `size` of `colours` (N, 3) and which of them stands for each: median cut.

    A box of colours is shown as the one of them that is nearest to their mean. So a picture with a few colours too
    many, as one with a palette that was painted into, keeps nearly all of its own.
    """
    if len(colours) <= size:
        return colours, np.arange(len(colours), dtype=np.uint8)
    serial = itertools.count()
    boxes = [_box(colours, counts, np.arange(len(colours)), next(serial))]
    while len(boxes) < size:
        members = heapq.heappop(boxes)[2]
        axis = int(np.ptp(colours[members], axis=0).argmax())
        members = members[np.argsort(colours[members, axis], kind="stable")]
        shares = np.cumsum(counts[members])
        cut = int(np.clip(np.searchsorted(shares, shares[-1] / 2), 1, len(members) - 1))
        for half in (members[:cut], members[cut:]):
            heapq.heappush(boxes, _box(colours, counts, half, next(serial)))
    places = np.empty(len(colours), np.uint8)
    for place, (_, _, members) in enumerate(boxes):
        places[members] = place
    return np.stack([_middle(colours[members], counts[members]) for _, _, members in boxes]), places


def _middle(colours: NDArray[np.uint8], counts: NDArray[np.intp]) -> NDArray[np.uint8]:
    """The one of `colours` (N, 3) that is nearest to their mean."""
    mean = np.average(colours, axis=0, weights=counts)
    return np.asarray(colours[np.square(colours - mean).sum(axis=1).argmin()])


def _box(
    colours: NDArray[np.uint8], counts: NDArray[np.intp], members: NDArray[np.intp], serial: int
) -> tuple[float, int, NDArray[np.intp]]:
    """An entry of the heap: the box with the widest colours, weighed by how often they are used, comes first."""
    extent = float(np.ptp(colours[members], axis=0).max())
    return -extent * float(counts[members].sum()) ** 0.5, serial, members
