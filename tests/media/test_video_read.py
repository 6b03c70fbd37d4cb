"""Frames are the decoder's own planes, upright, of the stream and at the times that a player would show."""

from __future__ import annotations

import gc
import hashlib
import os
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from av.container import OutputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from drawn_clips import Clip, arrays, content, draw, frames_of, picture, seen

from passerby.core import pixels
from passerby.core.errors import InputError, OptionError, UnsupportedMedia
from passerby.core.frame import Frame
from passerby.media.container import Limits, picture_stream
from passerby.media.decoder import Shown
from passerby.media.deinterlace import Deinterlacer
from passerby.media.pictures import colour_tags, orientation
from passerby.media.reading import Reading, Thinning
from passerby.media.video import VideoSource


def stored(frame: Frame) -> tuple[bytes, ...]:
    return tuple(pixels.stored(plane, frame.turn).tobytes() for plane in frame.planes)


def matrix(*numbers: int) -> Clip:
    return Clip(frames=2, prepare=lambda _, stream: stream.set_display_matrix([n << 16 for n in numbers]))


# Planes


@pytest.mark.parametrize("name", ["gray", "gray10le", "gray12le", "yuv420p", "yuv422p", "yuv444p", "yuv440p"])
@pytest.mark.parametrize("size", [(64, 48), (63, 47), (1, 1)])
def test_native_formats_are_handed_on_as_they_are(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mkv", Clip(codec="ffv1", pixels=name, size=size, frames=3))
    frames = frames_of(path)
    assert [stored(frame) for frame in frames] == seen(path).planes
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert frames[0].format.name == name
    assert frames[0].size == size


@pytest.mark.parametrize("depth", [9, 10, 12])
@pytest.mark.parametrize("sharing", ["yuv420p", "yuv422p", "yuv444p"])
def test_deep_formats_are_handed_on_as_they_are(sharing: str, depth: int, tmp_path: Path) -> None:
    name = f"{sharing}{depth}le"
    path = draw(tmp_path / "in.mkv", Clip(codec="ffv1", pixels=name, frames=2))
    frames = frames_of(path)
    assert [stored(frame) for frame in frames] == seen(path).planes
    assert (frames[0].format.name, frames[0].format.depth) == (name, depth)
    assert frames[0].planes[0].dtype == np.uint16
    assert max(plane.max() for plane in frames[0].planes) <= frames[0].format.peak


def test_planes_are_views_on_the_decoder_s_memory(tmp_path: Path) -> None:
    """No copy is made: rows lie as far apart as the decoder padded them."""
    [frame, *_] = frames_of(draw(tmp_path / "in.mp4", Clip(size=(62, 46))))
    assert all(not plane.flags.owndata for plane in frame.planes)
    assert frame.planes[0].strides[0] > 62


def test_the_older_names_of_full_range_say_so_without_a_tag() -> None:
    assert colour_tags(VideoFrame(2, 2, "yuvj420p"))["range"] == 2
    assert colour_tags(VideoFrame(2, 2, "yuv420p"))["range"] == 0


def test_full_range_goes_by_one_name(tmp_path: Path) -> None:
    """FFmpeg decodes full range H.264 under the older name yuvj420p."""
    source = VideoSource(draw(tmp_path / "in.mp4", Clip(options={"x264-params": "fullrange=on"})))
    assert (source.info.format.name, source.info.format.full_range) == ("yuv420p", True)
    assert source.info.color["range"] == 2
    assert source.info.notes == ()


@pytest.mark.parametrize(
    ("codec", "name", "target"),
    [
        ("rawvideo", "yuyv422", "yuv422p"),
        ("rawvideo", "uyvy422", "yuv422p"),
        ("rawvideo", "nv12", "yuv420p"),
        ("ffv1", "yuva420p", "yuv420p"),
        ("ffv1", "yuva444p10le", "yuv444p10le"),
    ],
)
def test_foreign_layouts_are_repacked_without_loss(codec: str, name: str, target: str, tmp_path: Path) -> None:
    clip = Clip(codec=codec, pixels=target, frames=2)
    original = [picture(clip, number) for number in range(2)]
    path = tmp_path / "in.nut"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options={"strict": "experimental"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, name
        for number, frame in enumerate(original):
            repacked = frame.reformat(format=name)
            repacked.pts, repacked.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(repacked))
        container.mux(stream.encode(None))
    source = VideoSource(path)
    assert source.info.format.name == target
    assert source.info.notes == (f"pixels of {name} are turned into {target}: that is what is written",)
    assert [stored(frame) for frame in source] == [tuple(view.tobytes() for view in arrays(f)) for f in original]


@pytest.mark.parametrize(("size", "matrix_name"), [((64, 48), "bt601"), ((64, 720), "bt709")])
def test_rgb_becomes_yuv_that_looks_the_same(size: tuple[int, int], matrix_name: str, tmp_path: Path) -> None:
    path = tmp_path / "in.mkv"
    colours = np.zeros((size[1], size[0], 3), np.uint8)
    colours[:, :16], colours[:, 16:32], colours[:, 32:] = (200, 40, 30), (20, 180, 60), (90, 90, 250)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "bgr0"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(colours, "rgb24").reformat(format="bgr0")))
        container.mux(stream.encode(None))
    [frame] = frames_of(path)
    assert (frame.format.name, frame.format.matrix, frame.format.full_range) == ("yuv444p", matrix_name, False)
    assert np.abs(pixels.rgb(frame).astype(int) - colours).max() <= 3


