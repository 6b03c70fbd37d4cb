"""Re-identification: is somebody who was anonymized found again among the originals?

Queries are crops of the anonymized video, the gallery are crops of the original. A low Rank-1 is privacy only where the
originals themselves are found, and where it is near chance: each comes beside the others, and with an interval.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable
from passerby.evaluate import ranking, statistics
from passerby.evaluate.embedders import CropEmbedder
from passerby.evaluate.market import Labelled
from passerby.evaluate.pairs import Embedded
from passerby.evaluate.ranking import Ranking
from passerby.evaluate.statistics import Figure

GAP_FRAMES = 25
"""How far apart in time two crops of somebody are that have to be recognized, not just found again."""
RANKS = (1, 5, 10)


class Mode(Enum):
    """What a query is looked up in."""

    SAME_FRAME = "same-frame"
    """The people of its own frame, in the original: background and posture help. Frames of one person are left out."""
    CROSS_TIME = "cross-time"
    """Everybody in all of the original, but for the same person less than a gap away in time."""
    TRACK = "track"
    """Tracks as wholes: the mean of an anonymized one's later half, in those of the earlier halves of originals."""
    DATA_SET = "data set"
    """A folder of queries in a folder of others, by the rule of Market-1501."""


class Level(Enum):
    """A word for a Rank-1, by its upper bound; says nothing without chance and the originals' own Rank-1."""

    EXCELLENT = 0.10
    """Under 10 %."""
    GOOD = 0.25
    """From 10 to under 25 %."""
    MODERATE = 0.50
    """From 25 up to 50 %."""
    POOR = 1.0
    """Above 50 %."""


def level(rank_1: float) -> Level:
    """The word for a Rank-1 in [0, 1]."""
    if rank_1 < Level.EXCELLENT.value:
        return Level.EXCELLENT
    if rank_1 < Level.GOOD.value:
        return Level.GOOD
    return Level.MODERATE if rank_1 <= Level.MODERATE.value else Level.POOR


