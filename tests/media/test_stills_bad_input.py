"""Pictures that are huge, broken or of another kind: one line, and nothing is decoded half."""

from __future__ import annotations

import contextlib
import os
import re
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_pictures import (
    ANIMATIONS,
    READABLE,
    SIZE,
    animation,
    deep,
    deep_file,
    drawn,
    pixels,
    png,
    png_chunk,
    read,
    saved,
)
from PIL import Image

from passerby.core.errors import (
    DamagedMedia,
    InputError,
    LimitExceeded,
    PasserbyError,
    UnsupportedMedia,
)
from passerby.media import stills
from passerby.media.overheard import complaints
from passerby.media.still_limits import StillLimits
from passerby.media.stills import StillSource, is_still

# Bad input


def with_size(kind: str, side: int = 60_000) -> bytes:
    """A small file that says it is `side` pixels wide and high."""
    if kind == "jpeg":
        data = saved(drawn(), "JPEG")
        at = data.index(b"\xff\xc0") + 5
        return data[:at] + struct.pack(">HH", side, side) + data[at + 4 :]
    if kind == "png":
        return png(side, side, 8, 2, b"")
    if kind == "webp":
        data = animation("WEBP")
        return data[:24] + (side - 1).to_bytes(3, "little") * 2 + data[30:]
    if kind == "gif":
        data = saved(drawn("P"), "GIF")
        return data[:6] + struct.pack("<HH", side, side) + data[10:]
    if kind == "bmp":
        data = saved(drawn(), "BMP")
        return data[:18] + struct.pack("<ii", side, side) + data[26:30] + struct.pack("<I", 1) + data[34:]
    data = saved(drawn(), "TIFF", compression="tiff_lzw")
    for tag, old in ((256, SIZE[0]), (257, SIZE[1])):
        entries = (struct.pack("<HHI", tag, type_, 1) + struct.pack("<I", old) for type_ in (3, 4))
        [entry] = [entry for entry in entries if entry in data]
        data = data.replace(entry, struct.pack("<HHII", tag, 4, 1, side))
    return data


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif", "bmp", "tiff"])
def test_a_huge_picture_is_refused_before_it_is_decoded(kind: str, tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match=r"60000x60000 pixels, .* 1073741824 are allowed; shrink it") as caught:
        read(tmp_path, with_size(kind))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "limits",
    [
        StillLimits(max_decoded_bytes=4 * 5 * SIZE[0] * SIZE[1] - 1),
        StillLimits(max_frames=4),
        StillLimits(max_bytes=100),
    ],
)
def test_limits_count_all_frames_together(limits: StillLimits, tmp_path: Path) -> None:
    data = animation("PNG")
    assert read(tmp_path, data, limits=StillLimits(max_decoded_bytes=4 * 5 * SIZE[0] * SIZE[1])).info.frames == 5
    with pytest.raises(LimitExceeded):
        read(tmp_path, data, limits=limits)


@pytest.mark.parametrize(("data", "name"), READABLE.values(), ids=READABLE)
def test_no_picture_takes_more_bytes_than_were_allowed(data: bytes, name: str, tmp_path: Path) -> None:
    [picture] = pixels(read(tmp_path, data))
    with pytest.raises(LimitExceeded, match="bytes when decoded"):
        read(tmp_path, data, limits=StillLimits(max_decoded_bytes=picture.nbytes - 1))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_count_twice(suffix: str, channels: int, tmp_path: Path) -> None:
    size = deep(channels).nbytes
    read(tmp_path, deep_file(suffix, channels), limits=StillLimits(max_decoded_bytes=size))
    with pytest.raises(LimitExceeded, match=f"are {size} bytes when decoded, {size - 1} are allowed"):
        read(tmp_path, deep_file(suffix, channels), limits=StillLimits(max_decoded_bytes=size - 1))


class _WouldDecode(Exception):
    """The picture passed all limits."""


