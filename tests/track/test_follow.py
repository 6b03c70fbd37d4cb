"""A thing found once is covered for as long as it can be seen, before and after."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from drawn_frames import Film, found
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.core import boxes as bx
from passerby.core.errors import OptionError
from passerby.core.regions import Mask
from passerby.core.runs import Runs
from passerby.core.tracks import Origin, Sightings
from passerby.track.associate import match
from passerby.track.follow import Follow, Following
from passerby.track.live import Seen
from passerby.track.refine import between, settled, tracks

ACROSS = [(20 + 4 * i, 90) for i in range(50)]
"""A square that walks from left to right."""


def followed(film, looks, hold=30, patience=60, linger=4, answers=None):
    """All that became known of `film`, looking at the frames `looks` only."""
    tracker = Follow(Following(hold=hold, patience=patience, linger=linger))
    rows = []
    for frame in film:
        if frame.index in film.cuts:
            tracker.cut()
        seen = None
        if frame.index in looks:
            seen = found(film.box(frame.index)) if film.path[frame.index] else found()
            seen = (answers or {}).get(frame.index, seen)
        rows.append(tracker.step(frame, seen))
        assert (rows[-1].frames >= frame.index - hold).all(), "it spoke of a frame that is gone"
        assert (rows[-1].frames <= frame.index).all(), "it spoke of a frame to come"
    return settled(Sightings.concat(rows))


def covered(rows, film, index):
    """The share of the square that the grown boxes of a frame cover."""
    boxes = bx.grow(rows.boxes[rows.frames == index], 0.3)
    true = film.box(index)[None]
    return (bx.intersection(boxes, true).max() / bx.area(true)[0]) if len(boxes) else 0.0


def test_between_two_looks_the_thing_is_followed():
    film = Film(ACROSS)
    rows = followed(film, looks=range(0, 50, 10))
    assert all(covered(rows, film, i) >= 0.9 for i in range(50))


def test_a_thing_found_late_is_followed_back_to_where_it_came_in():
    film = Film([None] * 5 + ACROSS[5:30])
    rows = followed(film, looks=[20])
    assert all(covered(rows, film, i) >= 0.9 for i in range(5, 25))
    assert set(rows.tracks.tolist()) == {1}


def test_what_is_found_in_part_at_first_is_followed_back_whole():
    """Somebody comes out from behind something, and is looked at in two frames in a row."""
    film = Film(ACROSS)
    half = film.box(20) - np.array([0, 0, 20, 0], np.float32)
    rows = followed(film, looks=[20, 21], answers={20: found(half)})
    assert all(covered(rows, film, i) >= 0.9 for i in range(50))


def test_it_is_followed_back_no_further_than_the_hold():
    film = Film(ACROSS[:1] * 50)
    rows = followed(film, looks=[40], hold=10, linger=0)
    assert rows.frames.min() == 30


def test_a_track_goes_on_without_being_found_again_until_patience_is_over():
    film = Film(ACROSS[:1] * 50)
    rows = followed(film, looks=[0], hold=10, patience=20)
    assert rows.frames.max() == 20


def test_a_gap_longer_than_the_hold_is_closed_as_far_back_as_the_hold_reaches():
    film = Film(ACROSS)
    rows = followed(film, looks=[0, 40], hold=10, patience=45)
    assert all(covered(rows, film, i) >= 0.9 for i in range(50))


def test_a_track_keeps_its_id_over_missed_looks():
    film = Film(ACROSS)
    rows = followed(film, looks=range(0, 50, 5), answers={i: found() for i in (10, 15, 30)})
    assert set(rows.tracks.tolist()) == {1}
    assert all(covered(rows, film, i) >= 0.9 for i in range(50))


def test_a_thing_hidden_for_a_moment_stays_covered_in_between():
    """It cannot be followed behind the post, and is filled in."""
    path = ACROSS[:20] + [None] * 4 + ACROSS[24:40]
    film, whole = Film(path), Film(ACROSS)
    rows = followed(film, looks=range(0, 40, 4), linger=6)
    assert all(covered(rows, whole, i) >= 0.9 for i in range(40))
    assert (rows.origins == Origin.FILLED).any() or (rows.origins == Origin.EXTENDED).any()


def test_nothing_goes_on_across_a_cut():
    film = Film(ACROSS[:1] * 20 + [None] * 20, cuts=frozenset({20}))
    rows = followed(film, looks=range(0, 40, 5))
    assert rows.frames.max() == 19


def test_a_track_ends_when_it_leaves_the_picture():
    film = Film([(min(200 + 8 * i, 319), 90) for i in range(30)])
    rows = followed(film, looks=[0, 5])
    assert rows.frames.max() < 25


def test_two_things_side_by_side_are_two_tracks():
    film = Film(ACROSS[:1] * 20)
    pair = found(film.box(0), film.box(0) + np.float32([100, 0, 100, 0]))
    rows = followed(film, looks=range(0, 20, 5), answers=dict.fromkeys(range(0, 20, 5), pair))
    assert set(rows.tracks.tolist()) == {1, 2}


@settings(max_examples=30)
@given(st.sets(st.integers(0, 24), min_size=1), st.integers(1, 20), st.integers(0, 8))
def test_whatever_was_found_is_hidden(looks, hold, linger):
    """Neither sparse looks nor short holds may lose a detection."""
    film = Film(ACROSS[:25])
    rows = followed(film, looks, hold=hold, linger=linger)
    for index in looks:
        box = film.box(index)
        same = rows.boxes[rows.frames == index]
        assert ((same[:, :2] <= box[:2]) & (same[:, 2:] >= box[2:])).all(axis=1).any()


def lower_half(box, shift=0):
    """A mask of the lower half of what is in `box`, and of a line on top so that it is as high as that."""
    x0, y0, x1, y1 = (int(side) for side in box)
    alpha = np.zeros((y1 - y0, x1 - x0), np.uint8)
    alpha[(y1 - y0) // 2 :] = alpha[:1] = 255
    return Mask(x0 + shift, y0, alpha)


def masked(film, index, mask):
    return replace(found(film.box(index)), masks=(mask,))


def shown(rows, film, index):
    """The picture of what is known of a frame's pixels, or None where a row has none."""
    masks = [None] * len(rows) if rows.masks is None else rows.masks[rows.frames == index]
    if any(mask is None for mask in masks):
        return None
    whole = np.zeros(film.size[::-1], bool)
    for mask in masks:
        alpha = mask.mask()
        x0, y0, x1, y1 = alpha.box
        whole[y0:y1, x0:x1] |= alpha.alpha > 0
    return whole


