"""Real footage and awkward files: valid ones are read whole and copied exactly, the others refused or salvaged."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from drawn_clips import LOSSLESS, copied, heard, seen

from passerby.core.errors import InputError
from passerby.media.container import output_suffix
from passerby.media.reading import Reading
from passerby.media.video import VideoSource
from passerby.media.write import Encoding

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
AWKWARD = DATA / "awkward"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared footage is not beside this checkout")

FRAMES = {
    "video/crowd_arcade_1080p.mp4": 105,
    "video/stage_cuts_360p.mp4": 275,
    "video/talking_head_512.mp4": 448,
    "video/tollgate_plates_720p.mp4": 339,
    "video/store_cctv_hevc_1080p.mp4": 318,
    "video/walkway_static_576p.avi": 401,
    "video/plaza_topdown_360p.mp4": 335,
    "video/night_square_crowd_1080p.mp4": 8,
    "video/egocentric_dinner_2560x1920.mp4": 14,
    "video/cars_overhead_432p.mp4": 377,
    "video/dashcam_highway_720p.mp4": 38,
    "video/signer_badge_480p.mkv": 89,
    "video/nasa_two_audio_180p.mp4": 325,
    "action/arm_wrestling_256p.mp4": 280,
    "action/apply_makeup_240p.avi": 164,
}


def expected() -> dict[str, Any]:
    path = AWKWARD / "expected.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    pictures = (".gif", ".png", ".webp", ".jpg")
    return {name: facts for name, facts in known.items() if not name.endswith(pictures)}


def whole() -> list[str]:
    return [name for name, facts in expected().items() if facts.get("frames", 0) or "audio" in facts]


@pytest.mark.parametrize("name", FRAMES)
def test_valid_footage_is_read_to_the_last_frame(name: str) -> None:
    """Strictness about damage must not see any where there is none."""
    with VideoSource(DATA / name) as source:
        times = [frame.time for frame in source]
    assert len(times) == FRAMES[name]
    assert times == sorted(set(times))
    assert source.missing == []


@pytest.mark.parametrize("name", whole())
def test_awkward_files_are_what_they_are_said_to_be(name: str) -> None:
    facts = expected()[name]
    source = VideoSource(AWKWARD / name)
    frames = list(source)
    assert len(frames) == facts.get("frames", len(frames))
    size = tuple(facts.get("shown", facts.get("coded", source.info.size)))
    assert (source.info.size, frames[0].size) == (size, size)
    assert source.info.format.name == facts.get("pix_fmt", source.info.format.name)
    assert str(source.info.sample_aspect) == facts.get("sar", str(source.info.sample_aspect))
    if "pts" in facts:
        assert [frame.pts for frame in frames] == facts["pts"]
        assert source.info.time_base == Fraction(facts["time_base"])


@pytest.mark.parametrize("name", [name for name in whole() if not name.startswith("interlaced")])
def test_awkward_files_are_copied_exactly(name: str, tmp_path: Path) -> None:
    path = AWKWARD / name
    out = tmp_path / f"out{output_suffix(path)}"
    copied(path, out, LOSSLESS, sound=True)
    before, after = seen(path), seen(out)
    assert (after.planes, after.times) == (before.planes, before.times)
    assert (after.size, after.rotation, after.aspect) == (before.size, before.rotation, before.aspect)
    assert (after.pixels, after.colour, after.tick) == (before.pixels, before.colour, before.tick)
    assert [track.packets for track in heard(out)] == [track.packets for track in heard(path)]
    assert [track.times for track in heard(out)] == [track.times for track in heard(path)]
    assert set(after.streams) <= {"video", "audio"}


@pytest.mark.parametrize("name", ["gps_keys_timecode.mp4", "gps_cover_timecode.mp4"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts"])
def test_nothing_of_a_phone_s_notes_is_left(name: str, suffix: str, tmp_path: Path) -> None:
    copied(AWKWARD / name, tmp_path / f"out{suffix}", Encoding(), sound=True)
    data = (tmp_path / f"out{suffix}").read_bytes()
    for word in (b"59.9139", b"Ola", b"Kari", b"Storgata", b"2024", b"Apple", b"android", b"01:00:00:00"):
        assert word not in data


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("truncated_no_moov.mp4", None),
        ("truncated_faststart.mp4", 28),
        ("corrupted_mdat.mp4", 0),
        ("zero_length.mp4", None),
        ("text_inside.mp4", None),
        ("audio_only.mp4", None),
        ("size_change.ts", None),
    ],
)
def test_what_is_broken_is_refused_and_leaves_nothing(name: str, frame: int | None, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        copied(AWKWARD / name, tmp_path / "out.mp4")
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert getattr(caught.value, "frame", None) == frame
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "frames"), [("truncated_faststart.mp4", 28), ("size_change.ts", 25)])
def test_what_is_whole_of_it_can_be_saved(name: str, frames: int, tmp_path: Path) -> None:
    out = tmp_path / f"out{output_suffix(Path(name))}"
    source = copied(AWKWARD / name, out, reading=Reading(salvage=True))
    assert len(seen(out).times) == frames
    assert [gap.first_frame for gap in source.missing] == [frames]
