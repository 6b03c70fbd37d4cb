"""Numbers as people read them, and how a question came out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import drawn_evaluations as drawn
import pytest

import passerby
from passerby.evaluate.findings import Section
from passerby.evaluate.goals import Goal, judged
from passerby.evaluate.report.words import PLAIN, State, answers, interval, named, number, state
from passerby.evaluate.statistics import Figure
from passerby.evaluate.watchers import PERSON, VEHICLE


def figure(name: str = "SSIM", value: float = 0.9, unit: str = "", **ends: float) -> Figure:
    return Figure(name=name, value=value, n=9, unit=unit, **ends)


@pytest.mark.parametrize(
    ("name", "value", "unit", "said"),
    [
        ("Rank-1, anonymized", 0.125, "", "12.5 %"),
        ("Rank-5 by face, originals", 1.0, "", "100.0 %"),
        ("top-1 after / before", 0.75, "", "0.75"),  # a ratio, which may be more than 1
        ("TAR at FAR 1e-05, anonymized", 0.0, "", "0.0 %"),
        ("miss rate", 0.0001, "", "0.01 %"),  # not nothing
        ("recall", 0.99996, "", "99.996 %"),  # not all
        ("any-leak rate", 1e-9, "", "under 0.0001 %"),
        ("over-hiding", 0.42, "share of hidden pixels", "42.0 % of hidden pixels"),
        ("SSIM", 0.91234, "", "0.9123"),
        ("PSNR, pooled", 31.237, "dB", "31.24 dB"),
        ("FID", 1234.56, "", "1235"),
    ],
)
def test_a_share_of_cases_is_in_per_cent_and_all_else_as_it_is(name: str, value: float, unit: str, said: str) -> None:
    assert number(figure(name, value, unit)) == said


@pytest.mark.parametrize(
    ("name", "ends", "said"),
    [
        ("Rank-1", {"low": 0.081, "high": 0.182}, "8.1 to 18.2 %"),
        ("PSNR", {"low": 30.0}, "from 30 dB"),
        ("PSNR", {"high": 33.5}, "up to 33.5 dB"),
        ("SSIM", {}, ""),
    ],
)
def test_an_interval_names_its_unit_once(name: str, ends: dict[str, float], said: str) -> None:
    assert interval(figure(name, 0.1, "dB" if name == "PSNR" else "", **ends)) == said


def test_an_answer_stands_beside_the_originals_and_guessing() -> None:
    assert answers(drawn.reid()) == [
        "People found again at the first guess (Rank-1, anonymized): 3.0 % (1.0 to 6.0 % with 95 % confidence, "
        "240 cases); compared with 97.0 % in the original, 2.5 % by guessing. "
        "That is no better than guessing, as far as can be told."
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SSIM", "Likeness to the original, 1 for the same (SSIM)"),
        ("SSIM, outside", "Likeness to the original where nothing is hidden, 1 for the same (SSIM, outside)"),
        ("pseudonym switches (IDSW)", "Times that a person is taken for another one than before"),
        ("person mAP after / before", "Persons that a detector still finds, 1 for as well as before"),
    ],
)
def test_figures_of_the_summary_are_said_in_plain_words(name: str, said: str) -> None:
    assert named(figure(name)).startswith(said)


def test_what_the_surroundings_tell_stands_beside_the_worst_attack() -> None:
    figures = [figure("worst attack", 0.6, low=0.4), figure("chance", 0.1), figure("surroundings", 0.5)]
    [line] = answers(Section(name="attack", question="?", figures=tuple(figures), headline=("worst attack",)))
    assert "10.0 % by guessing, 50.0 % by what was left as it was." in line


def test_what_is_compared_is_of_the_same_crops_and_protocol() -> None:
    bodies = [replace(each, name=f"{each.name}, body") for each in drawn.found(0.2, 0.1, 0.3)]
    faces = [replace(each, name=f"{each.name}, face") for each in drawn.found()]
    section = replace(
        drawn.reid([*faces, replace(bodies[0]), replace(bodies[2], value=0.11)]),
        headline=("Rank-1, anonymized, body", "Rank-1, anonymized, face"),
    )
    body, face = answers(section)
    assert "(Rank-1, anonymized, body): 20.0 %" in body
    assert "compared with 11.0 % by guessing." in body
    assert "compared with 97.0 % in the original, 2.5 % by guessing." in face


def test_of_figures_of_one_name_that_of_the_same_protocol_is_compared() -> None:
    other = replace(drawn.found()[2], value=0.5, protocol="same-frame")
    [answer] = answers(drawn.reid([*drawn.found(), other]))
    assert "2.5 % by guessing" in answer
    elsewhere = [replace(each, protocol="same-frame") for each in drawn.found()]
    [unsure] = answers(drawn.reid([replace(drawn.found()[0], protocol="track"), *drawn.found()[2:], elsewhere[2]]))
    assert "guessing" not in unsure


def test_an_attack_is_compared_with_chance() -> None:
    worst = figure("worst attack", 0.3, low=0.2, high=0.4)
    section = Section(
        name="attack", question="?", figures=(worst, figure("chance", 0.1)), headline=("worst attack", "chance")
    )
    [answer] = answers(section)
    assert answer.endswith("compared with 10.0 % by guessing. That is better than guessing.")
    assert state(section) is State.MISSED


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.0, 0.1, State.MET),
        (0.025, 0.1, State.MET),
        (0.026, 0.1, State.MISSED),
        (0.0, 0.28, State.UNSURE),  # so wide that an attacker may well do better
        (None, None, State.UNSURE),
    ],
)
def test_an_attack_is_held_against_guessing(low: float | None, high: float | None, outcome: State) -> None:
    assert state(drawn.reid(drawn.found(0.05, low, high))) is outcome


@pytest.mark.parametrize(("value", "outcome"), [(0.0, State.MET), (0.01, State.MISSED)])
def test_one_who_is_seen_is_too_many(value: float, outcome: State) -> None:
    leak = figure("any-leak rate", value, low=0.0, high=0.1)
    assert state(Section(name="leaks", question="?", figures=(leak,))) is outcome


@pytest.mark.parametrize(("clear", "outcome"), [(0.0, State.UNSURE), (0.01, State.MISSED)])
def test_that_all_who_can_be_seen_may_be_no_faces_leaves_it_in_doubt(clear: float, outcome: State) -> None:
    rates = figure("any-leak rate", 0.1), figure("any-leak rate, clear faces", clear)
    assert state(Section(name="leaks", question="?", figures=rates)) is outcome


@pytest.mark.parametrize(
    ("value", "low", "high", "outcome"),
    [(0.9, 0.87, 0.95, State.MET), (0.9, 0.8, 0.95, State.UNSURE), (0.8, 0.7, 0.9, State.MISSED)],
)
def test_goals_are_met_surely_or_not(value: float, low: float, high: float, outcome: State) -> None:
    figures = (figure("SSIM", value, low=low, high=high),)
    verdicts = tuple(judged([Goal("SSIM", "above", 0.85)], figures))
    assert state(Section(name="quality", question="?", figures=figures, verdicts=verdicts)) is outcome


def test_the_most_serious_counts() -> None:
    assert state(drawn.quality()) is State.MISSED
    assert state(drawn.reid(broken=("a solid fill is recognized",))) is State.INVALID
    unjudged = drawn.quality().verdicts[1]
    assert state(replace(drawn.quality(), verdicts=(unjudged,))) is State.UNSURE
    assert state(replace(drawn.quality(), verdicts=())) is State.OPEN


def test_what_was_not_measured_is_not_met() -> None:
    assert state(drawn.unmeasured()) is State.UNKNOWN
    assert answers(drawn.unmeasured()) == [
        "Actions still recognized (top-1 after): not measured: no video model is here."
    ]
    nothing = Section(name="leaks", question="?", figures=())
    assert (state(nothing), answers(nothing)) == (State.UNKNOWN, ["Nothing was measured."])
    # A headline without a value, and a goal that is met beside it.
    beside = replace(drawn.quality(), headline=("LPIPS",), verdicts=drawn.quality().verdicts[:1])
    assert state(beside) is State.UNKNOWN


def test_where_a_control_failed_no_number_answers() -> None:
    [answer] = answers(drawn.reid(broken=("a solid fill is recognized",)))
    assert answer == "Not to be believed, a control failed: a solid fill is recognized"


def test_one_without_an_interval_says_so() -> None:
    [answer] = answers(Section(name="cost", question="?", figures=(figure("throughput", 31.0, "frames/s"),)))
    assert answer == "throughput: 31 frames/s (without an interval, 9 cases)."


def test_every_figure_that_has_plain_words_is_one_that_passerby_measures() -> None:
    folder = Path(passerby.__file__).parent / "evaluate"
    sources = "".join(path.read_text() for path in folder.rglob("*.py") if "report" not in path.parts)
    # How an attack's figures are called in a report is up to who fills it.
    called_there = {"worst attack", "control: nothing hidden", "control: solid fill"}
    called_there |= {f"{label} mAP after / before" for label in (PERSON, VEHICLE)}
    assert [name for name in PLAIN if name not in called_there and name not in sources] == []


def test_other_figures_keep_their_names() -> None:
    assert named(figure("HOTA, face")) == "HOTA, face"
