"""Does somebody stay the same along a track?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from passerby.core.errors import NotMeasurable, WeightsError
from passerby.evaluate import drift, pairs, trajectory
from passerby.evaluate.clip import Clip, chosen
from passerby.evaluate.drift import Drift
from passerby.evaluate.findings import Curve, Line, Section
from passerby.evaluate.pairs import Embedded
from passerby.evaluate.sections import crops
from passerby.evaluate.sections.answer import Answer, Asking, noted
from passerby.evaluate.sections.crops import Gathered
from passerby.evaluate.statistics import Figure
from passerby.evaluate.watchers import FACE, PERSON

QUESTION = "Does a hidden person stay one and the same from frame to frame, and as far from the original?"
MOST_CROPS = 1000
"""Of a clip: of longer ones every so manieth frame is followed."""
MOST_LINES = 6
"""Tracks in a picture."""


def identity_drift(clips: Sequence[Clip], asking: Asking) -> Answer:
    """Embeddings along every track, of faces where there are any, else of bodies."""
    missing: list[str] = []
    for of in crops.OF:
        try:
            return Answer(_section(clips, of, asking), tuple(missing))
        except (WeightsError, NotMeasurable) as error:
            missing.append(f"identity drift by {of}: {error}")
    return Answer(None, tuple(missing))


def _section(clips: Sequence[Clip], of: str, asking: Asking) -> Section:
    model = crops.embedder(of, asking)
    label = FACE if of == "face" else PERSON
    drifts: list[Drift] = []
    parts: list[Embedded] = []
    gathered: list[Gathered] = []
    left_out: list[str] = []
    for clip in clips:
        try:
            step = _step(clip, label)
            [one] = crops.gathered([clip], of, asking, partial(pairs.every, step=step))
        except NotMeasurable as error:
            left_out.append(str(error))
            continue
        part = crops.embed(one, model)
        gathered.append(one)
        parts.append(part)
        for person in np.unique(part.identities):
            mine = part.identities == person
            rows = part.frames[mine], part.anonymized[mine], part.originals[mine]
            drifts.append(drift.along(int(person), *rows, step=step))
    if not parts:
        raise NotMeasurable("; ".join(left_out))
    notes = (*crops.notes(gathered), *left_out)
    figures = [*noted(drift.figures(drifts, model.model), *notes), *_pseudonyms(parts, model.model)]
    curves = [_over_time(drifts, clips[0]), *_plane(parts[0])] if len(clips) == 1 else []
    return Section(
        name="drift",
        question=QUESTION,
        figures=tuple(figures),
        headline=("distance to the original", "least cosine to the first frame", "pseudonym switches (IDSW)"),
        curves=tuple(curves),
    )


def _step(clip: Clip, label: str) -> int:
    people = chosen(clip.known(label).people, crops.MOST_PEOPLE, crops.LEAST_FRAMES)[0]
    return max(1, -(-int(people.sure.sum()) // MOST_CROPS))


def _pseudonyms(parts: Sequence[Embedded], model: str) -> tuple[Figure, ...]:
    """Switches of all clips, and IDF1 of all their rows."""
    protocol = "pseudonyms: each row is taken for the track whose first frame it resembles most"
    found, rows, reasons = [], [], []
    for part in parts:
        try:
            found.append(drift.pseudonyms(part.identities, part.frames, part.anonymized))
            rows.append(len(part.identities))
        except NotMeasurable as error:
            reasons.append(str(error))
    names = "pseudonym switches (IDSW)", "pseudonyms kept (IDF1)"
    if not found:
        why = "; ".join(dict.fromkeys(reasons))
        return tuple(Figure(name=name, value=None, n=0, protocol=protocol, model=model, missing=why) for name in names)
    values = float(sum(one.switches for one in found)), float(np.average([one.idf1 for one in found], weights=rows))
    return tuple(
        Figure(name=name, value=value, n=sum(rows), protocol=protocol, model=model)
        for name, value in zip(names, values, strict=True)
    )


def _over_time(drifts: Sequence[Drift], clip: Clip) -> Curve:
    longest = sorted(drifts, key=lambda one: -len(one.frames))[:MOST_LINES]
    times = clip.times_s - clip.times_s[0]
    lines = [
        Line(f"person {one.track}", times[one.frames], one.original) for one in longest if one.original is not None
    ]
    return Curve(
        title="Distance to the original along each track",
        x_label="seconds",
        y_label="cosine distance, 0 to 2",
        lines=tuple(lines),
        explained="0 is the original itself; strangers are about 1 apart. A line that falls comes closer to the "
        f"original. The {len(lines)} longest tracks.",
    )


def _plane(part: Embedded) -> list[Curve]:
    """Where everyone is, before and after, along the two directions in which they differ most."""
    ids, counts = np.unique(part.identities, return_counts=True)
    shown = ids[np.argsort(-counts, kind="stable")[: MOST_LINES // 2]]
    rows = np.flatnonzero(np.isin(part.identities, shown))
    try:
        plane = trajectory.plane(np.concatenate([part.originals[rows], part.anonymized[rows]]))
    except NotMeasurable:
        return []
    lines = []
    for side, points in (("original", plane.points[: len(rows)]), ("anonymized", plane.points[len(rows) :])):
        for person in shown:
            mine = points[part.identities[rows] == person]
            lines.append(Line(f"person {person}, {side}", mine[:, 0], mine[:, 1]))
    first, second = plane.shares
    curve = Curve(
        title="Where embeddings lie",
        x_label=f"direction in which they differ most ({first:.0%} of all variance)",
        y_label=f"the next one ({second:.0%})",
        lines=tuple(lines),
        explained="Each point is one frame of one person; near points look alike to the model (first two principal "
        "components of unit vectors). Anonymized points that lie among their own originals give somebody away; what "
        f"the two directions do not show, {1 - first - second:.0%}, may tell more.",
        points=True,
    )
    return [curve]
