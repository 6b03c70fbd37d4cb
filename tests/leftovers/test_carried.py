"""Markers planted in every place of a file are found, and a file of passerby's carries nothing."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from drawn_clips import Clip, copied, draw

from passerby.leftovers.carried import carried_by_video

NAME = "OlaNordmann"
PLACE = "+59.9139+010.7522/"


def told(path: Path, *, sound: bool = False) -> str:
    """All that is found, as one text."""
    return "\n".join(f"{each.kind}: {each.what}" for each in carried_by_video(path, sound=sound))


def titled(container, stream):
    container.metadata.update(title=NAME, location=PLACE, creation_time="2024-05-17T10:20:30Z")
    stream.metadata["handler_name"] = f"{NAME}-handler"
    chapter = {
        "id": 1,
        "start": 0,
        "end": 100,
        "time_base": Fraction(1, 1000),
        "metadata": {"title": f"{NAME}-chapter"},
    }
    container.set_chapters([chapter])


def sei(text: str) -> str:
    return f"h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{text}"


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_names_places_dates_and_chapters_are_found(suffix: str, tmp_path: Path) -> None:
    path = draw(tmp_path / f"in{suffix}", Clip(prepare=titled))
    said = told(path)
    for what in (f"title of the file: {NAME}", "creation_time", f"chapter 0: {NAME}-chapter", "59.9139"):
        assert what.lower() in said.lower(), what


def test_messages_between_the_pictures_are_found_but_not_those_of_the_encoder(tmp_path: Path) -> None:
    plain = draw(tmp_path / "plain.mp4", Clip())
    assert "between the pictures" not in told(plain)
    assert "user data between the pictures" in told(draw(tmp_path / "in.mp4", Clip(filters=sei(NAME))))


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", 8 + len(payload)) + kind + payload


BOXES = [
    (box(b"uuid", bytes(16) + NAME.encode()), "box 'uuid'"),
    (box(b"free", NAME.encode()), "free space that is not empty"),
    (box(b"abcd", bytes(8)), "box 'abcd'"),
    (b"\x00\x00\x01\x00" + NAME.encode(), "box '????'"),
]


@pytest.mark.parametrize(("planted", "what"), BOXES, ids=[what for _, what in BOXES])
def test_boxes_that_no_player_needs_are_found(planted: bytes, what: str, tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4", Clip())
    assert "box" not in told(path)
    path.write_bytes(path.read_bytes() + planted)
    assert what in told(path)


def test_empty_free_space_is_no_leftover(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4", Clip())
    path.write_bytes(path.read_bytes() + box(b"free", bytes(100)))
    assert "box" not in told(path)


def test_xmp_is_found_wherever_it_stands(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mkv", Clip())
    path.write_bytes(path.read_bytes() + b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>")
    assert "data: XMP at byte" in told(path)


def test_sound_is_left_over_unless_it_is_wanted(tmp_path: Path) -> None:
    path = draw(tmp_path / "in.mp4", Clip(sound="aac"))
    assert "sound: stream 1, aac" in told(path)
    assert "sound" not in told(path, sound=True)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts"])
def test_what_passerby_writes_carries_nothing(suffix: str, tmp_path: Path) -> None:
    codec = "libvpx-vp9" if suffix == ".webm" else "libx264"
    clip = Clip(codec=codec, prepare=titled if suffix in (".mp4", ".mkv") else lambda container, stream: None)
    path = draw(
        tmp_path / f"in{suffix}", replace(clip, sound=None, tick=Fraction(1, 25) if suffix == ".avi" else clip.tick)
    )
    copied(path, tmp_path / f"out{suffix}", sound=False)
    assert told(tmp_path / f"out{suffix}") == ""
