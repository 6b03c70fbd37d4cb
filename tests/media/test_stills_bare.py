"""Nothing but pixels, times and colours is in a picture that was written."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_pictures import SECRET, animation, drawn, exif, passed, pixels, png_chunk, read, saved, through_pillow
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

# Nothing but the picture


def jpeg_with_everything() -> bytes:
    thumbnail = saved(drawn().resize((16, 16)), "JPEG", comment=SECRET)
    tags = exif(6).tobytes()
    segments = [
        (0xE1, tags),
        (0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + thumbnail),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + SECRET),
        (0xE2, b"MPF\0II*\0" + SECRET),
        (0xED, b"Photoshop 3.0\x008BIM\x04\x04" + SECRET),
        (0xEF, SECRET),
        (0xFE, SECRET),
    ]
    extra = b"".join(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in segments)
    plain = saved(drawn(), "JPEG")
    second = saved(drawn("L"), "JPEG", comment=SECRET)
    return plain[:2] + extra + plain[2:] + second + b"\0\0\0\x18ftypmp42" + SECRET


def png_with_everything(animated: bool = False) -> bytes:
    text = PngInfo()
    text.add_text("Author", SECRET.decode())
    text.add_text("Description", SECRET.decode(), zip=True)
    text.add_itxt("XML:com.adobe.xmp", SECRET.decode(), zip=True)
    options: dict[str, Any] = {"pnginfo": text, "exif": exif(1), "icc_profile": profile(), "dpi": (300, 300)}
    data = animation("PNG", **options) if animated else saved(drawn(), "PNG", **options)
    end = data.rindex(b"IEND") - 4
    private = png_chunk(b"tIME", bytes(7)) + png_chunk(b"prVt", SECRET)
    return data[:33] + private + data[33:end] + private + data[end:] + SECRET


def webp_with_everything(animated: bool = False) -> bytes:
    options = {"exif": exif(1), "xmp": b"<x:xmpmeta>" + SECRET, "icc_profile": profile()}
    data = animation("WEBP", **options) if animated else saved(drawn(), "WEBP", **options)
    data += b"prVt" + struct.pack("<I", len(SECRET)) + SECRET
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:] + SECRET


def tiff_with_everything() -> bytes:
    tags = dict.fromkeys((270, 271, 272, 305, 306, 315, 316, 33432, 65000), SECRET.decode())
    data = saved(drawn(), "TIFF", tiffinfo=tags | {700: SECRET, 34377: SECRET}, icc_profile=profile(), dpi=(300, 300))
    return data + SECRET


def gif_with_everything() -> bytes:
    data = animation("GIF", comment=SECRET, loop=0)
    application = b"\x21\xff\x0bXMP DataXMP" + bytes([len(SECRET)]) + SECRET + b"\0"
    return data[:-1] + application + b"\x3b" + SECRET


def bmp_with_everything() -> bytes:
    data = saved(drawn(), "BMP")
    return data[:6] + SECRET[:4] + data[10:] + SECRET


PLANTED: dict[str, tuple[Callable[[], bytes], str]] = {
    "jpeg": (jpeg_with_everything, ".jpg"),
    "png": (png_with_everything, ".png"),
    "apng": (lambda: png_with_everything(animated=True), ".png"),
    "webp": (webp_with_everything, ".webp"),
    "animated webp": (lambda: webp_with_everything(animated=True), ".webp"),
    "tiff": (tiff_with_everything, ".tif"),
    "gif": (gif_with_everything, ".gif"),
    "bmp": (bmp_with_everything, ".bmp"),
}


@pytest.mark.parametrize(("plant", "suffix"), PLANTED.values(), ids=PLANTED)
def test_nothing_that_was_written_beside_the_picture_is_in_the_output(
    plant: Callable[[], bytes], suffix: str, tmp_path: Path
) -> None:
    data = plant()
    assert SECRET[:4] in data
    out = passed(tmp_path, data, suffix).read_bytes()
    assert SECRET not in out
    assert SECRET.decode().encode("utf-16-be") not in out
    assert SECRET[:4] not in out[:64]
    with Image.open(io.BytesIO(out)) as image:
        image.load()
        told = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "compression", "dpi", "resolution", "icc_profile"}
        told |= {"version", "background", "loop", "duration", "extension", "timestamp", "default_image", "bbox"}
        told |= {"blend", "disposal", "transparency"}
        assert set(image.info) <= told
        assert not set(image.getexif()) - {
            256,
            257,
            258,
            259,
            262,
            273,
            277,
            278,
            279,
            282,
            283,
            284,
            296,
            317,
            339,
            34675,
        }


def test_png_and_webp_hold_only_chunks_that_are_known(tmp_path: Path) -> None:
    """Compressed text would not be found by searching bytes."""
    out = passed(tmp_path, png_with_everything(animated=True), ".png").read_bytes()
    names, at = [], 8
    while at < len(out):
        (size,) = struct.unpack_from(">I", out, at)
        names.append(out[at + 4 : at + 8])
        at += 12 + size
    assert set(names) <= {b"IHDR", b"iCCP", b"acTL", b"fcTL", b"IDAT", b"fdAT", b"IEND"}
    out = passed(tmp_path, webp_with_everything(animated=True), ".webp").read_bytes()
    assert not {b"EXIF", b"XMP ", b"prVt"} & set(re.findall(rb"[A-Za-z ]{4}", out))


# Colours


def profile(space: bytes = b"RGB ", **changes: bytes) -> bytes:
    """An ICC profile with Display P3's primaries, a made-up tone curve, and text in all its corners."""

    def point(*xyz: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in xyz))

    curve = b"curv\0\0\0\0" + struct.pack(">I", 64) + (np.linspace(0, 1, 64) ** 1.8 * 65535).astype(">u2").tobytes()
    gamma = b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", round(1.8 * 65536))
    text = b"text\0\0\0\0" + SECRET + b"\0"
    utf16 = SECRET.decode().encode("utf-16-be")
    wide = b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(utf16), 28) + utf16
    tags = {b"desc": wide, b"cprt": wide, b"dmnd": text, b"priv": text, b"wtpt": point(0.9642, 1, 0.8249)}
    if space == b"GRAY":
        tags |= {b"kTRC": curve}
    else:
        tags |= {b"rXYZ": point(0.5151, 0.2412, -0.0011), b"gXYZ": point(0.2920, 0.6922, 0.0419)}
        tags |= {b"bXYZ": point(0.1571, 0.0666, 0.7841), b"rTRC": curve, b"gTRC": gamma, b"bTRC": curve}
    tags |= {name.encode(): tag for name, tag in changes.items()}
    at, table, body = 132 + 12 * len(tags), b"", b""
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    head = struct.pack(">I4xI4s4s4s12s4s", at + len(body), 0x04300000, b"mntr", space, b"XYZ ", bytes(12), b"acsp")
    head = (head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)).ljust(84, b"\0") + SECRET[:16]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def as_seen(picture: Image.Image, icc: bytes) -> np.ndarray:
    space = ImageCms.createProfile("sRGB")
    seen = ImageCms.profileToProfile(picture, ImageCms.ImageCmsProfile(io.BytesIO(icc)), space, outputMode="RGB")
    assert seen is not None
    return np.array(seen).astype(int)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_a_colour_profile_keeps_its_colours_and_loses_its_text(suffix: str, tmp_path: Path) -> None:
    kind = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF"}[suffix]
    out = passed(tmp_path, saved(drawn(), kind, icc_profile=profile()), suffix)
    with Image.open(out) as image:
        rebuilt = image.info["icc_profile"]
    assert SECRET[:8] not in rebuilt
    assert SECRET.decode().encode("utf-16-be")[:16] not in rebuilt
    assert np.abs(as_seen(drawn(), rebuilt) - as_seen(drawn(), profile())).max() <= 1
    assert np.abs(as_seen(drawn(), rebuilt) - np.array(drawn())).max() > 20


