"""Tracks against the true ones: MOTA, IDF1 and HOTA, as the MOT challenge counts them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.errors import InputError, NotMeasurable
from passerby.core.tracks import Origin, Sightings
from passerby.evaluate.assignment import heaviest
from passerby.evaluate.statistics import Figure

SAME = 0.5
"""IoU from which two boxes show the same, for MOTA and IDF1."""
ALPHAS = np.arange(0.05, 0.99, 0.05)
"""The IoUs over which HOTA is averaged, 0.05 to 0.95."""
_LEAST = float(np.finfo(np.float64).eps)
_AS_BEFORE = 1000.0
"""More than overlaps can add up to: a pair that goes on outweighs every better fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Tracking:
    """What was counted."""

    matched: int
    """Boxes that show somebody true, one to one within each frame."""
    missed: int
    false: int
    switches: int
    """IDSW: how often a true track's match is another track than at its last match, however long ago."""
    known: int
    """IDTP: boxes that agree under the one best pairing of whole tracks with whole true tracks."""
    detection: NDArray[np.float64]
    """(19,) DetA at every one of `ALPHAS`."""
    association: NDArray[np.float64]
    """(19,) AssA at every one of `ALPHAS`."""

    @property
    def mota(self) -> float:
        """1 - (missed + false + switches) / true boxes (Bernardin and Stiefelhagen 2008); may be below 0."""
        return 1 - (self.missed + self.false + self.switches) / (self.matched + self.missed)

    @property
    def idf1(self) -> float:
        """2 IDTP / (true boxes + found boxes) (Ristani et al. 2016)."""
        return 2 * self.known / (2 * self.matched + self.missed + self.false)

    @property
    def hota(self) -> float:
        """The mean over `ALPHAS` of √(DetA · AssA) (Luiten et al. 2021)."""
        return float(np.sqrt(self.detection * self.association).mean())

    def figures(self) -> tuple[Figure, ...]:
        """All of them, for a report. They have no interval: false boxes belong to nobody who could be drawn again."""
        n, protocol = self.matched + self.missed, f"MOT, IoU {SAME} (HOTA: 0.05 to 0.95)"
        values = {"MOTA": self.mota, "IDF1": self.idf1, "HOTA": self.hota, "IDSW": float(self.switches)}
        return tuple(Figure(name=name, value=value, n=n, protocol=protocol) for name, value in values.items())


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """One frame in which both are: row i of `overlap` is `true[i]`, column j is `found[j]`."""

    true: NDArray[np.intp]
    found: NDArray[np.intp]
    """Tracks by their place among all, from 0."""
    overlap: NDArray[np.float64]


def compare(truth: Sightings, found: Sightings) -> Tracking:
    """Count what of `found` agrees with `truth`. Labels and scores are not looked at: choose the rows beforehand.

    Frames are matched for MOTA by going on as in the frame before wherever that is possible (IoU of `SAME` and more),
    and else so that most overlap; for IDF1 and HOTA tracks are weighed as wholes. As TrackEval does it.

    Raises:
        InputError: a track has two boxes in one frame.
        NotMeasurable: the truth is empty, and nothing could be missed.
    """
    if not len(truth):
        raise NotMeasurable("there are no true tracks to compare with; give the truth of a clip that shows somebody")
    true_ids, true_rows = np.unique(truth.tracks, return_inverse=True)
    found_ids, found_rows = np.unique(found.tracks, return_inverse=True)
    _once(truth, "the truth")
    _once(found, "what was found")
    moments = []
    for frame in np.intersect1d(truth.frames, found.frames):
        mine, theirs = np.flatnonzero(truth.frames == frame), np.flatnonzero(found.frames == frame)
        overlap = bx.iou(truth.boxes[mine], found.boxes[theirs]).astype(np.float64)
        moments.append(_Moment(true_rows[mine], found_rows[theirs], overlap))
    lengths = np.bincount(true_rows), np.bincount(found_rows, minlength=len(found_ids))
    matched, switches = _clear(moments, len(true_ids))
    detection, association = _hota(moments, *lengths)
    return Tracking(
        matched,
        len(truth) - matched,
        len(found) - matched,
        switches,
        known(_together(moments, len(true_ids), len(found_ids))),
        detection,
        association,
    )


def known(together: NDArray[np.int64]) -> int:
    """IDTP: the boxes that agree when every true track goes with one track at most, chosen for the most boxes.

    `together` (true tracks, tracks) counts in how many frames each pair overlaps enough.
    """
    rows, columns = heaviest(together)
    return int(together[rows, columns].sum())


