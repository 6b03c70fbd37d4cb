"""Embeddings on a plane."""

from __future__ import annotations

import numpy as np
import pytest

from passerby.core.errors import NotMeasurable
from passerby.evaluate import trajectory
from passerby.evaluate.ranking import unit


def test_a_quarter_of_a_circle_is_seen_as_one():
    angles = np.linspace(0, np.pi / 2, 9)
    rows = np.stack([np.cos(angles), np.zeros(9), np.sin(angles)], axis=1)
    seen = trajectory.plane(rows * 5)
    assert seen.shares.sum() == pytest.approx(1)
    between = np.linalg.norm(seen.points[0] - seen.points[-1])
    assert between == pytest.approx(np.sqrt(2))
    assert seen.points.mean(axis=0) == pytest.approx([0, 0])


def test_random_embeddings_are_projected_as_sklearn_does_it():
    decomposition = pytest.importorskip("sklearn.decomposition", reason="scikit-learn is not installed")
    rows = np.random.default_rng(0).normal(size=(40, 12))
    ours, theirs = trajectory.plane(rows), decomposition.PCA(2, svd_solver="full")
    points = theirs.fit_transform(unit(rows))
    assert np.abs(ours.points) == pytest.approx(np.abs(points))
    assert ours.shares == pytest.approx(theirs.explained_variance_ratio_)


def test_axes_do_not_turn_around_with_the_order_of_rows():
    rows = np.random.default_rng(1).normal(size=(30, 6))
    assert trajectory.plane(rows[::-1]).points[::-1] == pytest.approx(trajectory.plane(rows).points)


@pytest.mark.parametrize("rows", [np.eye(2), np.ones((5, 3)), np.ones((5, 1))])
def test_what_spans_no_plane_is_refused(rows):
    with pytest.raises(NotMeasurable, match="do not span a plane"):
        trajectory.plane(rows)
