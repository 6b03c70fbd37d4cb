"""Words in a file's bytes that give away what nobody asked for, wherever they stand."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from passerby.media.xmp import JPEG_NAME, PACKET

MARKS = {
    "a place (ISO 6709)": re.compile(rb"[+-]\d{2}\.\d{3,8}[+-]\d{3}\.\d{3,8}"),
    "XMP": re.compile(rb"<x:xmpmeta|<\?xpacket begin|http://ns\.adobe\.com/xap/"),
    "EXIF": re.compile(rb"Exif\0\0(II\*\0|MM\0\*)"),
    "a Photoshop record": re.compile(rb"Photoshop 3\.0\0"),
}
"""Byte strings that chance does not write."""


def marks(path: Path) -> Iterator[str]:
    """What is there, each once."""
    if not path.stat().st_size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for name, pattern in MARKS.items():
            found = next((it for it in pattern.finditer(data) if not _is_our_mark(data, it.start())), None)
            if found:
                yield f"{name} at byte {found.start()}"


def _is_our_mark(data: mmap.mmap, at: int) -> bool:
    """Whether byte `at` lies in what passerby itself writes, word for word, into files in which generators drew."""
    first = data.find(PACKET, max(at - len(PACKET), 0), at + len(JPEG_NAME) + len(PACKET))
    return first >= 0 and first - len(JPEG_NAME) <= at < first + len(PACKET)
