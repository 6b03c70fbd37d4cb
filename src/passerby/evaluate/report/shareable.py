"""What a report must not carry out of the house: folders of this machine, and characters that are no text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

from passerby.evaluate.findings import Curve, Evaluation, Line, Medium, Section, Still
from passerby.evaluate.goals import Verdict
from passerby.evaluate.statistics import Figure

_FOLDERS = re.compile(r"""(?<![^\s'"(=,;])(?:~|[A-Za-z]:)?[\\/]+(?:[^\\/\s'"]+[\\/]+)+(?=[^\\/\s])""")
"""The folders of an absolute path, up to its last name."""
_UNSEEN = {"Cc", "Cs", "Cn"}
"""Categories of controls, halves of characters and what is none: not allowed in XML, or harmful on a terminal."""
_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Directional classes of characters that turn the order of those behind them: a name could pass for another."""


def text(said: str) -> str:
    """`said` on one line, without folders of absolute paths; what is no character of a text is spelled out."""
    spelled = "".join(char if _is_text(char) else char.encode("unicode_escape").decode() for char in said)
    return _FOLDERS.sub("", spelled)


def _is_text(char: str) -> bool:
    return unicodedata.category(char) not in _UNSEEN and unicodedata.bidirectional(char) not in _TURNING


def shareable(evaluation: Evaluation) -> Evaluation:
    """The same with every text of it as `text` makes it."""
    return replace(
        evaluation,
        pairs=tuple((_medium(original), _medium(made)) for original, made in evaluation.pairs),
        sections=tuple(_section(section) for section in evaluation.sections),
        missing=_all(evaluation.missing),
        compared=_all(evaluation.compared),
        hidden_by=_all(evaluation.hidden_by),
    )


def _all(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text(line) for line in lines)


def _medium(medium: Medium) -> Medium:
    path = PureWindowsPath(medium.name)
    # A file in a folder that is evaluated keeps its place there: two may have one name.
    absolute = path.anchor or PurePosixPath(medium.name).is_absolute()
    return replace(medium, name=text(path.name if absolute else medium.name))


def _section(section: Section) -> Section:
    return replace(
        section,
        name=text(section.name),
        question=text(section.question),
        figures=tuple(_figure(figure) for figure in section.figures),
        headline=_all(section.headline),
        verdicts=tuple(_verdict(verdict) for verdict in section.verdicts),
        curves=tuple(_curve(curve) for curve in section.curves),
        stills=tuple(_still(still) for still in section.stills),
        broken=_all(section.broken),
    )


def _figure(figure: Figure) -> Figure:
    return replace(
        figure,
        name=text(figure.name),
        protocol=text(figure.protocol),
        model=text(figure.model),
        unit=text(figure.unit),
        missing=text(figure.missing),
        notes=_all(figure.notes),
    )


def _verdict(verdict: Verdict) -> Verdict:
    return replace(verdict, figure=None if verdict.figure is None else _figure(verdict.figure))


def _curve(curve: Curve) -> Curve:
    return replace(
        curve,
        title=text(curve.title),
        x_label=text(curve.x_label),
        y_label=text(curve.y_label),
        lines=tuple(Line(text(line.name), line.x, line.y) for line in curve.lines),
        explained=text(curve.explained),
    )


def _still(still: Still) -> Still:
    return replace(still, said=text(still.said))