def inside(film, index, mask):
    """The picture of what `mask`, of the square at its place in frame 0, is at its place in frame `index`."""
    dx, dy = (film.box(index) - film.box(0))[:2].astype(int)
    whole = np.zeros(film.size[::-1], bool)
    whole[mask.y + dy : mask.box[3] + dy, mask.x + dx : mask.box[2] + dx] = mask.alpha > 0
    return whole


def test_a_mask_goes_with_its_box_from_look_to_look():
    film = Film(ACROSS)
    looks = {i: masked(film, i, lower_half(film.box(i))) for i in range(0, 50, 10)}
    rows = followed(film, looks=looks, answers=looks)
    for index in range(41):
        wanted, got = inside(film, index, lower_half(film.box(0))), shown(rows, film, index)
        assert got is not None, f"frame {index} lost its mask"
        assert got[wanted].all()
        assert got.sum() < 1.6 * wanted.sum(), f"in frame {index} the mask has grown out of all measure"


def test_between_two_looks_both_masks_hide():
    film = Film(ACROSS[:1] * 12)
    first, last = lower_half(film.box(0)), replace(lower_half(film.box(0)), alpha=lower_half(film.box(0)).alpha[::-1])
    rows = followed(film, looks=[0, 10], answers={0: masked(film, 0, first), 10: masked(film, 10, last)})
    both = inside(film, 5, first) | inside(film, 5, last)
    assert shown(rows, film, 5)[both].all()


@pytest.mark.parametrize("bare", [0, 10])
def test_where_one_look_knows_no_pixels_the_box_hides_up_to_the_other(bare):
    film = Film(ACROSS[:1] * 12)
    looks = {i: masked(film, i, None if i == bare else lower_half(film.box(i))) for i in (0, 10)}
    rows = followed(film, looks=[0, 10], answers=looks)
    assert shown(rows, film, 5) is None


def test_where_it_cannot_be_followed_the_box_hides():
    path = ACROSS[:20] + [None] * 4 + ACROSS[24:40]
    film = Film(path)
    looks = {i: masked(film, i, lower_half(film.box(i))) for i in range(0, 40, 4) if path[i]}
    rows = followed(film, looks=range(0, 40, 4), answers=looks, linger=6)
    assert all(shown(rows, film, i) is None for i in range(20, 24))


def test_masks_that_cannot_be_all_of_the_thing_do_not_count():
    film = Film(ACROSS[:1])
    whole = lower_half(film.box(0))
    side = len(whole.alpha)
    down, across = np.mgrid[:side, :side]
    poor = {"nothing": down < 0, "three quarters": down >= side // 4, "from the right": across < side * 0.9,
            "a diagonal": down == across}  # fmt: skip
    for name, inside in poor.items():
        mask = replace(whole, alpha=np.where(inside, np.uint8(255), np.uint8(0)))
        rows = followed(film, looks=[0], answers={0: masked(film, 0, mask)})
        assert rows.masks is None, f"a mask of {name} was trusted"
    assert followed(film, looks=[0], answers={0: masked(film, 0, whole)}).masks is not None


