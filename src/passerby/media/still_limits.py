"""How large a picture may be, so that a hostile file cannot take the machine down."""

from __future__ import annotations

from dataclasses import dataclass

from passerby.core.errors import LimitExceeded
from passerby.media import tiff_tags as tiff
from passerby.media.picture_header import PictureHeader


@dataclass(frozen=True, kw_only=True)
class StillLimits:
    """What is refused before it is decoded."""

    max_decoded_bytes: int = 1 << 30
    """Of the pixels, 1 to 8 bytes each, of all pictures of an animation together: it is decoded at once. A run needs
    several times as much memory, since the picture is copied while it is worked on."""
    max_frames: int = 10_000
    """Pictures in an animation."""
    max_bytes: int = 1 << 30
    """Size of the file."""

    def __post_init__(self) -> None:
        if min(self.max_decoded_bytes, self.max_frames, self.max_bytes) < 1:
            raise ValueError(f"limits must be at least 1, got {self}")

    def check(self, data: bytes, header: PictureHeader, name: str) -> None:
        """Raise LimitExceeded for the picture file `data` if it is too large; `name` is for messages."""
        width, height = header.size
        if header.frames > self.max_frames:
            raise LimitExceeded(f"{name} has {header.frames} pictures, {self.max_frames} are allowed; raise max_frames")
        size = width * height * header.frames * _pixel_bytes(header, data)
        if size > self.max_decoded_bytes:
            what = f"{header.frames} pictures of " if header.frames > 1 else ""
            raise LimitExceeded(
                f"{name} has {what}{width}x{height} pixels, which are {size} bytes when decoded, "
                f"{self.max_decoded_bytes} are allowed; shrink it or raise max_decoded_bytes"
            )


def _pixel_bytes(header: PictureHeader, data: bytes) -> int:
    """The most that a decoded pixel of this picture may take."""
    if header.kind == "jpeg":
        return 3
    if header.kind == "png":
        depth, colours = data[24:26]
        see_through = header.animated or colours & 4 or b"tRNS" in data[: data.find(b"IDAT")]
        return (4 if see_through else 3 if colours else 1) * (2 if depth > 8 else 1)
    if header.directory is not None:
        grey = header.directory.number(tiff.PHOTOMETRIC) in (0, 1)
        samples = min(max(header.directory.number(tiff.SAMPLES, 1), 1 if grey else 3), 4)
        return samples * -(-max((1, *header.directory.numbers(tiff.BITS))) // 8)
    return 4
