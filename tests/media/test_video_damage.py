"""What cannot be decoded is never passed on: the reader stops and says where, or saves what is whole."""

from __future__ import annotations

import os
import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.container import OutputContainer
from av.video.stream import VideoStream
from drawn_clips import Clip, copied, draw, frames_of, seen
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.core import pixels
from passerby.core.errors import DamagedMedia, InputError, LimitExceeded, OptionError, PasserbyError, UnsupportedMedia
from passerby.core.frame import Frame
from passerby.media.clock import Clock
from passerby.media.container import Limits, opened
from passerby.media.headers import missing_bytes
from passerby.media.reading import Reading
from passerby.media.video import Gap, VideoSource

SALVAGE = Reading(salvage=True)
GROUPS = {"g": "12", "keyint_min": "12", "sc_threshold": "0", "bf": "0"}
"""Key pictures at 0, 12, 24, …, and each packet leans on the one before."""


def stored(frame: Frame) -> tuple[bytes, ...]:
    return tuple(pixels.stored(plane, frame.turn).tobytes() for plane in frame.planes)


def rewritten(path: Path, output: Path, change: Callable[[int, bytes], bytes | None]) -> Path:
    """The packets of `path` as `change` makes them; None leaves one out."""
    with av.open(str(path)) as container, av.open(str(output), "w") as other:
        stream = other.add_stream_from_template(container.streams.video[0])
        for number, packet in enumerate(container.demux(video=0)):
            data = change(number, bytes(packet)) if packet.size else None
            if data is not None:
                copy: av.Packet[Any] = av.Packet(data)
                copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
                copy.duration, copy.is_keyframe, copy.stream = packet.duration, packet.is_keyframe, stream
                other.mux(copy)
    return output


def halved(*numbers: int) -> Callable[[int, bytes], bytes]:
    return lambda number, data: data[: len(data) // 2] if number in numbers else data


# Damage inside


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mjpeg"])
def test_the_first_damaged_frame_is_named(codec: str, tmp_path: Path) -> None:
    options = GROUPS if codec != "mjpeg" else {}
    clip = Clip(codec=codec, frames=36, options=options, pixels="yuvj420p" if codec == "mjpeg" else "yuv420p")
    whole = draw(tmp_path / "whole.mkv", clip)
    path = rewritten(whole, tmp_path / "in.mkv", halved(17))
    with pytest.raises(DamagedMedia) as caught:
        frames_of(path)
    assert (caught.value.frame, caught.value.time_s) == (17, 0.68)
    assert str(caught.value).startswith("in.mkv: frame 17 at 0.680 s is damaged (")
    assert str(caught.value).endswith("; use --salvage to keep what decodes")


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_salvage_goes_on_at_the_next_key_picture(codec: str, tmp_path: Path) -> None:
    """Between the damage and the next key picture, pictures are patched from what is not there."""
    whole = draw(tmp_path / "whole.mkv", Clip(codec=codec, frames=48, options=GROUPS))
    path = rewritten(whole, tmp_path / "in.mkv", halved(17, 30, 31))
    keys = _keys(whole)
    source = VideoSource(path, SALVAGE)
    frames = list(source)
    truth = dict(zip(seen(whole).times, seen(whole).planes, strict=True))
    assert all(stored(frame) == truth[frame.time] for frame in frames)
    assert [frame.index for frame in frames] == list(range(len(frames)))
    resumed = [min(key for key in keys if key > damage) for damage in (17, 31)]
    assert [(gap.from_s, gap.to_s) for gap in source.missing] == [
        (17 / 25, resumed[0] / 25),
        (30 / 25, resumed[1] / 25),
    ]
    assert len(frames) == 48 - sum(round((gap.to_s - gap.from_s) * 25) for gap in source.missing if gap.to_s)


def _keys(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [number for number, packet in enumerate(container.demux(video=0)) if packet.is_keyframe]


def test_damage_in_the_last_pictures_is_not_swallowed(tmp_path: Path) -> None:
    """With frame threads, what fails while the decoder is emptied comes back as a shorter list and no error."""
    whole = draw(tmp_path / "whole.mp4", Clip(frames=30, options=GROUPS))
    for last in (27, 28, 29):
        path = rewritten(whole, tmp_path / f"in{last}.mp4", halved(last))
        with pytest.raises(DamagedMedia) as caught:
            frames_of(path)
        assert caught.value.frame == last
        source = VideoSource(path, SALVAGE)
        assert [stored(frame) for frame in source] == seen(whole).planes[:last]
        [gap] = source.missing
        assert (gap.first_frame, gap.to_s) == (last, None)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), codec=st.sampled_from(["libx264", "mpeg4", "libx265"]))