def _once(rows: Sightings, whose: str) -> None:
    pairs, counts = np.unique(np.stack([rows.tracks, rows.frames], axis=1), axis=0, return_counts=True)
    if (counts > 1).any():
        track, frame = pairs[int(np.argmax(counts > 1))]
        raise InputError(f"{whose} has two boxes of track {track} in frame {frame}; merge them into one")


def _clear(moments: list[_Moment], count: int) -> tuple[int, int]:
    """(matched, switches) as MOTA counts them, for `count` true tracks."""
    ever, before = np.full(count, -1), np.full(count, -1)
    matched = switches = 0
    for moment in moments:
        goes_on = moment.found[None] == before[moment.true][:, None]
        weights = np.where(moment.overlap >= SAME - _LEAST, moment.overlap + _AS_BEFORE * goes_on, 0)
        rows, columns = heaviest(weights)
        real = weights[rows, columns] > 0
        true, found = moment.true[rows[real]], moment.found[columns[real]]
        switches += int(((ever[true] >= 0) & (ever[true] != found)).sum())
        matched += len(true)
        before[:] = -1
        ever[true] = before[true] = found
    return matched, switches


def _together(moments: list[_Moment], true: int, found: int) -> NDArray[np.int64]:
    """In how many frames each pair of tracks shows the same, (true, found)."""
    counts = np.zeros((true, found), np.int64)
    for moment in moments:
        counts[moment.true[:, None], moment.found[None]] += moment.overlap >= SAME
    return counts


def _hota(
    moments: list[_Moment], true_lengths: NDArray[np.int64], found_lengths: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(DetA, AssA) at every one of `ALPHAS`, for tracks of so many boxes."""
    either = true_lengths[:, None] + found_lengths[None]
    shared = np.zeros(either.shape)
    for moment in moments:
        overlap = moment.overlap
        union = overlap.sum(axis=0)[None] + overlap.sum(axis=1)[:, None] - overlap
        share = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > _LEAST)
        shared[moment.true[:, None], moment.found[None]] += share
    alignment = shared / (either - shared)
    agreeing = np.zeros((len(ALPHAS), *either.shape))
    for moment in moments:
        rows, columns = heaviest(alignment[moment.true[:, None], moment.found[None]] * moment.overlap)
        good = moment.overlap[rows, columns][None] >= ALPHAS[:, None] - _LEAST
        agreeing[:, moment.true[rows], moment.found[columns]] += good
    hits = agreeing.sum(axis=(1, 2))
    detection = hits / (true_lengths.sum() + found_lengths.sum() - hits)
    association = (agreeing * agreeing / (either[None] - agreeing)).sum(axis=(1, 2)) / np.maximum(hits, 1)
    return detection, association


def read_mot(path: Path) -> Sightings:
    """The rows of a file in MOT format: frame, id, left, top, width, height, confidence, class, visibility.

    Frames and pixels are counted from 1 there and from 0 here. In truths of MOT16 and later, rows of confidence 0 are
    not to be counted, nor classes but 1 (a pedestrian): both are left out. Files of trackers end with -1, -1, -1.

    Raises:
        InputError: it cannot be read, or a row is not one.
    """
    rows = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for number, cells in enumerate(csv.reader(file), 1):
                if cells:
                    rows.append(_mot_row(cells, path, number))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the tracks of {path}: {error}; give a text file in MOT format") from error
    table = np.array([row for row in rows if row[6] != 0 and row[7] in (1, -1)], np.float64).reshape(-1, 8)
    boxes = np.concatenate([table[:, 2:4] - 1, table[:, 2:4] - 1 + table[:, 4:6]], axis=1).astype(np.float32)
    return Sightings(
        table[:, 1].astype(np.int64),
        table[:, 0].astype(np.int64) - 1,
        boxes,
        np.where(table[:, 6] < 0, np.nan, np.clip(table[:, 6], 0, 1)).astype(np.float32),
        np.full(len(table), Origin.DETECTED, np.uint8),
        np.full(len(table), "person"),
    )


def _mot_row(cells: list[str], path: Path, number: int) -> list[float]:
    """The first eight numbers of a row; what a short one lacks is -1."""
    try:
        row = [float(cell) for cell in cells[:8]]
    except ValueError:
        row = []
    if len(row) < 6 or not np.isfinite(row).all() or row[0] < 1 or row[4] < 0 or row[5] < 0:
        wanted = "frame from 1, id, left, top, width, height, confidence, class"
        raise InputError(f"line {number} of {path} is {','.join(cells)[:60]!r}, wanted {wanted}")
    return row + [-1.0] * (8 - len(row))