@pytest.mark.parametrize(("wider", "known"), [(0, True), (4, True), (8, False), (-4, True), (-8, False)])
def test_a_mask_goes_to_a_box_of_about_its_size_alone(wider, known):
    film = Film(ACROSS[:1])
    box = film.box(0)
    seen = Seen(box, Runs.of(lower_half(box), film.size))
    there = box + np.array([30, 10, 30 + wider, 10], np.float32)
    assert (seen.at(there) is not None) == known
    assert Seen(box).at(there) is None
    assert seen.at(box + np.float32(1000)) is None, "out of the picture there are no pixels"


def rows_of(draw_rows):
    n = len(draw_rows)
    boxes = np.array([r[2] for r in draw_rows], np.float32).reshape(n, 4)
    boxes[:, 2:] += boxes[:, :2]
    return Sightings(
        np.array([r[0] for r in draw_rows], np.int64), np.array([r[1] for r in draw_rows], np.int64), boxes,
        np.array([r[3] for r in draw_rows], np.float32), np.array([r[4] for r in draw_rows], np.uint8),
        np.full(n, "face"),
    )  # fmt: skip


numbers = st.tuples(*[st.floats(1, 300, width=32)] * 4)
some_rows = st.lists(
    st.tuples(
        st.integers(1, 3), st.integers(0, 4), numbers, st.floats(0, 1, width=32) | st.just(np.nan), st.integers(0, 3)
    ),
    min_size=1,
).map(rows_of)


@given(some_rows)
def test_refining_never_uncovers(rows):
    """A viewer must not see for one frame what was already known."""
    after = settled(rows)
    pairs = set(zip(after.tracks.tolist(), after.frames.tolist(), strict=True))
    assert len(pairs) == len(after)
    for i in range(len(rows)):
        [row] = np.flatnonzero((after.tracks == rows.tracks[i]) & (after.frames == rows.frames[i]))
        assert (after.boxes[row, :2] <= rows.boxes[i, :2]).all()
        assert (after.boxes[row, 2:] >= rows.boxes[i, 2:]).all()
        assert after.origins[row] <= rows.origins[i]


@given(some_rows)
def test_tracks_hold_every_row_in_rising_order(rows):
    whole = tracks(rows)
    assert sum(len(track.frames) for track in whole) == len(settled(rows))
    for track in whole:
        assert (np.diff(track.frames) > 0).all()


