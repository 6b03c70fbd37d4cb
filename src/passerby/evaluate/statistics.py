"""A figure as it is reported, and how sure one can be of it: intervals from counts, and by drawing people again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from passerby.core.errors import NotMeasurable

CONFIDENCE = 0.95
DRAWS = 1000
"""Of a bootstrap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a report with all that it takes to judge it; or why there is none.

    Raises:
        ValueError: it has no value and no reason for that, both, or something in it is not a finite number.
    """

    name: str
    value: float | None
    n: int
    """How many cases it is of: queries, pairs, frames, …"""
    low: float | None = None
    high: float | None = None
    """Ends of the interval, None where there is none."""
    protocol: str = ""
    """What exactly was done, by name: 're-identification, body, cross-time, …'."""
    model: str = ""
    """Name and sha256 of the model whose numbers these are."""
    unit: str = ""
    missing: str = ""
    """Why there is no value."""
    notes: tuple[str, ...] = ()
    """What must be known to read it, each one line."""

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.missing):
            raise ValueError(f"{self.name} needs a value or the reason why it is missing, and not both")
        if any(number is not None and not math.isfinite(number) for number in (self.value, self.low, self.high)):
            raise ValueError(f"{self.name} is {self.value} ({self.low} to {self.high}): not a number; say why instead")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"{self.name} has an interval from {self.low} down to {self.high}; swap its ends")
        if self.n < 0:
            raise ValueError(f"{self.name} is of {self.n} cases; count them again")


class Interval(NamedTuple):
    """Where the true value lies with the confidence that was asked for."""

    low: float
    high: float

    @property
    def without_width(self) -> bool:
        """Whether its ends differ by rounding at most, as where all draws agree: it would look like certainty."""
        return math.isclose(self.low, self.high, rel_tol=1e-9, abs_tol=1e-12)


# Counts of independent cases


def wilson(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of a share, `hits` of `n`: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).

    Holds on average over all shares; a single share may be covered a little less often than `confidence` says. For
    independent cases: frames of one person are not, use `bootstrap` there (Wilson 1927).
    """
    _check(hits, n, confidence)
    z = _normal_quantile((1 + confidence) / 2)
    p = hits / n
    middle = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if hits == 0 else (middle - half) / scale
    return Interval(low, 1.0 if hits == n else (middle + half) / scale)


def clopper_pearson(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """The exact interval of a share, `hits` of `n`: the shares that a binomial test on either side does not reject.

    Covers at least as often as `confidence` says, for any share; hence wider than `wilson`. For independent cases
    (Clopper and Pearson 1934). With no hits its upper end is 1 - ((1 - confidence) / 2)^(1/n), which is more than
    `none_of` says: that one has all its doubt on one side.
    """
    _check(hits, n, confidence)
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _root(lambda p: _at_least(hits, n, p) - tail)
    high = 1.0 if hits == n else _root(lambda p: tail - (1 - _at_least(hits + 1, n, p)))
    return Interval(low, high)


def none_of(n: int, confidence: float = CONFIDENCE) -> float:
    """The largest share that 0 of `n` is still compatible with, on one side: 1 - (1 - confidence)^(1/n).

    The rule of three, 3/n, is its approximation for 95 %. 0 of 300 says no more than "less than 0.99 %".
    """
    _check(0, n, confidence)
    return -math.expm1(math.log1p(-confidence) / n)


def _check(hits: int, n: int, confidence: float) -> None:
    if n < 1:
        raise NotMeasurable("a share of nothing has no value; measure one case at least")
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is no share; count again")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence lies between 0 and 1, got {confidence}")


def _at_least(hits: int, n: int, p: float) -> float:
    """The chance of `hits` or more in `n` tries of chance 0 < `p` < 1."""
    k = np.arange(hits, n + 1)
    steps = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    logs = steps[n] - steps[k] - steps[n - k] + k * math.log(p) + (n - k) * math.log1p(-p)
    return min(float(np.exp(logs).sum()), 1.0)


def _root(rising: Callable[[float], float]) -> float:
    """Where a function that rises from 0 to 1 passes through 0, to the last bit."""
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return middle


