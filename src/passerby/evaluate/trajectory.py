"""Embeddings on a plane, to be looked at: where tracks go, and whether they mix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from passerby.core.errors import NotMeasurable
from passerby.evaluate.ranking import unit


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Where embeddings lie along the two directions in which they differ most."""

    points: NDArray[np.float64]
    """(N, 2) in units of the embeddings made one long; the middle of all is at 0, 0."""
    shares: NDArray[np.float64]
    """(2,) of all variance that each direction shows, in [0, 1]: what is not shown may tell more than what is."""


def plane(embeddings: ArrayLike) -> Plane:
    """The first two principal components of rows (N, D), made one long first as their cosines are what is compared.

    Distances along the axes are true ones, unlike those of t-SNE and UMAP, and need no seed. An axis has no direction
    of its own: the entry of its largest weight is made positive. Put originals and anonymized ones in together: axes of
    two calls have nothing in common.

    Raises:
        NotMeasurable: there are fewer than three rows, or all are the same.
    """
    rows = unit(embeddings)
    centred = rows - rows.mean(axis=0)
    if len(rows) < 3 or rows.shape[1] < 2 or np.abs(centred).max() < 1e-9:
        raise NotMeasurable(f"{len(rows)} embeddings do not span a plane; embed more frames, or all are the same")
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2]
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(2), largest])[:, None]
    variances = values**2
    return Plane(centred @ axes.T, variances[:2] / variances.sum())
