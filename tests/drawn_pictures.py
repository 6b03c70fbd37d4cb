"""Picture files that the tests draw, and the ways through a source and a sink. Pillow is the second reader."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from passerby.media.still_limits import StillLimits
from passerby.media.still_sink import StillSink
from passerby.media.stills import StillSource

SIZE = (101, 67)
SECRET = b"Sn-0042-Ola-Nordmann"
"""What the tests write beside a picture."""


def drawn(mode: str = "RGB") -> Image.Image:
    """A picture that looks different from every side, with a soft background."""
    x, y = np.meshgrid(np.linspace(0, 255, SIZE[0]), np.linspace(0, 255, SIZE[1]))
    picture = np.stack([x, y, (x + y) / 2], axis=2).astype(np.uint8)
    picture[5:20, 5:40] = (250, 20, 20)
    picture[40:60, 70:90] = (20, 20, 250)
    image = Image.fromarray(picture)
    if mode == "P":
        return image.quantize(64)
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.fromarray(x.astype(np.uint8)))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def animation(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    """Five frames of uneven length: a square moves over the background."""
    frames = []
    for step in range(5):
        frame = drawn(mode)
        frame.paste(frame.crop((70, 40, 90, 60)), (10 + 9 * step, 30))
        frames.append(frame.quantize(64) if kind == "GIF" and mode == "RGB" else frame)
    times = [40, 80, 200, 30, 500]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=times, **options)


def deep(channels: int) -> np.ndarray:
    """16-bit pixels that use all their bits."""
    shape = (SIZE[1], SIZE[0], channels)[: 3 if channels > 1 else 2]
    return np.random.default_rng(channels).integers(0, 1 << 16, shape).astype(np.uint16)


def deep_file(suffix: str, channels: int) -> bytes:
    order = {1: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[channels]
    picture = deep(channels) if order is None else cv2.cvtColor(deep(channels), order)
    return bytes(cv2.imencode(suffix, picture)[1])


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG of any layout; `rows` begin with their filter byte."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + extra + data + png_chunk(b"IEND", b"")


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = SECRET.decode()
    tags[0x013B] = SECRET.decode()
    return tags


# Going through


def read(folder: Path, data: bytes, name: str = "in.bin", limits: StillLimits | None = None) -> StillSource:
    path = folder / name
    path.write_bytes(data)
    return StillSource(path, limits)


def passed(folder: Path, data: bytes, suffix: str, **options: Any) -> Path:
    """`data` through a source and a sink with nothing done in between."""
    path = folder / f"out{suffix}"
    with read(folder, data) as source, StillSink(path, source.info, **options) as sink:
        for frame in source:
            sink.write(frame)
    return path


def pixels(source: StillSource) -> list[np.ndarray]:
    return [frame.planes[0] for frame in source]


def through_pillow(data: bytes, mode: str) -> list[np.ndarray]:
    with Image.open(io.BytesIO(data)) as image:
        frames = []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            frames.append(np.array(image.convert(mode)))
        return frames


def times(path: Path) -> list[float]:
    with Image.open(path) as image:
        answer = []
        for index in range(image.n_frames):
            image.seek(index)
            image.load()
            answer.append(image.info["duration"])
        return answer


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(np.square(a.astype(float) - b).mean(), 1e-9)))


# What is read

READABLE: dict[str, tuple[bytes, str]] = {
    "jpeg colour": (saved(drawn(), "JPEG"), "rgb24"),
    "jpeg progressive": (saved(drawn(), "JPEG", progressive=True), "rgb24"),
    "jpeg grey": (saved(drawn("L"), "JPEG"), "gray"),
    "png colour": (saved(drawn(), "PNG"), "rgb24"),
    "png grey": (saved(drawn("L"), "PNG"), "gray"),
    "png black and white": (saved(drawn("1"), "PNG"), "gray"),
    "png two bits": (png(4, 1, 2, 0, b"\0\x1b"), "gray"),
    "png alpha": (saved(drawn("RGBA"), "PNG"), "rgba"),
    "png grey with alpha": (saved(drawn("LA"), "PNG"), "rgba"),
    "png palette": (saved(drawn("P"), "PNG"), "rgb24"),
    "png palette with alpha": (saved(drawn("P"), "PNG", transparency=bytes(range(64))), "rgba"),
    "png grey, one value see-through": (saved(drawn("L"), "PNG", transparency=40), "rgba"),
    "png colour, one see-through": (saved(drawn(), "PNG", transparency=(250, 20, 20)), "rgba"),
    "webp": (saved(drawn(), "WEBP"), "rgb24"),
    "webp alpha": (saved(drawn("RGBA"), "WEBP"), "rgba"),
    "webp lossless": (saved(drawn(), "WEBP", lossless=True), "rgb24"),
    "tiff colour": (saved(drawn(), "TIFF"), "rgb24"),
    "tiff lzw": (saved(drawn(), "TIFF", compression="tiff_lzw"), "rgb24"),
    "tiff deflate": (saved(drawn(), "TIFF", compression="tiff_deflate"), "rgb24"),
    "tiff packbits": (saved(drawn(), "TIFF", compression="packbits"), "rgb24"),
    "tiff jpeg": (saved(drawn(), "TIFF", compression="jpeg"), "rgb24"),
    "tiff grey": (saved(drawn("L"), "TIFF"), "gray"),
    "tiff grey, white is 0": (saved(drawn("L"), "TIFF", tiffinfo={262: 0}), "gray"),
    "tiff black and white": (saved(drawn("1"), "TIFF"), "gray"),
    "tiff palette": (saved(drawn("P"), "TIFF"), "rgb24"),
    "tiff alpha": (saved(drawn("RGBA"), "TIFF", compression="tiff_lzw"), "rgba"),
    "bmp": (saved(drawn(), "BMP"), "rgb24"),
    "bmp grey": (saved(drawn("L"), "BMP"), "gray"),
    "bmp palette": (saved(drawn("P"), "BMP"), "rgb24"),
    "gif": (saved(drawn("P"), "GIF"), "rgb24"),
    "gif interlaced": (saved(drawn("P"), "GIF", interlace=1), "rgb24"),
}


ANIMATIONS: dict[str, tuple[bytes, str, int]] = {
    "gif": (animation("GIF", loop=0), ".gif", 0),
    "gif three times": (animation("GIF", loop=2), ".gif", 3),
    "gif once": (animation("GIF"), ".gif", 1),
    "gif that clears away": (animation("GIF", loop=0, disposal=2), ".gif", 0),
    "gif that steps back": (animation("GIF", loop=0, disposal=3), ".gif", 0),
    "gif see-through": (animation("GIF", "RGBA", loop=0, disposal=2), ".gif", 0),
    "apng": (animation("PNG", loop=0), ".png", 0),
    "apng twice": (animation("PNG", loop=2), ".png", 2),
    "apng alpha": (animation("PNG", "RGBA", loop=0), ".png", 0),
    "apng grey": (animation("PNG", "L", loop=0), ".apng", 0),
    "webp": (animation("WEBP", lossless=True, loop=0), ".webp", 0),
    "webp alpha": (animation("WEBP", "RGBA", lossless=True, exact=True, loop=4), ".webp", 4),
}
