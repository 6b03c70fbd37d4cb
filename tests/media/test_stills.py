"""Pictures in and out: pixels, times and colours pass; nothing else does. Pillow is the second reader."""

from __future__ import annotations

import contextlib
import io
import json
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from passerby.core.errors import (
    DamagedMedia,
    InputError,
    LimitExceeded,
    OptionError,
    OutputError,
    PasserbyError,
    UnsupportedMedia,
)
from passerby.core.frame import MediaInfo, PixelFormat
from passerby.media.stills import STILL_SUFFIXES, StillInfo, StillLimits, StillSink, StillSource, is_still

FOOTAGE = Path(__file__).resolve().parents[2] / "../shared/data"
needs_footage = pytest.mark.skipif(not FOOTAGE.is_dir(), reason="real footage lies beside the repository, not in it")

SIZE = (101, 67)
SECRET = b"Sn-0042-Ola-Nordmann"


# What the tests draw


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


# Reading

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


@pytest.mark.parametrize(("data", "name"), READABLE.values(), ids=READABLE)
def test_a_picture_is_read_as_pillow_reads_it(data: bytes, name: str, tmp_path: Path) -> None:
    source = read(tmp_path, data)
    [picture] = pixels(source)
    [expected] = through_pillow(data, {"gray": "L", "rgb24": "RGB", "rgba": "RGBA"}[name])
    assert source.info.format.name == name
    assert source.info.container == "still"
    np.testing.assert_array_equal(picture, expected)


def test_a_see_through_value_of_few_bits_is_found(tmp_path: Path) -> None:
    [picture] = pixels(read(tmp_path, png(4, 1, 2, 0, b"\0\x1b", png_chunk(b"tRNS", b"\0\2"))))
    assert picture[0].tolist() == [[0, 0, 0, 255], [85, 85, 85, 255], [170, 170, 170, 0], [255, 255, 255, 255]]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_stay_bit_for_bit(suffix: str, channels: int, tmp_path: Path) -> None:
    source = read(tmp_path, deep_file(suffix, channels))
    np.testing.assert_array_equal(pixels(source)[0], deep(channels))
    assert source.info.format.depth == 16
    out = passed(tmp_path, deep_file(suffix, channels), suffix)
    np.testing.assert_array_equal(pixels(StillSource(out))[0], deep(channels))
    if suffix == ".png":  # FFmpeg's reader of TIFF knows 16 bits with alpha by another tag only
        with av.open(str(out)) as container:
            name = {1: "gray16le", 3: "rgb48le", 4: "rgba64le"}[channels]
            np.testing.assert_array_equal(next(container.decode(video=0)).to_ndarray(format=name), deep(channels))


def test_a_frame_is_one_read_only_plane_with_its_place_in_time(tmp_path: Path) -> None:
    source = read(tmp_path, animation("GIF", loop=0))
    frames = list(source)
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.time * 1000 for frame in frames] == [0, 40, 120, 320, 350]
    assert source.info.duration_s == 0.85
    assert source.info.rate == Fraction(5000, 850)
    assert source.info.frames == 5
    assert all(len(frame.planes) == 1 and not frame.planes[0].flags.writeable for frame in frames)
    assert all(frame.format == source.info.format and frame.size == source.info.size == SIZE for frame in frames)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright_and_no_longer_says_that_it_is_turned(
    kind: str, orientation: int, tmp_path: Path
) -> None:
    options = {"tiffinfo": {274: orientation}} if kind == "TIFF" else {"exif": exif(orientation)}
    data = saved(drawn(), kind, **options)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.array(ImageOps.exif_transpose(image).convert("RGB"))
    source = read(tmp_path, data)
    np.testing.assert_array_equal(pixels(source)[0], expected)
    assert source.info.size == (expected.shape[1], expected.shape[0])
    with Image.open(passed(tmp_path, data, f".{kind.lower()}")) as out:
        assert out.size == source.info.size
        assert out.getexif().get(274, 1) == 1