@dataclass(frozen=True, slots=True, eq=False)
class Reidentification:
    """How anonymized people are found among the originals, and how originals are."""

    mode: Mode
    of: str
    """What was cut out: 'face' or 'body'."""
    model: str
    anonymized: Ranking
    originals: Ranking
    """The same queries, of the original video; the gallery in itself, where it is a data set, perhaps of nobody."""

    @property
    def level(self) -> Level:
        return level(float(self.anonymized.cmc(1)[0]))

    @property
    def chance(self) -> float:
        """The Rank-1 of guessing: 1 / gallery with one entry each."""
        return self.anonymized.chance()

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known to read the level, each one line."""
        own = float(self.originals.cmc(1)[0]) if len(self.originals.first) else None
        people = len(np.unique(self.anonymized.identities))
        known = "not known" if own is None else f"{own:.1%}"
        notes = [f"chance is {self.chance:.1%}, the originals' own Rank-1 {known}, of {people} people"]
        if self.chance >= Level.EXCELLENT.value:
            notes.append("with so few people guessing alone is right often: compare with chance, not with the level")
        if own is None:
            notes.append("no original has a true match among the others: whether the model recognizes anybody is open")
        elif own < 0.5:
            notes.append("the model hardly recognizes the originals: a low Rank-1 says nothing about privacy")
        if self.anonymized.degenerate.any():
            ties = int(self.anonymized.degenerate.sum())
            notes.append(f"degenerate: in {ties} queries all entries are equally far, which counts as found")
        if self.anonymized.skipped:
            notes.append(f"{self.anonymized.skipped} queries have nobody to be told from, or no true match; left out")
        return tuple(notes)

    def figures(self) -> tuple[Figure, ...]:
        """Rank-1/5/10, mAP and mINP of anonymized queries and of originals, with intervals by identity, and chance.

        The level is the first note of the anonymized Rank-1.
        """
        protocol = f"re-identification, {self.of}, {self.mode.value}"
        answer = []
        for side, ranks in (("anonymized", self.anonymized), ("originals", self.originals)):
            columns = {f"Rank-{k}": (ranks.first <= k).astype(np.float64) for k in RANKS}
            columns |= {"mAP": ranks.precision, "mINP": ranks.inverse_penalty}
            answer += [
                statistics.mean(f"{name}, {side}", values, ranks.identities, protocol=protocol, model=self.model)
                for name, values in columns.items()
            ]
        answer[0] = replace(answer[0], notes=(f"level {self.level.name}", *self.notes, *answer[0].notes))
        n = len(self.anonymized.first)
        answer.append(Figure(name="Rank-1, chance", value=self.chance, n=n, protocol=protocol))
        return tuple(answer)


def evaluate(people: Embedded, mode: Mode, of: str, *, gap_frames: int = GAP_FRAMES) -> Reidentification:
    """Look every anonymized crop, and every original one, up among the originals. `of` is 'face' or 'body'.

    In `Mode.SAME_FRAME` an original finds itself, at distance 0: its Rank-1 is 1 for any model that tells crops apart,
    and only says that nothing is broken. In the other modes it is what the model can do.
    For `Mode.DATA_SET` there is `compare`.

    Raises:
        NotMeasurable: no query has a true match and somebody else in its gallery: one person alone, a clip shorter than
            the gap, or no frame that shows two people.
    """
    if mode is Mode.DATA_SET:
        raise ValueError("a data set has two folders of crops; look one up in the other with `compare`")
    if mode is Mode.TRACK:
        return _by_track(people, of)
    other_frame = people.frames[:, None] != people.frames[None]
    ignored = other_frame if mode is Mode.SAME_FRAME else people.too_near(gap_frames)
    if not (~ignored & people.same).any():
        raise NotMeasurable(f"nobody is to be seen twice, {gap_frames} frames apart or more; give a longer clip")
    return _looked_up(people, mode, of, ignored, people.originals)


def _by_track(people: Embedded, of: str) -> Reidentification:
    """`Mode.TRACK`: everyone who is there twice or more, as the means of two halves."""
    before, after, anonymized = [], [], []
    ids, counts = np.unique(people.identities, return_counts=True)
    twice = ids[counts > 1]
    originals, changed = ranking.unit(people.originals), ranking.unit(people.anonymized)
    for person in twice:
        rows = np.flatnonzero(people.identities == person)
        rows = rows[np.argsort(people.frames[rows], kind="stable")]
        early, late = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        before.append(originals[early].mean(axis=0))
        after.append(originals[late].mean(axis=0))
        anonymized.append(changed[late].mean(axis=0))
    if len(twice) < 2:
        raise NotMeasurable("nobody but one at most is seen twice or more; tracks are told apart from two people on")
    tracks = Embedded(twice, np.zeros(len(twice), np.int64), np.array(after), np.array(anonymized), people.model)
    ignored = np.zeros((len(twice), len(twice)), bool)
    return _looked_up(tracks, Mode.TRACK, of, ignored, np.array(before))


def _looked_up(
    people: Embedded, mode: Mode, of: str, ignored: NDArray[np.bool_], gallery: NDArray[np.floating]
) -> Reidentification:
    """Both sides of `people` in a `gallery` (N, D) of the same identities, without the `ignored` pairs (N, N)."""
    whose = people.identities
    rivals = (~ignored & (whose[:, None] != whose[None])).any(axis=1)
    # Who can be taken for nobody else is found for sure, and says nothing.
    left_out = ignored | ~rivals[:, None]
    if not rivals.any():
        raise NotMeasurable("nobody is to be seen beside somebody else, so nobody can be taken for another")
    anonymized, originals = (
        ranking.rank(ranking.cosine(rows, gallery), whose, whose, left_out)
        for rows in (people.anonymized, people.originals)
    )
    return Reidentification(mode, of, people.model, anonymized, originals)


def compare(queries: Labelled, gallery: Labelled, embedder: CropEmbedder, of: str) -> Reidentification:
    """Look the crops of one data set up in another, leaving out those of the same identity and camera.

    Distractors (identity 0) are looked at and looked up by nobody. What the model can do is shown by the gallery in
    itself, by the same rule; where that leaves nobody, the figures of the originals are missing.

    Raises:
        NotMeasurable: no query has a true match: where both folders are of one camera, the rule leaves out all.
    """
    wanted = queries.identities > 0
    if not wanted.any():
        raise NotMeasurable("all queries are distractors; give crops of people who are in the gallery")
    entries = embedder.embed(gallery.crops)
    rows = embedder.embed([crop for crop, is_wanted in zip(queries.crops, wanted, strict=True) if is_wanted])
    ids, cameras = queries.identities[wanted], queries.cameras[wanted]
    left_out = ranking.junk(ids, gallery.identities, cameras, gallery.cameras)
    anonymized = ranking.rank(ranking.cosine(rows, entries), ids, gallery.identities, left_out)
    return Reidentification(Mode.DATA_SET, of, embedder.model, anonymized, _in_itself(gallery, entries))


def _in_itself(gallery: Labelled, entries: NDArray[np.floating]) -> Ranking:
    """The crops of `gallery`, whose embeddings are `entries` (N, D), looked up among those of other cameras."""
    known = gallery.identities > 0
    ids = gallery.identities[known]
    left_out = ranking.junk(ids, gallery.identities, gallery.cameras[known], gallery.cameras)
    if not (~left_out & (ids[:, None] == gallery.identities[None])).any():
        return ranking.nobody(len(ids))
    return ranking.rank(ranking.cosine(entries[known], entries), ids, gallery.identities, left_out)
