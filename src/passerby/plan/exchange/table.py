"""What every exchange format says: one row per track and frame, with what is decided on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import InputError
from passerby.core.plan import Decision, Plan
from passerby.core.runs import Runs
from passerby.core.tracks import Sightings, Track, masks_of
from passerby.plan.exchange.checks import as_boxes, check_count, check_frame, check_label

CHUNK = 100_000
"""Rows that are put into words at a time."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided on a box in a frame."""

    hide: bool = True
    method: str = ""
    """'' is the label's own."""
    reason: str = ""
    by: str = ""


UNDECIDED = Verdict()


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """All rows of a plan."""

    rows: Sightings
    verdicts: tuple[Verdict, ...]
    """All different ones that occur."""
    verdict: NDArray[np.int64]
    """(N,) index of each row's verdict."""

    def __len__(self) -> int:
        return len(self.rows)

    def chunks(self) -> Iterator[Table]:
        """The same in parts of bounded size."""
        for start in range(0, len(self), CHUNK):
            part = slice(start, start + CHUNK)
            yield Table(self.rows[part], self.verdicts, self.verdict[part])


def tabled(plan: Plan) -> Table:
    """The rows of `plan`, by track, then frame."""
    rows = plan.rows()
    verdicts = {UNDECIDED: 0}
    verdict = np.zeros(len(rows), np.int64)
    for decision in plan.decisions:
        said = Verdict(decision.hide, decision.method or "", decision.reason, decision.by)
        verdict[decision.applies(rows)] = verdicts.setdefault(said, len(verdicts))
    return Table(rows, tuple(verdicts), verdict)


def completed(plan: Plan, table: Table, told: NDArray[np.bool_]) -> Table:
    """`table` in the frames that its file is about, `told` (frames,), and what `plan` says in all others.

    Nobody is uncovered in frames of which the file does not speak.
    """
    if told.all():
        return table
    rest = tabled(plan)
    inside, outside = told[table.rows.frames], ~told[rest.rows.frames]
    verdicts = {said: place for place, said in enumerate(dict.fromkeys((*table.verdicts, *rest.verdicts)))}
    parts = [
        np.array([verdicts[said] for said in part.verdicts], np.int64)[part.verdict[rows]]
        for part, rows in ((table, inside), (rest, outside))
    ]
    rows = Sightings.concat([table.rows[inside], rest.rows[outside]])
    return Table(rows, tuple(verdicts), np.concatenate(parts))


def planned(plan: Plan, table: Table, decisions: Sequence[Decision]) -> Plan:
    """`plan` with the tracks of `table` and with `decisions`, which may have been made by `judged`.

    Raises:
        InputError: a row is not what it should be.
    """
    rows = table.rows[np.lexsort((table.rows.frames, table.rows.tracks))]
    _check(rows, plan)
    ids, starts = np.unique(rows.tracks, return_index=True)
    ends = np.append(starts, len(rows))[1:]
    tracks = tuple(Track.of(rows[a:b], int(id)) for id, a, b in zip(ids, starts, ends, strict=True))
    return replace(plan, tracks=tracks, decisions=tuple(decisions))


def judged(table: Table) -> list[Decision]:
    """Decisions that say of every row what `table` says: one for each run of rows of a track that are decided alike."""
    order = np.lexsort((table.rows.frames, table.rows.tracks))
    tracks, frames, verdict = table.rows.tracks[order], table.rows.frames[order], table.verdict[order]
    births = np.diff(tracks, prepend=-1) != 0
    starts = np.flatnonzero(births | (np.diff(verdict, prepend=-1) != 0))
    ends = np.append(starts, len(order))[1:]
    decisions = []
    for start, end in zip(starts, ends, strict=True):
        said = table.verdicts[verdict[start]]
        if said == UNDECIDED:
            continue
        whole = births[start] and (end == len(order) or births[end])
        span = None if whole else (int(frames[start]), int(frames[end - 1]) + 1)
        method = said.method or None if said.hide else None
        decisions.append(Decision(said.hide, int(tracks[start]), span, method=method, reason=said.reason, by=said.by))
    return decisions


def general(plan: Plan) -> list[Decision]:
    """What is decided on no track in particular: it holds whatever tracks there are."""
    return [decision for decision in plan.decisions if decision.track is None]


@dataclass(slots=True)
class Gathered:
    """Rows that were read so far, in columns of plain values."""

    tracks: list[int]
    """-1 where the file names none."""
    labels: list[str]
    frames: list[int]
    boxes: list[Sequence[float]]
    scores: list[float]
    origins: list[int]
    verdict: list[int]
    verdicts: dict[Verdict, int]
    masks: dict[int, Runs]
    """By row."""

    @staticmethod
    def empty() -> Gathered:
        return Gathered([], [], [], [], [], [], [], {UNDECIDED: 0}, {})

    def add(
        self, track: int, label: str, frame: int, box: Sequence[float], score: float, origin: int, said: Verdict
    ) -> None:
        """One row more.

        Raises:
            InputError: the label is none, or there are too many rows.
        """
        self.tracks.append(track)
        self.labels.append(label)
        self.frames.append(frame)
        self.boxes.append(box)
        self.scores.append(score)
        self.origins.append(origin)
        self.verdict.append(self.verdicts.setdefault(said, len(self.verdicts)))
        check_label(label)
        check_count(len(self.tracks))

    def mask(self, mask: Runs) -> None:
        """The pixels of the row that was added last."""
        self.masks[len(self.tracks) - 1] = mask

    def table(self) -> Table:
        """All rows read."""
        rows = Sightings(
            np.array(self.tracks, np.int64),
            np.array(self.frames, np.int64),
            as_boxes(np.array(self.boxes, np.float64).reshape(-1, 4)),
            np.array(self.scores, np.float32),
            np.array(self.origins, np.uint8),
            np.array(self.labels, np.str_),
            masks_of(len(self.tracks), self.masks),
        )
        return Table(rows, tuple(self.verdicts), np.array(self.verdict, np.int64))


def _check(rows: Sightings, plan: Plan) -> None:
    """Refuse rows, sorted by track, then frame, that no plan can hold."""
    frames = plan.media.frames
    same = np.diff(rows.tracks) == 0
    outside = np.flatnonzero((rows.frames < 0) | (rows.frames >= frames))
    turned = np.flatnonzero((rows.boxes[:, 2:] < rows.boxes[:, :2]).any(axis=1))
    scored = np.flatnonzero((rows.scores < 0) | (rows.scores > 1))
    twice = np.flatnonzero(same & (np.diff(rows.frames) == 0))
    renamed = np.flatnonzero(same & (rows.labels[1:] != rows.labels[:-1])) if len(rows) else twice
    if len(outside):
        check_frame(int(rows.frames[outside[0]]), plan)
    if len(turned):
        raise InputError(f"{_at(rows, turned[0])} has a box that ends before it begins; check the file")
    if len(scored):
        raise InputError(f"{_at(rows, scored[0])} has a score of {rows.scores[scored[0]]:g}; scores lie in 0..1")
    if len(twice):
        raise InputError(f"{_at(rows, twice[0])} has two boxes; give one of them another track number")
    if len(renamed):
        both = " and ".join(repr(str(label)) for label in rows.labels[renamed[0] : renamed[0] + 2])
        raise InputError(f"{_at(rows, renamed[0] + 1)} is called {both}; give a track one label")


def _at(rows: Sightings, row: np.intp) -> str:
    return f"track {rows.tracks[row]} in frame {rows.frames[row]}"
