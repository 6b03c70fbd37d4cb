"""Who goes with whom: the pairing of rows and columns whose weights add up to the most."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def heaviest(weights: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the pairs, rising rows, of a matrix of `weights` (N, M): min(N, M) pairs, none shared.

    The Hungarian method by shortest augmenting paths (Kuhn 1955; Jonker and Volgenant 1987), N·M·min(N, M) at the
    most. Of several pairings that weigh the same, one is given.

    Raises:
        ValueError: a weight is not finite.
    """
    costs = -np.asarray(weights, np.float64)
    if not np.isfinite(costs).all():
        raise ValueError("weights must be finite to be added up")
    if costs.shape[0] > costs.shape[1]:
        columns, rows = heaviest(-costs.T)
        order = np.argsort(rows)
        return rows[order], columns[order]
    count, width = costs.shape
    row_price, column_price = np.zeros(count), np.zeros(width)
    taken_by = np.full(width, -1, np.intp)
    for row in range(count):
        _augment(costs, row, row_price, column_price, taken_by)
    columns = np.flatnonzero(taken_by >= 0)
    order = np.argsort(taken_by[columns])
    return taken_by[columns][order], columns[order]


def _augment(
    costs: NDArray[np.float64],
    start: int,
    row_price: NDArray[np.float64],
    column_price: NDArray[np.float64],
    taken_by: NDArray[np.intp],
) -> None:
    """Give the row `start` a column by the cheapest chain of rows that move on, keeping prices at an optimum."""
    width = costs.shape[1]
    reach = np.full(width, np.inf)
    before = np.full(width, -1, np.intp)
    done = np.zeros(width, bool)
    row, spent, last = start, 0.0, -1
    while True:
        through = spent + costs[row] - row_price[row] - column_price
        better = ~done & (through < reach)
        reach[better], before[better] = through[better], last
        last = int(np.argmin(np.where(done, np.inf, reach)))
        spent = float(reach[last])
        done[last] = True
        if taken_by[last] < 0:
            break
        row = int(taken_by[last])
    moved = [column for column in np.flatnonzero(done) if taken_by[column] >= 0]
    row_price[start] += spent
    for column in moved:
        row_price[taken_by[column]] += spent - reach[column]
    column_price[done] -= spent - reach[done]
    while last >= 0:
        earlier = int(before[last])
        taken_by[last] = start if earlier < 0 else taken_by[earlier]
        last = earlier