def test_the_line_between_two_boxes_is_even():
    line = between(np.float32([0, 0, 10, 10]), np.float32([40, 0, 50, 10]), 3)
    assert line[:, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize(
    ("tracks", "finds", "pairs"),
    [
        ([[0, 0, 10, 10]], [[1, 0, 11, 10]], [(0, 0)]),
        ([[0, 0, 10, 10]], [[100, 0, 110, 10]], []),
        ([[0, 0, 10, 10], [8, 0, 18, 10]], [[7, 0, 17, 10]], [(1, 0)]),
        ([[0, 0, 10, 10]], [[0, 4, 10, 14], [0, 1, 10, 11]], [(0, 1)]),
        ([[0, 0, 10, 10]], [[4, 4, 8, 8]], [(0, 0)]),
        ([], [[0, 0, 1, 1]], []),
    ],
)
def test_each_detection_goes_to_the_track_that_it_overlaps_most(tracks, finds, pairs):
    a, b = (np.array(boxes, np.float32).reshape(-1, 4) for boxes in (tracks, finds))
    assert match(a, np.full(len(a), "face"), b, np.full(len(b), "face")) == pairs


def test_a_face_is_not_taken_for_a_plate():
    box = np.float32([[0, 0, 10, 10]])
    assert match(box, np.array(["face"]), box, np.array(["plate"])) == []


@pytest.mark.parametrize("wrong", [{"hold": 0}, {"linger": -1}])
def test_senseless_times_are_refused(wrong):
    with pytest.raises(OptionError):
        Following(**wrong)


# Looking again


def looked_at(film, asked):
    """Another look that finds the square of `film`, if it is near the box that was asked about."""

    def again(frame, box, label):
        asked.append(frame.index)
        there = film.path[frame.index] and film.box(frame.index)
        near = there is not None and np.abs(bx.centre(there[None]) - bx.centre(box[None])).max() < 2 * film.side
        return found(there) if near else found()

    return again


def followed_again(film, looks, asked):
    tracker = Follow(Following(hold=30, patience=60, linger=4), looked_at(film, asked))
    rows = [tracker.step(frame, found(film.box(frame.index)) if frame.index in looks else None) for frame in film]
    return settled(Sightings.concat(rows))


def faint(detections):
    """The same, with a score that leaves it in doubt."""
    return replace(detections, scores=np.full_like(detections.scores, 0.3))


class Changing(Film):
    """A film in which the square shows another pattern from one frame on, so that it cannot be followed there."""

    def __iter__(self):
        for before, after in zip(super().__iter__(), Film(self.path, side=32), strict=True):
            yield before if before.index < 15 else after


def test_what_cannot_be_followed_is_looked_for_again_at_its_place():
    film, asked = Changing(ACROSS), []
    rows = followed_again(film, {0}, asked)
    assert 15 in asked
    assert all(covered(rows, film, i) >= 0.9 for i in range(50))


def test_what_is_followed_well_needs_no_other_look():
    asked = []
    followed_again(Film(ACROSS), {0, 10, 20, 30, 40}, asked)
    assert asked == []


def test_what_cannot_be_followed_back_is_looked_for_where_it_was():
    film, asked = Changing(ACROSS), []
    rows = followed_again(film, {20}, asked)
    assert 14 in asked
    assert all(covered(rows, film, i) >= 0.9 for i in range(25))


def test_one_in_doubt_is_not_looked_at_in_every_frame():
    path = ACROSS[:15] + [None] * 35
    asked = []
    followed_again(Film(path), {0}, asked)
    assert asked
    assert all(later - earlier >= 3 for earlier, later in pairwise(asked))


def test_what_no_look_finds_for_long_is_looked_at_again_however_well_it_is_followed():
    """It may stick to something behind the face, which looks the same from frame to frame."""
    film, asked = Film(ACROSS), []
    tracker = Follow(Following(stale=10), looked_at(film, asked))
    for frame in film:
        tracker.step(frame, found(film.box(0)) if frame.index == 0 else found() if frame.index == 5 else None)
    assert asked == [10, 20, 30, 40]


def test_what_is_in_doubt_is_looked_at_again_before_it_ends():
    """A small face may be seen in full size only, where the next look is far away. Found often it is sure."""
    film, asked = Film(ACROSS), []
    again = looked_at(film, asked)
    tracker = Follow(Following(doubt=10, stale=7), lambda *about: faint(again(*about)))
    rows = [tracker.step(frame, found(film.box(0), score=0.3) if frame.index == 0 else None) for frame in film]
    assert asked == [7, 14, 21, 28, 35, 42, 49]
    assert all(covered(settled(Sightings.concat(rows)), film, i) >= 0.9 for i in range(50))


def test_what_is_in_doubt_ends_when_another_look_does_not_find_it():
    film, asked = Film(ACROSS), []

    def again(frame, box, label):
        asked.append(frame.index)
        return found()

    tracker = Follow(Following(doubt=10, stale=7), again)
    rows = [tracker.step(frame, found(film.box(0), score=0.3) if frame.index == 0 else None) for frame in film]
    assert asked == [7]
    assert settled(Sightings.concat(rows)).frames.max() == 10


def test_two_that_pass_each_other_keep_their_own_ways():
    """Two alike meet in the middle: the one that is found late is followed back to there, and on to where it was."""
    films = Film([(20 + 24 * i, 60) for i in range(11)]), Film([(260 - 24 * i, 60) for i in range(11)])
    tracker = Follow(Following(hold=40, patience=60, linger=2))
    rows = []
    for left, right in zip(*films, strict=True):
        both = np.array(left.planes[0])
        x, y = films[1].path[right.index]
        both[y : y + 40, x : x + 40] = right.planes[0][y : y + 40, x : x + 40]
        seen = {0: found(films[0].box(0)), 10: found(films[0].box(10), films[1].box(10))}
        rows.append(tracker.step(left.with_planes((both, *left.planes[1:])), seen.get(left.index)))
    rows = settled(Sightings.concat(rows))
    for film in films:
        assert all(covered(rows, film, i) >= 0.9 for i in range(11))


def test_what_another_look_finds_only_in_part_is_covered_as_it_was():
    """Half of it may be behind something."""
    film = Changing(ACROSS)
    x, y = ACROSS[14]
    tracker = Follow(Following(linger=4), lambda *_: found(np.float32([x, y, x + 40, y + 20])))
    rows = [tracker.step(frame, found(film.box(15)) if frame.index == 15 else None) for frame in film]
    assert covered(settled(Sightings.concat(rows)), film, 14) >= 0.9