@pytest.mark.parametrize(
    ("tag", "height", "matrix_name"),
    [(2, 576, "bt601"), (2, 578, "bt709"), (1, 48, "bt709"), (6, 720, "bt601"), (9, 48, "bt2020")],
)
def test_the_matrix_comes_from_the_tags_or_from_the_size(
    tag: int, height: int, matrix_name: str, tmp_path: Path
) -> None:
    def tags(_: OutputContainer, stream: VideoStream) -> None:
        stream.codec_context.colorspace = tag

    info = VideoSource(draw(tmp_path / "in.mp4", Clip(size=(64, height), frames=1, prepare=tags))).info
    assert (info.format.matrix, info.color["matrix"]) == (matrix_name, tag)


# Upright


@pytest.mark.parametrize(
    ("numbers", "rotation", "corner"),
    [
        ((0, 1, 0, -1, 0, 0, 0, 0, 0), 90, (0, -1)),
        ((-1, 0, 0, 0, -1, 0, 0, 0, 0), 180, (-1, -1)),
        ((0, -1, 0, 1, 0, 0, 0, 0, 0), 270, (-1, 0)),
        ((-1, 0, 0, 0, 1, 0, 0, 0, 0), 0, (0, -1)),
        ((1, 0, 0, 0, -1, 0, 0, 0, 0), 180, (-1, 0)),
        ((0, 1, 0, 1, 0, 0, 0, 0, 0), 270, (0, 0)),
        ((0, -1, 0, -1, 0, 0, 0, 0, 0), 90, (-1, -1)),
    ],
    ids=["90", "180", "270", "mirrored", "upside down", "transposed", "transposed back"],
)
def test_all_eight_ways_to_hold_a_camera_come_out_upright(
    numbers: tuple[int, ...], rotation: int, corner: tuple[int, int], tmp_path: Path
) -> None:
    """The display matrix takes the stored top-left sample to `corner` (row, column) of what is seen."""
    path = draw(tmp_path / "in.mp4", matrix(*numbers))
    source = VideoSource(path)
    [frame, _] = list(source)
    assert source.info.rotation == rotation
    assert frame.size == ((48, 64) if rotation % 180 else (64, 48)) == source.info.size
    light = np.frombuffer(seen(path).planes[0][0], np.uint8).reshape(48, 64)
    assert frame.planes[0][corner] == light[0, 0]
    flips = [light, light[:, ::-1]]
    turned = [np.rot90(flip, -rotation // 90) for flip in flips]
    mirrored = numbers[0] * numbers[4] - numbers[1] * numbers[3] < 0
    np.testing.assert_array_equal(frame.planes[0], turned[mirrored])


def test_a_crooked_picture_is_refused(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4", Clip(prepare=lambda _, stream: stream.set_display_rotation(30)))
    with pytest.raises(UnsupportedMedia, match="turned by -30 degrees; passerby knows quarter turns only"):
        VideoSource(path)


@pytest.mark.parametrize(("degrees", "aspect"), [(0, Fraction(4, 3)), (90, Fraction(3, 4)), (180, Fraction(4, 3))])
def test_the_shape_of_a_pixel_is_that_of_the_upright_picture(degrees: int, aspect: Fraction, tmp_path: Path) -> None:
    def prepare(_: OutputContainer, stream: VideoStream) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        stream.set_display_rotation(-degrees)

    source = VideoSource(draw(tmp_path / "in.mp4", Clip(frames=2, prepare=prepare)))
    assert source.info.sample_aspect == aspect
    assert {frame.sample_aspect for frame in source} == {aspect}


# What is said about it


def test_info_says_what_the_file_says(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4", Clip(sound="aac"))
    info = VideoSource(path).info
    assert (info.name, info.codec, info.frames, info.rate) == ("in.mp4", "h264", 12, 25)
    assert (info.time_base, info.duration_s) == (Fraction(1, 12800), 0.48)
    assert info.streams == ("video h264", "audio aac")
    assert info.container.startswith("mov")
    assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_metadata_in_a_broken_alphabet_does_not_matter(tmp_path: Path) -> None:
    def prepare(container: OutputContainer, _: VideoStream) -> None:
        container.metadata["title"] = "PLAIN-TEXT"

    path = draw(tmp_path / "in.mp4", Clip(prepare=prepare))
    path.write_bytes(path.read_bytes().replace(b"PLAIN-TEXT", b"\xff\xfe\xc3\x28\xa0\xa1\xf0\x28\x8c\xbc"))
    assert len(frames_of(path)) == 12


def test_the_first_film_is_read_and_the_others_are_mentioned(tmp_path: Path) -> None:
    first = draw(tmp_path / "first.mp4")
    second = draw(tmp_path / "second.mp4", Clip(size=(32, 32)))
    path = tmp_path / "in.mkv"
    with av.open(str(first)) as one, av.open(str(second)) as two, av.open(str(path), "w") as output:
        for container, stream in [(c, output.add_stream_from_template(c.streams.video[0])) for c in (one, two)]:
            for packet in container.demux():
                if packet.size:
                    packet.stream = stream
                    output.mux(packet)
    source = VideoSource(path)
    assert [stored(frame) for frame in source] == seen(first).planes
    assert source.info.notes == ("1 more video streams are left out; the first one is used",)


def test_a_cover_picture_is_no_film_even_when_it_comes_first() -> None:
    cover, film = (
        SimpleNamespace(disposition=disposition, codec_context=SimpleNamespace(width=64, height=48))
        for disposition in (Disposition.attached_pic, Disposition.default)
    )
    container: Any = SimpleNamespace(streams=SimpleNamespace(video=[cover, film]))
    assert picture_stream("in.mp4", container, Limits()) is film


@pytest.mark.parametrize(
    "name",
    ["-y.mp4", "a%03d.mp4", "http:x.mp4", "c#d?.mp4", "q'\"uo.mp4", "møte 会.mp4", "concat:a|b.mp4", " a b .mp4"],
)
def test_no_sign_in_a_name_means_anything(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(tmp_path / "plain.mp4")
    os.rename(tmp_path / "plain.mp4", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(frames_of(Path(name))) == 12


# Reading twice, closing early


def test_a_source_may_be_read_again(tmp_path: Path) -> None:
    with VideoSource(draw(tmp_path / "in.mp4")) as source:
        assert [stored(frame) for frame in source] == [stored(frame) for frame in source]
        first = next(iter(source))
        assert stored(first) == stored(next(iter(source)))


def test_frames_outlive_their_source(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    with VideoSource(path) as source:
        frames = list(source)
    assert [stored(frame) for frame in frames] == seen(path).planes


def test_no_picture_waits_for_the_garbage_collector(tmp_path: Path) -> None:
    with av.open(draw(tmp_path / "in.mp4", matrix(0, 1, 0, -1, 0, 0, 0, 0, 0))) as container:
        frames = list(container.decode(video=0))
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        assert orientation(frames[0], "in.mp4").turn == 1
        frames.clear()
        gc.collect()
        assert not [each for each in gc.garbage if isinstance(each, VideoFrame)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


def test_leaving_while_another_thread_reads_is_an_error_there_and_not_the_end(tmp_path: Path) -> None:
    """A reader that just stopped would look like the end of the film, and half of it would be written."""
    path = draw(tmp_path / "in.mp4", Clip(frames=60))
    caught: list[BaseException] = []
    begun, left = threading.Event(), threading.Event()

    def read() -> None:
        try:
            for _ in source:
                begun.set()
                left.wait(10)
        except InputError as error:
            caught.append(error)

    with VideoSource(path) as source:
        thread = threading.Thread(target=read)
        thread.start()
        assert begun.wait(10)
    left.set()
    thread.join(10)
    assert [str(error) for error in caught] == ["in.mp4 was closed while it was being read"]


# Part of a file


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.ts", "in.avi", "in.mpg"])
@pytest.mark.parametrize(("start", "end"), [("0", "0.5"), ("0.7", None), ("1", "1.2"), ("1.9", "9"), (None, "0.04")])
def test_a_stretch_is_exact_to_the_frame(name: str, start: str | None, end: str | None, tmp_path: Path) -> None:
    codec = {"in.mpg": "mpeg2video", "in.avi": "mpeg4"}.get(name, "libx264")
    clip = Clip(codec=codec, frames=50, tick=Fraction(1, 25), options={"g": "12", "bf": "2"})
    path = draw(tmp_path / name, clip)
    whole = frames_of(path)
    begin = whole[0].time if name in ("in.ts", "in.mpg") else Fraction(0)
    reading = Reading(start_s=start and Fraction(start), end_s=end and Fraction(end))  # type: ignore[arg-type]
    low, high = begin + Fraction(start or 0), begin + Fraction(end or 99)
    wanted = [frame for frame in whole if low <= frame.time < high]
    part = frames_of(path, reading)
    assert [stored(frame) for frame in part] == [stored(frame) for frame in wanted]
    shift = 0 if start is None else low // whole[0].time_base * whole[0].time_base
    assert [frame.time for frame in part] == [frame.time - shift for frame in wanted]
    assert [frame.index for frame in part] == list(range(len(wanted)))
    assert VideoSource(path, reading).info.frames is None


def test_a_stretch_without_frames_says_how_long_the_file_is(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    with pytest.raises(OptionError, match=r"no frame from 5 s to 6 s \(it lasts 0\.480 s\)"):
        VideoSource(path, Reading(start_s=Fraction(5), end_s=Fraction(6)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"start_s": Fraction(-1)},
        {"end_s": Fraction(0)},
        {"start_s": Fraction(2), "end_s": Fraction(2)},
        {"fps": Fraction(0)},
    ],
)
def test_a_reading_checks_itself(wrong: dict[str, Fraction]) -> None:
    with pytest.raises(OptionError, match="got"):
        Reading(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fps", "left"), [("25", 50), ("30", 50), ("12.5", 25), ("10", 20), ("1", 2), ("0.5", 1), ("24", 48)]
)
def test_fewer_frames_keep_their_own_times(fps: str, left: int, tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4", Clip(frames=50))
    whole = {frame.time: stored(frame) for frame in frames_of(path)}
    source = VideoSource(path, Reading(fps=Fraction(fps)))
    thinned = list(source)
    assert len(thinned) == left
    assert all(whole[frame.time] == stored(frame) for frame in thinned)
    assert source.info.rate == min(Fraction(fps), 25)


def test_thinning_to_the_rate_that_is_there_leaves_rounded_times_alone() -> None:
    """Matroska counts in milliseconds: 30 frames a second are 33, 67, 100. Cameras waver by more."""
    thinning = Thinning(Fraction(30), Fraction(30))
    assert all(thinning.keeps(Fraction(round(i * 1000 / 30) + (i + 2) % 3 - 1, 1000)) for i in range(300))


# Interlaced


def test_interlaced_pictures_are_made_whole_at_the_same_times(tmp_path: Path) -> None:
    """Two moments woven into one show as a comb at every edge that moves."""
    clip = Clip(codec="mpeg2video", tick=Fraction(1, 25), options={"flags": "+ilme+ildct", "qscale": "2"}, frames=8)
    path = tmp_path / "in.mpg"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25, options=dict(clip.options))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(clip.frames):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for view in arrays(frame):
                view[:] = 128
            light = arrays(frame)[0]
            light[0::2, 4 * number : 4 * number + 16] = 235
            light[1::2, 4 * number + 2 : 4 * number + 18] = 235
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    before = seen(path)
    source = VideoSource(path)
    frames = list(source)
    assert [frame.time for frame in frames] == before.times
    assert source.info.notes == ("interlaced: every frame is made whole (bwdif), at the same times",)
    combs = [np.abs(np.diff(frame.planes[0].astype(int), axis=0)).mean() for frame in frames]
    woven = [
        np.abs(np.diff(np.frombuffer(p[0], np.uint8).reshape(48, 64).astype(int), axis=0)).mean() for p in before.planes
    ]
    assert max(combs) < min(woven) / 3


def test_among_interlaced_pictures_progressive_ones_stay_as_they_are(tmp_path: Path) -> None:
    woven = Clip(codec="mpeg2video", tick=Fraction(1, 25), options={"flags": "+ilme+ildct"}, frames=3)
    frames: list[VideoFrame] = []
    for name, clip in (("a.mpg", woven), ("b.mpg", replace(woven, options={}))):
        with av.open(str(draw(tmp_path / name, clip))) as container:
            frames += container.decode(video=0)
    assert [frame.interlaced_frame for frame in frames] == [True] * 3 + [False] * 3
    before = [content(frame) for frame in frames]
    weaver = Deinterlacer(frames[0], Fraction(1, 25))
    came = [shown for number, frame in enumerate(frames) for shown in weaver.push(Shown(frame, number))]
    came += weaver.push(None)
    assert [shown.pts for shown in came] == list(range(6))
    assert [content(shown.frame) for shown in came][3:] == before[3:]
    assert [content(shown.frame) for shown in came][:3] != before[:3]


def test_progressive_pictures_stay_as_they_are(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mpg", replace(Clip(tick=Fraction(1, 25)), codec="mpeg2video"))
    assert [stored(frame) for frame in frames_of(path)] == seen(path).planes
