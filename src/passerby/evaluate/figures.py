"""Figures of rows that come from several clips, people or tracks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from passerby.evaluate.statistics import Figure, all_the_same, bootstrap

NOTHING = "there is no case of it"

_FAR = 1e300
"""Stands for infinity where quantiles are taken, which lie between two draws: inf - inf is no number."""

Statistic = Callable[[NDArray[np.intp]], float]
"""From row numbers, some perhaps several times, to a number."""


def of_clips(
    name: str,
    clips: Sequence[str],
    statistic: Statistic,
    *,
    protocol: str,
    unit: str = "",
    model: str = "",
    notes: tuple[str, ...] = (),
    missing: str = NOTHING,
    drawn: str = "clip",
) -> Figure:
    """The `statistic` of all rows, with the interval that comes of drawing clips again.

    Frames of one clip are alike: they are drawn together, and one clip alone gives no interval. Nor do clips that all
    came to the same: no draw differs, which would look like certainty. A note then says how many others may.

    Args:
        name: of the figure.
        clips: (N,) which clip each row is of; none at all gives a figure without a value.
        statistic: finite for all rows; where a draw makes it infinite, that end of the interval is left open.
        protocol: what was done.
        unit: of the value; '' for none.
        model: whose numbers these are; '' for none.
        notes: what must be known to read it.
        missing: why there is no value where there are no rows.
        drawn: what `clips` names, where it is something else: 'person', 'track'.
    """
    if not clips:
        return Figure(name=name, value=None, n=0, protocol=protocol, unit=unit, model=model, missing=missing)
    low: float | None = None
    high: float | None = None
    several = len(set(clips))
    if several == 1:
        notes = (*notes, f"one {drawn} alone gives no interval")
    else:
        ends = bootstrap(np.asarray(clips), lambda rows: min(statistic(rows), _FAR))
        low, high = (end if end < _FAR / 1e6 else None for end in ends)
        if low is not None and ends.without_width:
            low = high = None
            notes = (*notes, all_the_same(several))
    return Figure(
        name=name,
        value=statistic(np.arange(len(clips))),
        n=len(clips),
        low=low,
        high=high,
        protocol=protocol,
        model=model,
        unit=unit,
        notes=notes,
    )
