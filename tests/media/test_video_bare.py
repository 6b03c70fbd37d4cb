"""Nothing of the input reaches the output but what was asked for: markers are planted everywhere and searched for."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.container import OutputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from drawn_clips import Clip, copied, draw, heard, seen

from passerby.media.write import Encoding

MARK = "OlaNordmann"
"""Begins every marker; what follows says where it was planted."""


def everywhere(container: OutputContainer, stream: VideoStream) -> None:
    """Names, places, dates, chapters, of the file and of every stream that is there already."""
    container.metadata.update(
        title=f"{MARK}-title",
        artist=f"{MARK}-artist",
        comment=f"{MARK}-comment",
        location="+59.9139+010.7522/",
        creation_time="2024-05-17T10:20:30Z",
        **{"com.apple.quicktime.make": f"{MARK}-make", "com.apple.quicktime.location.ISO6709": "+59.9139+010.7522/"},
    )
    for number, each in enumerate(container.streams):
        each.metadata.update(title=f"{MARK}-stream{number}", handler_name=f"{MARK}-handler", language="nor")
    stream.metadata["timecode"] = "01:02:03:04"
    chapter = {"id": 1, "start": 0, "end": 100, "time_base": Fraction(1, 1000)}
    container.set_chapters([{**chapter, "metadata": {"title": f"{MARK}-chapter"}}])


def sei(text: str) -> str:
    """A filter that adds user data to every picture of H.264."""
    return f"h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{text}"


def marked(path: Path, *, sound: str | None) -> Path:
    clip = Clip(codec="libx264", prepare=everywhere, filters=sei(f"{MARK}-sei"), sound=sound)
    if path.suffix in (".mp4", ".mov"):
        clip = replace(clip, muxing={"movflags": "use_metadata_tags"})
    if path.suffix == ".webm":
        clip = replace(clip, codec="libvpx-vp9", filters=None)
    draw(path, clip)
    if path.suffix in (".mp4", ".mov"):
        _add_boxes(path)
    return path


def _add_boxes(path: Path) -> None:
    """What phones and editors put beside the picture: places, XMP, free space with old bytes in it."""
    data = path.read_bytes()
    at = data.rfind(b"moov") - 4
    (size,) = struct.unpack(">I", data[at : at + 4])
    assert at + size == len(data)
    place = _box(b"udta", _box(b"\xa9xyz", struct.pack(">HH", 24, 0x15C7) + f"{MARK}-place".encode()))
    xmp = _box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + f"<x>{MARK}-xmp</x>".encode())
    free = _box(b"free", f"{MARK}-free".encode())
    path.write_bytes(data[:at] + struct.pack(">I", size + len(place)) + data[at + 4 :] + place + xmp + free)


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", 8 + len(payload)) + kind + payload


def traces(path: Path) -> list[str]:
    """What of the markers, of dates and of places is in a file's bytes, in any of the usual encodings."""
    data = path.read_bytes()
    words = [MARK, "59.9139", "2024-05-17", "01:02:03:04", "x264", "x265", "Lavc"]
    return [word for word in words for code in ("utf-8", "utf-16-le", "utf-16-be") if word.encode(code) in data]


@pytest.mark.parametrize("sound", [True, False], ids=["keep", "drop"])
@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mp4", "libmp3lame"), (".mov", "pcm_s16le"), (".mkv", "flac"), (".webm", "libopus"), (".ts", "mp2")],
)
def test_no_marker_survives(suffix: str, codec: str, sound: bool, tmp_path: Path) -> None:
    path = marked(tmp_path / f"in{suffix}", sound=codec)
    assert MARK in traces(path), "nothing was planted"
    out = tmp_path / f"out{suffix}"
    copied(path, out, Encoding(), sound=sound)
    assert traces(out) == []
    assert seen(out).streams == (["video", "audio"] if sound else ["video"])
    with av.open(str(out)) as container:
        assert container.chapters() == []
        assert not set(container.metadata) - {"major_brand", "minor_version", "compatible_brands", "encoder"}


