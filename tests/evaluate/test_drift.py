"""Along a track: three frames that can be followed by hand, gaps that are not bridged, names that switch."""

from __future__ import annotations

import numpy as np
import pytest

from passerby.core.errors import NotMeasurable
from passerby.evaluate import drift

TURNING = [(1.0, 0.0), (0.8, 0.6), (0.0, 1.0)]


def test_three_frames():
    """T20."""
    turning = drift.along(1, [0, 1, 2], TURNING)
    assert turning.consecutive == pytest.approx([0.8, 0.6])
    assert turning.anchored == pytest.approx([1, 0.8, 0])
    assert turning.lowest == pytest.approx(0)
    assert turning.together == pytest.approx((0.8 + 0.6 + 0) / 3)
    assert turning.original is None


def test_frames_without_a_find_are_never_bridged():
    gap = drift.along(1, [0, 1, 5], TURNING)
    assert gap.consecutive == pytest.approx([0.8])
    assert gap.pairs.tolist() == [[0, 1]]
    assert not len(drift.along(1, [0, 2, 4], TURNING).consecutive)
    assert drift.along(1, [0, 2, 4], TURNING, step=2).consecutive == pytest.approx([0.8, 0.6])


def test_the_order_and_the_length_of_embeddings_do_not_matter():
    shuffled = drift.along(1, [2, 0, 1], [(0.0, 7.0), (3.0, 0.0), (8.0, 6.0)], [(0, 1), (0, 1), (8, 6)])
    assert shuffled.consecutive == pytest.approx([0.8, 0.6])
    assert shuffled.original == pytest.approx([1, 0, 0])


def test_a_single_frame_has_no_pairs():
    alone = drift.along(1, [4], [(1, 0)])
    assert (alone.together, alone.lowest, len(alone.consecutive)) == (None, 1, 0)


def test_random_tracks_are_as_sklearn_has_them():
    pairwise = pytest.importorskip("sklearn.metrics.pairwise", reason="scikit-learn is not installed")
    random = np.random.default_rng(0)
    rows, originals = random.normal(size=(2, 20, 8))
    ours, alike = drift.along(1, np.arange(20), rows, originals), pairwise.cosine_similarity(rows)
    assert ours.consecutive == pytest.approx(np.diag(alike, 1))
    assert ours.together == pytest.approx((alike.sum() - 20) / (20 * 19))
    assert ours.original == pytest.approx(pairwise.paired_cosine_distances(rows, originals))


def test_one_who_turns_into_another_switches_once():
    tracks, frames = [1, 1, 1, 1, 2, 2, 2, 2], [0, 1, 2, 3] * 2
    rows = [(1, 0), (0.9, 0.1), (0.1, 0.9), (0.1, 0.9), (0, 1), (0, 1), (0, 1), (0, 1)]
    found = drift.pseudonyms(tracks, frames, rows)
    assert found.taken_for.tolist() == [1, 1, 2, 2, 2, 2, 2, 2]
    assert found.switches == 1
    assert found.idf1 == 6 / 8


def test_people_who_all_look_the_same_switch_nothing():
    found = drift.pseudonyms([1, 1, 2, 2], [0, 1, 0, 1], np.ones((4, 3)))
    assert (found.switches, found.idf1) == (0, 1)


def test_one_track_alone_has_no_pseudonyms():
    with pytest.raises(NotMeasurable, match="two tracks"):
        drift.pseudonyms([1, 1], [0, 1], np.eye(2))


def test_a_track_without_frames_cannot_drift():
    with pytest.raises(NotMeasurable, match="no frame"):
        drift.along(1, [], np.empty((0, 2)))
    with pytest.raises(ValueError, match="one each"):
        drift.along(1, [0, 0], np.eye(2))


def test_figures_are_means_over_tracks_and_say_what_is_missing():
    tracks = [drift.along(1, [0, 1, 2], TURNING), drift.along(2, [0, 1], [(1, 0), (1, 0)])]
    consecutive, lowest, together, original = drift.figures(tracks, "net 0123")
    assert consecutive.value == pytest.approx((0.7 + 1) / 2)
    assert (lowest.value, lowest.low, lowest.high) == (0.5, 0, 1)
    assert together.n == 2
    assert (original.value, original.n) == (None, 0)
    assert {figure.model for figure in (consecutive, lowest, together, original)} == {"net 0123"}


def test_tracks_that_all_came_to_the_same_promise_nothing():
    same = [drift.along(track, [0, 1], [(1, 0), (1, 0)]) for track in (1, 2)]
    figure = drift.figures(same)[0]
    assert (figure.value, figure.low, figure.high) == (1, None, None)
    assert "all 2 came to the same" in figure.notes[0]
    assert drift.figures(same[:1])[0].notes == ("one track alone gives no interval",)


def test_tracks_of_two_clips_are_drawn_apart_though_both_are_called_0():
    """Drawn as one they would promise too little: one track alone gives no interval."""
    tracks = [drift.along(0, [0, 1], TURNING[:2]), drift.along(0, [0, 1], [(1, 0), (1, 0)])]
    consecutive = drift.figures(tracks)[0]
    assert (consecutive.low, consecutive.high) == (pytest.approx(0.8), 1)
