"""The directory of a TIFF file: read it, or give the file another one.

EXIF data has the same shape, so a picture's orientation is read here as well. Reference: TIFF 6.0, section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from passerby.core.errors import DamagedMedia

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, ORIENTATION, SAMPLES, STRIP_BYTES, PLANAR = 273, 274, 277, 279, 284
TILE_OFFSETS, TILE_BYTES, SUB_DIRECTORIES, EXTRA_SAMPLES, SAMPLE_FORMAT = 324, 325, 330, 338, 339
PROFILE, DNG_VERSION = 34675, 50706

# What a decoder needs. Everything else is text, thumbnails, or turns and alpha that are dealt with here.
DECODING = frozenset(
    {WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, 266, STRIP_OFFSETS, SAMPLES, 278, STRIP_BYTES, PLANAR}
    | {292, 293, 317, 320, 322, 323, TILE_OFFSETS, TILE_BYTES, 332, 347, 529, 530, 531, 532}
)
_KNOWN = DECODING | {ORIENTATION, SUB_DIRECTORIES, EXTRA_SAMPLES, SAMPLE_FORMAT, PROFILE, DNG_VERSION}

UNDEFINED = 7
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_NUMBERS = {1: "B", 3: "H", 4: "I"}


@dataclass(frozen=True, slots=True)
class Tag:
    """One entry of a directory."""

    kind: int
    """The TIFF field type: 3 is a 16-bit number, 7 bytes, …"""
    data: bytes
    """The values, in the file's own byte order."""


@dataclass(frozen=True, slots=True)
class Directory:
    """What a TIFF file says of its first picture, as far as passerby asks."""

    order: str
    """'<' or '>', as `struct` writes the byte order."""
    tags: Mapping[int, Tag]
    following: int
    """Where the next picture's directory begins; 0 when there is none."""

    def numbers(self, number: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """The values of a tag, or `default` when it is missing or does not hold whole numbers."""
        tag = self.tags.get(number)
        if tag is None or tag.kind not in _NUMBERS:
            return default
        return struct.unpack(f"{self.order}{len(tag.data) // _WIDTHS[tag.kind]}{_NUMBERS[tag.kind]}", tag.data)

    def number(self, number: int, default: int = 0) -> int:
        """The first value of a tag."""
        return (self.numbers(number) or (default,))[0]


def short(order: str, value: int) -> Tag:
    """A tag of one 16-bit number."""
    return Tag(3, struct.pack(order + "H", value))


def is_tiff(data: bytes) -> bool:
    return data[:4] in (b"II*\0", b"MM\0*")


def read_directory(data: bytes) -> Directory:
    """The first directory of a TIFF file, or of EXIF data.

    Raises:
        DamagedMedia: `data` is too short for what it announces. The message does not name the file.
    """
    order = "<" if data[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, start)
        tags: dict[int, Tag] = {}
        for at in range(start + 2, start + 2 + 12 * count, 12):
            number, kind, values = struct.unpack_from(order + "HHI", data, at)
            if number in _KNOWN and number not in tags:
                tags[number] = Tag(kind, _values(data, order, at + 8, values * _WIDTHS.get(kind, 0)))
        (following,) = struct.unpack_from(order + "I", data, start + 2 + 12 * count)
    except struct.error as error:
        raise DamagedMedia("breaks off in its directory") from error
    return Directory(order, tags, following)


def _values(data: bytes, order: str, at: int, size: int) -> bytes:
    """The `size` bytes of an entry's values: in the entry itself at `at`, or where it says."""
    if size > 4:
        (at,) = struct.unpack_from(order + "I", data, at)
    if at + size > len(data):
        raise DamagedMedia("breaks off in its directory")
    return data[at : at + size]


def with_tags(data: bytes, order: str, tags: Mapping[int, Tag]) -> bytes:
    """A TIFF file with `tags` for its only directory; the pixels stay where they are in `data`.

    The new directory is appended and the old one is no longer reached. Values are in byte order `order`, the file's.
    """
    start = len(data) + len(data) % 2
    written = sorted(((number, tag) for number, tag in tags.items() if tag.data), key=lambda entry: entry[0])
    loose = start + 2 + 12 * len(written) + 4
    entries, values = [], b""
    for number, tag in written:
        inline = tag.data.ljust(4, b"\0")
        if len(tag.data) > 4:
            inline = struct.pack(order + "I", loose + len(values))
            values += tag.data + b"\0" * (len(tag.data) % 2)
        entries.append(struct.pack(order + "HHI", number, tag.kind, len(tag.data) // _WIDTHS[tag.kind]) + inline)
    directory = struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)
    return b"".join(
        [data[:4], struct.pack(order + "I", start), data[8:], b"\0" * (len(data) % 2), directory, values],
    )


def orientation(exif: bytes) -> int:
    """How a picture with this EXIF data is to be turned, 1..8; 1, as it is, when the data does not say."""
    try:
        turn = read_directory(exif).number(ORIENTATION, 1) if is_tiff(exif) else 1
    except DamagedMedia:
        return 1
    return turn if 1 <= turn <= 8 else 1