def test_random_damage_never_leads_to_more_than_an_error(seed: int, codec: str, damaged_clips: dict[str, Path]) -> None:
    """Whatever is in the file, reading ends with frames in order or with one of our own errors, of one line."""
    rng = random.Random(seed)
    path = damaged_clips[codec]
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 5, 50])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    victim = path.with_name(f"victim{path.suffix}")
    victim.write_bytes(data)
    for reading in (Reading(), SALVAGE):
        said, times = "", []
        try:
            times = [frame.time for frame in frames_of(victim, reading)]
        except PasserbyError as error:
            said = str(error)
        assert "\n" not in said
        assert all(a < b for a, b in pairwise(times))


@pytest.fixture(scope="module")
def damaged_clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("damaged")
    quiet = {"libx265": {"x265-params": "log-level=none"}}
    return {
        codec: draw(folder / f"{codec}.mp4", Clip(codec=codec, frames=20, options=quiet.get(codec, {})))
        for codec in ("libx264", "mpeg4", "libx265")
    }


def test_nothing_is_written_of_a_damaged_file_and_salvage_writes_the_rest(tmp_path: Path) -> None:
    whole = draw(tmp_path / "whole.mp4", Clip(frames=30, options=GROUPS))
    path = rewritten(whole, tmp_path / "in.mp4", halved(15))
    with pytest.raises(DamagedMedia):
        copied(path, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
    source = copied(path, tmp_path / "out.mp4", reading=SALVAGE)
    kept = [*range(15), *range(24, 30)]
    assert seen(tmp_path / "out.mp4").planes == [seen(whole).planes[number] for number in kept]
    assert seen(tmp_path / "out.mp4").times == [Fraction(number, 25) for number in kept]
    assert [gap.first_frame for gap in source.missing] == [15]


# An end that is missing


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.webm", "in.avi"])
def test_a_file_that_breaks_off_is_told_from_one_that_ends(name: str, tmp_path: Path) -> None:
    codec = {"in.webm": "libvpx-vp9", "in.avi": "mpeg4"}.get(name, "libx264")
    first = {"movflags": "faststart"} if name == "in.mp4" else {}
    clip = Clip(
        codec=codec, frames=40, tick=Fraction(1, 25), muxing=first, options={"bf": "0"} if name != "in.webm" else {}
    )
    whole = draw(tmp_path / f"whole_{name}", clip)
    assert missing_bytes(whole) == 0
    data = whole.read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: len(data) * 6 // 10])
    with pytest.raises(DamagedMedia, match=f"{name} breaks off: {len(data) - path.stat().st_size}") as caught:
        VideoSource(path)
    source = VideoSource(path, SALVAGE)
    frames = list(source)
    assert [stored(frame) for frame in frames] == seen(whole).planes[: len(frames)]
    assert caught.value.frame == len(frames)
    assert caught.value.time_s == pytest.approx(len(frames) / 25)
    [gap] = source.missing
    assert (gap.first_frame, gap.to_s, gap.reason) == (len(frames), None, "the file breaks off")
    assert 5 < len(frames) < 40


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.ts"])
def test_a_stretch_behind_the_end_that_is_missing_is_told_from_one_that_does_not_decode(
    name: str, tmp_path: Path
) -> None:
    clip = Clip(frames=50, options=GROUPS, muxing={"movflags": "faststart"} if name == "in.mp4" else {})
    data = draw(tmp_path / f"whole_{name}", clip).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: len(data) * 6 // 10])
    says = rf"{name} has no whole picture from 1\.5 s on: it is damaged at 1\.\d+ s \(the file breaks off\); choose"
    with pytest.raises(DamagedMedia, match=says):
        VideoSource(path, Reading(salvage=True, start_s=Fraction(3, 2)))


def test_what_is_noted_of_a_file_is_no_sign_of_damage(tmp_path: Path) -> None:
    """A start behind the end is the caller's mistake, whatever else there is to say of the file."""

    def second(container: OutputContainer, _: VideoStream) -> None:
        container.add_stream("libx264", rate=25, width=64, height=48, pix_fmt="yuv420p")

    path = draw(tmp_path / "in.mkv", Clip(prepare=second))
    with pytest.raises(OptionError, match="has no frame from 5 s"):
        VideoSource(path, Reading(start_s=Fraction(5)))


def test_an_mp4_without_its_index_says_so(tmp_path: Path) -> None:
    """The usual end of a recording whose battery ran out."""
    path = draw(tmp_path / "in.mp4")
    data = path.read_bytes()
    path.write_bytes(data[: data.rfind(b"moov") - 4])
    with pytest.raises(DamagedMedia, match=r"in\.mp4 breaks off before its index \(the moov box\)"):
        VideoSource(path)


@pytest.mark.parametrize(
    "tail", [bytes(5000), b"\xff" * 100, struct.pack(">I4s", 100, b"free") + bytes(92), b"\0\0\0\2abcdefgh" * 9]
)
def test_padding_behind_the_last_box_is_no_damage(tail: bytes, tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    path.write_bytes(path.read_bytes() + tail)
    assert missing_bytes(path) == 0
    assert len(frames_of(path)) == 12


def test_a_missing_end_that_holds_no_picture_is_no_damage(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    path.write_bytes(path.read_bytes() + struct.pack(">I4s", 9000, b"free") + bytes(92))
    assert missing_bytes(path) == 8900
    source = VideoSource(path)
    assert (len(list(source)), source.missing) == (12, [])


# A beginning that is missing


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv"])
def test_a_recording_that_begins_between_key_pictures_begins_at_the_first_one(suffix: str, tmp_path: Path) -> None:
    whole = draw(tmp_path / f"whole{suffix}", Clip(frames=36, options=GROUPS))
    path = rewritten(whole, tmp_path / f"in{suffix}", lambda number, data: data if number >= 5 else None)
    source = VideoSource(path)
    assert [stored(frame) for frame in source] == seen(whole).planes[12:]
    assert source.info.notes == ("the file begins between key pictures: 7 pictures cannot be decoded",)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_pictures_that_lean_on_what_was_cut_off_are_no_damage(codec: str, tmp_path: Path) -> None:
    """A cut at an open group of pictures leaves some behind that no decoder can show."""
    params = "keyint=12:min-keyint=12:open-gop=1:scenecut=0:bframes=3"
    options = {"x264-params": params} if codec == "libx264" else {"x265-params": f"{params}:log-level=none"}
    whole = draw(tmp_path / "whole.mp4", Clip(codec=codec, frames=48, options=options))
    cut = _keys(whole)[1]
    path = rewritten(whole, tmp_path / "in.mp4", lambda number, data: data if number >= cut else None)
    truth = dict(zip(seen(whole).times, seen(whole).planes, strict=True))
    frames = frames_of(path)
    assert len(frames) >= 33
    assert all(stored(frame) == truth[frame.time] for frame in frames if frame.time >= Fraction(12, 25))


def test_sound_that_comes_up_later_does_no_harm(tmp_path: Path) -> None:
    """PyAV makes room for the streams that are there at the beginning, and stumbles over others at the end."""
    path = draw(
        tmp_path / "in.flv",
        Clip(tick=Fraction(1, 1000), frames=24, size=(640, 480), options={"qp": "0", "preset": "ultrafast"}),
    )
    assert path.stat().st_size > 5_000_000, "FFmpeg looks for streams up to here"
    sound = b"\x2f" + bytes(100)
    tag = b"\x08" + len(sound).to_bytes(3, "big") + bytes(7) + sound
    path.write_bytes(path.read_bytes() + (tag + len(tag).to_bytes(4, "big")) * 20)
    with opened(path, Limits()) as container:
        assert len(container.streams) == 1
    for _ in range(4):
        assert len(frames_of(path)) == 24


# Times


def test_avi_with_b_frames_shows_its_pictures_at_even_times(tmp_path: Path) -> None:
    """It stores the order of decoding only; FFmpeg's guess from that goes back and forth."""
    for codec in ("mpeg4", "libx264"):
        path = draw(tmp_path / f"{codec}.avi", Clip(codec=codec, frames=24, tick=Fraction(1, 25), options={"bf": "2"}))
        source = VideoSource(path)
        frames = list(source)
        assert [frame.pts for frame in frames] == list(range(24))
        assert source.info.notes == ("the file has no presentation times: they are taken from the order of decoding",)


def test_pictures_that_avi_repeats_keep_their_distance(tmp_path: Path) -> None:
    times = [*range(10), *range(17, 30)]
    path = draw(tmp_path / "in.avi", Clip(codec="mpeg4", tick=Fraction(1, 25), times=times))
    assert [frame.pts for frame in frames_of(path)] == times


def test_joined_parts_run_on(tmp_path: Path) -> None:
    """Each part of a transport stream starts its clock again."""
    parts = b""
    for number in range(3):
        clip = Clip(frames=20, tick=Fraction(1, 90000), options={"bf": str(number)})
        parts += draw(tmp_path / f"{number}.ts", clip).read_bytes()
    path = tmp_path / "in.ts"
    path.write_bytes(parts)
    source = VideoSource(path)
    frames = list(source)
    assert len(frames) == 60
    steps = {b.pts - a.pts for a, b in pairwise(frames)}
    assert steps <= {3600, 7200, 10800}
    assert sum("starts again" in note for note in source.info.notes) == 2


def test_a_picture_without_a_time_takes_the_next_step() -> None:
    clock = Clock(3600, Fraction(1, 90000))
    assert [clock.show(pts) for pts in (0, None, 7200, 7200, 7000, 10800)] == [0, 3600, 7200, 7201, 7202, 10800]


@pytest.mark.parametrize(("size", "name"), [((48, 32), "yuv420p"), ((64, 48), "yuv422p")])
def test_a_picture_that_changes_midway_ends_the_run(size: tuple[int, int], name: str, tmp_path: Path) -> None:
    first = draw(tmp_path / "a.ts", Clip(frames=20))
    second = draw(tmp_path / "b.ts", Clip(frames=20, size=size, pixels=name))
    path = tmp_path / "in.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    changed = f"changes from 64x48 yuv420p to {size[0]}x{size[1]} {name}"
    with pytest.raises(UnsupportedMedia, match=f"{changed} at frame 20"):
        frames_of(path)
    source = VideoSource(path, SALVAGE)
    assert [stored(frame) for frame in source] == seen(first).planes
    [gap] = source.missing
    assert (gap.first_frame, gap.to_s) == (20, None)
    assert changed in gap.reason


# No video at all


@dataclass(frozen=True)
class Bad:
    """A file that cannot be worked on."""

    name: str
    data: bytes | Callable[[Path], object]
    error: type[InputError]
    says: str
    limits: Limits = field(default_factory=Limits)


def _sound_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        silence = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
        silence.rate = 48000
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))


def _many_streams(path: Path) -> None:
    def more(container: OutputContainer, _: VideoStream) -> None:
        for number in range(9):
            container.add_attachment(f"{number}.txt", "text/plain", b"x")

    draw(path, Clip(prepare=more))


def _vast(path: Path) -> None:
    """A picture that claims to be 16000 x 16000, in the container and in its own header."""
    draw(path, Clip(codec="mjpeg", pixels="yuvj420p", frames=1))
    sizes = struct.pack(">HH", 64, 48), struct.pack(">HH", 48, 64)
    data = path.read_bytes()
    for size in sizes:
        data = data.replace(size, struct.pack(">HH", 16000, 16000))
    path.write_bytes(data)


BAD = [
    Bad("zero.mp4", b"", UnsupportedMedia, "zero.mp4 is empty (0 bytes)"),
    Bad("text.mp4", b"This is not a video.\n" * 50, UnsupportedMedia, "text.mp4 is not a video that passerby reads"),
    Bad("noise.mkv", random.Random(1).randbytes(5000), UnsupportedMedia, "is not a video that passerby reads"),
    Bad("zeros.avi", bytes(5000), UnsupportedMedia, "is not a video that passerby reads"),
    Bad("page.webm", b"<!DOCTYPE html><html><body>404</body></html>", UnsupportedMedia, "is not a video"),
    Bad("stub.mp4", struct.pack(">I4s", 20, b"ftyp") + b"isom" + bytes(8), UnsupportedMedia, "is not a video"),
    Bad(
        "mdat.mp4",
        struct.pack(">I4s", 99, b"ftyp") + bytes(91) + struct.pack(">I4s", 9999, b"mdat"),
        DamagedMedia,
        "index",
    ),
    Bad("sound.mp4", _sound_only, UnsupportedMedia, "holds no moving picture, only audio"),
    Bad("many.mkv", _many_streams, LimitExceeded, "streams", Limits(max_streams=4)),
    Bad("long.mp4", lambda path: draw(path), LimitExceeded, "over the limit of 0 s", Limits(max_duration_s=0.2)),
    Bad("late.mkv", lambda path: draw(path), LimitExceeded, "over the limit", Limits(max_duration_s=0.3)),
    Bad("big.mp4", lambda path: draw(path), LimitExceeded, "64x48 is over the limit of 999", Limits(max_pixels=999)),
    Bad("vast.mov", _vast, InputError, "frame 0"),
    Bad("folder.mp4", lambda path: path.mkdir(), InputError, "is not a file"),
    Bad("pipe.mp4", os.mkfifo, InputError, "is not a file"),
    Bad("gone.mp4", lambda path: None, InputError, "No such file"),
    Bad("frames.gif", lambda path: path.write_bytes(b"GIF89a" + bytes(60)), UnsupportedMedia, "is not a video"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_what_is_no_video_is_refused_in_one_line(bad: Bad, tmp_path: Path) -> None:
    path = tmp_path / bad.name
    if callable(bad.data):
        bad.data(path)
    else:
        path.write_bytes(bad.data)
    with pytest.raises(bad.error) as caught:
        VideoSource(path, Reading(limits=bad.limits))
    assert bad.says in str(caught.value)
    assert bad.name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_limits_check_themselves() -> None:
    with pytest.raises(OptionError, match="max_pixels must be above 0, got 0"):
        Limits(max_pixels=0)


def test_an_8k_picture_is_within_the_limits() -> None:
    Limits().check_size("8k.mp4", 7680, 4320)


# Files that name others


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A port of this machine, and whoever called there."""
    calls: list[bytes] = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def answer() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                calls.append(b"called")
                caller.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1], calls
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{other}'\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{other}</BaseURL></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "asx": "[Reference]\nRef1={other}\n",
}


@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".ts", ".mkv", ".asf"])
@pytest.mark.parametrize("kind", PLAYLISTS)
def test_no_file_makes_us_open_another(kind: str, suffix: str, tmp_path: Path) -> None:
    secret = draw(tmp_path / "secret.ts")
    with listening() as (port, calls):
        for other in (str(secret), f"file://{secret}", f"http://127.0.0.1:{port}/a.ts", f"tcp://127.0.0.1:{port}"):
            path = tmp_path / f"in{suffix}"
            path.write_text(PLAYLISTS[kind].format(other=other))
            with pytest.raises(UnsupportedMedia):
                VideoSource(path)
        assert calls == []


def test_only_the_file_protocol_is_there(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    with opened(path, Limits()) as container:
        assert container.options["protocol_whitelist"] == "file"
        assert "hls" not in container.options["format_whitelist"]


def test_a_gap_says_where(tmp_path: Path) -> None:
    whole = draw(tmp_path / "whole.mp4", Clip(frames=24, options=GROUPS))
    source = VideoSource(rewritten(whole, tmp_path / "in.mp4", halved(3)), SALVAGE)
    assert source.missing == []
    list(source)
    [gap] = source.missing
    assert gap == Gap(3, 0.12, 0.48, gap.reason)
    assert gap.reason


# Bits that flip inside


def flipped(clip: Clip, name: str, tmp_path: Path, *, times: int = 12) -> list[Path]:
    """Copies of `clip`, each with one bit of its picture data flipped somewhere."""
    whole = draw(tmp_path / f"whole_{name}", clip)
    with av.open(str(whole)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size and packet.pos]
    rng = np.random.default_rng(2)
    copies = []
    for number in range(times):
        data = bytearray(whole.read_bytes())
        place, size = places[int(rng.integers(len(places)))]
        data[place + int(rng.integers(40, size - 9))] ^= 1 << int(rng.integers(8))
        copies.append(tmp_path / f"{number}_{name}")
        copies[-1].write_bytes(data)
    return copies


def refused(path: Path) -> bool:
    try:
        frames_of(path)
    except DamagedMedia:
        return True
    return False


@pytest.mark.parametrize("start", [None, Fraction(3, 5)])
def test_mxf_that_does_not_say_in_which_order_it_is_shown_is_no_damage(start: Fraction | None, tmp_path: Path) -> None:
    clip = Clip(
        frames=24, tick=Fraction(1, 25), options={"bf": "3", "g": "12", "preset": "medium", "qp": "20", "threads": "1"}
    )
    whole = draw(tmp_path / "whole.mkv", replace(clip, tick=Fraction(1, 1000)))
    path = draw(tmp_path / "in.mxf", clip)
    frames = frames_of(path, Reading(start_s=start))
    first = 0 if start is None else 15
    assert [frame.time for frame in frames] == [Fraction(n, 25) for n in range(24 - first)]
    assert [stored(frame) for frame in frames] == seen(whole).planes[first:]


@pytest.mark.parametrize("options", [{"slices": "4"}, {"slices": "4", "g": "1"}, {"slices": "24", "coder": "1"}])
def test_no_bit_of_ffv1_flips_unseen(options: dict[str, str], tmp_path: Path) -> None:
    """FFmpeg would show what was there in the picture before."""
    clip = Clip(codec="ffv1", frames=6, size=(160, 120), options={"level": "3", "slicecrc": "1", **options})
    assert all(refused(path) for path in flipped(clip, "in.avi", tmp_path))
    assert len(frames_of(tmp_path / "whole_in.avi")) == 6


def test_ffv1_without_check_sums_is_read_all_the_same(tmp_path: Path) -> None:
    for level, slicecrc in (("1", "0"), ("3", "0")):
        clip = Clip(codec="ffv1", options={"level": level, "slicecrc": slicecrc})
        assert len(frames_of(draw(tmp_path / "in.avi", clip))) == 12


@pytest.mark.parametrize("codec", ["msmpeg4", "wmv1", "wmv2"])
def test_a_picture_that_does_not_end_with_its_data_is_damaged(codec: str, tmp_path: Path) -> None:
    """Most bits that flip make one code longer than another."""
    clip = Clip(codec=codec, frames=6, size=(160, 120), options={"g": "3"})
    assert sum(refused(path) for path in flipped(clip, "in.avi", tmp_path)) > 1
    assert len(frames_of(tmp_path / "whole_in.avi")) == 6
