"""The sheet's drawings, as SVG that its style sheet colours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from passerby.core.plan import Plan
from passerby.core.tracks import Origin, Track

WIDTH = 1000
"""Units across a drawing, whatever its size on the page."""
COLUMNS = 200
"""Parts of a track's span that are told apart."""
HEIGHTS = {Origin.DETECTED: 24, Origin.FOLLOWED: 19, Origin.FILLED: 14, Origin.EXTENDED: 9, Origin.DRAWN: 24}
"""Of the bars: the surer, the taller, so that colour is not the only mark."""
BOTTOM = 36
"""Where bars stand."""


def lane(plan: Plan, track: Track, hidden: NDArray[np.bool_]) -> str:
    """A track's timeline: above, where it is in the film; below, its own span by origin, with gaps and cuts.

    `hidden` (T,) tells which of its boxes are. In each part of the span the least sure origin is drawn.
    """
    first, end = int(track.frames[0]), int(track.frames[-1]) + 1
    pieces = [_strip(first, end, plan.media.frames)]
    columns = min(COLUMNS, end - first)
    places = (track.frames - first) * columns // (end - first)
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    known = np.zeros(columns, np.int64)
    known[places[starts]] = np.diff(np.append(starts, len(places)))
    edges = -(-np.arange(columns + 1) * (end - first) // columns)
    origin = np.full(columns, -1)
    origin[places[starts]] = np.maximum.reduceat(track.origins, starts)
    origin[known < np.diff(edges)] = -1
    visible = np.zeros(columns, bool)
    visible[places[~hidden]] = True
    for kind, height in HEIGHTS.items():
        pieces.append(_bars(f"o{int(kind)}", origin == kind, BOTTOM - height, height))
    pieces.append(_bars("kept", visible, BOTTOM + 2, 4))
    cuts = plan.cuts[(plan.cuts >= first) & (plan.cuts <= end)]
    pieces.append(_cuts((cuts - first) / (end - first), BOTTOM - 26, BOTTOM))
    said = f"Timeline of track {track.id}: {_spans(track, hidden)}"
    return _svg(42, said, pieces)


def film(plan: Plan, per_frame: NDArray[np.int64]) -> str:
    """How many boxes are hidden at a time, over the whole film: `per_frame` (frames,). Cuts are lines."""
    frames = len(per_frame)
    columns = min(500, frames)
    if not columns:
        return ""
    most = np.maximum.reduceat(per_frame, np.arange(columns) * frames // columns)
    top = max(int(most.max()), 1)
    steps = "".join(f"L{_x(i / columns)} {60 - 50 * n / top:.0f}H{_x((i + 1) / columns)}" for i, n in enumerate(most))
    area = f'<path class="o0" d="M0 60{steps}V60z"/>'
    return _svg(60, f"Boxes hidden over time, {top} at most", [area, _cuts(plan.cuts / frames, 0, 60)])


def _svg(height: int, said: str, pieces: list[str]) -> str:
    drawing = "".join(pieces)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="none" height="{height}" role="img" '
        f'aria-label="{said}">{drawing}</svg>'
    )


def _strip(first: int, end: int, frames: int) -> str:
    width = max(WIDTH * (end - first) / frames, 2)
    x = min(WIDTH * first / frames, WIDTH - width)
    return (
        f'<rect class="film" width="{WIDTH}" height="5"/>'
        f'<rect class="here" x="{x:.4g}" width="{width:.4g}" height="5"/>'
        f'<rect class="ground" y="{BOTTOM}" width="{WIDTH}" height="1"/>'
    )


def _bars(kind: str, on: NDArray[np.bool_], y: int, height: int) -> str:
    """Rectangles where `on` (columns,) is."""
    runs = "".join(
        f"M{_x(start / len(on))} {y}H{_x(end / len(on))}v{height}H{_x(start / len(on))}z" for start, end in _runs(on)
    )
    return f'<path class="{kind}" d="{runs}"/>' if runs else ""


def _runs(on: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(on, prepend=False, append=False))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _cuts(shares: NDArray[np.float64], top: int, bottom: int) -> str:
    marks = "".join(f"M{_x(share)} {top}V{bottom}" for share in np.unique(np.round(shares, 3)).tolist())
    return f'<path class="cut" d="{marks}"/>' if marks else ""


def _x(share: float) -> str:
    return f"{WIDTH * share:.4g}"


def _spans(track: Track, hidden: NDArray[np.bool_]) -> str:
    counts = {kind: int((track.origins == kind).sum()) for kind in Origin}
    told = [f"{count} frames {kind.name.lower()}" for kind, count in counts.items() if count]
    missing = int(track.frames[-1] - track.frames[0]) + 1 - len(track.frames)
    told += [f"{missing} missing"] if missing else []
    told += [f"{int((~hidden).sum())} left visible"] if not hidden.all() else []
    return ", ".join(told)
