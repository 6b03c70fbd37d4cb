"""Curves as PNG, for slides and papers, by matplotlib where that is installed (the extra `evaluate`)."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from passerby.evaluate.findings import Curve
from passerby.evaluate.report.axis import Axis
from passerby.evaluate.report.chart import LISTED, MARGIN, short

DPI = 150
SIZE_INCHES = (8.0, 5.0)
DASHES = ("solid", "dashed", "dotted", "dashdot")
MARKS = ("o", "s", "^", "D")


def available() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def _reach(values: Iterable[NDArray[np.float64]]) -> tuple[float, float]:
    axis = Axis.around(values, margin=MARGIN)
    return axis.low, axis.high


def png(curve: Curve) -> bytes:
    """`curve` as a PNG; the same bytes for the same curve and the same matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_xlim(*_reach(line.x for line in curve.lines))
    axes.set_ylim(*_reach(line.y for line in curve.lines))
    drawn = []
    for place, line in enumerate(curve.lines):
        dash, mark = DASHES[place % len(DASHES)], MARKS[place % len(MARKS)]
        style = {"linestyle": "", "marker": mark} if curve.points else {"linestyle": dash, "marker": "."}
        drawn += axes.plot(line.x, line.y, markersize=4, color=f"C{place % 10}", **style)
    # Names come from files and models: a dollar sign in one is no formula.
    for write, said in (
        (axes.set_title, curve.title),
        (axes.set_xlabel, curve.x_label),
        (axes.set_ylabel, curve.y_label),
    ):
        write(said, parse_math=False)
    axes.grid(alpha=0.3)
    if len(drawn) > 1:
        legend = axes.legend(drawn[:LISTED], [str(place) for place in range(len(drawn[:LISTED]))], fontsize="small")
        for entry, line in zip(legend.get_texts(), curve.lines, strict=False):
            entry.set_parse_math(False)
            entry.set_text(short(line.name))
    file = io.BytesIO()
    with warnings.catch_warnings():
        # Its own font lacks some scripts and says so for each character; the SVG beside it has them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas.print_png(file, metadata={"Software": None})
    return file.getvalue()
