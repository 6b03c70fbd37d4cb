"""Curves as SVG: for the page, and as files of their own.

Own drawing, since the page has to be readable in light and dark, on paper and by a screen reader, and has to be there
where no plotting library is. matplotlib draws the same curves as PNG (`plots.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

import numpy as np

from passerby.evaluate.findings import Curve, Line
from passerby.evaluate.report.axis import Axis, pieces

WIDTH, HEIGHT = 640, 400
"""Of a drawing without its legend."""
LEFT, RIGHT, TOP, BOTTOM = 72, 16, 40, 56
"""Room around what is drawn, for the title and the axes' numbers and names."""
ROW = 24
"""Height of a row of the legend."""
LISTED = 16
"""Lines that the legend names."""
DOTTED = 30
"""Points up to which a line shows each of them."""
MARGIN = 0.04
"""Room beside what is drawn, as a share of its range."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #57606a; --line: #d0d7de;
  --k0: #0b5cad; --k1: #b3261e; --k2: #1a7f37; --k3: #8a5a00; --k4: #8a4fbf; --k5: #00798c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9aa4af; --line: #30363d;
  --k0: #58a6ff; --k1: #ff8a80; --k2: #3fb950; --k3: #e3b341; --k4: #c297ff; --k5: #4dd0e1; } }
.plot { font: 15px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.plot text { fill: var(--ink); } .plot .number { fill: var(--dim); }
.plot .title { font-size: 17px; font-weight: 600; }
.plot .grid { stroke: var(--line); fill: none; } .plot .edge { stroke: var(--dim); fill: none; }
.plot .run { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.plot .dot { stroke: none; fill-opacity: .75; }
.plot .k0 { stroke: var(--k0); fill: var(--k0); } .plot .k1 { stroke: var(--k1); fill: var(--k1); }
.plot .k2 { stroke: var(--k2); fill: var(--k2); } .plot .k3 { stroke: var(--k3); fill: var(--k3); }
.plot .k4 { stroke: var(--k4); fill: var(--k4); } .plot .k5 { stroke: var(--k5); fill: var(--k5); }
.plot .run.run { fill: none; } .plot .dot.dot { stroke: none; }
"""
"""Of the page's drawings, and of those that stand alone."""
COLOURS = 6
DASHES = ("", "7 4", "2 4", "11 4 2 4")
MARKS = (
    "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "m-3-3h6v6h-6z",
    "m0-4.2l4 7h-8z",
    "m0-4.4l4.4 4.4-4.4 4.4-4.4-4.4z",
)
"""Lines are told apart by dashes and marks as well as by colour."""


def drawing(curve: Curve) -> str:
    """`curve` as an SVG element, which takes its colours from `STYLE`. It is the same for the same curve."""
    rows = _legend(curve.lines)
    height = HEIGHT + ROW * len(rows)
    said = escape(f"{curve.title}: {curve.y_label} over {curve.x_label}. {curve.explained}", quote=True)
    across = Axis.around((line.x for line in curve.lines), margin=MARGIN if _wanders(curve) else 0.0)
    up = Axis.around((line.y for line in curve.lines), margin=MARGIN)
    inside = "".join(
        [
            f'<text class="title" x="{LEFT}" y="22">{escape(curve.title)}</text>',
            *_frame(curve, across, up),
            *(_drawn(line, place, curve, across, up) for place, line in enumerate(curve.lines)),
            *(
                f'<g transform="translate({LEFT} {HEIGHT + ROW * place + 8})">{row}</g>'
                for place, row in enumerate(rows)
            ),
        ]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{said}">{inside}</svg>'
    )


def file(curve: Curve) -> bytes:
    """`curve` as an SVG file of its own."""
    opened, end, rest = drawing(curve).partition(">")
    ground = '<rect width="100%" height="100%" style="fill: Canvas"/>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{opened}{end}<style>{STYLE}</style>{ground}{rest}\n'.encode()


def _wanders(curve: Curve) -> bool:
    """Whether it goes any way, and not from left to right only."""
    return curve.points or any((np.diff(line.x[np.isfinite(line.x)]) < 0).any() for line in curve.lines)


def _frame(curve: Curve, across: Axis, up: Axis) -> Iterator[str]:
    """The axes with their marks and names."""
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for value in up.ticks():
        y = _y(up, value)
        yield f'<path class="grid" d="M{LEFT} {y}H{right}"/>'
        yield f'<text class="number" x="{LEFT - 8}" y="{y}" dy=".35em" text-anchor="end">{value:g}</text>'
    for value in across.ticks():
        x = _x(across, value)
        yield f'<path class="grid" d="M{x} {TOP}V{bottom}"/>'
        yield f'<text class="number" x="{x}" y="{bottom + 20}" text-anchor="middle">{value:g}</text>'
    yield f'<path class="edge" d="M{LEFT} {TOP}V{bottom}H{right}"/>'
    yield f'<text x="{(LEFT + right) / 2:g}" y="{bottom + 44}" text-anchor="middle">{escape(curve.x_label)}</text>'
    middle = (TOP + bottom) / 2
    yield (
        f'<text transform="translate(16 {middle:g}) rotate(-90)" text-anchor="middle">{escape(curve.y_label)}</text>'
    )


def _drawn(line: Line, place: int, curve: Curve, across: Axis, up: Axis) -> str:
    runs, dots = [], []
    for x, y in pieces(line.x, line.y):
        places = (f"{_x(across, a)} {_y(up, b)}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
        points = [place for place, _ in groupby(places)]
        runs += [] if curve.points or len(points) < 2 else ["M" + "L".join(points)]
        dots += points if curve.points or len(points) == 1 or np.isfinite(line.x).sum() <= DOTTED else []
    colour = f"k{place % COLOURS}"
    dash = DASHES[place % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    run = f'<path class="run {colour}"{dashed} d="{"".join(runs)}"/>' if runs else ""
    mark = MARKS[place % len(MARKS)]
    marks = "".join(f"M{dot}{mark}" for dot in dict.fromkeys(dots))
    return run + (f'<path class="dot {colour}" d="{marks}"/>' if marks else "")


def _legend(lines: tuple[Line, ...]) -> list[str]:
    """Rows of two names each; none for a line alone."""
    if len(lines) < 2:
        return []
    entries = []
    for place, line in enumerate(lines[:LISTED]):
        colour, dash, mark = f"k{place % COLOURS}", DASHES[place % len(DASHES)], MARKS[place % len(MARKS)]
        entries.append(
            f'<path class="run {colour}" stroke-dasharray="{dash or "none"}" d="M0 0H28"/>'
            f'<path class="dot {colour}" d="M14 0{mark}"/><text x="36" dy=".35em">{escape(short(line.name))}</text>'
        )
    if len(lines) > LISTED:
        entries.append(f'<text x="36" dy=".35em">and {len(lines) - LISTED} more</text>')
    half = (WIDTH - LEFT) // 2
    return [
        "".join(f'<g transform="translate({half * column} 0)">{entry}</g>' for column, entry in enumerate(pair))
        for pair in (entries[start : start + 2] for start in range(0, len(entries), 2))
    ]


def short(name: str) -> str:
    """As much of `name` as has room beside another."""
    return name if len(name) <= 36 else f"{name[:35]}…"


def _x(axis: Axis, value: float) -> str:
    return f"{LEFT + (WIDTH - LEFT - RIGHT) * axis.share(value):.5g}"


def _y(axis: Axis, value: float) -> str:
    return f"{HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * axis.share(value):.5g}"