def test_sixteen_bit_tiff_is_turned_upright_as_well(tmp_path: Path) -> None:
    plain = deep_file(".tif", 3)
    order = "<" if plain[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", plain, 4)
    (count,) = struct.unpack_from(order + "H", plain, at)
    entries = [plain[at + 2 + 12 * i :][:12] for i in range(count)] + [struct.pack(order + "HHIHH", 274, 3, 1, 6, 0)]
    entries.sort(key=lambda entry: struct.unpack(order + "H", entry[:2]))
    directory = struct.pack(order + "H", count + 1) + b"".join(entries) + bytes(4)
    turned = plain[:4] + struct.pack(order + "I", len(plain)) + plain[8:] + directory
    np.testing.assert_array_equal(pixels(read(tmp_path, turned))[0], np.rot90(deep(3), -1))


def test_alpha_that_is_multiplied_into_a_tiff_is_taken_out_again(tmp_path: Path) -> None:
    straight = np.array(drawn("RGBA"))
    straight[..., 3] |= 128
    multiplied = straight.copy()
    multiplied[..., :3] = np.rint(straight[..., :3] * (straight[..., 3:] / 255.0))
    data = saved(Image.fromarray(multiplied), "TIFF")
    kind = struct.pack("<HHI", 338, 3, 1)
    assert kind + b"\2" in data
    data = data.replace(kind + b"\2", kind + b"\1")
    assert np.abs(pixels(read(tmp_path, data))[0].astype(int) - straight).max() <= 1


# Round trips

LOSSLESS: dict[str, tuple[bytes, str]] = {
    name: (data, "." + name.split()[0])
    for name, (data, _) in READABLE.items()
    if name.split()[0] in ("png", "tiff", "bmp", "gif") or name == "webp lossless"
} | {
    "webp lossless with alpha": (saved(drawn("RGBA"), "WEBP", lossless=True, exact=True), ".webp"),
    "bmp alpha": (bytes(cv2.imencode(".bmp", np.array(drawn("RGBA")))[1]), ".bmp"),
}


@pytest.mark.parametrize(("data", "suffix"), LOSSLESS.values(), ids=LOSSLESS)
def test_a_lossless_picture_keeps_every_pixel(data: bytes, suffix: str, tmp_path: Path) -> None:
    out = passed(tmp_path, data, suffix)
    [before], [after] = pixels(read(tmp_path, data)), pixels(StillSource(out))
    np.testing.assert_array_equal(after, before)
    mode = {2: "L", 3: "RGB"}.get(before.ndim if before.ndim == 2 else before.shape[2], "RGBA")
    np.testing.assert_array_equal(through_pillow(out.read_bytes(), mode)[0], before)


@pytest.mark.parametrize(
    ("data", "suffix"),
    [READABLE["jpeg colour"], READABLE["jpeg grey"], READABLE["webp"], READABLE["webp alpha"]],
)
def test_a_lossy_picture_stays_close(data: bytes, suffix: str, tmp_path: Path) -> None:
    suffix = ".jpg" if data.startswith(b"\xff\xd8") else ".webp"
    out = passed(tmp_path, data, suffix)
    assert psnr(pixels(StillSource(out))[0], pixels(read(tmp_path, data))[0]) > 32


@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_jpeg_keeps_how_it_shares_colour(sampling: str, tmp_path: Path) -> None:
    out = passed(tmp_path, saved(drawn(), "JPEG", subsampling=sampling), ".jpg")
    with Image.open(out) as image:
        horizontal, vertical = image.layer[0][1:3]
    assert f"{horizontal}{vertical}" == {"4:4:4": "11", "4:2:2": "21", "4:2:0": "22"}[sampling]


def test_quality_is_a_choice(tmp_path: Path) -> None:
    data = saved(drawn(), "JPEG")
    assert passed(tmp_path, data, ".jpg", quality=20).stat().st_size < passed(tmp_path, data, ".jpeg").stat().st_size


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


@pytest.mark.parametrize(("data", "suffix", "plays"), ANIMATIONS.values(), ids=ANIMATIONS)
def test_an_animation_keeps_its_frames_times_and_repeats(data: bytes, suffix: str, plays: int, tmp_path: Path) -> None:
    source = read(tmp_path, data)
    assert source.info.container == "animation"
    assert source.info.plays == plays
    out = passed(tmp_path, data, suffix)
    again = StillSource(out)
    assert again.info.plays == plays
    assert again.info.durations_ms == source.info.durations_ms == tuple(times(out))
    for before, after, other in zip(
        pixels(source), pixels(again), through_pillow(out.read_bytes(), "RGBA"), strict=True
    ):
        opaque = np.array(Image.fromarray(before).convert("RGBA"))
        seen = opaque[..., 3:] > 0  # a GIF has no colour where it has no pixel
        np.testing.assert_array_equal(np.array(Image.fromarray(after).convert("RGBA")) * seen, opaque * seen)
        np.testing.assert_array_equal(other * seen, opaque * seen)


@pytest.mark.parametrize(("suffix", "alpha"), [(".gif", False), (".gif", True), (".png", True), (".webp", True)])
def test_frames_that_are_equal_are_not_joined(suffix: str, alpha: bool, tmp_path: Path) -> None:
    first = next(iter(read(tmp_path, saved(drawn("RGBA" if alpha else "P"), "PNG"))))
    info = replace(read(tmp_path, saved(drawn("RGBA" if alpha else "P"), "PNG")).info, container="animation")
    with StillSink(tmp_path / f"out{suffix}", info) as sink:
        for index in range(3):
            sink.write(replace(first, index=index, pts=50 * index))
    assert len(pixels(StillSource(tmp_path / f"out{suffix}"))) == 3


def test_sixteen_bit_animations_stay_bit_for_bit(tmp_path: Path) -> None:
    first = next(iter(read(tmp_path, deep_file(".png", 4))))
    info = replace(read(tmp_path, deep_file(".png", 4)).info, container="animation", durations_ms=(70, 90_000))
    second = replace(first.with_planes((first.planes[0][::-1],)), index=1, pts=70)
    with StillSink(tmp_path / "out.png", info) as sink:
        sink.write(first)
        sink.write(second)
    again = StillSource(tmp_path / "out.png")
    assert again.info.durations_ms == (70, 90_000)
    np.testing.assert_array_equal(pixels(again)[1], second.planes[0])


def test_a_picture_that_apng_shows_to_nobody_but_old_readers_is_gone(tmp_path: Path) -> None:
    hidden = Image.new("RGB", SIZE, (1, 200, 3))
    shown = [drawn(), drawn().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    data = saved(hidden, "PNG", save_all=True, append_images=shown, duration=100, default_image=True)
    out = passed(tmp_path, data, ".png").read_bytes()
    [first, _] = through_pillow(out, "RGB")
    np.testing.assert_array_equal(first, np.array(drawn()))
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(out, np.uint8), cv2.IMREAD_COLOR_RGB), first)


