"""FFmpeg jumps over a hole in a file without a word. Here it is damage like any other; healthy files pass."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from drawn_clips import Clip, copied, draw, frames_of, seen

from passerby.core.errors import DamagedMedia
from passerby.core.frame import Frame
from passerby.core.pixels import stored
from passerby.media.container import FAMILIES
from passerby.media.hole import BREAKS_OFF, Hole
from passerby.media.holes import holes_in
from passerby.media.reading import Reading
from passerby.media.video import VideoSource

GROUPS = {"g": "12", "keyint_min": "12", "sc_threshold": "0", "bf": "0"}
"""Key pictures at 0, 12, 24, …, and each packet leans on the one before."""


def footage() -> list[Path]:
    folder = Path(__file__).resolve().parents[2] / "../shared/data"
    return sorted(p for p in (folder / "video", folder / "awkward") for p in p.glob("*") if p.suffix != ".json")


def holes(path: Path) -> list[Hole]:
    with av.open(f"file:{path}") as container:
        return list(holes_in(path, container.format.name, container.streams.video[0].id))


def places(path: Path) -> list[int]:
    """Where each packet of the picture begins."""
    with av.open(f"file:{path}") as container:
        return [packet.pos or 0 for packet in container.demux(video=0) if packet.size]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A container that is walked."""

    name: str
    codec: str = "libx264"
    sound: str | None = None
    muxing: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=lambda: GROUPS)
    kept: int = 16
    """Frames at least that are known to come before the bytes between packet 17 and 18."""

    def draw(self, path: Path) -> Path:
        clip = Clip(
            codec=self.codec,
            frames=36,
            tick=Fraction(1, 25),
            size=(160, 120),
            sound=self.sound,
            muxing=self.muxing,
            options=self.options,
        )
        return draw(path, clip)


