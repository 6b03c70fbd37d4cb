"""Whether plates can be read: exactly, by characters, by character error rate; in each frame and in a track's best one.

For plates that are to be hidden, reading is what must fail: exact and characters towards 0, CER towards 1. One frame
that is read gives the plate away, so the best frame of a track is what counts, and the mean over frames flatters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from passerby.evaluate.figures import Statistic, of_clips
from passerby.evaluate.statistics import Figure, mean


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of one picture of a plate."""

    text: str
    confidence: float
    """The reader's own, 0..1."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A reading held against the truth, both `plain`."""

    length: int
    """Characters of the truth."""
    right: int
    """Of these, how many the reading has in place: neither replaced nor left out."""
    edits: int
    """Characters to replace, leave out or put in to come from one to the other (Levenshtein 1966)."""

    @property
    def exact(self) -> bool:
        return self.edits == 0

    @property
    def characters(self) -> float:
        """Character accuracy, right / length, in [0, 1]. What was read beyond the truth costs nothing here."""
        return self.right / self.length

    @property
    def cer(self) -> float:
        """Character error rate, edits / length: 0 is exact; above 1 where more was made up than there is."""
        return self.edits / self.length


@dataclass(frozen=True, slots=True)
class PlateTrack:
    """One plate through a clip: its text, and what was read in every frame that shows it."""

    clip: str
    truth: str
    readings: tuple[Reading, ...]

    def __post_init__(self) -> None:
        if not plain(self.truth):
            raise ValueError(f"the plate in {self.clip} has no text ({self.truth!r}); leave out what nobody can read")


def plain(text: str) -> str:
    """Letters and digits alone, upper case: '51g-123.45' is '51G12345'. O and 0 stay two."""
    return "".join(letter for letter in text.upper() if letter.isalnum())


def agreement(truth: str, read: str) -> Agreement:
    """How far the reading `read` agrees with the `truth`.

    Of the shortest ways from one to the other that with the most characters right counts.

    Raises:
        ValueError: the truth has no letter or digit.
    """
    wanted, found = plain(truth), plain(read)
    if not wanted:
        raise ValueError(f"a plate without text cannot be read rightly or wrongly, got {truth!r}; leave it out")
    # (edits, -right) of the beginnings: the smallest is the shortest way, and among these the one with most right.
    row = [(place, 0) for place in range(len(found) + 1)]
    for count, letter in enumerate(wanted, 1):
        before, row = row, [(count, 0)]
        for place, other in enumerate(found):
            same = letter == other
            step = (before[place][0] + (not same), before[place][1] - same)
            row.append(min(step, _one_more(before[place + 1]), _one_more(row[place])))
    edits, right = row[-1]
    return Agreement(len(wanted), -right, edits)


def best(truth: str, readings: Sequence[Reading]) -> Agreement:
    """The best of a track's frames, by someone who knows the truth: the most that anybody can get of one frame.

    A track without a reading is one with nothing read.
    """
    all_of_them = [agreement(truth, reading.text) for reading in readings] or [agreement(truth, "")]
    return min(all_of_them, key=lambda one: (one.edits, -one.right))


def surest(truth: str, readings: Sequence[Reading]) -> Agreement:
    """The frame of which the reader is most confident, the first of several: what a stranger would take."""
    text = max(readings, key=lambda reading: reading.confidence).text if readings else ""
    return agreement(truth, text)


def figures(tracks: Sequence[PlateTrack], *, model: str = "") -> list[Figure]:
    """Exact, character accuracy and CER of all frames, of each track's best, and of its surest.

    Shares of characters are of all characters together. Intervals come from drawing tracks again.
    """
    frames = [
        (f"{place} {track.clip}", agreement(track.truth, reading.text))
        for place, track in enumerate(tracks)
        for reading in track.readings
    ]
    views: dict[str, list[tuple[str, Agreement]]] = {
        "each frame": frames,
        "a track's best frame": _chosen(tracks, best),
        "a track's surest frame": _chosen(tracks, surest),
    }
    return [figure for view, rows in views.items() for figure in _of(view, rows, model)]


def _chosen(
    tracks: Sequence[PlateTrack], choose: Callable[[str, Sequence[Reading]], Agreement]
) -> list[tuple[str, Agreement]]:
    return [(f"{place} {track.clip}", choose(track.truth, track.readings)) for place, track in enumerate(tracks)]


def _of(view: str, rows: list[tuple[str, Agreement]], model: str) -> list[Figure]:
    tracks = [track for track, _ in rows]
    exact = [float(one.exact) for _, one in rows]
    right, edits, length = (
        np.array([getattr(one, name) for _, one in rows], np.float64) for name in ("right", "edits", "length")
    )
    statistics: dict[str, Statistic] = {
        "characters read": lambda picked: float(right[picked].sum() / length[picked].sum()),
        "CER": lambda picked: float(edits[picked].sum() / length[picked].sum()),
    }
    protocol = f"{view}; letters and digits, upper case"
    missing = "there is no picture of a plate"
    return [
        mean(f"plates read exactly, {view}", exact, tracks, protocol=protocol, model=model, drawn="track"),
        *(
            of_clips(
                f"{name}, {view}",
                tracks,
                statistic,
                protocol=protocol,
                model=model,
                missing=missing,
                drawn="track",
            )
            for name, statistic in statistics.items()
        ),
    ]


def _one_more(step: tuple[int, int]) -> tuple[int, int]:
    return step[0] + 1, step[1]
