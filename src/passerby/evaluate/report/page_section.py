"""One question on the page: its answer, figures, goals, curves and worst frames."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import cv2
import numpy as np

from passerby.evaluate.findings import Curve, Grid, Section, Still
from passerby.evaluate.goals import Verdict
from passerby.evaluate.report.chart import drawing
from passerby.evaluate.report.words import SURE, State, answers, interval, is_share, judged, number, state
from passerby.evaluate.statistics import Figure

STILL_WIDTH = 480
"""Of a frame on the page, in pixels at most."""
JPEG_QUALITY = 80
FILLED = "Faces are grey here, and are not so in the file. Outlined in red is who can be seen there."


def section_part(section: Section, place: int) -> str:
    """Everything about `section`, the `place`-th of the page."""
    said = "".join(f"<p>{escape(answer)}</p>\n" for answer in answers(section))
    if section.broken:
        said = f'<div class="invalid">\n{said}</div>\n'
    return (
        f'<section class="question" id="s{place}">\n<h2>{escape(section.question)} '
        f"<small>{escape(section.name)}</small></h2>\n<p>{state_label(section)}</p>\n{said}"
        f"{_goals(section.verdicts)}{_grids(section)}{_figures(section)}"
        f"{_curves(section.curves)}{_stills(section.stills)}"
        "</section>\n"
    )


def state_label(section: Section) -> str:
    return _label(state(section))


def _label(found: State) -> str:
    return f'<span class="state {found.name.lower()}"><span aria-hidden="true">{found.mark}</span> {found.word}</span>'


def listed(lines: Iterable[str]) -> str:
    """`lines` as a list, '' for none."""
    items = "".join(f"<li>{escape(line)}</li>\n" for line in lines)
    return f"<ul>\n{items}</ul>\n" if items else ""


# Figures


def _grids(section: Section) -> str:
    named = {figure.name: figure for figure in section.figures}
    return "".join(_grid(grid, named) for grid in section.grids)


def _grid(grid: Grid, named: Mapping[str, Figure]) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in ("", *grid.columns))
    rows = "".join(
        f'<tr><th scope="row">{escape(of)}</th>'
        + "".join(_cell(column, named.get(name)) for column, name in zip(grid.columns, names, strict=True))
        + "</tr>\n"
        for of, names in grid.rows
    )
    return (
        f"<h3>{escape(grid.title)}</h3>\n<p>{escape(grid.explained)}</p>\n"
        f'<table class="stacked grid">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n'
    )


def _cell(column: str, figure: Figure | None) -> str:
    if figure is None:
        said, beside = "not there", ""
    elif figure.value is None:
        said, beside = "not measured", figure.missing
    else:
        said = f"<strong>{escape(number(figure))}</strong>"
        beside = f"{interval(figure) or 'no interval'}; {figure.n:,} {'case' if figure.n == 1 else 'cases'}"
    return f'<td data-of="{escape(column)}">{said}{_small([beside] if beside else [])}</td>'


def _figures(section: Section) -> str:
    figures = section.figures
    if not figures:
        return ""
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Figure", "Value", f"{SURE} interval", "", "Cases"))
    groups: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures:
        groups.setdefault((figure.protocol, figure.model), []).append(figure)
    parts = "".join(_group(group) for group in groups.values())
    table = f'<table class="stacked figures">\n<thead><tr>{heads}</tr></thead>\n{parts}</table>\n'
    if section.grids:
        return (
            f"<details>\n<summary>All {len(figures)} figures, and how each was measured</summary>\n{table}</details>\n"
        )
    return f"<h3>Figures</h3>\n{table}"


def _group(figures: Sequence[Figure]) -> str:
    """Figures of one protocol and model; notes that all of several have stand above them once."""
    shared = [note for note in figures[0].notes if len(figures) > 1 and all(note in each.notes for each in figures)]
    made = f"{_made(figures[0].protocol, figures[0].model)}{_small(shared)}"
    rows = "".join(_figure(figure, shared) for figure in figures)
    return f'<tbody>\n<tr class="protocol"><th colspan="5" scope="rowgroup">{made}</th></tr>\n{rows}</tbody>\n'


def _made(protocol: str, model: str) -> str:
    name, _, sha256 = model.partition(" sha256 ")
    hashed = f" <code>{escape(sha256[:12])}…</code>" if sha256 else ""
    measured = f"; measured by {escape(name)}{hashed}" if model else ""
    return f"{escape(protocol) or 'no protocol named'}{measured}"


def _small(notes: Iterable[str]) -> str:
    return "".join(f"<br><small>{escape(note)}</small>" for note in notes)


def _figure(figure: Figure, told: Sequence[str]) -> str:
    """A row, without the notes that are `told` above it."""
    name = f'<th scope="row">{escape(figure.name)}{_small(note for note in figure.notes if note not in told)}</th>'
    if figure.value is None:
        return f'<tr>{name}<td colspan="4" class="none">not measured: {escape(figure.missing)}</td></tr>\n'
    return (
        f'<tr>{name}<td data-of="Value"><strong>{escape(number(figure))}</strong></td>'
        f'<td data-of="{SURE} interval">{escape(interval(figure)) or "none"}</td><td>{_whisker(figure)}</td>'
        f'<td data-of="Cases">{figure.n:,}</td></tr>\n'
    )


def _whisker(figure: Figure) -> str:
    """A share and its interval between nothing and all; '' for what is no share."""
    if figure.value is None or not is_share(figure) or not 0 <= figure.value <= 1:
        return ""
    low, high = (figure.value if end is None else end for end in (figure.low, figure.high))
    return (
        '<svg class="whisker" viewBox="-4 0 108 12" width="108" height="12" aria-hidden="true">'
        '<path class="scale" d="M0 6H100M0 2V10M100 2V10"/>'
        f'<path class="reach" d="M{100 * low:.4g} 6H{100 * high:.4g}"/>'
        f'<circle cx="{100 * figure.value:.4g}" cy="6" r="3.5"/></svg>'
    )


# Goals


def _goals(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return ""
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Goal", "Wanted", "Is", "Verdict"))
    rows = "".join(_goal(verdict) for verdict in verdicts)
    return (
        f'<h3>Goals</h3>\n<table class="stacked goals">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n'
        "</table>\n"
    )


def _goal(verdict: Verdict) -> str:
    goal, figure = verdict.goal, verdict.figure
    if figure is None or figure.value is None:
        value, said = "not measured", escape(verdict.reason)
    else:
        reach = f" ({interval(figure)})" if interval(figure) else ""
        value, said = escape(f"{number(figure)}{reach}"), _sure(verdict, figure)
    return (
        f'<tr><th scope="row">{escape(goal.figure)}</th><td data-of="Wanted">{goal.side} {goal.limit:g}</td>'
        f'<td data-of="Is">{value}</td>'
        f'<td data-of="Verdict">{_label(judged(verdict))} <small>{said}</small></td></tr>\n'
    )


def _sure(verdict: Verdict, figure: Figure) -> str:
    if verdict.sure:
        return "the whole interval says so"
    outcome = "met" if verdict.passed else "not met"
    return f"{outcome} by the value; " + ("not by all of its interval" if interval(figure) else "it has no interval")


# Pictures


def _curves(curves: Sequence[Curve]) -> str:
    drawn = "".join(
        f'<figure><div class="wide" tabindex="0" role="region" aria-label="{escape(curve.title, quote=True)}">'
        f"{drawing(curve)}</div>\n<figcaption>{escape(curve.explained)}</figcaption></figure>\n"
        for curve in curves
    )
    return f'<h3>Curves</h3>\n<div class="curves">\n{drawn}</div>\n' if drawn else ""


def _stills(stills: Sequence[Still]) -> str:
    shown = "".join(_still(still) for still in stills)
    if not shown:
        return ""
    return f'<h3>Frames to look at</h3>\n<p>{FILLED}</p>\n<div class="stills">\n{shown}</div>\n'


def _still(still: Still) -> str:
    height, width = still.picture.shape[:2]
    small = still.picture
    if width > STILL_WIDTH:
        size = STILL_WIDTH, max(1, round(height * STILL_WIDTH / width))
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, jpeg = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    data = base64.b64encode(jpeg.tobytes()).decode()
    said = f"Frame {still.frame}, {still.time_s:.2f} s: {still.said}"
    return (
        f'<figure><img alt="{escape(said, quote=True)}" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{escape(said)}</figcaption></figure>\n"
    )
