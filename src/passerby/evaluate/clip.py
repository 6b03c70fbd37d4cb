"""A pair of files, and who is to be seen in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core.detections import Detections
from passerby.core.errors import InputError, NotMeasurable
from passerby.core.frame import Frame, MediaInfo
from passerby.core.plan import Media, Plan
from passerby.core.tracks import Origin, Sightings
from passerby.evaluate.findings import Medium
from passerby.evaluate.media_pair import Pair, enough
from passerby.evaluate.people import SURE, Appearances, appearances, joined, some
from passerby.evaluate.tracking import read_mot
from passerby.evaluate.watchers import Watchers
from passerby.leftovers.resemblance import Resemblance
from passerby.plan import exchange, store
from passerby.progress import Progress, Silent

MOT, PLAN = ".txt", ".plan"
"""Endings of truths; others are those that plans are exchanged as."""
UNLIKE = (
    "{}: whether it was made of this original: nothing in it looks as it did; either nearly all of it is hidden, "
    "or it is another film, beside which everybody seems to be hidden; compare the two, or give its plan with --plan"
)


@dataclass(frozen=True, slots=True, eq=False)
class Present:
    """Everyone of one label in a clip, and who says so."""

    people: Appearances
    said_by: str
    """'the truth', 'the plan' or a model."""
    scores: NDArray[np.float32] | None = None
    """(N,) of a model's finds; None where somebody told."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """What is known of a pair. Rows of frames count the frames that are looked at, from 0."""

    pair: Pair
    media: tuple[Medium, Medium]
    times_s: NDArray[np.float64]
    """(T,) of the frames that are looked at."""
    numbers: NDArray[np.int64]
    """(T, 2) of theirs in the original, rising, and in the anonymized file."""
    watchers: Watchers
    before: tuple[Detections, ...]
    """(T,) what `watchers` find in the original; empty where nobody looked."""
    after: tuple[Detections, ...]
    """(T,) and in the anonymized file."""
    plan: Plan | None = None
    truth: Sightings | None = None
    doubts: tuple[str, ...] = ()
    """Why the two may not belong together, one line each."""
    compared: tuple[str, ...] = ()
    """How the two were brought together where they differ in size or rate, and what follows from it, one line each."""
    skipped: int = 0
    """Frames of the anonymized file that have no partner in the original."""

    @property
    def name(self) -> str:
        return self.pair.name

    @property
    def count(self) -> int:
        """Frames that are looked at."""
        return len(self.times_s)

    def frames(self, progress: Progress | None = None) -> Iterator[tuple[Frame, Frame]]:
        """Both files' frames that are looked at, with news of how far it has come."""
        shown = progress or Silent()
        try:
            for place, frames in enumerate(self.pair.frames(), 1):
                yield frames
                shown.update(place, self.count)
        finally:
            shown.end()

    def independent(self, label: str) -> Present:
        """Everyone of `label`, as told by who did not hide: the truth, or else a detector.

        Raises:
            NotMeasurable: neither is there.
        """
        told = _of(self.truth, label)
        if told is not None:
            return Present(self._sampled(told), "the truth")
        if label not in self.watchers.models:
            why = "; ".join(self.watchers.missing) or "nobody was asked"
            raise NotMeasurable(f"no truth and no detector tells where {label}s are ({why})")
        rows = self._found(label)
        people = appearances(rows, self.count, self.pair.info.size)
        return Present(people, self.watchers.models[label], rows.scores)

    def known(self, label: str) -> Present:
        """Everyone of `label` with an identity: of the truth, else of the plan, else as a detector's finds follow.

        Raises:
            NotMeasurable: none of them is there.
        """
        planned = None if self.plan is None else _of(self.plan.rows(), label)
        if _of(self.truth, label) is None and planned is not None:
            return Present(self._sampled(planned), "the plan")
        return self.independent(label)

    def _sampled(self, rows: Sightings) -> Appearances:
        """Told rows of the frames that are looked at."""
        looked_at = self.numbers[:, 0]
        mine = rows[np.isin(rows.frames, looked_at)]
        places = np.searchsorted(looked_at, mine.frames)
        return appearances(replace(mine, frames=places), self.count, self.pair.info.size)

    def _found(self, label: str) -> Sightings:
        """What a detector finds in the original, frames rising."""
        finds = [found[found.labels == label] for found in self.before]
        frames = np.repeat(np.arange(self.count), [len(found) for found in finds])
        every = Detections.concat(finds)
        return Sightings(
            joined(frames, every.boxes),
            frames,
            every.boxes,
            every.scores,
            np.full(len(frames), Origin.DETECTED, np.uint8),
            every.labels,
        )


