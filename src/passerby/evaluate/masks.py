"""How well a mask covers what a reference says: Dice, IoU, recall, precision, pixel accuracy, F1, boundary F.

All count pixels of one class, 'hidden'. A reference is no truth: see `CIRCULAR`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable
from passerby.evaluate.figures import Statistic, of_clips
from passerby.evaluate.statistics import Figure

Area = NDArray[np.bool_]
"""(H, W), the pixels that are hidden, or should be."""

CIRCULAR = "a reference that was prompted by our own boxes, as SAM is, cannot show what both of them miss"
NO_FRAME = "no frame has anything to cover in it"
TOLERANCE = 0.008
"""Of boundary F: the share of the frame's diagonal by which outlines may differ, as published."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Counts of pixels; of one frame, or of several added up."""

    shared: int
    ours: int
    reference: int
    pixels: int

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(
            self.shared + other.shared,
            self.ours + other.ours,
            self.reference + other.reference,
            self.pixels + other.pixels,
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is set in either: a frame that says nothing of how well things are covered."""
        return not self.ours and not self.reference


def overlap(ours: Area, reference: Area) -> Overlap:
    """The counts of a pair of masks.

    Raises:
        ValueError: they differ in shape, or are not of yes and no (pictures of 0..255 would be counted wrongly).
    """
    if ours.shape != reference.shape:
        raise ValueError(f"masks have shapes {ours.shape} and {reference.shape}; compare two of one frame")
    if ours.dtype != bool or reference.dtype != bool:
        raise ValueError(f"masks are {ours.dtype} and {reference.dtype}; wanted bool, so give `picture > 0`")
    shared = int(np.count_nonzero(ours & reference))
    return Overlap(shared, int(np.count_nonzero(ours)), int(np.count_nonzero(reference)), ours.size)


def dice(counts: Overlap) -> float | None:
    """2 |A∩B| / (|A| + |B|) (Dice 1945); None where both are empty. Of two classes it is F1, to the last bit."""
    return _share(2 * counts.shared, counts.ours + counts.reference)


def iou(counts: Overlap) -> float | None:
    """|A∩B| / |A∪B| (Jaccard 1912); None where both are empty. Dice / (2 - Dice), so never above Dice."""
    return _share(counts.shared, counts.ours + counts.reference - counts.shared)


def recall(counts: Overlap) -> float | None:
    """|A∩B| / |B|: how much of the reference is covered; None where there is none. Hiding all of the frame scores 1."""
    return _share(counts.shared, counts.reference)


def precision(counts: Overlap) -> float | None:
    """|A∩B| / |A|: how much of what is covered had to be; None where nothing is. Low for a tool that is careful."""
    return _share(counts.shared, counts.ours)


def pixel_accuracy(counts: Overlap) -> float | None:
    """(TP + TN) / all pixels. Where little is to be hidden, hiding nothing scores nearly 1: never read it alone."""
    return _share(counts.pixels - counts.ours - counts.reference + 2 * counts.shared, counts.pixels)


Metric = Callable[[Overlap], float | None]
METRICS: Mapping[str, Metric] = {
    "Dice": dice,
    "F1": dice,
    "IoU": iou,
    "recall": recall,
    "precision": precision,
    "pixel accuracy": pixel_accuracy,
}


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """The frames in which a metric has a value, and the two ways to average it over some of them."""

    metric: Metric
    kept: list[int]
    """Which frames these are."""
    values: NDArray[np.float64]
    """(N,)"""
    counts: NDArray[np.int64]
    """(N, 4) what `Overlap` holds."""

    @classmethod
    def of(cls, metric: Metric, frames: Iterable[Overlap]) -> _Counted:
        """Of `frames` those that are not empty in both, and in which the value is not 0/0."""
        rows = [
            (place, value, astuple(counts))
            for place, counts in enumerate(frames)
            if not counts.empty and (value := metric(counts)) is not None
        ]
        values = np.array([value for _, value, _ in rows], np.float64)
        counted = np.array([counts for _, _, counts in rows], np.int64).reshape(-1, 4)
        return cls(metric, [place for place, _, _ in rows], values, counted)

    def macro(self, rows: NDArray[np.intp]) -> float:
        return float(self.values[rows].mean())

    def micro(self, rows: NDArray[np.intp]) -> float:
        return self.metric(Overlap(*self.counts[rows].sum(axis=0).tolist())) or 0.0

    def every(self) -> NDArray[np.intp]:
        """Every row.

        Raises:
            NotMeasurable: there is none.
        """
        if not self.kept:
            raise NotMeasurable(f"{NO_FRAME}; give a reference with something in it")
        return np.arange(len(self.kept))


def macro(metric: Metric, frames: Iterable[Overlap]) -> float:
    """The mean of the frames' values: every frame counts the same, however small its faces.

    Frames in which both masks are empty, or the value is 0/0, do not count.

    Raises:
        NotMeasurable: none is left.
    """
    counted = _Counted.of(metric, frames)
    return counted.macro(counted.every())


def micro(metric: Metric, frames: Iterable[Overlap]) -> float:
    """The value of all frames' pixels together: large faces rule. Frames with both masks empty do not count.

    Raises:
        NotMeasurable: nothing is left.
    """
    counted = _Counted.of(metric, frames)
    return counted.micro(counted.every())


def boundary_f(ours: Area, reference: Area, tolerance: float = TOLERANCE) -> float:
    """The F-measure of outlines, in [0, 1]; 1 where both are empty, 0 where one is.

    2PR / (P + R), P the share of our outline within a disk of `tolerance` times the diagonal (rounded up) of the other
    outline, and R the other way round: Perazzi et al., "A benchmark dataset and evaluation methodology for video object
    segmentation", 2016, by dilation instead of matching one to one. An outline is where a pixel differs from the one on
    its right, below, or both. A mask of the whole frame has none.
    """
    edges, wanted = _outline(ours), _outline(reference)
    if not edges.any() and not wanted.any():
        return 1.0
    radius = math.ceil(tolerance * math.hypot(*ours.shape)) if tolerance < 1 else int(tolerance)
    hits = np.count_nonzero(edges & _grown(wanted, radius)), np.count_nonzero(wanted & _grown(edges, radius))
    if not all(hits):
        return 0.0
    share, found = hits[0] / np.count_nonzero(edges), hits[1] / np.count_nonzero(wanted)
    return float(2 * share * found / (share + found))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _outline(area: Area) -> Area:
    padded = np.pad(area, ((0, 1), (0, 1)), mode="edge")
    right, below, across = padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    return np.asarray((area ^ right) | (area ^ below) | (area ^ across), np.bool_)


def _grown(area: Area, radius: int) -> Area:
    steps = np.arange(-radius, radius + 1)
    disk = (steps[:, None] ** 2 + steps**2 <= radius**2).astype(np.uint8)
    return np.asarray(cv2.dilate(area.astype(np.uint8), disk, borderValue=0), np.bool_)


# In a report


@dataclass(frozen=True, slots=True)
class MaskedFrame:
    """One frame's comparison and what it counts under."""

    sequence: str
    frame: int
    counts: Overlap
    boundary: float
    environment: str = ""
    """'Lab', 'Hallway', …; '' where nobody said."""
    faces: int | None = None


def figures(rows: Sequence[MaskedFrame], cautions: tuple[str, ...] = (CIRCULAR,)) -> list[Figure]:
    """Every metric over all `rows`, per environment and per number of faces; macro under its plain name, and micro.

    Frames with both masks empty are left out and counted in a note. Intervals come from drawing sequences again.
    """
    return [figure for ending, group in _groups(rows) for figure in _of(ending, group, cautions)]


def _groups(rows: Sequence[MaskedFrame]) -> Iterator[tuple[str, list[MaskedFrame]]]:
    yield "", list(rows)
    for name in sorted({row.environment for row in rows} - {""}):
        yield f", {name}", [row for row in rows if row.environment == name]
    for faces in sorted({row.faces for row in rows if row.faces is not None}):
        yield f", {faces} face{'' if faces == 1 else 's'}", [row for row in rows if row.faces == faces]


def _of(ending: str, rows: list[MaskedFrame], cautions: tuple[str, ...]) -> Iterator[Figure]:
    counted = [row for row in rows if not row.counts.empty]
    empty = len(rows) - len(counted)
    left_out = (f"{empty} of {len(rows)} frames left out: empty in both",) if empty else ()
    notes = (*cautions, *left_out)
    for name, metric in METRICS.items():
        yield from _averaged(name, ending, counted, metric, notes)
    outlines = np.array([row.boundary for row in counted])
    yield of_clips(
        f"boundary F{ending}",
        [row.sequence for row in counted],
        lambda picked: float(outlines[picked].mean()),
        protocol=f"mean of the frames, tolerance {TOLERANCE} of the diagonal",
        notes=notes,
        missing=NO_FRAME,
    )


def _averaged(
    name: str, ending: str, rows: list[MaskedFrame], metric: Metric, notes: tuple[str, ...]
) -> Iterator[Figure]:
    """`macro` and `micro` of some frames, none of them empty in both."""
    counted = _Counted.of(metric, [row.counts for row in rows])
    undefined = len(rows) - len(counted.kept)
    skipped = (f"{undefined} frames left out: nothing to divide by",) if undefined else ()
    averages: dict[str, tuple[str, Statistic]] = {
        "": ("mean of the frames", counted.macro),
        ", micro": ("all pixels together", counted.micro),
    }
    for kind, (protocol, statistic) in averages.items():
        yield of_clips(
            f"{name}{kind}{ending}",
            [rows[place].sequence for place in counted.kept],
            statistic,
            protocol=protocol,
            notes=(*notes, *skipped),
            missing=NO_FRAME,
        )
