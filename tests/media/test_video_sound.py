"""Sound is copied to the packet, stays in step to the sample, and ends where the picture's stretch ends."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.container import OutputContainer
from av.video.stream import VideoStream
from drawn_clips import Clip, Heard, copied, draw, heard, seen

from passerby.core.errors import DamagedMedia, OutputError, UnsupportedMedia
from passerby.media.reading import Reading
from passerby.media.soundtrack import Soundtrack
from passerby.media.video import VideoSource
from passerby.media.write import VideoSink

FILM = Clip(frames=30, size=(32, 32))
AVI = replace(FILM, codec="mpeg4", tick=Fraction(1, 25))


def same_samples(before: Heard, after: Heard) -> bool:
    """Every sample that both have is the same at the same time."""
    shared = before.samples.keys() & after.samples.keys()
    return bool(shared) and all(np.array_equal(before.samples[at], after.samples[at]) for at in shared)


# Whole


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        (".mp4", "aac"),
        (".mp4", "libmp3lame"),
        (".m4v", "alac"),
        (".mov", "pcm_s16le"),
        (".mkv", "flac"),
        (".mkv", "libopus"),
        (".mkv", "aac"),
        (".webm", "libopus"),
        (".ts", "aac"),
        (".ts", "ac3"),
        (".avi", "libmp3lame"),
        (".avi", "pcm_s16le"),
    ],
)
def test_every_packet_is_copied_and_every_sample_stays_in_its_place(suffix: str, codec: str, tmp_path: Path) -> None:
    clip = replace(AVI if suffix == ".avi" else FILM, sound=codec)
    if suffix == ".webm":
        clip = replace(clip, codec="libvpx-vp9")
    path = draw(tmp_path / f"in{suffix}", clip)
    copied(path, tmp_path / f"out{suffix}", sound=True)
    [before], [after] = heard(path), heard(tmp_path / f"out{suffix}")
    assert after.packets == before.packets
    assert after.times == before.times
    # Without the packets that an edit list hides, a decoder takes one packet to settle in.
    settled = [at for at in before.samples if at >= 2048]
    assert settled
    assert all(np.array_equal(after.samples[at], before.samples[at]) for at in settled)
    assert seen(tmp_path / f"out{suffix}").times == seen(path).times


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("delay", [1, 4800, 31337])
def test_sound_that_begins_late_still_does(suffix: str, delay: int, tmp_path: Path) -> None:
    clip = replace(FILM, sound="pcm_s16le" if suffix == ".mkv" else "aac", sound_delay=delay)
    clip = replace(clip, muxing={"movie_timescale": "48000"} if suffix == ".mp4" else {})
    path = draw(tmp_path / f"in{suffix}", clip)
    copied(path, tmp_path / f"out{suffix}", sound=True)
    [before], [after] = heard(path), heard(tmp_path / f"out{suffix}")
    assert (after.packets, after.times) == (before.packets, before.times)
    assert after.times[0] >= Fraction(delay - 1100, 48000)


def test_a_picture_that_begins_late_still_does(tmp_path: Path) -> None:
    """Both begin where they began, however their clocks tick: the container has to count in a common unit."""
    times = [9001 + 400 * number for number in range(30)]
    exact = {"video_track_timescale": "11988", "movie_timescale": "11988"}
    path = draw(tmp_path / "in.mp4", replace(FILM, tick=Fraction(1, 11988), times=times, sound="aac", muxing=exact))
    copied(path, tmp_path / "out.mp4", sound=True)
    assert [time * 11988 for time in seen(tmp_path / "out.mp4").times] == times
    assert heard(tmp_path / "out.mp4")[0].times == heard(path)[0].times


def test_all_tracks_are_kept_with_their_language_and_nothing_else_that_is_said_of_them(tmp_path: Path) -> None:
    def languages(container: OutputContainer, _: VideoStream) -> None:
        for stream, language in zip(container.streams.audio, ("nor", "eng"), strict=True):
            stream.metadata.update(language=language, title="Ola", handler_name="Ola's phone")

    for suffix in (".mp4", ".mkv", ".ts"):
        path = draw(tmp_path / f"in{suffix}", replace(FILM, sound="aac", tracks=2, prepare=languages))
        out = tmp_path / f"out{suffix}"
        copied(path, out, sound=True)
        assert [track.language for track in heard(out)] == ["nor", "eng"]
        assert [track.packets for track in heard(out)] == [track.packets for track in heard(path)]
        assert b"Ola" not in out.read_bytes()


@pytest.mark.parametrize("language", ["Ola Nordmann", "59.9139", "OLANORDMANN", "norwegian"])
def test_a_language_that_is_none_is_left_out(language: str, tmp_path: Path) -> None:
    def say(container: OutputContainer, _: VideoStream) -> None:
        container.streams.audio[0].metadata["language"] = language

    path = draw(tmp_path / "in.mkv", replace(FILM, sound="aac", prepare=say))
    copied(path, tmp_path / "out.mkv", sound=True)
    assert heard(tmp_path / "out.mkv")[0].language is None
    assert language.encode() not in (tmp_path / "out.mkv").read_bytes()


def test_a_film_without_sound_stays_one(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4")
    copied(path, tmp_path / "out.mp4", sound=True)
    assert seen(tmp_path / "out.mp4").streams == ["video"]


def test_sound_and_picture_are_stored_side_by_side(tmp_path: Path) -> None:
    """A player must not have to jump, and a writer must not have to hold one until the other is done."""
    path = draw(tmp_path / "in.mp4", replace(FILM, frames=150, sound="aac"))
    copied(path, tmp_path / "out.mp4", sound=True)
    with av.open(str(tmp_path / "out.mp4")) as container:
        places = sorted(
            (packet.pos, packet.stream_index, packet.dts * packet.time_base) for packet in _packets(container)
        )
    latest: dict[int, Fraction] = {}
    for _, stream, time in places:
        latest[stream] = time
        if len(latest) == 2:
            assert abs(latest[0] - latest[1]) < 2


def _packets(container: Any) -> list[Any]:
    return [packet for packet in container.demux() if packet.size and not packet.is_discard]


# In part


@pytest.mark.parametrize(
    ("suffix", "codec"), [(".mp4", "aac"), (".mov", "pcm_s16le"), (".mkv", "flac"), (".ts", "mp2")]
)
def test_a_stretch_holds_the_packets_that_lie_inside_it(suffix: str, codec: str, tmp_path: Path) -> None:
    path = draw(tmp_path / f"in{suffix}", replace(FILM, frames=50, sound=codec))
    start, end = Fraction(2, 5), Fraction(7, 5)
    copied(path, tmp_path / f"out{suffix}", sound=True, reading=Reading(start_s=start, end_s=end))
    [before], [after] = heard(path), heard(tmp_path / f"out{suffix}")
    first = before.packets.index(after.packets[0])
    assert after.packets == before.packets[first : first + len(after.packets)]
    pictures = seen(tmp_path / f"out{suffix}").times
    offset = before.times[first] - after.times[0]
    begins = [time for time, picture in zip(seen(path).times, seen(path).planes, strict=True) if picture]
    assert begins[10] - pictures[0] == pytest.approx(offset, abs=1 / 40000)
    length = max(b - a for a, b in zip(before.times, before.times[1:], strict=False))
    origin = min(*seen(path).times, *before.times) if suffix == ".ts" else 0
    assert before.times[first] - origin >= start
    assert before.times[first] - origin - start <= length
    last = before.times[first + len(after.packets) - 1] - origin
    assert end - 2 * length - Fraction(1, 1000) <= last <= end - length + Fraction(1, 1000)


def test_a_packet_that_an_edit_list_hides_is_left_out(tmp_path: Path) -> None:
    """A clip that was cut by copying still holds what was said before its beginning."""
    plain = draw(tmp_path / "plain.mp4", replace(FILM, frames=50, sound="pcm_s16le", codec="mpeg4"))
    path = tmp_path / "in.mov"
    cut = Fraction(3, 5)
    with av.open(str(plain)) as container, av.open(str(path), "w") as output:
        streams = [output.add_stream_from_template(stream) for stream in container.streams]
        for packet in container.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                shift = int(cut / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                output.mux(packet)
    with av.open(str(path)) as container:
        hidden = [bytes(p) for p in container.demux(audio=0) if p.size and p.is_discard]
    assert len(hidden) > 20
    copied(path, tmp_path / "out.mov", sound=True)
    data = (tmp_path / "out.mov").read_bytes()
    assert not any(packet in data for packet in hidden)
    [before], [after] = heard(path), heard(tmp_path / "out.mov")
    assert after.packets == before.packets
    assert same_samples(before, after)


# What cannot be


def test_sound_that_would_only_be_found_out_at_the_end_is_refused_at_once(tmp_path: Path) -> None:
    """MXF counts its channels and does not name them; MP4 has no word for that."""
    path = draw(
        tmp_path / "in.mxf", replace(FILM, codec="mpeg2video", tick=Fraction(1, 25), options={}, sound="pcm_s16le")
    )
    with pytest.raises(OutputError, match=r"MP4 cannot hold the sound of in\.mxf \(pcm_s16le\); use -o NAME\.mkv"):
        copied(path, tmp_path / "out.mp4", sound=True)
    copied(path, tmp_path / "out.mkv", sound=True)


def test_sound_that_the_container_cannot_hold_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4", replace(FILM, sound="aac"))
    with pytest.raises(OutputError) as caught:
        copied(path, tmp_path / "out.webm", sound=True)
    assert str(caught.value) == (
        "WebM cannot hold the sound of in.mp4 (aac); use -o NAME.mkv, or leave the sound out with --audio drop"
    )
    assert sorted(tmp_path.iterdir()) == [path]


def test_avi_cannot_begin_its_sound_late(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mkv", replace(AVI, sound="pcm_s16le", sound_delay=9600))
    with pytest.raises(OutputError, match=r"begins 0\.200 s late, which AVI cannot say"):
        copied(path, tmp_path / "out.avi", sound=True)
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_clock_that_starts_again_would_part_sound_and_picture(tmp_path: Path) -> None:
    part = draw(tmp_path / "part.ts", replace(FILM, frames=50, sound="aac")).read_bytes()
    path = tmp_path / "in.ts"
    path.write_bytes(part + part)
    with pytest.raises(UnsupportedMedia, match=r"starts again at .* leave the sound out with --audio drop"):
        copied(path, tmp_path / "out.ts", sound=True)
    assert not (tmp_path / "out.ts").exists()
    copied(path, tmp_path / "out.ts")
    assert len(seen(tmp_path / "out.ts").times) == 100


def test_a_file_that_breaks_off_keeps_the_sound_that_is_there(tmp_path: Path) -> None:
    first = {"movflags": "faststart"}
    whole = draw(tmp_path / "whole.mp4", replace(FILM, frames=60, sound="aac", muxing=first, options={"bf": "0"}))
    path = tmp_path / "in.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with pytest.raises(DamagedMedia):
        copied(path, tmp_path / "out.mp4", sound=True)
    copied(path, tmp_path / "out.mp4", sound=True, reading=Reading(salvage=True))
    [before], [after] = heard(whole), heard(tmp_path / "out.mp4")
    assert 0 < len(after.packets) < len(before.packets)
    assert after.packets == before.packets[: len(after.packets)]


def test_memory_does_not_grow_with_sound_that_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No packet of sound is read long before its time has come."""
    path = draw(tmp_path / "in.mp4", replace(FILM, frames=100, sound="aac"))
    source, sound = VideoSource(path), Soundtrack(path)
    ahead: list[Fraction] = []
    asked = Fraction(0)
    taken = Soundtrack._copy

    def until(self: Soundtrack, packet: Any, track: Any) -> Any:
        ahead.append(packet.pts * packet.time_base - asked)
        return taken(self, packet, track)

    monkeypatch.setattr(Soundtrack, "_copy", until)
    with source, VideoSink(tmp_path / "out.mp4", source.info, soundtrack=sound) as sink:
        for frame in source:
            asked = frame.time
            sink.write(frame)
    assert len(ahead) > 150
    assert max(ahead) < Fraction(1, 10)