def test_a_gif_frame_of_no_length_gets_the_shortest_there_is(tmp_path: Path) -> None:
    data = re.sub(rb"(\x21\xf9\x04.)..", rb"\1\0\0", animation("GIF"), flags=re.DOTALL)
    assert read(tmp_path, data).info.durations_ms == (10,) * 5
    assert StillSource(passed(tmp_path, data, ".gif")).info.durations_ms == (10,) * 5


def test_a_gif_that_is_painted_into_keeps_nearly_all_of_its_colours(tmp_path: Path) -> None:
    data = saved(Image.fromarray(np.array(drawn())).quantize(256), "GIF")
    source = read(tmp_path, data)
    frame = next(iter(source))
    picture = frame.planes[0].copy()
    picture[30:46, 30:46] = np.random.default_rng(0).integers(0, 256, (4, 4, 3)).repeat(4, 0).repeat(4, 1)
    with StillSink(tmp_path / "out.gif", source.info) as sink:
        sink.write(frame.with_planes((picture,)))
    [after] = pixels(StillSource(tmp_path / "out.gif"))
    assert np.abs(after.astype(int) - picture).max() <= 12
    assert (after == picture).all(axis=2).mean() > 0.9


def test_a_photograph_becomes_a_gif_that_is_close(tmp_path: Path) -> None:
    data = saved(drawn(), "PNG")
    assert psnr(pixels(StillSource(passed(tmp_path, data, ".gif")))[0], np.array(drawn())) > 30


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


