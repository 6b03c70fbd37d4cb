"""Plans as CVAT's XML 1.1: written as "CVAT for video", read as that or as "CVAT for images".

CVAT holds boxes at keyframes and draws lines between them. Here every box is a keyframe. Attributes are CVAT's mutable
ones: what a keyframe does not name stays as it was, so they are written where they change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from passerby.core.plan import Plan
from passerby.core.tracks import Track
from passerby.plan.exchange.cvat_reading import read
from passerby.plan.exchange.table import Table, Verdict, tabled
from passerby.plan.exchange.words import ORIGINS, texts

__all__ = ["read", "write"]

_ATTRIBUTES = (
    ("track", "text", "", ""),
    ("score", "text", "", ""),
    ("origin", "select", "drawn", "\n".join(ORIGINS)),
    ("hide", "checkbox", "true", "true\nfalse"),
    ("method", "text", "", ""),
    ("reason", "text", "", ""),
    ("by", "text", "", ""),
)
"""Name, how CVAT asks for it, default, and the values that there are."""


def write(plan: Plan, file: BinaryIO) -> None:
    """`plan` as CVAT for video 1.1, with the labels and attributes that a task needs to take it."""
    file.write(_head(plan).encode(errors="replace"))
    table = tabled(plan)
    start = 0
    for track in plan.tracks:
        rows = slice(start, start + len(track.frames))
        part = Table(table.rows[rows], table.verdicts, table.verdict[rows])
        file.write("".join(_track(track, part, plan.media.frames)).encode(errors="replace"))
        start = rows.stop
    file.write(b"</annotations>\n")


def _head(plan: Plan) -> str:
    media = plan.media
    attributes = "".join(
        f"<attribute><name>{name}</name><mutable>{name != 'track'}</mutable><input_type>{kind}</input_type>"
        f"<default_value>{default}</default_value><values>{values}</values></attribute>"
        for name, kind, default, values in _ATTRIBUTES
    )
    labels = "".join(
        f"\n<label><name>{_text(label)}</name><type>rectangle</type><attributes>{attributes}</attributes></label>"
        for label in sorted({track.label for track in plan.tracks})
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n<meta>\n<task>\n'
        f"<name>{_text(media.name)}</name>\n<size>{media.frames}</size>\n<mode>interpolation</mode>\n"
        f"<start_frame>0</start_frame>\n<stop_frame>{media.frames - 1}</stop_frame>\n<labels>{labels}\n</labels>\n"
        f"<original_size><width>{media.size[0]}</width><height>{media.size[1]}</height></original_size>\n"
        "</task>\n</meta>\n"
    )


def _track(track: Track, part: Table, frames: int) -> Iterator[str]:
    """One element, in pieces; where the track is gone in the next frame, a box that is `outside` says so."""
    yield f'<track id={quoteattr(str(track.id))} label={_quoted(track.label)} source="auto">\n'
    said = [_verdict(verdict) for verdict in part.verdicts]
    names = [_attribute("origin", name) for name in ORIGINS]
    before: tuple[str | int, ...] = ("none", -1, -1)
    first = _attribute("track", str(track.id))
    columns = zip(
        track.frames.tolist(),
        np.append(track.frames[1:], frames).tolist(),
        *(texts(side) for side in track.boxes.T),
        texts(track.scores),
        track.origins.tolist(),
        part.verdict.tolist(),
        strict=True,
    )
    for frame, following, x0, y0, x1, y1, score, origin, verdict in columns:
        place = f'occluded="0" xtl="{x0}" ytl="{y0}" xbr="{x1}" ybr="{y1}" z_order="0">'
        changed = first
        if score != before[0]:
            changed += _attribute("score", score)
        if origin != before[1]:
            changed += names[origin]
        if verdict != before[2]:
            changed += said[verdict]
        yield f'<box frame="{frame}" keyframe="1" outside="0" {place}{changed}</box>\n'
        if frame + 1 < following:
            yield f'<box frame="{frame + 1}" keyframe="1" outside="1" {place}</box>\n'
        first, before = "", (score, origin, verdict)
    yield "</track>\n"


def _verdict(verdict: Verdict) -> str:
    told = {"hide": str(verdict.hide).lower(), "method": verdict.method, "reason": verdict.reason, "by": verdict.by}
    return "".join(_attribute(name, value) for name, value in told.items())


def _attribute(name: str, value: str) -> str:
    return f'<attribute name="{name}">{_text(value)}</attribute>'


def _text(value: str) -> str:
    return escape(_legal(value), {"\r": "&#13;"})


def _quoted(value: str) -> str:
    return quoteattr(_legal(value))


def _legal(value: str) -> str:
    """Without the characters that XML has no way to hold."""
    return "".join("�" if (c < " " and c not in "\t\n\r") or c in "\ufffe\uffff" else c for c in value)
