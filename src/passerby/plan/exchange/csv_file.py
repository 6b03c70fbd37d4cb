"""Plans as CSV: one line per track and frame, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import InputError
from passerby.core.plan import Plan
from passerby.core.tracks import Sightings
from passerby.plan.exchange.checks import as_boxes, check_count, check_frame, check_id, check_label
from passerby.plan.exchange.table import CHUNK, Table, Verdict, general, judged, planned, tabled
from passerby.plan.exchange.words import ORIGINS, number, origin_of, texts, truth, whole

NEEDED = ("track", "label", "frame", "x0", "y0", "x1", "y1")
COLUMNS = (*NEEDED[:3], "time", *NEEDED[3:], "score", "origin", "hide", "method", "reason", "by")


def write(plan: Plan, file: BinaryIO) -> None:
    """`plan` as UTF-8 text with a header line."""
    file.write((",".join(COLUMNS) + "\n").encode())
    table = tabled(plan)
    times = np.array([f"{time:.6f}" for time in plan.seconds(np.arange(plan.media.frames))], object)
    names = np.array(list(ORIGINS), object)
    said = np.array([_line("true" if v.hide else "false", v.method, v.reason, v.by) for v in table.verdicts], object)
    for part in table.chunks():
        rows = part.rows
        labels, places = np.unique(rows.labels, return_inverse=True)
        columns = (
            map(str, rows.tracks.tolist()),
            np.array([_line(str(label)) for label in labels], object)[places],
            map(str, rows.frames.tolist()),
            times[rows.frames],
            *(texts(side) for side in rows.boxes.T),
            texts(rows.scores),
            names[rows.origins],
            said[part.verdict],
        )
        lines = map(",".join, zip(*columns, strict=True))
        file.write(("\n".join(lines) + "\n").encode(errors="replace"))


def _line(*fields: str) -> str:
    """Texts as fields of a line, quoted where they have to be."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(fields)  # by these it knows which fields need quotes
    return buffer.getvalue().removesuffix("\r\n")


def read(data: bytes, plan: Plan) -> Plan:
    """`plan` with what the file says.

    Raises:
        InputError: it is not such a file, or says what cannot be.
    """
    try:
        lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = [name.strip() for name in next(lines, [])]
        _check_header(header)
        verdicts: dict[Verdict, int] = {Verdict(): 0}
        parts = [_rows(plan, _columns(header, part, before), verdicts) for before, part in _parts(lines)]
    except UnicodeDecodeError as error:
        raise InputError("the file is not UTF-8 text; save it as CSV UTF-8") from error
    except csv.Error as error:
        raise InputError(f"the file is not CSV as it should be: {error}; check its quotes") from error
    rows = Sightings.concat([rows for rows, _ in parts])
    verdict = np.concatenate([said for _, said in parts]) if parts else np.empty(0, np.int64)
    table = Table(rows, tuple(verdicts), verdict)
    return planned(plan, table, judged(table) if "hide" in header else general(plan))


def _check_header(header: list[str]) -> None:
    missing = [name for name in NEEDED if name not in header]
    strange = [name for name in header if name not in COLUMNS]
    if missing or strange or len(set(header)) < len(header):
        came = ",".join(header)[:100]
        raise InputError(
            f"the first line is {came!r}; it has to name {','.join(NEEDED)} and may name others of "
            f"{','.join(COLUMNS)}, each once and with commas between"
        )


def _parts(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[list[str]]]]:
    """Some lines at a time, without empty ones, and how many came before them."""
    count = 0
    while part := list(islice(lines, CHUNK)):
        filled = [line for line in part if line]
        check_count(count + len(filled))
        if filled:
            yield count, filled
        count += len(filled)


def _columns(header: list[str], lines: list[list[str]], before: int) -> dict[str, tuple[str, ...]]:
    """Some lines as columns by name; those that the file does not have are empty."""
    for place, line in enumerate(lines):
        if len(line) != len(header):
            at = f"row {before + place + 1} has {len(line)} fields"
            raise InputError(f"{at}, but the first line names {len(header)}; check its commas and quotes")
    blank = dict.fromkeys(COLUMNS, ("",) * len(lines))
    return blank | dict(zip(header, zip(*lines, strict=True), strict=True))


def _rows(
    plan: Plan, columns: dict[str, tuple[str, ...]], verdicts: dict[Verdict, int]
) -> tuple[Sightings, NDArray[np.int64]]:
    """Columns of text as rows, and the index of each one's verdict, which is added to `verdicts` if it is new."""
    for label in set(columns["label"]):
        check_label(label)
    tracks, frames = _whole(columns["track"], "a track"), _whole(columns["frame"], "a frame")
    for extreme in (min, max):
        check_id(extreme(tracks))
        check_frame(extreme(frames), plan)
    sides = [_numbers(columns[name], name) for name in ("x0", "y0", "x1", "y1")]
    scores = np.full(len(tracks), np.nan, np.float32)
    measured = np.array([text != "" for text in columns["score"]])
    scores[measured] = _numbers(tuple(filter(None, columns["score"])), "a score")
    origins = {name: origin_of(name) for name in set(columns["origin"])}
    said = list(zip(*(columns[name] for name in ("hide", "method", "reason", "by")), strict=True))
    places = {fields: _place(fields, verdicts) for fields in dict.fromkeys(said)}
    rows = Sightings(
        np.array(tracks, np.int64),
        np.array(frames, np.int64),
        as_boxes(np.stack(sides, axis=1)),
        scores,
        np.array([origins[name] for name in columns["origin"]], np.uint8),
        np.array(columns["label"], np.str_),
    )
    return rows, np.array([places[fields] for fields in said], np.int64)


def _whole(column: tuple[str, ...], what: str) -> list[int]:
    """Texts as whole numbers: all at once, and one by one only to name the one that is none."""
    try:
        return list(map(int, column))
    except ValueError:
        return [whole(text, what) for text in column]


def _numbers(column: tuple[str, ...], what: str) -> NDArray[np.float64]:
    """Texts as finite numbers, in the same way."""
    with suppress(ValueError):
        values = np.array(list(map(float, column)), np.float64)
        if np.isfinite(values).all():
            return values
    return np.array([number(text, what) for text in column], np.float64)


def _place(fields: tuple[str, ...], verdicts: dict[Verdict, int]) -> int:
    hide, method, reason, by = fields
    said = Verdict(not hide or truth(hide), method, reason, by)
    return verdicts.setdefault(said, len(verdicts))
