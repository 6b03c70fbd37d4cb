"""Does a tracker keep its contract?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from passerby.core.detections import Detections
from passerby.core.frame import Frame, Plane
from passerby.core.stages import Tracker
from passerby.core.tracks import Sightings
from passerby.testing.claims import claim, claim_untouched, copies, equal
from passerby.testing.frames import CASES, drawn


def check_tracker(make: Callable[[int], Tracker]) -> None:
    """Check the tracker that every call of `make(hold)` begins anew, on two shots of drawn frames.

    Raises:
        AssertionError: it breaks the contract of `core.stages.Tracker`.
    """
    for case in CASES:
        frames = drawn(*case, count=14)
        before = copies(frames)
        for hold in (1, 3, 30):
            answers, again = (_check_shots(make(hold), frames, hold) for _ in range(2))
            claim(equal(answers, again), "begun anew, it says something else of the same frames")
        claim_untouched(frames, before)


def _check_shots(tracker: Tracker, frames: list[Frame], hold: int) -> list[tuple[Plane, ...]]:
    """What `tracker` says of `frames`, of which the second half is another shot: the columns of every answer."""
    cut = len(frames) // 2
    answers = []
    for frame in frames:
        if frame.index == cut:
            tracker.cut()
        found = _bright_square(frame) if frame.index % cut in (2, 3, 6) else None
        rows = tracker.step(frame, found)
        _check_sightings(rows, frame, max(frame.index - hold, frame.index // cut * cut), found)
        claim(frame.index % cut >= 2 or not len(rows), "in a shot in which nothing was found yet, it speaks of a track")
        answers.append(rows)
    early, late = (np.concatenate([rows.tracks for rows in half]) for half in (answers[:cut], answers[cut:]))
    claim(not np.isin(early, late).any(), "a track goes on across a cut")
    return [(rows.tracks, rows.frames, rows.boxes, rows.labels) for rows in answers]


def _bright_square(frame: Frame) -> Detections:
    """The square in a frame of `drawn`, and a second thing, as a detector would tell of them."""
    width, height = frame.size
    boxes = [[10 + frame.index, 8 + frame.index, 22 + frame.index, 20 + frame.index], [0, 0, width / 3, height / 3]]
    return Detections(np.array(boxes, np.float32), np.array([0.9, 0.3], np.float32), np.array(["face", "plate"]))


def _check_sightings(rows: Sightings, frame: Frame, first: int, found: Detections | None) -> None:
    claim(isinstance(rows, Sightings), f"an answer must be Sightings, is {type(rows).__name__}")
    fits = rows.boxes.dtype == np.float32 and rows.boxes.shape == (len(rows), 4)
    claim(fits, f"boxes must be float32 ({len(rows)}, 4), are {rows.boxes.dtype} {rows.boxes.shape}")
    sound = np.isfinite(rows.boxes).all() and (rows.boxes[:, 2:] > rows.boxes[:, :2]).all()
    claim(bool(sound), "a box is empty or no number: x0 < x1 and y0 < y1 are needed")
    strange = sorted(set(rows.frames.tolist()) - set(range(first, frame.index + 1)))
    claim(not strange, f"in frame {frame.index} it may speak of {first} to {frame.index} and speaks of {strange}")
    now = rows[rows.frames == frame.index]
    for box, label in zip(found.boxes, found.labels, strict=True) if found is not None else ():
        shown = (now.labels == label) & (np.abs(now.boxes - box) < 0.1).all(axis=1)
        claim(bool(shown.any()), f"a {label} found in frame {frame.index} is not among the sightings of that frame")
