"""What is written: the same planes at the same times, or nothing at all."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from drawn_clips import LOSSLESS, Clip, copied, draw, frames_of, seen
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.core.errors import OptionError, OutputError, StageError
from passerby.core.frame import Frame, PixelFormat
from passerby.media.container import FAMILIES, output_suffix
from passerby.media.video import VideoSource
from passerby.media.write import Encoding, VideoSink

FULL = {"x264-params": "fullrange=on"}


def turned(degrees: int) -> Clip:
    """A clip that is to be shown turned clockwise."""
    return Clip(prepare=lambda _, stream: stream.set_display_rotation(-degrees))


def tagged(clip: Clip, colour: tuple[int, int, int, int]) -> Clip:
    def prepare(_: object, stream: av.VideoStream) -> None:
        codec = stream.codec_context
        codec.color_range, codec.color_primaries, codec.color_trc, codec.colorspace = colour

    return replace(clip, prepare=prepare)


def write(path: Path, output: Path, frames: Iterable[Frame]) -> None:
    """`frames` as a copy of `path`."""
    with VideoSink(output, VideoSource(path).info) as sink:
        for frame in frames:
            sink.write(frame)


COPY = """
import sys
from pathlib import Path
from passerby.media.video import VideoSource
from passerby.media.write import VideoSink
source = VideoSource(Path(sys.argv[1]))
with source, VideoSink(Path(sys.argv[2]), source.info, force=True) as sink:
    for frame in source:
        sink.write(frame)
"""


@pytest.mark.parametrize("size", [(480, 360), (352, 288), (640, 360)])
def test_the_same_frames_give_the_same_bytes_whatever_lay_in_memory(tmp_path, size):
    """The C library of most Linux systems fills fresh memory with what MALLOC_PERTURB_ says."""
    path, written = draw(tmp_path / "in.mp4", Clip(size=size, frames=40)), []
    for memory in ("1", "85", "255"):
        environment = os.environ | {"MALLOC_PERTURB_": memory}
        subprocess.run([sys.executable, "-c", COPY, path, tmp_path / "out.mp4"], env=environment, check=True)
        written.append((tmp_path / "out.mp4").read_bytes())
    assert written[0] == written[1] == written[2]


# Without loss


@pytest.mark.parametrize(
    ("clip", "name", "encoding"),
    [
        (Clip(), "a.mp4", LOSSLESS),
        (Clip(pixels="yuv422p"), "a.mp4", LOSSLESS),
        (Clip(pixels="yuv444p", size=(63, 47)), "a.mp4", LOSSLESS),
        (Clip(pixels="yuv420p10le"), "a.mp4", LOSSLESS),
        (Clip(pixels="yuv422p10le"), "a.mov", LOSSLESS),
        (Clip(pixels="yuv444p10le", size=(51, 33)), "a.mkv", LOSSLESS),
        (Clip(options=FULL), "a.mp4", LOSSLESS),
        (turned(90), "a.mp4", LOSSLESS),
        (turned(180), "a.mov", LOSSLESS),
        (turned(270), "a.mkv", LOSSLESS),
        (Clip(codec="libx265", pixels="yuv420p12le"), "a.mp4", Encoding(crf=0, encoder="libx265")),
        (Clip(codec="libvpx-vp9", size=(63, 47)), "a.webm", LOSSLESS),
        (Clip(codec="libvpx-vp9", pixels="yuv440p"), "a.webm", LOSSLESS),
        (Clip(codec="ffv1", pixels="yuv422p12le", size=(63, 47)), "a.mkv", Encoding(encoder="ffv1")),
        (Clip(codec="ffv1", pixels="gray10le"), "a.mkv", Encoding(encoder="ffv1")),
        (Clip(codec="ffv1", size=(63, 47)), "a.mkv", LOSSLESS),
        (Clip(codec="mpeg4", tick=Fraction(1, 25)), "a.avi", LOSSLESS),
        (Clip(tick=Fraction(1, 90000), times=range(126000, 160000, 3600)), "a.ts", LOSSLESS),
        (Clip(tick=Fraction(1, 90000), options={"bf": "0"}), "a.ts", LOSSLESS),
        (Clip(tick=Fraction(1, 90000), options={"bf": "0"}), "a.m2ts", LOSSLESS),
    ],
    ids=lambda value: None if isinstance(value, Encoding) else str(getattr(value, "pixels", value)),
)
def test_a_lossless_copy_is_the_same_film(clip: Clip, name: str, encoding: Encoding, tmp_path: Path) -> None:
    """Planes, times, size, rotation, colour and length are the input's, to the bit and to the tick."""
    path = draw(tmp_path / f"in{Path(name).suffix}", clip)
    copied(path, tmp_path / name, encoding)
    before, after = seen(path), seen(tmp_path / name)
    assert after.planes == before.planes
    assert after.times == before.times
    assert (after.size, after.rotation, after.pixels) == (before.size, before.rotation, before.pixels)
    assert (after.colour, after.tick, after.duration) == (before.colour, before.tick, before.duration)
    assert after.streams == ["video"]


