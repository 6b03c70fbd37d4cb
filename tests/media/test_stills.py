"""Pictures in and out: pixels, times and turns pass. Pillow is the second reader."""

from __future__ import annotations

import io
import json
import re
import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
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
    exif,
    passed,
    pixels,
    png,
    png_chunk,
    psnr,
    read,
    saved,
    through_pillow,
    times,
)
from PIL import Image, ImageOps

from passerby.core.errors import (
    OptionError,
    OutputError,
)
from passerby.core.frame import MediaInfo, PixelFormat
from passerby.media.still_sink import StillSink
from passerby.media.stills import STILL_SUFFIXES, StillInfo, StillSource, is_still

FOOTAGE = Path(__file__).resolve().parents[2] / "../shared/data"
needs_footage = pytest.mark.skipif(not FOOTAGE.is_dir(), reason="real footage lies beside the repository, not in it")


# Reading


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


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_a_turn_that_there_is_not_turns_nothing(orientation: int, tmp_path: Path) -> None:
    [picture] = pixels(read(tmp_path, saved(drawn(), "PNG", exif=exif(orientation))))
    np.testing.assert_array_equal(picture, np.array(drawn()))


def test_a_tiff_says_that_its_alpha_is_straight(tmp_path: Path) -> None:
    with Image.open(passed(tmp_path, saved(drawn("RGBA"), "PNG"), ".tif")) as image:
        assert image.tag_v2[338] == (2,)


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


def shuffled(seed: int, alpha: bool) -> list[np.ndarray]:
    """Small frames of few colours; each is new, or the one before it with a block that is painted or cut out."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 24, 2)
    colours = rng.integers(0, 256, (int(rng.integers(1, 200)), 3))
    frames: list[np.ndarray] = []
    for _ in range(5):
        if frames and rng.random() < 0.7:
            frame = frames[-1].copy()
            y, x = rng.integers(0, height), rng.integers(0, width)
            frame[y : y + 8, x : x + 8] = (*colours[rng.integers(len(colours))], 255 * rng.integers(2))
        else:
            seen = 255 * (rng.random((height, width, 1)) < rng.choice([0.7, 1]))
            frame = np.concatenate([rng.choice(colours, (height, width)), seen], axis=2)
        frames.append(frame)
    return [(frame * (frame[..., 3:] > 0) if alpha else frame[..., :3]).astype(np.uint8) for frame in frames]


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_frames_come_out_whatever_was_seen_before_them(suffix: str, alpha: bool, tmp_path: Path) -> None:
    for seed in range(12):
        wanted = shuffled(seed, alpha)
        [first] = read(tmp_path, saved(Image.fromarray(wanted[0]), "PNG"))
        info = replace(read(tmp_path, saved(Image.fromarray(wanted[0]), "PNG")).info, container="animation")
        out = tmp_path / f"{seed}{suffix}"
        with StillSink(out, info) as sink:
            for index, picture in enumerate(wanted):
                sink.write(replace(first, planes=(picture,), index=index, pts=50 * index))
        mine = [np.array(Image.fromarray(picture).convert("RGBA")) for picture in pixels(StillSource(out))]
        for frame, one, other in zip(wanted, mine, through_pillow(out.read_bytes(), "RGBA"), strict=True):
            expected = np.array(Image.fromarray(frame).convert("RGBA"))
            seen = expected[..., 3:] > 0
            assert (one[..., 3:] == expected[..., 3:]).all()
            assert (other[..., 3:] == expected[..., 3:]).all()
            np.testing.assert_array_equal(one * seen, expected * seen)
            np.testing.assert_array_equal(other * seen, expected * seen)


@pytest.mark.parametrize(("suffix", "alpha"), [(".gif", False), (".gif", True), (".png", True), (".webp", True)])
def test_frames_that_are_equal_are_not_joined(suffix: str, alpha: bool, tmp_path: Path) -> None:
    first = next(iter(read(tmp_path, saved(drawn("RGBA" if alpha else "P"), "PNG"))))
    info = replace(read(tmp_path, saved(drawn("RGBA" if alpha else "P"), "PNG")).info, container="animation")
    with StillSink(tmp_path / f"out{suffix}", info) as sink:
        for index in range(3):
            sink.write(replace(first, index=index, pts=50 * index))
    assert len(pixels(StillSource(tmp_path / f"out{suffix}"))) == 3


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_what_does_not_change_is_not_stored_again(suffix: str, tmp_path: Path) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)).quantize(200)
    frames = [noise.convert("RGB") for _ in range(6)]
    for index, frame in enumerate(frames):
        frame.putpixel((10 + index, 10), (255, 0, 0))
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=50)
    still = passed(tmp_path, saved(frames[0], "PNG"), suffix).stat().st_size
    assert passed(tmp_path, data, suffix, force=True).stat().st_size < 2.5 * still


def test_an_animated_webp_stays_lossy_when_it_was(tmp_path: Path) -> None:
    data = animation("WEBP", quality=80)
    assert not read(tmp_path, data).info.lossless
    assert b"VP8L" not in passed(tmp_path, data, ".webp").read_bytes()


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
    assert psnr(pixels(StillSource(passed(tmp_path, data, ".gif")))[0], np.array(drawn())) > 34


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