# Bad input


def with_size(kind: str) -> bytes:
    """A small file that says it is 60000 x 60000."""
    side = 60_000
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
    with pytest.raises(LimitExceeded, match=r"60000x60000 pixels, 268435456 are allowed") as caught:
        read(tmp_path, with_size(kind))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "limits",
    [
        StillLimits(max_pixels=5 * SIZE[0] * SIZE[1] - 1),
        StillLimits(max_frames=4),
        StillLimits(max_bytes=100),
    ],
)
def test_limits_count_all_frames_together(limits: StillLimits, tmp_path: Path) -> None:
    data = animation("PNG")
    assert read(tmp_path, data, limits=StillLimits(max_pixels=5 * SIZE[0] * SIZE[1])).info.frames == 5
    with pytest.raises(LimitExceeded):
        read(tmp_path, data, limits=limits)


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
                read(tmp_path, bytes(damaged), limits=StillLimits(max_pixels=1 << 20))


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


# Writing

REFUSED: dict[str, tuple[bytes, str, str]] = {
    "alpha in jpeg": (saved(drawn("RGBA"), "PNG"), ".jpg", "jpeg cannot hold see-through pixels; choose one of .png"),
    "16 bits in webp": (deep_file(".png", 3), ".webp", "webp cannot hold 16 bits; choose one of .png"),
    "animation in tiff": (animation("GIF"), ".tif", "tiff cannot hold animations; choose one of .png"),
    "too wide for webp": (png(20_000, 1, 8, 0, bytes(20_001)), ".webp", "cannot hold 20000x1 pixels"),
    "no picture format": (saved(drawn(), "PNG"), ".mp4", "choose one of .jpg"),
    "no suffix": (saved(drawn(), "PNG"), "", "choose one of .jpg"),
}


@pytest.mark.parametrize(("data", "suffix", "message"), REFUSED.values(), ids=REFUSED)
def test_a_format_that_cannot_hold_the_picture_is_refused_with_choices(
    data: bytes, suffix: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match=re.escape(message)):
        passed(tmp_path, data, suffix)
    assert [path.name for path in tmp_path.iterdir()] == ["in.bin"]


def test_every_suffix_writes_a_picture_that_says_the_same(tmp_path: Path) -> None:
    kinds = {".jpg": "jpeg", ".jpeg": "jpeg", ".apng": "png", ".tif": "tiff"}
    for suffix in STILL_SUFFIXES:
        assert StillSource(passed(tmp_path, saved(drawn(), "PNG"), suffix)).info.codec == kinds.get(suffix, suffix[1:])


def test_video_frames_are_refused(tmp_path: Path) -> None:
    info = read(tmp_path, saved(drawn(), "PNG")).info
    yuv = PixelFormat("yuv420p", ((1, 1), (2, 2), (2, 2)), 8, "bt709", False)
    with pytest.raises(OutputError, match="cannot hold yuv420p video"):
        StillSink(tmp_path / "out.png", replace(info, format=yuv))


@pytest.mark.parametrize(
    ("options", "message"), [({"quality": 0}, "quality"), ({"quality": 101}, "quality"), ({"max_res": 0}, "max_res")]
)
def test_an_option_that_makes_no_sense_is_refused(options: dict[str, int], message: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=message):
        passed(tmp_path, saved(drawn(), "PNG"), ".png", **options)


@pytest.mark.parametrize(("suffix", "mode"), [(".png", "RGBA"), (".gif", "P"), (".jpg", "L")])
def test_max_res_shrinks_the_longer_side(suffix: str, mode: str, tmp_path: Path) -> None:
    data = saved(drawn(mode), "PNG")
    with Image.open(passed(tmp_path, data, suffix, max_res=50)) as image:
        assert image.size == (50, 33)
    with Image.open(passed(tmp_path, data, suffix, max_res=500, force=True)) as image:
        assert image.size == SIZE


