"""A quality's name becomes sizes and intervals that suit the medium."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from drawn_frames import YUV422_10, Film

from passerby import weights
from passerby.core.detections import Detections
from passerby.detect.compose import Either, SecondLook, Sure, Tiled
from passerby.detect.heads import Heads
from passerby.looking import Looking
from passerby.quality import ROOM, Finders, finders, longest_look
from passerby.settings import Options

INFO = replace(Film([None]).info, rate=Fraction(30), size=(1920, 1080))


def looking(rate, size=(1920, 1080), quality="balanced"):
    info = replace(INFO, rate=None if rate is None else Fraction(rate), size=size)
    return finders(info, Options(quality=quality)).looking


@pytest.mark.parametrize(
    ("rate", "size", "quality", "every", "turns"),
    [
        (30, (1920, 1080), "balanced", 6, ("whole", "part")),
        (25, (1920, 1080), "balanced", 5, ("whole", "part")),
        (60, (1920, 1080), "balanced", 6, ("whole", "part")),
        (1000, (1920, 1080), "balanced", 6, ("whole", "part")),
        (30, (640, 360), "balanced", 6, ("whole",)),
        (30, (1920, 1080), "fast", 7, ("whole",)),
        (30, (1920, 1080), "thorough", 1, ("whole", "part")),
        (5, (1920, 1080), "balanced", 1, ("all",)),
        (None, (4000, 3000), "balanced", 1, ("all",)),
        (None, (4000, 3000), "fast", 1, ("whole",)),
        (None, (16, 16), "balanced", 1, ("whole",)),
    ],
)
def test_looks_suit_the_video(rate, size, quality, every, turns):
    chosen = looking(rate, size, quality)
    assert (chosen.every, chosen.turns) == (every, turns)


@pytest.mark.parametrize("quality", ["fast", "balanced", "thorough"])
@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (7680, 4320)])
def test_the_hold_is_longer_than_a_period_and_takes_no_more_room_than_it_needs(quality, size):
    chosen = looking(30, size, quality)
    assert chosen.hold > chosen.period
    assert chosen.hold * size[0] * size[1] * 1.5 <= ROOM or chosen.hold == chosen.period + 2


@pytest.mark.parametrize(
    ("size", "quality", "again"),
    [
        ((1920, 1080), "balanced", True),
        ((1920, 1080), "thorough", True),
        ((1920, 1080), "fast", False),
        ((640, 360), "balanced", False),
    ],
)
def test_what_a_small_picture_leaves_in_doubt_is_looked_at_again_where_that_is_not_too_slow(size, quality, again):
    found_by = finders(replace(INFO, size=size), Options(quality=quality))
    assert isinstance(found_by.detector, SecondLook) is again


@pytest.mark.parametrize(
    ("cores", "quality", "at_once"),
    [
        (1, "thorough", 1),
        (2, "thorough", 2),
        (64, "thorough", 4),
        (1, "balanced", 1),
        (2, "balanced", 1),
        (8, "balanced", 4),
        (2, "fast", 1),
    ],
)
def test_so_many_looks_run_at_a_time_as_leave_cores_to_the_encoder(monkeypatch, cores, quality, at_once):
    monkeypatch.setattr("passerby.quality.cores", lambda: cores)
    assert looking(30, quality=quality).workers == at_once


def test_deep_pictures_are_held_for_a_shorter_time():
    deep, thorough = replace(INFO, format=YUV422_10), Options(quality="thorough")
    assert finders(deep, thorough).looking.hold < finders(INFO, thorough).looking.hold


@pytest.mark.parametrize(
    ("min_face", "longest"), [(None, 960), (20, 960), (40, 480), (15, 1280), (6, 1920), (1000, 320)]
)
def test_the_smallest_face_gives_the_size_of_the_small_picture(min_face, longest):
    assert longest_look(INFO, Options(min_face=min_face)) == longest


@pytest.mark.parametrize(
    ("size", "longest"),
    [
        ((1920, 1080), 960),
        ((1080, 1920), 960),
        ((1080, 1080), 960),
        ((1920, 804), 1088),
        ((3840, 600), 1920),
        ((600, 3840), 1920),
        ((20000, 200), 1920),
        ((1280, 720), 960),
        ((2560, 1440), 1280),
        ((3840, 2160), 1920),
        ((7680, 4320), 1920),
    ],
)
def test_large_and_wide_pictures_are_not_looked_at_more_coarsely(size, longest):
    assert longest_look(replace(INFO, size=size), Options()) == longest


@pytest.mark.parametrize(
    ("quality", "rate", "bound"),
    [
        ("balanced", 30, "a face of 20 pixels and more falls into a look once it is there for 12 frames"),
        ("thorough", 30, "a face of 20 pixels and more falls into a look once it is there for 2 frames"),
        ("fast", 30, "a face of 30 pixels and more falls into a look once it is there for 7 frames"),
        ("balanced", None, "every frame is looked at for faces of 20 pixels and more"),
    ],
)
def test_the_bound_is_told(quality, rate, bound):
    info = replace(INFO, rate=rate and Fraction(rate))
    assert finders(info, Options(quality=quality)).bound == bound


@pytest.mark.parametrize(("quality", "rate"), [("balanced", 30), ("balanced", None)])
def test_no_size_is_told_of_faces_that_another_model_finds(quality, rate):
    info = replace(INFO, rate=rate and Fraction(rate))
    bound = finders(info, Options(quality=quality, models=f"face={weights.find('centerface')}")).bound
    assert "pixels" not in bound
    assert "looked at" in bound or "look once it is there for 12 frames" in bound


@dataclass(frozen=True)
class Computing:
    """A detector that tells what computes."""

    runtime: str
    labels = frozenset({"face"})

    def detect(self, frames):
        return [Detections.none() for _ in frames]


def test_what_computes_is_told_once_however_detectors_are_put_together():
    faces, persons = Computing("a"), Computing("b")
    together = Either((SecondLook(faces, persons, 0.2), Sure(faces, {}), Heads(faces, persons)))
    assert Finders(together, None, Looking()).runtime == "a, b"


def test_a_detector_that_does_not_tell_is_passed_over():
    quiet = Tiled(Computing("a"))
    assert Finders(Either((quiet, Computing("b"))), None, Looking()).runtime == "b"
    assert Finders(quiet, None, Looking()).runtime == ""
