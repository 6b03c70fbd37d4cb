"""Looking people up: small galleries that can be ranked by hand, and random ones that others rank the same."""

from __future__ import annotations

import numpy as np
import pytest

from passerby.core.errors import NotMeasurable
from passerby.evaluate import ranking

FAR = [[0.1, 0.2, 0.3, 0.4, 0.5]]
GALLERY = [1, 2, 1, 3, 1]
CAMERAS = [0, 1, 1, 1, 2]


def test_with_the_rule_for_junk():
    """T1: what is left is [0, 1, 0, 1]."""
    found = ranking.rank(FAR, [1], GALLERY, ranking.junk([1], GALLERY, [0], CAMERAS))
    assert found.cmc(4).tolist() == [0, 1, 1, 1]
    assert found.mean_precision == 0.5
    assert found.inverse_penalty.mean() == 0.5
    assert (found.matches.tolist(), found.entries.tolist(), found.skipped) == ([2], [4], 0)


def test_without_the_rule():
    """T2."""
    found = ranking.rank(FAR, [1], GALLERY)
    assert found.cmc(1).tolist() == [1]
    assert found.mean_precision == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    assert found.mean_precision == pytest.approx(0.7556, abs=5e-5)
    assert found.inverse_penalty.tolist() == [3 / 5]


def test_one_camera_leaves_no_valid_query():
    """T3: 0 % would look like perfect privacy."""
    with pytest.raises(NotMeasurable, match="none of 1 queries has a true match"):
        ranking.rank(FAR, [1], GALLERY, ranking.junk([1], GALLERY, [0], [0] * 5))


@pytest.mark.parametrize("metric", [ranking.cosine, ranking.squared])
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0]])
def test_embeddings_that_are_all_alike_are_the_worst_case_and_flagged(metric, order):
    """T4: whatever order the gallery happens to have."""
    same = np.full((4, 7), 0.3, np.float32)
    found = ranking.rank(metric(same, same), [0, 1, 2, 3], order)
    assert found.cmc(1).tolist() == [1]
    assert found.degenerate.all()


def test_a_tie_between_two_is_the_attackers():
    found = ranking.rank([[0.2, 0.2, 0.5]], [1], [0, 1, 0])
    assert found.first.tolist() == [1]
    assert not found.degenerate.any()


def test_distances_that_single_precision_does_not_tell_apart_are_ties():
    noise = np.random.default_rng(0).normal(scale=1e-8, size=(4, 64)).astype(np.float32)
    rows = np.float32(0.125) + noise
    found = ranking.rank(ranking.cosine(rows, rows), [0, 1, 2, 3], [3, 2, 1, 0])
    assert found.cmc(1).tolist() == [1]
    assert found.degenerate.all()


def test_average_precision_of_the_second_and_the_fourth():
    """T5, and the library that it is from."""
    assert ranking.rank([[1, 2, 3, 4]], [1], [0, 1, 0, 1]).mean_precision == 0.5
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    assert metrics.average_precision_score([0, 1, 0, 1], [-1, -2, -3, -4]) == 0.5


def test_guessing_among_101_people_is_right_once_in_101():
    """T6: known beforehand, and found by guessing."""
    random = np.random.default_rng(1)
    queries = 20000
    people = random.integers(101, size=queries)
    found = ranking.rank(random.uniform(size=(queries, 101)), people, np.arange(101))
    assert found.chance() == pytest.approx(1 / 101)
    assert found.cmc(1)[0] == pytest.approx(1 / 101, abs=3 * np.sqrt(0.0098 / queries))


@pytest.mark.parametrize("k", [1, 5, 10])
def test_chance_is_what_guessing_gives_with_several_entries_each(k):
    random = np.random.default_rng(2)
    gallery = np.array([0] * 3 + [1] * 7 + [2] * 10)
    people = random.integers(3, size=20000)
    found = ranking.rank(random.uniform(size=(20000, 20)), people, gallery)
    assert found.cmc(k)[-1] == pytest.approx(found.chance(k), abs=0.015)


def test_squared_distance_of_unit_vectors_at_60_degrees():
    """T8."""
    a, b = [[1.0, 0.0]], [[0.5, np.sqrt(0.75)]]
    assert ranking.squared(a, b)[0, 0] == pytest.approx(1)
    assert ranking.cosine(a, b)[0, 0] == pytest.approx(0.5)


def test_queries_without_a_match_are_counted_apart():
    found = ranking.rank([[0.1, 0.2], [0.1, 0.2]], [1, 9], [1, 2])
    assert (found.queries.tolist(), found.skipped, found.cmc(1).tolist()) == ([0], 1, [1])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: ranking.cosine([[0, 0]], [[1, 0]]), "all zeros"),
        (lambda: ranking.squared([[np.nan, 0]], [[1, 0]]), "not finite"),
        (lambda: ranking.rank([[np.inf]], [1], [1]), "not finite"),
    ],
)
def test_what_cannot_be_ranked_is_refused(wrong, says):
    with pytest.raises(NotMeasurable, match=says):
        wrong()


def test_a_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="2 queries and 1 entries"):
        ranking.rank([[0.1]], [1, 2], [1])


def test_random_galleries_rank_as_sklearn_has_it():
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    random = np.random.default_rng(4)
    people, gallery = random.integers(8, size=60), random.integers(9, size=90)
    cameras = random.integers(4, size=60), random.integers(4, size=90)
    a, b = random.normal(size=(60, 16)), random.normal(size=(90, 16))
    far, left_out = ranking.cosine(a, b), ranking.junk(people, gallery, *cameras)
    assert far == pytest.approx(metrics.pairwise.cosine_distances(a, b))
    assert ranking.squared(a, b) == pytest.approx(metrics.pairwise.euclidean_distances(a, b, squared=True))
    found = ranking.rank(far, people, gallery, left_out)
    for row, query in enumerate(found.queries):
        kept = ~left_out[query]
        same, score = gallery[kept] == people[query], -far[query, kept]
        assert found.precision[row] == pytest.approx(metrics.average_precision_score(same, score))
        for k in (1, 5, 10):
            assert (found.first[row] <= k) == same[np.argsort(-score)[:k]].any()
