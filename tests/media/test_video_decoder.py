"""Every packet is accounted for: a stand-in for FFmpeg's decoder swallows, doubles and hides pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from passerby.media.clock import Clock
from passerby.media.decoder import Decoder, Lost, Shown


class Sent(bytearray):
    """A packet."""

    def __init__(self, pts: int, *, is_keyframe: bool = False) -> None:
        super().__init__(b"\x10")
        self.pts = self.dts = pts
        self.is_keyframe = is_keyframe
        self.is_discard = False
        self.size = 1


@dataclass
class Came:
    """A frame."""

    pts: int
    interlaced_frame: bool = False
    is_corrupt: bool = False


@dataclass
class Codec:
    """Gives out the frames of `script` one packet after the other, and the rest at the end."""

    script: Sequence[list[Came]]
    name: str = "h264"
    is_open: bool = False
    codec: Any = field(default_factory=lambda: SimpleNamespace(intra_only=False))
    options: dict[str, str] = field(default_factory=dict)
    calls: int = 0

    def decode(self, packet: Sent | None) -> list[Came]:
        self.is_open = True
        self.calls += 1
        return self.script[self.calls - 1] if packet is not None else self.script[-1]

    def flush_buffers(self) -> None:
        pass


def outcome(codec: Codec, packets: Sequence[Sent]) -> list[int | str]:
    """Times of what is shown, and 'lost TIME' for what is not."""
    stream: Any = SimpleNamespace(codec_context=codec)
    decoder = Decoder(stream, Clock(10, Fraction(1, 250)), careful=False)
    events: list[Shown | Lost] = list(decoder.frames(packets))  # type: ignore[arg-type]
    return [event.pts if isinstance(event, Shown) else f"lost {event.pts}" for event in events]


def packets(count: int) -> list[Sent]:
    return [Sent(10 * number, is_keyframe=number == 0) for number in range(count)]


def test_a_picture_per_packet_is_all_that_is_due() -> None:
    script = [[], [Came(0)], [Came(10)], [Came(20)], [Came(30)]]
    assert outcome(Codec(script), packets(4)) == [0, 10, 20, 30]


def test_a_picture_that_is_swallowed_in_the_middle_is_missed() -> None:
    script = [[], [Came(0)], [Came(20)], [Came(30)], []]
    assert outcome(Codec(script), packets(4)) == [0, "lost 10"]


def test_pictures_that_are_swallowed_at_the_end_are_missed() -> None:
    script = [[], [Came(0)], [Came(10)], [], []]
    assert outcome(Codec(script), packets(4)) == [0, 10, "lost 20"]


def test_the_second_field_of_an_interlaced_picture_is_not_missed() -> None:
    """Camcorders send two packets a frame, one for each field, each with its own time."""
    script: list[list[Came]] = [[], [Came(0, True)], [], [Came(20, True)], [], [Came(40, True)], []]
    assert outcome(Codec(script), packets(6)) == [0, 20, 40]


def test_a_whole_interlaced_picture_is_missed() -> None:
    script: list[list[Came]] = [[], [Came(0, True)], [], [], [], [Came(40, True)], []]
    assert outcome(Codec(script), packets(6)) == [0, "lost 10"]


def test_pictures_of_vp8_that_are_made_to_be_hidden_are_not_missed() -> None:
    sent = packets(4)
    sent[2][0] = 0
    script = [[Came(0)], [Came(10)], [], [Came(30)], []]
    assert outcome(Codec(script, name="vp8"), sent) == [0, 10, 30]
    assert outcome(Codec(script, name="h264"), sent) == [0, 10, "lost 20"]


def test_pictures_that_an_edit_list_hides_are_not_missed() -> None:
    sent = packets(4)
    sent[0].is_discard = sent[1].is_discard = True
    assert outcome(Codec([[], [], [], [Came(20)], [Came(30)]]), sent) == [20, 30]


def test_a_picture_that_is_marked_as_damaged_is_not_shown() -> None:
    script = [[Came(0)], [Came(10, is_corrupt=True)], [], [], []]
    assert outcome(Codec(script), packets(4)) == [0, "lost 10"]


@pytest.mark.parametrize("keys", [[0], [0, 3]])
def test_after_a_loss_decoding_goes_on_at_the_next_key_picture_only(keys: list[int]) -> None:
    sent = [Sent(10 * number, is_keyframe=number in keys) for number in range(5)]
    script: list[list[Came]] = [[Came(0)], [Came(10, is_corrupt=True)], [], [Came(30)], [Came(40)], []]
    assert outcome(Codec(script), sent) == ([0, "lost 10"] if keys == [0] else [0, "lost 10", 30, 40])
