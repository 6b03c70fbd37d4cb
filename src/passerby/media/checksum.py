"""The check sum of Ogg (RFC 3533) and FFV1 (RFC 9043), and where FFV1 keeps it.

FFmpeg's decoder only logs that a slice of FFV1 is damaged, and shows what was there in the picture before.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_FOOTER = 8
"""Bytes at the end of each slice: three of its size without them, one of its state, four of its check sum."""


def crc32(data: bytes) -> int:
    """The check sum of zlib with its bits the other way round, and nothing inverted: 0 for data with its sum behind."""
    mirrored = zlib.crc32(data.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


class SliceSums:
    """Checks the slices of one stream of FFV1. Not all streams have sums: one that is right says that this one does."""

    def __init__(self) -> None:
        self._are_there = False

    def hold(self, packet: bytes) -> bool:
        """Whether no slice of `packet` is known to be damaged."""
        right = list(_right(packet))
        self._are_there = self._are_there or any(right)
        return all(right) or not self._are_there


def _right(packet: bytes) -> Iterator[bool]:
    """Whether each slice, from the last to the first, is as its sum says."""
    end = len(packet)
    while end:
        start = end - _FOOTER - int.from_bytes(packet[max(end - _FOOTER, 0) :][:3], "big")
        if start < 0:
            yield False
            return
        yield crc32(packet[start:end]) == 0
        end = start
