"""Frames of two films are brought together: by number, or by the time at which they are shown."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx_models
import pytest
from evaluate.composed import Film, seen, truth, write

from passerby.core.errors import InputError
from passerby.core.frame import Frame, MediaInfo, PixelFormat
from passerby.evaluate import ask
from passerby.evaluate.ask import Asked, Told
from passerby.evaluate.pairing import Pairing
from passerby.evaluate.sections.answer import Asking


def film(rate: Fraction, count: int, begin: int = 0) -> list[Frame]:
    """Frames whose times are rounded to milliseconds, as Matroska's are."""
    frame, tick = onnx_models.framed(np.zeros((2, 2, 3), np.uint8)), Fraction(1, 1000)
    return [
        replace(frame, index=index, pts=begin + round(index / rate * 1000), time_base=tick) for index in range(count)
    ]


def media(rate: Fraction, frames: int) -> MediaInfo:
    shown = PixelFormat("rgb24", ((1, 1),), 8, "rgb", True)
    return MediaInfo("a.mp4", None, "mov", (2, 2), 0, Fraction(1), frames, rate, 1 / rate, None, shown)


def paired(rates: tuple[float, float], counts: tuple[int, int]) -> tuple[Pairing, list[tuple[int, int]]]:
    both = [Fraction(rate).limit_denominator(1001) for rate in rates]
    infos = [media(rate, count) for rate, count in zip(both, counts, strict=True)]
    pairing = Pairing("a.mp4", film(both[0], counts[0]), film(both[1], counts[1], begin=40), (infos[0], infos[1]))
    return pairing, [(one.index, other.index) for one, other in pairing]


def test_films_of_one_rate_go_together_by_number() -> None:
    pairing, pairs = paired((25, 25), (5, 5))
    assert pairs == [(index, index) for index in range(5)]
    assert pairing.said() == ()


def test_a_rate_that_a_tool_rounded_is_the_same_rate() -> None:
    """After an hour frames lie half a second apart, and are the same frames."""
    count = 90_000
    _, pairs = paired((24000 / 1001, 23.98), (count, count))
    assert pairs == [(index, index) for index in range(count)]


@pytest.mark.parametrize(
    ("rates", "counts", "wanted", "alone"),
    [
        ((25, 12.5), (10, 5), [(0, 0), (2, 1), (4, 2), (6, 3), (8, 4)], (5, 0)),
        ((25, 50), (4, 8), [(0, 0), (1, 2), (2, 4), (3, 6)], (0, 4)),
        ((25, 20), (10, 8), [(0, 0), (1, 1), (2, 2), (4, 3), (5, 4), (6, 5), (7, 6), (9, 7)], (2, 0)),
        ((30, 10), (9, 3), [(0, 0), (3, 1), (6, 2)], (6, 0)),
    ],
)
def test_films_of_two_rates_go_together_by_time(
    rates: tuple[float, float], counts: tuple[int, int], wanted: list[tuple[int, int]], alone: tuple[int, int]
) -> None:
    pairing, pairs = paired(rates, counts)
    assert pairs == wanted
    [line] = pairing.said()
    assert f"{alone[0]} frames of the original and {alone[1]} of the anonymized file have no partner" in line


@pytest.mark.parametrize(("counts"), [(50, 20), (40, 25)])
def test_films_of_two_rates_that_do_not_end_together_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"the last frame is shown at .* from its first frame to its last"):
        paired((25, 12.5), counts)


# From files


def thinned(drawn: Film, folder: Path, *parts: str, told: Told) -> Asked:
    original = write(drawn, folder / "a.mp4", hidden=False)
    made = write(drawn, folder / "b.mp4", hidden=True, step=3)
    return ask.asked(original, made, parts, told, Asking(), seen(drawn))


def test_who_is_bare_in_a_frame_that_was_kept_leaks_and_what_is_told_counts_at_its_time(tmp_path: Path) -> None:
    drawn = Film(frames=12, bare=((3, 1), (4, 0)))
    found = thinned(drawn, tmp_path, "leaks", "temporal", told=Told(truth=truth(drawn, tmp_path / "truth.csv")))
    [line] = found.evaluation.compared
    assert "4 pairs at most 0.000 s apart; 8 frames of the original and 0 of the anonymized file" in line
    assert [medium.frames for medium in found.evaluation.pairs[0]] == [12, 4]
    figures = {figure.name: figure for section in found.evaluation.sections for figure in section.figures}
    assert figures["any-leak rate"].value == pytest.approx(1 / 3)
    assert figures["miss rate"].value == pytest.approx(1 / 12)
    assert "temporal" in [section.name for section in found.evaluation.sections]


def test_where_frames_of_the_anonymized_film_have_no_partner_it_is_not_asked_whether_it_flickers(
    tmp_path: Path,
) -> None:
    drawn = Film(frames=12)
    made = write(drawn, tmp_path / "b.mp4", hidden=True)
    original = write(drawn, tmp_path / "a.mp4", hidden=False, step=2)
    found = ask.asked(original, made, ["temporal"], Told(), Asking(), seen(drawn))
    assert "flicker of a.mp4: 6 frames of the anonymized file have no partner" in found.evaluation.missing
