"""What lies beside the pixels of a picture is found, in every kind of picture that is read."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from drawn_pictures import SECRET, animation, drawn, exif, png_chunk, saved

from passerby.job import anonymize
from passerby.leftovers.carried_stills import carried_by_still


def found(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return "\n".join(f"{each.kind}: {each.what}" for each in carried_by_still(path))


def jpeg(marker: int, body: bytes) -> bytes:
    plain = saved(drawn(), "JPEG")
    return plain[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + plain[2:]


def png(name: bytes, body: bytes) -> bytes:
    plain = saved(drawn(), "PNG")
    return plain[:33] + png_chunk(name, body) + plain[33:]


PLANTED = [
    ("EXIF", ".jpg", jpeg(0xE1, exif(6).tobytes()), "EXIF"),
    ("comment", ".jpg", jpeg(0xFE, SECRET), "a comment"),
    ("Photoshop", ".jpg", jpeg(0xED, b"Photoshop 3.0\0" + SECRET), "Photoshop record"),
    ("maker's own", ".jpg", jpeg(0xEF, SECRET), "segment APP15"),
    ("second picture", ".jpg", saved(drawn(), "JPEG") * 2, "behind the end"),
    ("text", ".png", png(b"tEXt", b"Author\0" + SECRET), "chunk tEXt"),
    ("private", ".png", png(b"prVt", SECRET), "chunk prVt"),
    ("time", ".png", png(b"tIME", bytes(7)), "chunk tIME"),
    ("trailer", ".png", saved(drawn(), "PNG") + SECRET, "behind the end"),
    ("XMP", ".webp", saved(drawn(), "WEBP", xmp=b"<x:xmpmeta>" + SECRET), "chunk XMP"),
    ("EXIF", ".webp", saved(drawn(), "WEBP", exif=exif(1)), "chunk EXIF"),
    ("comment", ".gif", animation("GIF", comment=SECRET, loop=0), "a comment"),
    ("artist", ".tif", saved(drawn(), "TIFF", tiffinfo={315: SECRET.decode()}), "tag 315"),
]


@pytest.mark.parametrize(
    ("suffix", "data", "what"), [row[1:] for row in PLANTED], ids=[f"{row[0]} in {row[1]}" for row in PLANTED]
)
def test_what_is_planted_is_found(suffix: str, data: bytes, what: str, tmp_path: Path) -> None:
    assert what in found(tmp_path / f"in{suffix}", data)


PLAIN: list[tuple[str, Any]] = [
    (".jpg", saved(drawn(), "JPEG")),
    (".png", saved(drawn(), "PNG", dpi=(300, 300))),
    (".webp", saved(drawn(), "WEBP")),
    (".gif", animation("GIF", loop=0)),
    (".tif", saved(drawn(), "TIFF")),
    (".bmp", saved(drawn(), "BMP")),
]


@pytest.mark.parametrize(("suffix", "data"), PLAIN, ids=[suffix for suffix, _ in PLAIN])
def test_a_plain_picture_carries_nothing(suffix: str, data: bytes, tmp_path: Path) -> None:
    assert found(tmp_path / f"in{suffix}", data) == ""


@pytest.mark.parametrize(("suffix", "data"), PLAIN, ids=[suffix for suffix, _ in PLAIN])
def test_what_passerby_writes_carries_nothing(suffix: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / f"in{suffix}").write_bytes(data)
    anonymize(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}")
    assert carried_by_still(tmp_path / f"out{suffix}") == []
