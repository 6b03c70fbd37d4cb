"""Classifiers on frozen embeddings: what a *parrot* learns of how known people look once they are hidden."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from passerby.evaluate.ranking import TIE, unit

Scores = NDArray[np.float64]
"""(Q, P): the higher, the surer that a query is that person."""

RIDGE = 1e-2
"""Weight of the ridge, per row of training data."""


def linear(train: NDArray[np.float32], people: NDArray[np.int64], queries: NDArray[np.float32]) -> Scores:
    """Ridge regression to one column per person: W = (X'X + λ n I)⁻¹ X'Y on centred unit vectors.

    `people` (N,) are numbers from 0; every one of them has a row.
    """
    rows, asked = unit(train), unit(queries)
    middle = rows.mean(axis=0)
    x, y = rows - middle, np.eye(int(people.max()) + 1)[people]
    share = y.mean(axis=0)
    # Through the rows' own products, which are fewer than their columns.
    gram = x @ x.T + RIDGE * len(x) * np.eye(len(x)) * max(float(np.mean(np.sum(x * x, axis=1))), 1e-12)
    return np.asarray((asked - middle) @ x.T @ np.linalg.solve(gram, y - share) + share, np.float64)


def nearest(train: NDArray[np.float32], people: NDArray[np.int64], queries: NDArray[np.float32]) -> Scores:
    """The cosine to the nearest row of each person."""
    alike = unit(queries) @ unit(train).T
    return np.stack([alike[:, people == person].max(axis=1) for person in range(int(people.max()) + 1)], axis=1)


def hits(scores: Scores, people: NDArray[np.int64]) -> NDArray[np.float64]:
    """The chance that each query (Q,) is given to its own person, 0..1, when ties are broken by lot.

    Of k people who are alike (to within `TIE`) the right one is named once in k times: who cannot tell them apart does
    no better, and a face that is filled comes out at chance exactly.
    """
    best = scores >= scores.max(axis=1, keepdims=True) - TIE
    own = best[np.arange(len(people)), people]
    return np.asarray(own / best.sum(axis=1), np.float64)
