"""Figures of frames that come from several clips."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from passerby.evaluate.statistics import Figure, bootstrap

ONE_CLIP = "one clip alone gives no interval"
NOTHING = "there is no case of it"

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
) -> Figure:
    """The `statistic` of all rows, with the interval that comes of drawing clips again.

    Frames of one clip are alike: they are drawn together, and one clip alone gives no interval.

    Args:
        name: of the figure.
        clips: (N,) which clip each row is of; none at all gives a figure without a value.
        statistic: finite for all rows; where a draw makes it infinite, that end of the interval is left open.
        protocol: what was done.
        unit: of the value; '' for none.
        model: whose numbers these are; '' for none.
        notes: what must be known to read it.
        missing: why there is no value where there are no rows.
    """
    if not clips:
        return Figure(name=name, value=None, n=0, protocol=protocol, unit=unit, model=model, missing=missing)
    low = high = None
    if len(set(clips)) > 1:
        low, high = (end if math.isfinite(end) else None for end in bootstrap(np.asarray(clips), statistic))
    else:
        notes = (*notes, ONE_CLIP)
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
