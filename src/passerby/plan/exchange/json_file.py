"""Plans as JSON: the columns of the CSV form as lists, and the decisions as they were made."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import InputError, OptionError
from passerby.core.plan import Decision, Plan
from passerby.core.tracks import Sightings
from passerby.plan.exchange.checks import as_boxes, check_count, check_frame, check_id, check_label
from passerby.plan.exchange.table import CHUNK, UNDECIDED, Table, planned
from passerby.plan.exchange.words import ORIGINS, number, origin_of, texts, whole

VERSION = 1
SIDES = ("x0", "y0", "x1", "y1")
COLUMNS = ("track", "label", "frame", "time", *SIDES, "score", "origin")


def write(plan: Plan, file: BinaryIO) -> None:
    """`plan` as one object."""
    media = plan.media
    head = {
        "passerby_rows": VERSION,
        "media": {
            "name": media.name,
            "sha256": media.sha256,
            "size": list(media.size),
            "frames": media.frames,
            "rate": str(media.rate) if media.rate else None,
        },
        "decisions": [_told(decision) for decision in plan.decisions],
    }
    file.write((json.dumps(head, indent=1)[:-2] + ',\n "columns": {\n').encode())
    rows = plan.rows()
    times = [f"{time:.6f}" for time in plan.seconds(np.arange(media.frames))]
    for name in COLUMNS:
        file.write(f'  "{name}": ['.encode())
        for start in range(0, len(rows), CHUNK):
            words = _words(name, rows[start : start + CHUNK], times)
            file.write(("," if start else "").encode() + ",".join(words).encode())
        file.write(b"],\n" if name != COLUMNS[-1] else b"]\n")
    file.write(b" }\n}\n")


def _words(column: str, rows: Sightings, times: Sequence[str]) -> list[str]:
    """A column of some rows as JSON values."""
    match column:
        case "track":
            return [str(track) for track in rows.tracks.tolist()]
        case "label":
            return [json.dumps(label) for label in rows.labels.tolist()]
        case "frame":
            return [str(frame) for frame in rows.frames.tolist()]
        case "time":
            return [times[frame] for frame in rows.frames.tolist()]
        case "origin":
            names = [json.dumps(name) for name in ORIGINS]
            return [names[origin] for origin in rows.origins.tolist()]
        case "score":
            return [text or "null" for text in texts(rows.scores)]
        case _:
            return texts(rows.boxes[:, SIDES.index(column)])


def _told(decision: Decision) -> dict[str, Any]:
    told = {
        "hide": decision.hide,
        "track": decision.track,
        "frames": decision.frames,
        "zone": decision.zone,
        "under": decision.under,
        "method": decision.method,
        "reason": decision.reason,
        "by": decision.by,
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def loaded(data: bytes) -> dict[str, Any]:
    """The object that JSON text holds.

    Raises:
        InputError: it is not JSON, or no object.
    """
    try:
        told = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:100]
        raise InputError(f"the file is not JSON: {reason}; check that it is complete") from error
    if not isinstance(told, dict):
        raise InputError("the file holds no JSON object; check that it is the right one")
    return told


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def read(data: bytes, plan: Plan) -> Plan:
    """`plan` with what the file says.

    Raises:
        InputError: it is not such a file, is about another medium, or says what cannot be.
    """
    told = loaded(data)
    version, columns = told.get("passerby_rows"), told.get("columns")
    if version != VERSION or not isinstance(columns, dict):
        raise InputError(
            f"the file holds no rows of a plan (passerby_rows {VERSION}); export it with format json again"
        )
    media = told.get("media")
    if isinstance(media, dict) and media.get("sha256", plan.media.sha256) != plan.media.sha256:
        name = str(media.get("name"))[:100]
        raise InputError(f"the file is about {name}, this plan about {plan.media.name}, and their bytes differ; "
                         "import it into the plan of its own medium")  # fmt: skip
    rows = _rows(columns, plan)
    table = Table(rows, (UNDECIDED,), np.zeros(len(rows), np.int64))
    decisions = told.get("decisions", [])
    if not isinstance(decisions, list):
        raise InputError("decisions are to be a list; check the file")
    return planned(plan, table, [_decision(one) for one in decisions])


def _rows(columns: dict[str, Any], plan: Plan) -> Sightings:
    length = len(columns["frame"]) if isinstance(columns.get("frame"), list) else 0
    columns = {"score": [None] * length, "origin": [""] * length, **columns}
    for name in COLUMNS:
        column = columns.get(name)
        if name != "time" and not (isinstance(column, list) and len(column) == length):
            raise InputError(f"column {name!r} is no list, or is not as long as 'frame'; check the file")
    check_count(length)
    labels, origins = columns["label"], columns["origin"]
    if not all(isinstance(text, str) for text in (*labels, *origins)):
        raise InputError("labels and origins are to be texts; check the file")
    for label in set(labels):
        check_label(label)
    known = {name: origin_of(name) for name in set(origins)}
    scores = [np.nan if score is None else number(score, "a score") for score in columns["score"]]
    return Sightings(
        _whole(columns["track"], "a track", check_id),
        _whole(columns["frame"], "a frame", lambda frame: check_frame(frame, plan)),
        as_boxes(np.array([[number(v, s) for v in columns[s]] for s in SIDES]).T.reshape(-1, 4)),
        np.array(scores, np.float32),
        np.array([known[name] for name in origins], np.uint8),
        np.array(labels, np.str_),
    )


def _whole(values: list[Any], what: str, check: Callable[[int], None]) -> NDArray[np.int64]:
    numbers = [whole(value, what) for value in values]
    if numbers:
        check(min(numbers))
        check(max(numbers))
    return np.array(numbers, np.int64)


def _decision(told: Any) -> Decision:
    """A decision from its fields."""
    names = Decision.__dataclass_fields__
    if not isinstance(told, dict) or not isinstance(told.get("hide"), bool) or not set(told) <= set(names):
        raise InputError(
            f"a decision needs 'hide', true or false, and may have {', '.join(names)}; got {str(told)[:100]}"
        )
    try:
        track, frames, zone, under = (told.get(name) for name in ("track", "frames", "zone", "under"))
        texts = {name: told[name] for name in ("method", "reason", "by") if told.get(name) is not None}
        if not all(isinstance(text, str) for text in texts.values()):
            raise TypeError
        if track is not None:
            check_id(whole(track, "a decision's track"))
        return Decision(
            told["hide"],
            track,
            None if frames is None else _span(*frames),
            None if zone is None else tuple(_corner(*corner) for corner in zone),
            None if under is None else number(under, "a size"),
            **texts,
        )
    except (TypeError, ValueError, OptionError) as error:
        reason = error if isinstance(error, OptionError) else str(told)[:100]
        raise InputError(f"a decision in the file makes no sense: {reason}; check it") from error


def _span(first: Any, end: Any) -> tuple[int, int]:
    return whole(first, "a decision's frame"), whole(end, "a decision's frame")


def _corner(x: Any, y: Any) -> tuple[float, float]:
    return number(x, "a corner of a zone"), number(y, "a corner of a zone")
