"""The one thing that is written into files besides pictures and sound: that somebody in them was made up."""

from __future__ import annotations

import struct
from pathlib import Path

from passerby.media.chunks import png_chunk
from passerby.media.picture_header import Kind

SYNTHETIC = (
    "Faces or persons in this file are synthetic: a generator drew them. "
    "digitalSourceType=http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
"""In the words of IPTC for what is put together of photographs and of what a trained model made."""
CONTAINERS = frozenset({"mp4", "mov", "matroska", "webm", "avi"})
"""The muxers that have room for it."""
PICTURES: frozenset[Kind] = frozenset({"png", "jpeg"})
"""The kinds of pictures that have."""
SUFFIXES = (".mp4", ".mkv", ".png", ".jpg")
"""Some that have."""
_PNG_KEY = b"Comment\0"


def added(picture: bytes, kind: Kind, comment: str) -> bytes:
    """A picture file of one of `PICTURES` with a comment in it."""
    text = comment.encode("ascii")
    if kind == "png":
        # After the signature and the chunk that has to be first (PNG specification, 5.6 and 11.3.3.2).
        end = 33
        return picture[:end] + png_chunk(b"tEXt", _PNG_KEY + text) + picture[end:]
    end = 2
    while picture[end : end + 2] == b"\xff\xe0":  # JFIF has to be first
        end += 2 + struct.unpack_from(">H", picture, end + 2)[0]
    return picture[:end] + b"\xff\xfe" + struct.pack(">H", 2 + len(text)) + text + picture[end:]


def no_room(path: Path) -> str:
    """What to tell where there is no room."""
    return f"{path.name} cannot say that it is synthetic; tell whoever gets it, or write {', '.join(SUFFIXES)}"


def is_synthetic(body: bytes) -> bool:
    """Whether what a comment of a PNG or JPEG holds is `SYNTHETIC`."""
    return body.removeprefix(_PNG_KEY) == SYNTHETIC.encode("ascii")