def _of(rows: Sightings | None, label: str) -> Sightings | None:
    """The rows of `label`; None where there is not one."""
    if rows is None or not (rows.labels == label).any():
        return None
    return rows[rows.labels == label]


def watched(
    pair: Pair,
    watchers: Watchers,
    *,
    plan: Plan | None = None,
    truth: Path | None = None,
    progress: Progress | None = None,
) -> Clip:
    """Read both files once, to the end, while the `watchers` look at every frame that counts.

    Raises:
        InputError: their frames do not go together, or the truth is not one of this clip.
        NotMeasurable: there is no frame.
    """
    if truth is not None:
        _check_truth(truth)
    detector, shown = watchers.detector(pair.info.size), progress or Silent()
    times: list[float] = []
    numbers: list[tuple[int, int]] = []
    before: list[Detections] = []
    after: list[Detections] = []
    resemblance = Resemblance()
    try:
        with pair.side_by_side() as pairing:
            for one, other in pair.chosen(pairing):
                resemblance.add(one, other)
                times.append(float(one.time))
                numbers.append((one.index, other.index))
                if detector is not None:
                    before += detector.detect([one])
                    after += detector.detect([other])
                shown.update(len(times), pair.expected)
    finally:
        shown.end()
    enough(len(times), pair.name)
    clip = Clip(
        pair,
        (_medium(pair, pair.info, pairing.counts[0]), _medium(pair, pair.anonymized.info, pairing.counts[1])),
        np.array(times),
        np.array(numbers),
        watchers,
        tuple(before),
        tuple(after),
        plan,
        # With a plan of the original there is no doubt.
        doubts=(UNLIKE.format(pair.name),) if plan is None and resemblance.none else (),
        compared=tuple(f"{pair.name}: {line}" for line in (*pair.fit.said(), *pairing.said())),
        skipped=pairing.counts[1] - pairing.pairs,
    )
    return clip if truth is None else replace(clip, truth=read_truth(truth, clip))


def _medium(pair: Pair, info: MediaInfo, frames: int) -> Medium:
    """One file of a pair that was read to the end."""
    return Medium(str(Path(pair.name).with_name(info.name)), info.sha256 or "", frames, info.size)


def _check_truth(path: Path) -> None:
    """Refuse at once what is no truth by its name: looking takes long.

    Raises:
        InputError: there is no such file.
        OptionError: its name tells no format.
    """
    if not path.is_file():
        raise InputError(f"there is no truth {path}; check the name")
    if path.suffix.lower() not in (MOT, PLAN):
        exchange.format_of(path)


def read_truth(path: Path, clip: Clip) -> Sightings:
    """Who is where, of a plan, a file that plans are exchanged as (.xml, .coco.json, .csv, .json), or MOT's .txt.

    Raises:
        InputError: it cannot be read, or is of another clip.
    """
    medium = clip.media[0]
    if path.suffix.lower() == MOT:
        rows = read_mot(path)
    elif path.suffix.lower() == PLAN:
        rows = store.load(path).rows()
    else:
        empty = Plan(_media(clip), ())
        try:
            rows = exchange.read(path.read_bytes(), empty, exchange.format_of(path)).rows()
        except InputError as error:
            raise InputError(f"{path.name} is no truth of {clip.name}: {error}") from error
    if len(rows) and rows.frames.max() >= medium.frames:
        raise InputError(
            f"{path.name} tells of frame {int(rows.frames.max())}, but {clip.name} has {medium.frames} frames; "
            "give the truth of this file"
        )
    return rows


def _media(clip: Clip) -> Media:
    info, medium = clip.pair.info, clip.media[0]
    return Media(
        name=info.name,
        sha256=medium.sha256,
        size=medium.size,
        frames=medium.frames,
        rate=info.rate,
        time_base=info.time_base,
    )


def chosen(people: Appearances, most: int, least: int = 1) -> tuple[Appearances, int]:
    """Those of `people` who are to be seen most often, `most` of them, and how many were left out.

    Who is to be seen in fewer than `least` frames counts neither way.
    """
    ids, counts = np.unique(people.people[people.sure], return_counts=True)
    ids, counts = ids[counts >= least], counts[counts >= least]
    kept = ids[np.argsort(-counts, kind="stable")[:most]]
    return some(people, np.flatnonzero(np.isin(people.people, kept))), len(ids) - len(kept)


def surely(found: Collection[Detections], label: str) -> list[Detections]:
    """Finds of one `label` with a score that makes them sure."""
    return [one[(one.labels == label) & (one.scores >= SURE)] for one in found]
