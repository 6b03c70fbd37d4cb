"""What the walks along containers tell of, and how they look ahead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

BREAKS_OFF = "the file breaks off"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch of a file that cannot be trusted."""

    start: int
    """First byte of what cannot be trusted."""
    end: int
    """First byte of what can be again."""
    reason: str
    doubtful: bool = False
    """Only a check sum says so: what is in it can be read, and most of it is right."""


def read_at(file: BinaryIO, start: int, length: int) -> bytes:
    """The bytes of `file` from `start` on, fewer at its end."""
    file.seek(start)
    return file.read(length)


def pieces(file: BinaryIO, start: int, end: int, overlap: int = 0) -> Iterator[tuple[int, bytes]]:
    """(where it begins, bytes) of one piece of `file` after the other; each repeats the last `overlap` bytes."""
    while start < end:
        data = read_at(file, start, min(_PIECE, end - start))
        yield start, data
        if start + len(data) >= end or len(data) <= overlap:
            return
        start += len(data) - overlap
