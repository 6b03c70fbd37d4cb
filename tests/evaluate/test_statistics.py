"""Intervals: known counts give known ends, and people, not rows, are what is drawn again."""

from __future__ import annotations

import numpy as np
import pytest

from passerby.core.errors import NotMeasurable
from passerby.evaluate import statistics
from passerby.evaluate.statistics import Figure


def test_none_of_300_is_compatible_with_one_percent():
    """T27."""
    assert statistics.none_of(300) == pytest.approx(0.0099, abs=5e-5)
    assert statistics.none_of(300) == pytest.approx(3 / 300, rel=0.01)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 10, 0, 0.3085), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1), (1, 4, 0.0063, 0.8059), (0, 1, 0, 0.975)],
)
def test_clopper_pearson_is_the_table_of_the_binomial(hits, n, low, high):
    assert statistics.clopper_pearson(hits, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(0, 10, 0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1)]
)
def test_wilson_is_the_table_of_the_score_test(hits, n, low, high):
    assert statistics.wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("ours", ["clopper_pearson", "wilson"])
def test_intervals_are_those_of_scipy(ours):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    method = {"clopper_pearson": "exact", "wilson": "wilson"}[ours]
    random = np.random.default_rng(3)
    for n in random.integers(1, 2000, 30):
        hits, confidence = int(random.integers(n + 1)), float(random.uniform(0.5, 0.999))
        theirs = stats.binomtest(hits, n).proportion_ci(confidence, method)
        assert getattr(statistics, ours)(hits, int(n), confidence) == pytest.approx(tuple(theirs), abs=1e-9)


def test_people_are_drawn_again_not_rows():
    """A thousand rows of each of two people are two cases: either, both, or the other."""
    values = np.repeat([0.0, 1.0], 1000)
    figure = statistics.mean("rank-1", values, values)
    assert (figure.value, figure.low, figure.high, figure.n) == (0.5, 0, 1, 2000)


def test_the_same_seed_draws_the_same():
    random = np.random.default_rng(0)
    values, people = random.uniform(size=200), random.integers(20, size=200)
    first, second, other = (
        statistics.bootstrap(people, lambda rows: float(values[rows].mean()), seed=seed) for seed in (1, 1, 2)
    )
    assert first == second != other
    assert first.low < values.mean() < first.high


def test_the_bootstrap_of_independent_cases_is_as_wide_as_their_standard_error():
    values = np.random.default_rng(5).uniform(size=400)
    low, high = statistics.bootstrap(np.arange(400), lambda rows: float(values[rows].mean()))
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / 20, rel=0.1)


def test_the_mean_has_the_interval_of_the_bootstrap():
    random = np.random.default_rng(6)
    values, people = random.uniform(size=300), random.integers(30, size=300)
    figure = statistics.mean("coverage", values, people)
    slow = statistics.bootstrap(people, lambda rows: float(values[rows].mean()))
    assert (figure.low, figure.high) == pytest.approx(slow)


def test_no_hit_among_ten_people_says_less_than_26_percent():
    figure = statistics.mean("rank-1", np.zeros(500), np.arange(500) % 10)
    assert (figure.value, figure.low) == (0, 0)
    assert figure.high == pytest.approx(1 - 0.05**0.1)
    assert "10 people" in figure.notes[0]


def test_one_person_gives_a_value_without_interval():
    figure = statistics.mean("rank-1", [0, 1, 1, 1], [7, 7, 7, 7])
    assert (figure.value, figure.low, figure.high) == (0.75, None, None)
    assert figure.notes


def test_nothing_to_measure_is_no_zero():
    assert statistics.mean("rank-1", [], []).value is None
    with pytest.raises(NotMeasurable, match="a share of nothing"):
        statistics.wilson(0, 0)
    with pytest.raises(NotMeasurable, match="two people"):
        statistics.bootstrap([1, 1], lambda rows: 0.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": None},
        {"value": 1.0, "missing": "no weights"},
        {"value": float("nan")},
        {"value": 1.0, "high": float("inf")},
        {"value": 1.0, "low": 2.0, "high": 1.0},
        {"value": 1.0, "n": -1},
    ],
)
def test_a_figure_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="rank-1"):
        Figure(**{"name": "rank-1", "n": 1, **wrong})


def test_people_who_all_came_to_the_same_promise_nothing():
    figure = statistics.mean("x", [0.9] * 6, [1, 1, 1, 2, 2, 3])
    assert (figure.value, figure.low, figure.high) == (pytest.approx(0.9), None, None)
    assert figure.notes == ("all 3 came to the same; up to 63 % of others may not",)


def test_a_note_calls_what_was_drawn_by_its_name() -> None:
    said = [statistics.mean("x", [0, 0], [1, 2], drawn=drawn).notes[0] for drawn in ("person", "track")]
    assert [note.split(":")[0] for note in said] == ["none in 2 people", "none in 2 tracks"]