def test_an_existing_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    data = saved(drawn(), "PNG")
    out = passed(tmp_path, data, ".png")
    out.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        passed(tmp_path, data, ".png")
    assert out.read_bytes() == b"mine"
    passed(tmp_path, data, ".png", force=True)
    assert is_still(out)


@pytest.mark.parametrize("suffix", [".png", ".gif", ".webp"])
def test_an_error_on_the_way_leaves_nothing_behind(suffix: str, tmp_path: Path) -> None:
    source = read(tmp_path, animation("PNG"))
    with pytest.raises(KeyboardInterrupt), StillSink(tmp_path / f"out{suffix}", source.info) as sink:  # noqa: PT012
        for frame in source:
            sink.write(frame)
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["in.bin"]


@pytest.mark.parametrize("count", [0, 2])
def test_a_still_is_one_picture(count: int, tmp_path: Path) -> None:
    source = read(tmp_path, saved(drawn(), "PNG"))
    with pytest.raises(OutputError, match="picture"), StillSink(tmp_path / "out.png", source.info) as sink:  # noqa: PT012
        for frame in list(source) * count:
            sink.write(frame)
    assert [path.name for path in tmp_path.iterdir()] == ["in.bin"]


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    source = read(tmp_path, animation("PNG"))
    frame = next(iter(source))
    with pytest.raises(OutputError, match="101x67"), StillSink(tmp_path / "out.png", source.info) as sink:
        sink.write(frame.with_planes((frame.planes[0][:20],)))


def test_a_sink_needs_no_more_than_a_plain_media_info(tmp_path: Path) -> None:
    source = read(tmp_path, animation("GIF"))
    fields = {name: getattr(source.info, name) for name in MediaInfo.__dataclass_fields__}
    with StillSink(tmp_path / "out.webp", MediaInfo(**fields)) as sink:
        for frame in source:
            sink.write(frame)
    again = StillSource(tmp_path / "out.webp").info
    assert isinstance(again, StillInfo)
    assert again.durations_ms == (40, 80, 200, 30, 170)  # the last one has the mean length


# Real pictures


def real_pictures() -> list[Path]:
    found = [path for part in ("images", "awkward") for path in sorted((FOOTAGE / part).glob("*"))]
    return [path for path in found if path.suffix in STILL_SUFFIXES]


@needs_footage
@pytest.mark.parametrize("path", real_pictures(), ids=lambda path: path.name)
def test_a_real_picture_comes_out_as_it_went_in(path: Path, tmp_path: Path) -> None:
    expected = json.loads((FOOTAGE / "awkward/expected.json").read_text()).get(path.name, {})
    source = StillSource(path)
    if "frames" in expected:
        assert source.info.frames == expected["frames"]
    if size := expected.get("shown", expected.get("size")):
        assert source.info.size == tuple(size)
    out = passed(tmp_path, path.read_bytes(), path.suffix)
    after = StillSource(out)
    assert after.info.size == source.info.size
    assert after.info.durations_ms == source.info.durations_ms
    for one, other in zip(pixels(source), pixels(after), strict=True):
        assert psnr(one, other) > 33 if not source.info.lossless else np.array_equal(one, other)
    with Image.open(path) as image, Image.open(out) as written:
        assert written.size == ImageOps.exif_transpose(image).size
        assert getattr(written, "n_frames", 1) == getattr(image, "n_frames", 1)
        assert dict(written.getexif()) == {}


@needs_footage
def test_the_gps_and_thumbnail_of_a_real_phone_picture_are_gone(tmp_path: Path) -> None:
    data = (FOOTAGE / "awkward/exif_orient6_gps_thumb.jpg").read_bytes()
    out = passed(tmp_path, data, ".jpg").read_bytes()
    for told in (b"Ola Nordmann", b"SN-0042", b"Apple", b"2024:05:17"):
        assert told in data
        assert told not in out
    assert out.count(b"\xff\xd8\xff") == 1
