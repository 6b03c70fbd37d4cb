"""The boxes of MP4 and QuickTime files (ISO/IEC 14496-12) that no player needs."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from passerby.media import xmp
from passerby.media.mark import SYNTHETIC

HOLDING = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"udta", b"moof", b"traf", b"mvex"})
"""Boxes that hold others."""
NEEDED = HOLDING | frozenset(
    {b"ftyp", b"styp", b"mdat", b"wide", b"mvhd", b"tkhd", b"mdhd", b"hdlr", b"vmhd", b"smhd", b"gmhd", b"nmhd"}
    | {b"sthd", b"dref", b"elst", b"stsd", b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stz2", b"stco", b"co64"}
    | {b"stss", b"sdtp", b"sbgp", b"sgpd", b"stps", b"tref", b"trex", b"mehd", b"mfhd", b"tfhd", b"tfdt", b"trun"}
    | {b"sidx", b"mfra", b"tfra", b"mfro", b"saio", b"saiz", b"tapt", b"iods", b"pdin"}
)
"""Boxes that say where the pictures are and how they are shown."""
ROOM = frozenset({b"free", b"skip"})
"""Room for later: what was there before an edit may still lie in it."""
C2PA = "uuid of a C2PA manifest"
_MANIFEST = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""C2PA Technical Specification, embedding manifests into BMFF."""
AS_METADATA = frozenset({b"meta"})
"""Read by FFmpeg, whose metadata is looked at elsewhere."""
_FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot"})
LARGEST_ROOM = 1 << 24
"""Bytes of free space that are searched."""


def unknown_boxes(path: Path) -> list[tuple[str, int]]:
    """Kind and size in bytes of boxes that are not needed, and of what lies behind the last box."""
    with path.open("rb") as file:
        if file.read(8)[4:] not in _FIRST:
            return []
        size = file.seek(0, 2)
        return list(_unknown(path, 0, size))


def _unknown(path: Path, start: int, end: int) -> Iterator[tuple[str, int]]:
    for kind, body, stop in _boxes(path, start, end):
        if kind in HOLDING:
            yield from _unknown(path, body, stop)
        elif kind in ROOM:
            if _is_used(path, body, stop):
                yield f"{kind.decode()} (free space that is not empty)", stop - body
        elif kind == b"uuid":
            yield from _extended(path, body, stop)
        elif kind not in NEEDED | AS_METADATA and not (kind[:1] == b"\xa9" and _is_comment(path, body, stop)):
            yield kind.decode("latin-1"), stop - body


def _is_comment(path: Path, body: int, stop: int) -> bool:
    """Whether a text of QuickTime (its length and language first) is passerby's mark in words."""
    with path.open("rb") as file:
        file.seek(body + 4)
        return file.read(max(min(stop - body - 4, len(SYNTHETIC) + 1), 0)) == SYNTHETIC.encode()


def _extended(path: Path, body: int, stop: int) -> Iterator[tuple[str, int]]:
    """A box whose kind is a UUID, unless it is passerby's mark."""
    with path.open("rb") as file:
        file.seek(body)
        start = file.read(len(xmp.UUID + xmp.PACKET))
    if start != xmp.UUID + xmp.PACKET or stop - body != len(start):
        yield C2PA if start.startswith(_MANIFEST) else "uuid", stop - body


def _boxes(path: Path, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, where its content begins, where it ends) of every box between two places."""
    with path.open("rb") as file:
        # A list of boxes may end with 32 zero bits.
        while start + 8 <= end:
            file.seek(start)
            length, kind = struct.unpack(">I4s", file.read(8))
            body = start + 8
            if length == 1:
                (length,), body = struct.unpack(">Q", file.read(8)), start + 16
            stop = end if length == 0 else start + length
            if stop > end or stop < body:
                yield b"????", start, end
                return
            yield kind, body, stop
            start = stop


def _is_used(path: Path, start: int, end: int) -> bool:
    """Whether anything but zeros lies between two places."""
    with path.open("rb") as file:
        file.seek(start)
        return bool(file.read(min(end - start, LARGEST_ROOM)).strip(b"\0"))