def test_a_grey_profile_goes_with_a_grey_picture(tmp_path: Path) -> None:
    out = passed(tmp_path, saved(drawn("L"), "PNG", icc_profile=profile(b"GRAY")), ".png")
    with Image.open(out) as image:
        rebuilt = image.info["icc_profile"]
    assert np.abs(as_seen(drawn("L"), rebuilt) - as_seen(drawn("L"), profile(b"GRAY"))).max() <= 1


@pytest.mark.parametrize(
    "icc",
    [
        profile(A2B0=b"mft2" + SECRET),
        profile(b"CMYK"),
        profile(b"GRAY"),
        profile(rTRC=b"curv\0\0\0\0" + struct.pack(">I", len(SECRET) // 2) + SECRET),
        profile(gXYZ=b"text\0\0\0\0" + SECRET),
        profile()[:200],
        SECRET,
    ],
    ids=["tables", "inks", "grey for colours", "text for a curve", "text for a point", "cut", "no profile"],
)
def test_a_profile_that_is_not_plain_is_left_out_with_a_note(icc: bytes, tmp_path: Path) -> None:
    data = saved(drawn(), "TIFF", icc_profile=icc)
    assert any("colour profile" in note for note in read(tmp_path, data).info.notes)
    with Image.open(passed(tmp_path, data, ".tif")) as image:
        assert "icc_profile" not in image.info


def test_a_png_that_names_its_colours_by_number_keeps_them(tmp_path: Path) -> None:
    plain = saved(drawn(), "PNG")
    chunk = png_chunk(b"cICP", bytes([9, 16, 0, 1]))
    source = read(tmp_path, plain[:33] + chunk + plain[33:])
    assert source.info.color == {"primaries": 9, "transfer": 16, "matrix": 0, "range": 2}
    assert chunk in passed(tmp_path, plain[:33] + chunk + plain[33:], ".png").read_bytes()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_printing_inks_become_rgb_as_pillow_sees_them(kind: str, tmp_path: Path) -> None:
    data = saved(drawn("CMYK"), kind)
    source = read(tmp_path, data)
    assert source.info.format.name == "rgb24"
    assert np.abs(pixels(source)[0].astype(int) - through_pillow(data, "RGB")[0]).max() <= 2
    assert any("CMYK" in note for note in source.info.notes)
