"""What an evaluation found, ready to be written down: questions with their figures, curves and worst frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.evaluate.goals import Verdict
from passerby.evaluate.statistics import Figure


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of a curve; row i of both arrays is one point, NaN in both where the line is broken."""

    name: str
    x: NDArray[np.float64]
    """(N,)"""
    y: NDArray[np.float64]
    """(N,)"""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A picture of numbers."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    explained: str
    """How to read it, for somebody who has not seen one of the kind."""
    points: bool = False
    """Whether its points have no order, and are not to be joined."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Figures side by side, for who reads them first."""

    title: str
    explained: str
    """How to read it, for somebody who does not know the metric."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """What each is about, and the name of the figure in each column. What has no figure was not there to be seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A frame that is worth a look, as it may be shown."""

    frame: int
    time_s: float
    said: str
    """What is wrong with it."""
    picture: NDArray[np.uint8]
    """(H, W, 3) RGB, in which whoever is to be hidden is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One question and its answer."""

    name: str
    """Of the part of `passerby evaluate` that answers it: 'leaks', 'reid', …"""
    question: str
    """As a data protection officer would ask it."""
    figures: tuple[Figure, ...]
    headline: tuple[str, ...] = ()
    """Names of the figures that answer it first.

    'X, anonymized' is compared with 'X, originals' and 'X, chance' where there are such, any other with 'chance'.
    """
    verdicts: tuple[Verdict, ...] = ()
    grids: tuple[Grid, ...] = ()
    """Of `figures`, what is to be compared at a glance. Those are then folded away on the page."""
    curves: tuple[Curve, ...] = ()
    stills: tuple[Still, ...] = ()
    broken: tuple[str, ...] = ()
    """Controls that failed: where there are any, no figure of this section is to be believed."""


@dataclass(frozen=True, slots=True)
class Medium:
    """A file that was read."""

    name: str
    sha256: str
    frames: int
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All that was found out about one anonymized file, or several."""

    pairs: tuple[tuple[Medium, Medium], ...]
    """The originals, each with what was made of it."""
    sections: tuple[Section, ...]
    missing: tuple[str, ...] = ()
    """What could not be asked, and the command that would make it possible, one line each."""
    compared: tuple[str, ...] = ()
    """How files of two sizes or rates were brought together, and what follows from it, one line each."""
    hidden_by: tuple[str, ...] = ()
    """Names and sha256 of the models that did the hiding, as far as the plan tells: none of them judges."""

    @property
    def valid(self) -> bool:
        """Whether every control held."""
        return not any(section.broken for section in self.sections)
