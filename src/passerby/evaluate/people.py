"""Everyone who is to be seen in a clip, and which boxes of different frames are of the same one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.errors import NotMeasurable
from passerby.core.frame import Frame
from passerby.core.stages import Detector
from passerby.core.tracks import Sightings

SURE = 0.5
"""Score from which a find is one; below, it may be."""
LINK_IOU = 0.3
LINK_GAP = 3
"""Frames after which one who is found again is taken for somebody else."""


@dataclass(frozen=True, slots=True, eq=False)
class Appearances:
    """Everyone (or every face, or plate) in a clip; row i of every array is one of them in one frame, frames rising."""

    count: int
    """Frames in the clip."""
    size: tuple[int, int]
    """(width, height) of the upright picture."""
    frames: NDArray[np.int64]
    people: NDArray[np.int64]
    """(N,) who it is."""
    boxes: bx.Boxes
    """(N, 4) in pixels of the upright frame, cut to it."""
    sure: NDArray[np.bool_]
    """(N,) false where it counts neither as hidden nor as leaked."""


def appearances(rows: Sightings, count: int, size: tuple[int, int]) -> Appearances:
    """What is told by the rows of a plan or a truth: its tracks are the people. Scores under `SURE` make unsure ones.

    `count` frames and `size` (width, height) are those of the clip; boxes are cut to it, and of what lies outside of it
    nobody can be sure.
    """
    ordered = rows[np.argsort(rows.frames, kind="stable")]
    boxes = bx.clip(ordered.boxes, size)
    sides = np.rint(boxes[:, 2:]) - np.rint(boxes[:, :2])
    # What has no score was not found by a detector, but told.
    sure = ~(ordered.scores < SURE) & (sides > 0).all(axis=1)
    return Appearances(count, size, ordered.frames, ordered.tracks, boxes, sure)


def some(people: Appearances, rows: NDArray[np.intp]) -> Appearances:
    """Some rows of `people`, in the order given, which has to be rising in frames."""
    return replace(
        people, frames=people.frames[rows], people=people.people[rows], boxes=people.boxes[rows], sure=people.sure[rows]
    )


def found(frames: Iterable[Frame], detector: Detector, label: str) -> Appearances:
    """What `detector` finds of one `label` in every frame of a clip, joined into people by `joined`.

    Somebody who is lost and found again comes out as two people. That is no matter for leaks; what tells people apart
    takes the two for strangers who look alike, and promises too much.

    Raises:
        NotMeasurable: there is no frame.
    """
    places, boxes, scores = [np.empty(0, np.int64)], [np.empty((0, 4), np.float32)], [np.empty(0, np.float32)]
    count, size = 0, (0, 0)
    for frame in frames:
        [answer] = detector.detect([frame])
        mine = answer[answer.labels == label]
        places.append(np.full(len(mine), count, np.int64))
        boxes.append(mine.boxes)
        scores.append(mine.scores)
        count, size = count + 1, frame.size
    if not count:
        raise NotMeasurable("there is no frame to look at; give a clip that has one")
    indices, where = np.concatenate(places), bx.clip(np.concatenate(boxes), size)
    return Appearances(count, size, indices, joined(indices, where), where, np.concatenate(scores) >= SURE)


def joined(frames: NDArray[np.int64], boxes: bx.Boxes) -> NDArray[np.int64]:
    """Whose each box is, (N,) numbers from 0; by overlap from frame to frame, or else by nearness.

    `frames` (N,) rise. A face may go unfound for fewer frames than `LINK_GAP`, and moves by less than half its size
    for each of them.
    """
    people = np.full(len(frames), -1, np.int64)
    last: dict[int, int] = {}
    for frame in np.unique(frames):
        now = np.flatnonzero(frames == frame)
        last = {person: row for person, row in last.items() if frame - frames[row] <= LINK_GAP}
        before = np.array(list(last.values()), np.intp)
        closeness = _closeness(boxes[before], boxes[now], frame - frames[before])
        for flat in np.argsort(-closeness, axis=None, kind="stable"):
            old, new = np.unravel_index(flat, closeness.shape)
            # Pairs further on may still be free when one of this pair is taken.
            if closeness[old, new] > 0:
                people[now[new]] = people[before[old]]
                closeness[old] = closeness[:, new] = 0
        for row in now:
            if people[row] < 0:
                people[row] = people.max(initial=-1) + 1
            last[int(people[row])] = int(row)
    return people


def _closeness(before: bx.Boxes, now: bx.Boxes, steps: NDArray[np.int64]) -> NDArray[np.float32]:
    """How surely two boxes are one face, (N, M): overlap first, then nearness; 0 when they cannot be."""
    overlaps = bx.iou(before, now)
    away = np.linalg.norm(bx.centre(before)[:, None] - bx.centre(now)[None], axis=2)
    areas = bx.area(before)[:, None], bx.area(now)[None]
    reach = np.sqrt(np.minimum(*areas)) / 2 * steps[:, None]
    alike = np.maximum(*areas) < 2 * np.minimum(*areas)
    near = np.where(alike, LINK_IOU * np.clip(1 - away / np.maximum(reach, 1e-6), 0, 1), 0)
    return np.asarray(np.where(overlaps >= LINK_IOU, overlaps, near), np.float32)
