"""Which tracks to look at first, and why: a count of points, and the reasons in words.

| what                                                                        | points |
|-----------------------------------------------------------------------------|--------|
| it lasts less than half a second                                            | 3      |
| it begins in mid-picture: not at an edge, at a cut or with the film         | 2      |
| it ends in mid-picture: not at an edge, at a cut or with the film           | 2      |
| it is not known in all frames between its first and its last                | 2      |
| its best score is under 0.5, or nobody measured one (boxes drawn by a person aside) | 2 |
| more than half of its boxes are filled in or extended, not seen             | 1      |

Short tracks may be false alarms or the visible part of a longer one; a track that begins or ends in mid-picture may
have been there before, or may go on, unseen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from passerby.core.boxes import Boxes
from passerby.core.plan import Plan
from passerby.core.tracks import Origin, Track

SHORT_S = 0.5
LOW_SCORE = 0.5
NEAR_EDGE = 0.25
"""How near to the picture's edge a box is at it, as a share of the box's longer side."""


@dataclass(frozen=True, slots=True, eq=False)
class Risk:
    """What speaks for looking at a track."""

    track: Track
    points: int
    reasons: tuple[str, ...]
    """One short phrase each."""


def ranked(plan: Plan) -> list[Risk]:
    """All tracks, those to look at first at the front; of the same points those that come earlier."""
    risks = [_risk(plan, track) for track in plan.tracks]
    return sorted(risks, key=lambda risk: (-risk.points, int(risk.track.frames[0]), risk.track.id))


def seconds(plan: Plan, track: Track) -> float:
    """How long a track is there, its last frame included."""
    first, last = int(track.frames[0]), int(track.frames[-1])
    begin, end = plan.seconds(np.array([first, last], np.int64))
    after = plan.seconds(np.array([last + 1], np.int64))[0] if last + 1 < plan.media.frames else None
    one = 1 / float(plan.media.rate) if plan.media.rate else 0.0
    return float((end + one if after is None else after) - begin)


def _risk(plan: Plan, track: Track) -> Risk:
    first, last = int(track.frames[0]), int(track.frames[-1])
    found: list[tuple[int, str]] = []
    lasts = seconds(plan, track)
    if lasts < SHORT_S and plan.media.frames > 1:
        found.append((3, f"short: {_counted(last + 1 - first, 'frame')}, {lasts:.2f} s"))
    if not (first == 0 or first in plan.cuts or _at_edge(track.boxes[0], plan.media.size)):
        found.append((2, "begins in mid-picture"))
    if not (last == plan.media.frames - 1 or last + 1 in plan.cuts or _at_edge(track.boxes[-1], plan.media.size)):
        found.append((2, "ends in mid-picture"))
    steps = np.diff(track.frames) - 1
    if steps.any():
        gaps = _counted(int((steps > 0).sum()), "gap")
        found.append((2, f"{gaps}, the longest of {_counted(int(steps.max()), 'frame')}"))
    measured = track.scores[~np.isnan(track.scores)]
    if not len(measured) and not (track.origins == Origin.DRAWN).any():
        found.append((2, "never scored by a detector"))
    elif len(measured) and measured.max() < LOW_SCORE:
        found.append((2, f"low score: {measured.max():.2f} at best"))
    guessed = float(np.isin(track.origins, (Origin.FILLED, Origin.EXTENDED)).mean())
    if guessed > 0.5:
        found.append((1, f"{guessed:.0%} of it filled in or extended"))
    return Risk(track, sum(points for points, _ in found), tuple(reason for _, reason in found))


def _at_edge(box: Boxes, size: tuple[int, int]) -> bool:
    x0, y0, x1, y1 = box.tolist()
    near = NEAR_EDGE * max(x1 - x0, y1 - y0)
    return bool(min(x0, y0, size[0] - x1, size[1] - y1) <= near)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
