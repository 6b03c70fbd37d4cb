"""What a question came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from passerby.core.errors import InputError
from passerby.evaluate import cost, known
from passerby.evaluate.brought import Brought
from passerby.evaluate.clip import Clip
from passerby.evaluate.findings import Section
from passerby.evaluate.hidden_area import ByPixels, ByPlan, Hidden
from passerby.evaluate.known import Known
from passerby.evaluate.statistics import Figure
from passerby.progress import Progress, Silent
from passerby.settings import DEFAULTS, Options


@dataclass(frozen=True, slots=True)
class Answer:
    """A section, or why there is none; or both, where a part of it could not be asked."""

    section: Section | None
    missing: tuple[str, ...] = ()
    """One line each: what, why, and what would make it possible."""


def silent(name: str) -> Progress:
    """Says nothing."""
    return Silent()


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What the questions share."""

    hid: tuple[str, ...] = ()
    """sha256 sums of the models that did the hiding: none of them measures."""
    progress: Callable[[str], Progress] = silent
    """From what is being done to who is told how far it has come."""
    options: Options = field(default=DEFAULTS)
    """How things were hidden (`shape`, `grow`) where there is a plan."""
    run_report: Path | None = None
    """What `passerby anonymize --report` wrote."""
    undo: str = ""
    """How faces were hidden, for the attacker who knows it: one of `known.FORMS`. '' is by the run's report."""
    brought: Brought = field(default=Brought())
    """Models of the user's own, and what others measured."""
    masks: tuple[Path, Path] | None = None
    """Folders of masks of clothes: those of the run, and those that were drawn by hand."""

    def __post_init__(self) -> None:
        """Refuse at once what would be refused after a long look at the films.

        Raises:
            InputError: the run's report is none, or masks are in no folder.
            OptionError: nothing of the kind can be undone.
        """
        for folder in self.masks or ():
            if not folder.is_dir():
                raise InputError(f"{folder} is no folder; give two folders of masks, one PNG a frame")
        if self.run_report is not None:
            cost.figures(self.run_report)
        self.known()

    def known(self) -> Known | None:
        """How faces were hidden, if that is known and can be undone."""
        if self.undo:
            return known.told(self.undo, self.options)
        return None if self.run_report is None else known.by_run(self.run_report, self.options)

    def hidden(self, clip: Clip) -> Hidden:
        """Who knows what is hidden in `clip`."""
        return ByPixels() if clip.plan is None else ByPlan(clip.plan, self.options)


def noted(figures: Sequence[Figure], *notes: str) -> tuple[Figure, ...]:
    """`figures` with more to know about them."""
    return tuple(replace(figure, notes=(*figure.notes, *notes)) for figure in figures)