@pytest.mark.parametrize("colour", [(2, 1, 1, 1), (1, 9, 16, 9), (1, 5, 6, 5), (1, 1, 13, 1)])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov", ".ts"])
def test_colour_tags_are_kept(colour: tuple[int, int, int, int], suffix: str, tmp_path: Path) -> None:
    path = draw(tmp_path / f"in{suffix}", tagged(Clip(frames=2), colour))
    copied(path, tmp_path / f"out{suffix}")
    assert seen(tmp_path / f"out{suffix}").colour == colour


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".ts"])
def test_the_shape_of_a_pixel_is_kept(suffix: str, tmp_path: Path) -> None:
    def wide(_: object, stream: av.VideoStream) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(64, 45)

    path = draw(tmp_path / "in.mp4", Clip(frames=2, tick=Fraction(1, 25), prepare=wide))
    copied(path, tmp_path / f"out{suffix}")
    assert seen(tmp_path / f"out{suffix}").aspect == Fraction(64, 45)


@pytest.mark.parametrize(("degrees", "size"), [(90, (48, 64)), (180, (64, 48)), (270, (48, 64))])
@pytest.mark.parametrize("suffix", [".avi", ".ts"])
def test_a_container_that_cannot_turn_gets_the_picture_upright(
    degrees: int, size: tuple[int, int], suffix: str, tmp_path: Path
) -> None:
    path = draw(tmp_path / "in.mp4", replace(turned(degrees), frames=3, tick=Fraction(1, 25)))
    source = VideoSource(path)
    with source, VideoSink(tmp_path / f"out{suffix}", source.info, LOSSLESS) as sink:
        frames = list(source)
        for frame in frames:
            sink.write(frame)
    after = seen(tmp_path / f"out{suffix}")
    assert (after.rotation, after.size) == (0, size)
    assert after.planes[0] == tuple(plane.tobytes() for plane in frames[0].planes)
    assert any("upright" in note for note in sink.notes)


# Times