KINDS = {
    "matroska": Kind(name="in.mkv"),
    "matroska with sound": Kind(name="in.mkv", sound="aac"),
    "webm": Kind(name="in.webm", codec="libvpx-vp9", options={"g": "12"}),
    "live webm": Kind(name="in.webm", codec="libvpx-vp9", options={"g": "12"}, muxing={"live": "1"}),
    "flv": Kind(name="in.flv", sound="aac"),
    "transport stream": Kind(name="in.ts", sound="aac"),
    "transport stream of MPEG-2": Kind(name="in.ts", codec="mpeg2video", options={"g": "12", "bf": "0"}),
    "avchd": Kind(name="in.m2ts", muxing={"mpegts_m2ts_mode": "1"}),
    "avi": Kind(name="in.avi", codec="mpeg4", options={"g": "12", "bf": "0"}),
    "programme stream": Kind(name="in.mpg", codec="mpeg2video", sound="mp2", options={"g": "12", "bf": "0"}),
    "programme stream of MPEG-1": Kind(name="in.mpg", codec="mpeg1video", options={"g": "12", "bf": "0"}),
    "dvd": Kind(name="in.vob", codec="mpeg2video", sound="ac3", options={"g": "12", "bf": "0"}),
    "ogg": Kind(name="in.ogv", codec="libvpx", sound="libopus", options={"g": "12"}, kept=12),
    "windows media": Kind(name="in.wmv", codec="wmv2", sound="mp2", options={"g": "12"}, kept=15),
    "asf": Kind(name="in.asf", options=GROUPS),
    "mxf": Kind(name="in.mxf", codec="mpeg2video", sound="pcm_s16le", options={"g": "12", "bf": "0"}),
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@each_kind
def test_a_stretch_that_is_missing_or_overwritten_ends_the_run(kind: Kind, tmp_path: Path) -> None:
    whole = kind.draw(tmp_path / f"whole_{kind.name}")
    data, at = whole.read_bytes(), places(whole)
    middle = (at[17] + at[18]) // 2
    wounds: dict[str, bytes] = {
        "missing": data[:middle] + data[at[20] + 100 :],
        "zeros": data[:middle] + bytes(at[20] + 100 - middle) + data[at[20] + 100 :],
    }
    path = tmp_path / kind.name
    for wound in wounds.values():
        path.write_bytes(wound)
        with pytest.raises(DamagedMedia, match="use --salvage to keep what") as caught:
            frames_of(path)
        assert caught.value.frame is not None
        assert "\n" not in str(caught.value)


@each_kind
def test_salvage_leaves_out_what_the_hole_struck_and_says_so(kind: Kind, tmp_path: Path) -> None:
    whole = kind.draw(tmp_path / f"whole_{kind.name}")
    data, at = whole.read_bytes(), places(whole)
    path = tmp_path / kind.name
    path.write_bytes(data[: (at[17] + at[18]) // 2] + data[at[20] + 100 :])
    source = VideoSource(path, Reading(salvage=True))
    frames = list(source)
    truth = set(seen(whole).planes)
    assert all(_stored(frame) in truth for frame in frames)
    assert kind.kept <= len(frames) < 36
    assert source.missing
    assert kind.kept <= source.missing[0].first_frame <= 18


def _stored(frame: Frame) -> tuple[bytes, ...]:
    return tuple(stored(plane, frame.turn).tobytes() for plane in frame.planes)


@each_kind
def test_a_hole_outside_of_the_wanted_stretch_does_no_harm(kind: Kind, tmp_path: Path) -> None:
    whole = kind.draw(tmp_path / f"whole_{kind.name}")
    data, at = whole.read_bytes(), places(whole)
    path = tmp_path / kind.name
    wound = bytearray(data)
    wound[(at[28] + at[29]) // 2 : at[31] + 100] = bytes(at[31] + 100 - (at[28] + at[29]) // 2)
    path.write_bytes(wound)
    assert holes(path)
    assert len(frames_of(path, Reading(end_s=Fraction(1, 2)))) >= 12


@each_kind
def test_healthy_files_have_no_holes(kind: Kind, tmp_path: Path) -> None:
    assert holes(kind.draw(tmp_path / kind.name)) == []


@pytest.mark.parametrize("suffix", [suffix for family in FAMILIES for suffix in family.suffixes])
@pytest.mark.parametrize("has_sound", [False, True])
def test_what_passerby_writes_has_no_holes(suffix: str, has_sound: bool, tmp_path: Path) -> None:
    sound = ("libopus" if suffix == ".webm" else "aac") if has_sound else None
    path = draw(tmp_path / "in.mkv", Clip(tick=Fraction(1, 1000), sound=sound))
    output = tmp_path / f"out{suffix}"
    copied(path, output, sound=has_sound)
    assert holes(output) == []


@pytest.mark.parametrize("path", footage(), ids=lambda path: path.name)
def test_footage_has_no_holes(path: Path) -> None:
    try:
        with av.open(f"file:{path}") as container:
            if not container.streams.video:
                pytest.skip("no video")
    except av.error.FFmpegError:
        pytest.skip("not a video")
    assert holes(path) == []


# Matroska


@pytest.mark.parametrize("bit", range(8))
def test_no_bit_of_a_blocks_name_flips_unseen(bit: int, tmp_path: Path) -> None:
    """FFmpeg takes a block of another name for an extension that it need not know."""
    whole = draw(tmp_path / "whole.mkv", Clip(options=GROUPS, muxing={"write_crc32": "0"}, tick=Fraction(1, 1000)))
    data = bytearray(whole.read_bytes())
    at = data.rindex(b"\xa3", 0, places(whole)[5])
    data[at] ^= 1 << bit
    path = tmp_path / "in.mkv"
    path.write_bytes(data)
    with pytest.raises(DamagedMedia):
        frames_of(path)


def test_a_flipped_bit_that_decodes_is_found_by_the_check_sum(tmp_path: Path) -> None:
    whole = draw(tmp_path / "whole.mkv", Clip(codec="ffv1", options={"slicecrc": "0", "level": "3"}))
    data, at = bytearray(whole.read_bytes()), places(whole)
    data[at[5] + 900] ^= 1
    path = tmp_path / "in.mkv"
    path.write_bytes(data)
    with pytest.raises(DamagedMedia, match="does not match its check sum"):
        frames_of(path)
    source = VideoSource(path, Reading(salvage=True))
    assert len(list(source)) == 12
    assert source.info.notes == ("data that does not match its check sum is kept: pictures in it may be wrong",)


def test_a_live_recording_that_breaks_off_in_a_block_says_so(tmp_path: Path) -> None:
    whole = KINDS["live webm"].draw(tmp_path / "whole.webm")
    path = tmp_path / "in.webm"
    path.write_bytes(whole.read_bytes()[: places(whole)[20] + 300])
    assert [hole.reason for hole in holes(path)] == [BREAKS_OFF]
    with pytest.raises(DamagedMedia, match=r"frame 20 at 0\.8"):
        frames_of(path)


# Flash video


def tags(path: Path) -> tuple[bytes, list[bytes]]:
    """The head of a Flash video, and its tags without the lengths behind them."""
    data = path.read_bytes()
    found, at = [], 13
    while at < len(data):
        end = at + 11 + int.from_bytes(data[at + 1 : at + 4], "big")
        found.append(data[at:end])
        at = end + 4
    return data[:13], found


ODD_TAGS: dict[str, Callable[[bytes], bytes]] = {
    "lengths without the head": lambda tag: tag + (len(tag) - 11).to_bytes(4, "big"),
    "numbered streams": lambda tag: tag[:8] + b"\0\0\1" + tag[11:] + len(tag).to_bytes(4, "big"),
    "other data": lambda tag: tag + len(tag).to_bytes(4, "big") + b"\x0f" + bytes(10) + b"\0\0\0\x0b",
}


@pytest.mark.parametrize("odd", ODD_TAGS.values(), ids=ODD_TAGS)
def test_flash_videos_of_odd_writers_pass(odd: Callable[[bytes], bytes], tmp_path: Path) -> None:
    head, found = tags(KINDS["flv"].draw(tmp_path / "whole.flv"))
    path = tmp_path / "in.flv"
    path.write_bytes(head + b"".join(odd(tag) for tag in found))
    assert holes(path) == []
    assert len(frames_of(path)) == 36


def test_a_flash_video_that_breaks_off_says_so(tmp_path: Path) -> None:
    head, found = tags(KINDS["flv"].draw(tmp_path / "whole.flv"))
    path = tmp_path / "in.flv"
    path.write_bytes(head + b"".join(tag + len(tag).to_bytes(4, "big") for tag in found[:40]) + found[40][:-20])
    assert [hole.reason for hole in holes(path)] == [BREAKS_OFF]


# Transport streams


def packets(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return [data[at : at + 188] for at in range(0, len(data), 188)]


def _doubled(rows: list[bytes]) -> bytes:
    return b"".join(row + row if number % 7 == 0 else row for number, row in enumerate(rows))


HARMLESS: dict[str, Callable[[list[bytes]], bytes]] = {
    "packets sent twice": _doubled,
    "joined with itself": lambda rows: b"".join(rows + rows),
    "begins inside of a packet": lambda rows: b"".join(rows)[100:],
    "with error correction": lambda rows: b"".join(row + bytes(16) for row in rows),
    "padded": lambda rows: b"".join(rows) + b"\xff" * 1000,
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_healthy_transport_streams_of_all_sorts_pass(change: Callable[[list[bytes]], bytes], tmp_path: Path) -> None:
    rows = packets(KINDS["transport stream"].draw(tmp_path / "whole.ts"))
    path = tmp_path / "in.ts"
    path.write_bytes(change(rows))
    assert holes(path) == []


@pytest.mark.parametrize("keep", [400, 500, 600])
def test_a_transport_stream_cut_between_packets_breaks_off(keep: int, tmp_path: Path) -> None:
    rows = packets(KINDS["transport stream of MPEG-2"].draw(tmp_path / "whole.ts"))
    path = tmp_path / "in.ts"
    begin = max(number for number, row in enumerate(rows[:keep]) if row[1:3] == b"\x41\0")
    path.write_bytes(b"".join(rows[: begin + 3]))
    assert [hole.reason for hole in holes(path)] == [BREAKS_OFF]


@pytest.mark.parametrize("flag", [b"\x80", b"\x00"])
def test_a_counter_that_jumps_must_be_announced(flag: bytes, tmp_path: Path) -> None:
    """An adaptation field may say that the counter starts again."""
    rows = packets(KINDS["transport stream of MPEG-2"].draw(tmp_path / "whole.ts"))
    row = next(n for n, row in enumerate(rows) if n > 100 and row[1:3] == b"\x41\0" and row[3] & 0x20 and row[4] > 0)
    flagged = rows[row][:5] + bytes([rows[row][5] | flag[0]]) + rows[row][6:]
    moved = [
        each[:3] + bytes([each[3] & 0xF0 | (each[3] + 5) % 16]) + each[4:]
        if each[1] & 31 == 1 and each[2] == 0
        else each
        for each in (flagged, *rows[row + 1 :])
    ]
    path = tmp_path / "in.ts"
    path.write_bytes(b"".join(rows[:row] + moved))
    assert bool(holes(path)) is (flag == b"\x00")


# Programme streams, Ogg, ASF, MXF


@pytest.mark.parametrize("name", ["programme stream", "dvd", "ogg", "windows media", "asf", "mxf"])
def test_a_file_that_breaks_off_says_so(name: str, tmp_path: Path) -> None:
    whole = KINDS[name].draw(tmp_path / f"whole_{KINDS[name].name}")
    path = tmp_path / KINDS[name].name
    path.write_bytes(whole.read_bytes()[: places(whole)[30] + 300])
    assert [hole.reason for hole in holes(path)] == [BREAKS_OFF]
    with pytest.raises(DamagedMedia, match="the file breaks off"):
        frames_of(path)


def ogg_pages(data: bytes) -> list[bytes]:
    starts = [*(match.start() for match in re.finditer(b"OggS\0", data)), len(data)]
    return [data[first:end] for first, end in pairwise(starts)]


def test_a_page_of_ogg_that_is_missing_is_missed_by_its_number(tmp_path: Path) -> None:
    pages = ogg_pages(KINDS["ogg"].draw(tmp_path / "whole.ogv").read_bytes())
    path = tmp_path / "in.ogv"
    path.write_bytes(b"".join(pages[:6] + pages[7:]))
    assert [hole.reason for hole in holes(path)] == ["pages of it are missing"]


def test_a_bit_that_flips_in_ogg_is_found_by_the_check_sum(tmp_path: Path) -> None:
    whole = KINDS["ogg"].draw(tmp_path / "whole.ogv")
    data = bytearray(whole.read_bytes())
    data[places(whole)[17] + 300] ^= 1
    path = tmp_path / "in.ogv"
    path.write_bytes(data)
    with pytest.raises(DamagedMedia, match="does not match its check sum"):
        frames_of(path)


def test_ogg_files_joined_end_to_end_pass(tmp_path: Path) -> None:
    data = KINDS["ogg"].draw(tmp_path / "whole.ogv").read_bytes()
    path = tmp_path / "in.ogv"
    path.write_bytes(data + data)
    assert holes(path) == []


@pytest.mark.parametrize("first", [40, 47, 60])
def test_packets_of_asf_that_are_missing_are_missed_by_what_was_in_them(first: int, tmp_path: Path) -> None:
    whole = KINDS["asf"].draw(tmp_path / "whole.asf")
    data, begin = whole.read_bytes(), places(whole)[0]
    path = tmp_path / "in.asf"
    path.write_bytes(data[: begin + first * 3200] + data[begin + (first + 2) * 3200 :])
    assert holes(path)[0].start < begin + first * 3200 <= holes(path)[0].end
    with pytest.raises(DamagedMedia):
        frames_of(path)


def test_a_picture_of_mxf_that_is_missing_whole_is_missed_by_the_partition_behind_it(tmp_path: Path) -> None:
    whole = KINDS["mxf"].draw(tmp_path / "whole.mxf")
    data, at = whole.read_bytes(), places(whole)
    path = tmp_path / "in.mxf"
    path.write_bytes(data[: at[17]] + data[at[18] :])
    assert len(holes(path)) == 1
    with pytest.raises(DamagedMedia):
        frames_of(path)


def test_a_picture_that_says_no_length_goes_on_up_to_the_next_pack(tmp_path: Path) -> None:
    data = bytearray(KINDS["programme stream of MPEG-1"].draw(tmp_path / "whole.mpg").read_bytes())
    heads = [match.start() for match in re.finditer(b"\0\0\1\xe0", data) if data[match.start() + 4 :][:2] > b"\4\0"]
    for at in heads:
        following = data.find(b"\0\0\1", at + 6 + int.from_bytes(data[at + 4 : at + 6], "big"))
        if data[following + 3] == 0xBA:
            data[at + 4 : at + 6] = b"\0\0"
    path = tmp_path / "in.mpg"
    path.write_bytes(data)
    assert data.count(b"\0\0\1\xe0\0\0") > 5
    assert holes(path) == []


PADDED = {
    "programme stream": (b"", bytes(5000)),
    "programme stream of MPEG-1": (b"\xff" * 700, b""),
    "mxf": (b"\xff" * 700, b""),
}


@pytest.mark.parametrize(("name", "around"), PADDED.items(), ids=PADDED)
def test_what_may_stand_before_and_after_is_no_hole(name: str, around: tuple[bytes, bytes], tmp_path: Path) -> None:
    whole = KINDS[name].draw(tmp_path / f"whole_{KINDS[name].name}")
    path = tmp_path / KINDS[name].name
    path.write_bytes(around[0] + whole.read_bytes() + around[1])
    assert holes(path) == []
    assert len(frames_of(path)) == 36