def _normal_quantile(share: float) -> float:
    return NormalDist().inv_cdf(share)


# Cases of several people


def bootstrap(
    identities: ArrayLike,
    statistic: Callable[[NDArray[np.intp]], float],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> Interval:
    """The percentile interval of a `statistic` when whole identities are drawn again, with replacement.

    `identities` (N,) says whose each row is, and `statistic` gets the rows of one draw (those of somebody drawn twice
    come twice). Rows of one person resemble each other: drawing rows would promise far too narrow an interval.
    A statistic that is the same in every draw gets an interval without width; for 0 hits use `none_of`, as `mean` does.

    Raises:
        NotMeasurable: there are fewer than two identities.
    """
    people, inverse = np.unique(np.asarray(identities), return_inverse=True)
    if len(people) < 2:
        raise NotMeasurable(f"an interval needs two people at least, got {len(people)}; measure more people")
    order = np.argsort(inverse, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(inverse))[:-1])
    random = np.random.default_rng(seed)
    values = [
        statistic(np.concatenate([groups[person] for person in random.integers(len(people), size=len(people))]))
        for _ in range(draws)
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))


def mean(
    name: str, values: ArrayLike, identities: ArrayLike, *, protocol: str = "", model: str = "", drawn: str = "person"
) -> Figure:
    """The mean of `values` (N,), all of them in [0, 1], of people `identities` (N,), with a bootstrap by identity.

    For shares, whose interval is known where all are 0 or 1; `figures.of_clips` is for any other statistic.

    Every row counts the same. Where all rows are 0, or all are 1, no draw differs; the interval is then that of
    `none_of` for as many cases as there are people, since rows of one person are not independent (3/n).
    With one person alone, or people who all came to the same in between, there is no interval, and a note says so.
    `drawn` is what `identities` names, where it is something else: 'track'.
    """
    numbers, whose = np.asarray(values, np.float64), np.asarray(identities)
    if numbers.shape != whose.shape or numbers.ndim != 1:
        raise ValueError(f"{name}: {numbers.shape} values for {whose.shape} identities; give one each")
    if not len(numbers):
        return Figure(name=name, value=None, n=0, protocol=protocol, model=model, missing="there is no case of it")
    if not ((numbers >= 0) & (numbers <= 1)).all():
        raise ValueError(f"{name}: values lie in 0..1, got {numbers.min()} to {numbers.max()}")
    distinct, inverse, counts = np.unique(whose, return_inverse=True, return_counts=True)
    people = len(distinct)
    called = f"{people} {_plural(drawn, people)}"
    notes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    if not numbers.any():
        low, high = 0.0, none_of(people)
        notes = (f"none in {called}: the upper end is 1 - 0.05^(1/{people}), one-sided",)
    elif (numbers == 1).all():
        low, high = 1 - none_of(people), 1.0
        notes = (f"all of {called}: the lower end is 0.05^(1/{people}), one-sided",)
    elif people > 1:
        ends = _mean_interval(np.bincount(inverse, numbers).astype(np.float64), counts)
        low, high = (None, None) if ends.without_width else ends
        notes = (all_the_same(people),) if ends.without_width else ()
    else:
        notes = (f"one {drawn} alone gives no interval",)
    value = float(numbers.mean())
    return Figure(
        name=name, value=value, n=len(numbers), low=low, high=high, protocol=protocol, model=model, notes=notes
    )


def _plural(drawn: str, count: int) -> str:
    if count == 1:
        return drawn
    return "people" if drawn == "person" else f"{drawn}s"


def all_the_same(count: int) -> str:
    """The note for an interval `without_width` of so many people, clips or tracks."""
    return f"all {count} came to the same; up to {100 * none_of(count):.2g} % of others may not"


def _mean_interval(sums: NDArray[np.float64], counts: NDArray[np.int64]) -> Interval:
    """What `bootstrap` gives of the mean of all rows, from the sum and the number of each person's: far quicker."""
    drawn = np.random.default_rng(0).integers(len(sums), size=(DRAWS, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(low), float(high))