@pytest.mark.parametrize("encoder", ["mpeg4", "ffv1", "libx265", "libsvtav1", "libvpx-vp9"])
def test_encoders_do_not_write_about_themselves(encoder: str, tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4", Clip(tick=Fraction(1, 25), size=(64, 64), muxing={"video_track_timescale": "25"}))
    copied(path, tmp_path / "out.mkv", Encoding(encoder=encoder))
    assert traces(tmp_path / "out.mkv") == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_cover_art_subtitles_attachments_and_data_are_left_behind(suffix: str, tmp_path: Path) -> None:
    path = _with_company(tmp_path / f"in{suffix}")
    assert len(set(seen(path).streams)) > 1
    out = tmp_path / f"out{suffix}"
    copied(path, out, sound=True)
    assert seen(out).streams == ["video"]
    assert seen(out).planes == seen(path).planes
    assert traces(out) == []


def _with_company(path: Path) -> Path:
    """A video between a cover picture, subtitles, an attachment and a time code."""
    folder = path.parent
    words = folder / "words.srt"
    words.write_text(f"1\n00:00:00,000 --> 00:00:00,400\n{MARK}-subtitle\n\n")
    plain = draw(folder / f"plain{path.suffix}", Clip(tick=Fraction(1, 25), muxing={"video_track_timescale": "25"}))
    cover = draw(folder / "cover.jpg", Clip(codec="mjpeg", pixels="yuvj420p", frames=1, tick=Fraction(1, 25)))
    with (
        av.open(str(plain)) as film,
        av.open(str(cover), format="jpeg_pipe") as art,
        av.open(str(words)) as subtitles,
        av.open(str(path), "w") as output,
    ):
        video = output.add_stream_from_template(film.streams.video[0])
        video.metadata["timecode"] = "01:02:03:04"
        picture = output.add_stream_from_template(art.streams.video[0])
        picture.disposition = Disposition.attached_pic
        pairs = [(art, picture), (film, video)]
        if path.suffix == ".mkv":
            pairs.append((subtitles, output.add_stream_from_template(subtitles.streams.subtitles[0])))
            output.add_attachment(f"{MARK}.ttf", "font/ttf", f"{MARK}-font".encode())
        for container, stream in pairs:
            for packet in container.demux():
                if packet.size:
                    packet.stream = stream
                    if stream is picture:
                        packet.pts = packet.dts = 0
                    output.mux(packet)
    return path


def test_vorbis_sound_loses_the_comments_in_its_header(tmp_path: Path) -> None:
    """They are part of the codec's header and would be copied with it."""
    plain = draw(tmp_path / "plain.webm", Clip(codec="libvpx-vp9", sound="vorbis", layout="stereo"))
    path = tmp_path / "in.webm"
    with av.open(str(plain)) as container, av.open(str(path), "w") as output:
        for stream in container.streams:
            copy = output.add_stream_from_template(stream)
            if stream.type == "audio":
                copy.codec_context.extradata = _commented(stream.codec_context.extradata or b"")
        for packet in container.demux():
            if packet.size:
                packet.stream = output.streams[packet.stream_index]
                output.mux(packet)
    assert MARK in traces(path), "nothing was planted"
    out = tmp_path / "out.webm"
    copied(path, out, sound=True)
    assert traces(out) == []
    before, after = heard(path)[0], heard(out)[0]
    assert after.packets == before.packets
    assert [sound.tobytes() for sound in after.samples.values()] == [s.tobytes() for s in before.samples.values()]


def _commented(header: bytes) -> bytes:
    """A Vorbis header with a comment so long that its length takes two bytes."""
    first, second = header[1], header[2]
    assert header[0] == 2
    assert second < 255
    identity, setup = header[3 : 3 + first], header[3 + first + second :]
    words = f"{MARK}-vorbis".encode() * 20
    comments = b"\x03vorbis" + struct.pack("<II", 0, 1) + struct.pack("<I", len(words)) + words + b"\x01"
    return bytes([2, first, 255, len(comments) - 255]) + identity + comments + setup


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """So no date, no random number and no name of the machine is in them."""
    path = draw(tmp_path / "in.mp4", Clip(sound="aac"))
    for name in ("a.mp4", "b.mp4", "a.mkv", "b.mkv"):
        copied(path, tmp_path / name, sound=True)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()