@settings(max_examples=30, deadline=None)
@given(
    first=st.sampled_from([0, 1, 7200, 270000]),
    steps=st.lists(st.sampled_from([1, 1501, 3003, 3003, 3003, 6006, 45045, 900000]), min_size=0, max_size=40),
)
def test_uneven_times_and_the_length_are_kept_to_the_tick(
    first: int, steps: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With B-frames as well: MP4 derives its length from decode times, which end too early there."""
    folder = tmp_path_factory.mktemp("times")
    times = [first]
    for step in steps:
        times.append(times[-1] + step)
    exact = {"video_track_timescale": "90000", "movie_timescale": "90000"}
    clip = Clip(size=(32, 32), times=times, tick=Fraction(1, 90000), options={"bf": "0"}, muxing=exact)
    path = draw(folder / "in.mp4", clip)
    with VideoSource(path) as source, VideoSink(folder / "out.mp4", source.info, Encoding()) as sink:
        for frame in source:
            sink.write(frame)
    after = seen(folder / "out.mp4")
    assert [time / Fraction(1, 90000) for time in after.times] == times
    declared = (seen(path).duration or 0) - (times[-1] - times[0])
    believable = declared <= max(steps, default=declared)
    last = declared if believable else sorted(steps)[len(steps) // 2]
    assert after.duration == times[-1] - times[0] + last


def test_a_constant_rate_stays_constant(tmp_path: Path) -> None:
    """Editors and OpenCV go by the average rate that the file declares: a B-frame at the end must not change it."""
    for frames in range(20, 32):
        path = draw(tmp_path / "in.mp4", Clip(times=[512 * i for i in range(frames)], tick=Fraction(1, 12800)))
        with VideoSource(path) as source, VideoSink(tmp_path / f"{frames}.mp4", source.info, Encoding()) as sink:
            for frame in source:
                sink.write(frame)
        with av.open(str(tmp_path / f"{frames}.mp4")) as container:
            assert container.streams.video[0].average_rate == 25


def test_hevc_in_mp4_goes_by_the_name_that_apple_s_players_know(tmp_path: Path) -> None:
    copied(draw(tmp_path / "in.mp4"), tmp_path / "out.mp4", Encoding(encoder="libx265"))
    assert b"hvc1" in (tmp_path / "out.mp4").read_bytes()


@pytest.mark.parametrize("suffix", [".ts", ".avi"])
def test_where_nothing_can_be_before_0_a_clip_that_begins_at_once_still_does(suffix: str, tmp_path: Path) -> None:
    """B-frames are decoded before they are shown: at negative times, which these containers do not have."""
    clip = Clip(codec="mpeg4", tick=Fraction(1, 25), options={"bf": "0"}, frames=30)
    path = draw(tmp_path / "in.mkv", clip)
    copied(path, tmp_path / f"out{suffix}", Encoding())
    assert seen(tmp_path / f"out{suffix}").times == seen(path).times


def test_avi_says_that_uneven_times_do_not_fit_in(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4", Clip(times=[0, 512, 1300]))
    with pytest.raises(OutputError, match=r"0\.040 s does not fit in; use -o NAME\.mkv"):
        copied(path, tmp_path / "out.avi")
    assert not (tmp_path / "out.avi").exists()


def test_a_frame_that_is_not_after_the_one_before_is_refused(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    frames = frames_of(path)
    with pytest.raises(StageError, match="not after the one before"):
        write(path, tmp_path / "out.mp4", [frames[1], frames[0]])
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_frame_before_0_is_refused_as_players_would_hide_it(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    frames = [replace(frame, pts=frame.pts - 1024) for frame in frames_of(path)]
    with pytest.raises(OutputError, match=r"0\.080 s before 0, where players hide it; use --start 0"):
        write(path, tmp_path / "out.mp4", frames)
    assert sorted(tmp_path.iterdir()) == [path]


# Choices


def test_a_smaller_output_keeps_shape_and_even_sides(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4", Clip(size=(160, 90)))
    copied(path, tmp_path / "out.mp4", Encoding(max_res=101))
    after = seen(tmp_path / "out.mp4")
    assert after.size == (100, 56)
    assert after.times == seen(path).times


def test_a_small_picture_is_not_scaled_up(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    copied(path, tmp_path / "out.mp4", Encoding(max_res=4000))
    assert seen(tmp_path / "out.mp4").size == (64, 48)


def test_a_format_that_the_encoder_does_not_take_goes_to_the_nearest(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mkv", Clip(codec="ffv1", pixels="yuv420p12le"))
    source = VideoSource(path)
    with source, VideoSink(tmp_path / "out.mkv", source.info) as sink:
        for frame in source:
            sink.write(frame)
    assert seen(tmp_path / "out.mkv").pixels == "yuv420p10le"
    assert any("yuv420p10le is written" in note for note in sink.notes)


@pytest.mark.parametrize(
    ("clip", "name", "encoding", "says"),
    [
        (Clip(), "out.mp4", Encoding(encoder="h265"), "'h265' is no video encoder here; choose one of libx264"),
        (Clip(), "out.mp4", Encoding(encoder="aac"), "'aac' is no video encoder here"),
        (Clip(size=(48, 64)), "out.mp4", Encoding(encoder="libx265"), "at least 64 pixels wide, got 48; use libx264"),
        (Clip(), "out.webm", Encoding(encoder="libx264"), "WebM does not hold what libx264 makes; it holds av1"),
        (Clip(), "out.mp4", Encoding(encoder="ffv1"), "MP4 does not hold what ffv1 makes"),
        (Clip(), "out.mp4", Encoding(preset="quick"), "libx264 has no preset 'quick'; choose one of ultrafast"),
        (Clip(), "out.avi", Encoding(encoder="mpeg4", crf=0), "mpeg4 has no lossless mode"),
        (Clip(), "out.mpg", Encoding(), "'.mpg' is not one of .mp4"),
        (Clip(), "out", Encoding(), "'' is not one of .mp4"),
        (Clip(codec="ffv1", pixels="yuv420p12le"), "out.mkv", LOSSLESS, "cannot hold yuv420p12le without loss"),
        (
            Clip(codec="ffv1", size=(63, 47)),
            "out.mov",
            Encoding(),
            "is 63x47, and libx264 with yuv420p needs even sides",
        ),
    ],
)
def test_what_does_not_go_together_is_said_before_anything_is_written(
    clip: Clip, name: str, encoding: Encoding, says: str, tmp_path: Path
) -> None:
    path = draw(tmp_path / "in.mkv", clip)
    with pytest.raises(OptionError) as caught:
        VideoSink(tmp_path / name, VideoSource(path).info, encoding)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"crf": -1}, {"crf": 99}, {"max_res": 2}])
def test_an_encoding_checks_itself(wrong: dict[str, float]) -> None:
    with pytest.raises(OptionError, match="got"):
        Encoding(**wrong)  # type: ignore[arg-type]


def test_an_encoder_that_was_not_asked_for_is_mentioned(tmp_path: Path) -> None:
    """H.264 cannot hold odd sizes with shared colour; VP9 can."""
    info = VideoSource(draw(tmp_path / "in.mkv", Clip(codec="ffv1", size=(63, 47)))).info
    sink = VideoSink(tmp_path / "out.mp4", info)
    assert sink.notes == ("libvpx-vp9 is used: libx264 cannot hold this picture as it is",)


def test_pictures_of_interleaved_colours_are_refused(tmp_path: Path) -> None:
    info = VideoSource(draw(tmp_path / "in.mp4")).info
    rgb = PixelFormat("rgb24", ((1, 1),), 8, "rgb", True)
    with pytest.raises(OptionError, match="rgb24 cannot be written into MP4"):
        VideoSink(tmp_path / "out.mp4", replace(info, format=rgb))


def test_an_option_that_the_encoder_does_not_know_is_refused(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4", Clip(tick=Fraction(1, 25)))
    with pytest.raises(OptionError, match="mpeg4 knows no preset"):
        copied(path, tmp_path / "out.mkv", Encoding(encoder="mpeg4", preset="fast"))
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_default_encoder_is_there(family: object) -> None:
    assert set(family.encoders) <= av.codecs_available  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.MP4", ".MP4"), ("a.mkv", ".mkv"), ("a.3gp", ".mp4"), ("a.wmv", ".mp4"), ("a.m2ts", ".m2ts")],
)
def test_the_output_is_of_the_same_kind_where_that_can_be(name: str, suffix: str) -> None:
    assert output_suffix(Path(name)) == suffix


# All or nothing


def test_an_existing_output_stays_unless_forced(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    out = tmp_path / "out.mp4"
    out.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists already"):
        copied(path, out)
    assert out.read_bytes() == b"precious"
    source = VideoSource(path)
    with source, VideoSink(out, source.info, force=True) as sink:
        for frame in source:
            sink.write(frame)
    assert len(seen(out).times) == 12


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("written", [0, 1, 9])
def test_an_error_inside_the_block_leaves_nothing(error: type[BaseException], written: int, tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")

    def broken() -> Iterator[Frame]:
        yield from frames_of(path)[:written]
        raise error

    with pytest.raises(error):
        write(path, tmp_path / "out.mp4", broken())
    assert sorted(tmp_path.iterdir()) == [path]


def test_no_frame_at_all_is_an_error_and_no_file(tmp_path: Path) -> None:
    source = VideoSource(draw(tmp_path / "in.mp4"))
    with pytest.raises(OutputError, match="no frame to write"), VideoSink(tmp_path / "out.mp4", source.info):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".ts", ".webm"])
def test_a_full_disk_is_an_error_and_no_file_down_to_the_last_byte(suffix: str, tmp_path: Path) -> None:
    """The index is written when the block ends: a disk that fills there must not go unnoticed."""
    path = draw(tmp_path / "in.mp4", Clip(tick=Fraction(1, 25)))
    out = tmp_path / f"out{suffix}"
    copied(path, out)
    whole = out.stat().st_size
    out.unlink()
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (10, whole // 2, whole - 200, whole - 1):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, unlimited[1]))
        try:
            with pytest.raises(OutputError, match="cannot write"):
                copied(path, out)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        assert sorted(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    with pytest.raises(OutputError, match="nowhere does not exist; make it first"):
        copied(path, tmp_path / "nowhere" / "out.mp4")


def test_frames_of_another_size_are_refused(tmp_path: Path) -> None:
    draw(tmp_path / "in.mp4")
    other = frames_of(draw(tmp_path / "other.mp4", Clip(size=(32, 32))))
    with pytest.raises(StageError, match="is 32x32 yuv420p; the output was opened for 64x48"):
        write(tmp_path / "in.mp4", tmp_path / "out.mp4", other)


def test_an_encoder_that_loses_a_frame_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed encoder gives fewer pictures than it took."""
    from passerby.media import muxer

    taken = muxer.Muxer._take
    monkeypatch.setattr(muxer.Muxer, "_take", lambda self, packets: taken(self, packets[1:]))
    path = draw(tmp_path / "in.mp4")
    with pytest.raises(OutputError, match=r"made \d+ pictures of 12 frames"):
        copied(path, tmp_path / "out.mp4")
    assert sorted(tmp_path.iterdir()) == [path]


CHILD = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started us may have it ignored
import sys
from pathlib import Path
from passerby.media.video import VideoSource
from passerby.media.write import VideoSink
source = VideoSource(Path(sys.argv[1]))
with source, VideoSink(Path(sys.argv[2]), source.info) as sink:
    print("go", flush=True)
    while True:
        for frame in source:
            pass
"""


def test_ctrl_c_ends_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    """Threads of the decoder and the encoder do not keep the process alive."""
    path = draw(tmp_path / "in.mp4", Clip(size=(320, 240), frames=60))
    command = [sys.executable, "-c", CHILD, str(path), str(tmp_path / "out.mp4")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"go\n"
        child.send_signal(2)
        assert child.wait(timeout=30) != 0
    assert sorted(tmp_path.iterdir()) == [path]


def test_planes_of_the_input_are_not_written_to(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    for frame in frames_of(path):
        for plane in frame.planes:
            with pytest.raises(ValueError, match="read-only"):
                plane[:] = 0
            assert isinstance(plane, np.ndarray)
