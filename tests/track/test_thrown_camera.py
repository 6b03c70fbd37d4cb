"""A camera that is thrown about: nothing is where it is looked for, and nobody may be seen for that."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_frames import Film, found

from passerby.core import boxes as bx
from passerby.core.tracks import Sightings
from passerby.track.follow import Follow
from passerby.track.refine import settled

THROWN = [((x, 20), (x + 60, 300)) for x in (20, 160, 300)]
"""Where three squares are before and after the camera is thrown about: further than anything is followed."""


@pytest.mark.parametrize(("moving", "everywhere"), [(3, True), (2, True), (1, False)])
def test_when_most_are_lost_at_once_the_whole_picture_is_looked_at(moving, everywhere):
    films = [Film([a] * 8 + [b if n < moving else a] * 4, size=(640, 360)) for n, (a, b) in enumerate(THROWN)]
    asked = []

    def again(frame, box, label):
        asked.append((frame.index, tuple(box.tolist())))
        whole = tuple(box.tolist()) == (0, 0, *frame.size)
        return found(*(film.box(frame.index) for film in films)) if whole else found()

    tracker = Follow(again=again)
    rows = []
    for frame in together(films):
        seen = found(*(film.box(0) for film in films)) if frame.index == 0 else None
        rows.append(tracker.step(frame, seen))
    whole = (0, 0, *frame.size)
    assert [index for index, box in asked if box == whole] == [8] * everywhere
    if everywhere:
        rows = settled(Sightings.concat(rows))
        for film in films:
            assert all(covered(rows, film.box(index)[None], index) for index in range(12))


def test_in_another_shot_it_is_looked_for_at_once_as_well():
    """That everything was looked at a moment ago says nothing of what comes after a cut."""
    films = [Film([a] * 8 + [b, a, b], size=(640, 360)) for a, b in THROWN]
    everywhere = []

    def again(frame, box, label):
        if tuple(box.tolist()) == (0, 0, *frame.size):
            everywhere.append(frame.index)
        return found()

    tracker = Follow(again=again)
    for frame in together(films):
        if frame.index == 9:
            tracker.cut()
        tracker.step(frame, found(*(film.box(frame.index) for film in films)) if frame.index in (0, 9) else None)
    assert everywhere == [8, 10]


def together(films):
    """Frames in which the squares of all films are."""
    for frames in zip(*films, strict=True):
        picture = np.array(frames[0].planes[0])
        for film, frame in zip(films, frames, strict=True):
            x, y = film.path[frame.index]
            picture[y : y + film.side, x : x + film.side] = frame.planes[0][y : y + film.side, x : x + film.side]
        yield frames[0].with_planes((picture, *frames[0].planes[1:]))


def covered(rows, box, index):
    """Whether a frame's boxes, as large as they are painted, cover all that matters of `box` (1, 4)."""
    boxes = bx.grow(rows.boxes[rows.frames == index], 0.3)
    return bx.intersection(boxes, box).max(initial=0) >= 0.9 * bx.area(box)[0]