@pytest.mark.parametrize("kind", ["jpeg", "png", "bmp", "tiff"])
def test_a_phones_largest_picture_is_within_the_limits(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 megapixels of 8 bits."""

    def decode(*_: object) -> None:
        raise _WouldDecode

    monkeypatch.setattr(stills, "decode", decode)
    with pytest.raises(_WouldDecode):
        read(tmp_path, with_size(kind, 14142))


def test_a_limit_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        StillLimits(max_frames=0)


WHOLE = {name: data for name, (data, _) in READABLE.items() if not name.startswith("png two")} | {
    name: data for name, (data, _, _) in ANIMATIONS.items()
}


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99, 1.0])
@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE)
def test_a_picture_that_breaks_off_is_refused(data: bytes, share: float, tmp_path: Path) -> None:
    kept = max(40, min(int(len(data) * share), len(data) - 1))
    with pytest.raises(DamagedMedia) as caught:
        read(tmp_path, data[:kept], "holiday.jpg")
    assert str(caught.value).startswith("holiday.jpg ")
    assert str(caught.value).endswith("; get a whole copy of it")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_jpeg_of_which_the_rest_would_be_grey_is_refused(progressive: bool, share: float, tmp_path: Path) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8))
    data = saved(noise, "JPEG", progressive=progressive)
    cut = data[: int(len(data) * share)] + b"\xff\xd9"
    assert cv2.imdecode(np.frombuffer(cut, np.uint8), cv2.IMREAD_UNCHANGED) is not None, "OpenCV does not mind"
    with pytest.raises(DamagedMedia):
        read(tmp_path, cut)


def _photo(mode: str = "RGB", **options: object) -> bytes:
    rng = np.random.default_rng(5)
    noise = Image.fromarray(rng.integers(0, 256, (12, 18, 3), np.uint8)).resize((180, 120)).convert(mode)
    return saved(noise, "JPEG", quality=85, **options)


def _end(data: bytes) -> int:
    return data.rindex(b"\xff\xd9")


def _without(data: bytes, begin: int, end: int) -> bytes:
    return data[:begin] + data[end:]


JPEGS_OF_OTHER_DATA = {
    "some bytes fewer": _without(_photo(), _end(_photo()) - 9, _end(_photo()) - 3),
    "grey, some bytes fewer": _without(_photo("L"), _end(_photo("L")) - 4, _end(_photo("L")) - 2),
    "some bytes more": _photo()[: _end(_photo())] + bytes(range(1, 60)) + b"\xff\xd9",
}


@pytest.mark.parametrize("data", JPEGS_OF_OTHER_DATA.values(), ids=JPEGS_OF_OTHER_DATA)
def test_a_jpeg_that_libjpeg_only_grumbles_about_is_refused_in_silence(
    data: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) is not None
    assert capfd.readouterr().err.startswith("Corrupt JPEG data")
    with pytest.raises(DamagedMedia, match=r"holiday\.jpg is damaged or breaks off inside of it"):
        read(tmp_path, data, "holiday.jpg")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("filling", [b"\0", bytes(20), b"\xff" * 7])
def test_a_jpeg_that_is_filled_up_before_its_end_is_whole(
    filling: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = _photo()
    [picture] = pixels(read(tmp_path, data[: _end(data)] + filling + b"\xff\xd9"))
    assert np.array_equal(picture, pixels(read(tmp_path, data))[0])
    assert capfd.readouterr().err == ""


def test_what_others_print_meanwhile_is_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    with complaints() as heard:
        os.write(2, b"half done\nCorrupt JPEG data: premature end of data segment\nall done\n")
    assert heard == ["Corrupt JPEG data: premature end of data segment"]
    assert capfd.readouterr().err == "half done\nall done\n"


def flipped(data: bytes, where: bytes, offset: int) -> bytes:
    at = data.index(where) + offset
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


CORRUPT: dict[str, bytes] = {
    "png pixels": flipped(saved(drawn(), "PNG"), b"IDAT", 40),
    "png with a mended check sum": png(4, 2, 8, 0, b"\0abcd"),
    "apng frame": flipped(animation("PNG"), b"fdAT", 30),
    "apng that lacks a frame": animation("PNG").replace(
        png_chunk(b"acTL", struct.pack(">II", 5, 0)), png_chunk(b"acTL", struct.pack(">II", 6, 0))
    ),
    "tiff deflate": flipped(saved(drawn(), "TIFF", compression="tiff_deflate"), b"\x78\x9c", 300),
    "webp pixels": flipped(saved(drawn(), "WEBP"), b"\x9d\x01\x2a", 0),
    "gif pixels": flipped(saved(drawn("P"), "GIF"), b"\x2c\0\0\0\0", 150),
    "gif block": flipped(saved(drawn("P"), "GIF"), b"\x2c\0\0\0\0", 0),
    "gif frame outside": saved(drawn("P"), "GIF")[:6] + struct.pack("<HH", 50, 67) + saved(drawn("P"), "GIF")[10:],
    "jpeg without a picture": b"\xff\xd8\xff\xe0\0\2\xff\xd9" + bytes(40),
    "jpeg in a jpeg": saved(drawn(), "JPEG").replace(b"\xff\xc4", saved(drawn(), "JPEG")[20:200] + b"\xff\xc4", 1),
    "png of no width": png(0, 4, 8, 0, b"\0"),
    "png of no depth": png(4, 4, 0, 0, b"\0"),
}


@pytest.mark.parametrize("data", CORRUPT.values(), ids=CORRUPT)
def test_a_corrupt_picture_is_refused_in_one_line(
    data: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DamagedMedia) as caught:
        read(tmp_path, data)
    assert "\n" not in str(caught.value)
    assert "OpenCV" not in capfd.readouterr().err


def test_arbitrary_damage_never_ends_in_a_foreign_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for data in WHOLE.values():
        for _ in range(8):
            damaged = bytearray(data)
            for _ in range(int(rng.integers(1, 8))):
                damaged[rng.integers(0, min(len(damaged), 600))] = rng.integers(256)
            with contextlib.suppress(PasserbyError):
                read(tmp_path, bytes(damaged), limits=StillLimits(max_decoded_bytes=1 << 22))


FOREIGN: dict[str, tuple[bytes, str]] = {
    "heic": (
        b"\0\0\0\x18ftypheic" + bytes(100),
        "is HEIC, which passerby does not read; convert it to PNG or JPEG first",
    ),
    "avif": (bytes(cv2.imencode(".avif", np.zeros((16, 16, 3), np.uint8))[1]), "is AVIF, which"),
    "jpeg xl": (b"\xff\x0a" + bytes(100), "JPEG XL"),
    "text": (b"a holiday by the sea " * 5, "no picture that passerby knows"),
    "nothing": (b"", "no picture that passerby knows"),
    "pages": (saved(drawn(), "TIFF", save_all=True, append_images=[drawn()]), "holds several pictures"),
    "camera's raw data": (saved(drawn(), "TIFF", tiffinfo={50706: b"\1\4\0\0"}), "holds several pictures"),
    "smaller copies": (saved(drawn(), "TIFF", tiffinfo={330: 8}), "holds several pictures"),
    "bigtiff": (saved(drawn(), "TIFF", big_tiff=True), "BigTIFF"),
    "tiff of floats": (saved(drawn("F"), "TIFF"), "unusual kind of TIFF"),
    "tiff grey with alpha": (saved(drawn("LA"), "TIFF"), "unusual kind of TIFF"),
    "jpeg of 12 bits": (saved(drawn(), "JPEG").replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"), "at 12 bits"),
    "jpeg lossless": (saved(drawn(), "JPEG").replace(b"\xff\xc0", b"\xff\xc3"), "unusual kind of JPEG"),
}


@pytest.mark.parametrize(("data", "message"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_not_handled_is_refused_with_a_remedy(data: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match=re.escape(message)) as caught:
        read(tmp_path, data)
    assert "convert it to PNG or JPEG first" in str(caught.value)


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        StillSource(tmp_path / "nothing.png")


@pytest.mark.parametrize(
    ("data", "expected"),
    [(data, True) for data, _ in READABLE.values()]
    + [(FOREIGN["heic"][0], True), (FOREIGN["text"][0], False), (b"", False), (b"BM is not always a bitmap", False)]
    + [(b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(40), False)],
)
def test_a_still_is_known_by_its_first_bytes_and_not_by_its_name(data: bytes, expected: bool, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(data)
    assert is_still(path) is expected