# Salvage


def _with_hole(path: Path, output: Path) -> Path:
    """`path` without the second third of its bytes."""
    data = path.read_bytes()
    output.write_bytes(data[: len(data) // 3] + data[len(data) * 2 // 3 :])
    return output


@pytest.mark.parametrize("suffix", [".mkv", ".ts"])
def test_salvage_tells_which_sound_is_missing(suffix: str, tmp_path: Path) -> None:
    clip = replace(FILM, frames=50, sound="aac", options={"g": "12", "bf": "0"}, size=(96, 64))
    whole = draw(tmp_path / f"whole{suffix}", clip)
    path = _with_hole(whole, tmp_path / f"in{suffix}")
    reading = Reading(salvage=True)
    source, sound = VideoSource(path, reading), Soundtrack(path, reading)
    with source, VideoSink(tmp_path / f"out{suffix}", source.info, soundtrack=sound) as sink:
        for frame in source:
            sink.write(frame)
    [note] = sink.notes
    found = re.fullmatch(r"the sound of track 1 is missing from (\d\.\d+) s to (\d\.\d+) s", note)
    assert found is not None
    begin, end = (float(time) for time in found.groups())
    [after] = heard(tmp_path / f"out{suffix}")
    times = [float(time) for time in after.times]
    assert not [time for time in times if begin + 0.03 < time < end - 0.03]
    assert max(b - a for a, b in pairwise(times)) == pytest.approx(end - begin, abs=0.05)


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".mp4"])
def test_of_a_whole_file_no_sound_is_missing(suffix: str, tmp_path: Path) -> None:
    path = draw(tmp_path / f"in{suffix}", replace(FILM, sound="aac"))
    for reading in (Reading(salvage=True), Reading(salvage=True, start_s=Fraction(1, 5), end_s=Fraction(4, 5))):
        source, sound = VideoSource(path, reading), Soundtrack(path, reading)
        with source, VideoSink(tmp_path / f"out{suffix}", source.info, soundtrack=sound, force=True) as sink:
            for frame in source:
                sink.write(frame)
        assert sink.notes == ()


def test_the_end_of_the_sound_of_a_file_that_breaks_off_is_missing(tmp_path: Path) -> None:
    clip = replace(FILM, frames=50, sound="aac", options={"bf": "0"}, size=(96, 64), muxing={"movflags": "faststart"})
    data = draw(tmp_path / "whole.mp4", clip).read_bytes()
    path = tmp_path / "in.mp4"
    path.write_bytes(data[: len(data) * 6 // 10])
    reading = Reading(salvage=True)
    source, sound = VideoSource(path, reading), Soundtrack(path, reading)
    with source, VideoSink(tmp_path / "out.mp4", source.info, soundtrack=sound) as sink:
        for frame in source:
            sink.write(frame)
    [note] = sink.notes
    assert re.fullmatch(r"the sound of track 1 is missing from 1\.\d+ s to 2\.0\d+ s", note)
