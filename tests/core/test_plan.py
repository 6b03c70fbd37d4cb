"""Plans: who is hidden, what edits do, and that none of them uncovers anybody who was not decided on."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from drawn_plans import FRAMES, plan, track
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.core import zones
from passerby.core.errors import OptionError, PasserbyError, PlanError
from passerby.core.plan import Decision, Plan, decided
from passerby.core.tracks import Origin, Sightings


def hidden(a_plan):
    """(track, frame) of every box that is hidden."""
    rows, _ = decided(a_plan.decisions, a_plan.rows())
    return set(zip(rows.tracks.tolist(), rows.frames.tolist(), strict=True))


def present(a_plan):
    rows = a_plan.rows()
    return set(zip(rows.tracks.tolist(), rows.frames.tolist(), strict=True))


def boxes(a_track):
    return dict(zip(a_track.frames.tolist(), a_track.boxes.tolist(), strict=True))


# Deciding


def test_who_nobody_decided_on_is_hidden():
    it = plan(track(1, 0, 10), track(2, 5, 20))
    assert hidden(it) == present(it)


SQUARE = ((0, 0), (100, 0), (100, 100), (0, 100))
DECISIONS = [
    ("keep a track", [Decision(False, 1)], {1}),
    ("the last one counts", [Decision(False, 1), Decision(True, 1)], set()),
    ("and not the first", [Decision(True, 1), Decision(False, 1)], {1}),
    ("another track", [Decision(False, 9)], set()),
    ("everyone", [Decision(False)], {1, 2, 3}),
    ("everyone but one", [Decision(False), Decision(True, 2)], {1, 3}),
    ("in other frames", [Decision(False, 1, frames=(8, 9))], set()),
    ("in this frame", [Decision(False, 1, frames=(7, 8))], {1}),
    ("inside a zone", [Decision(False, zone=SQUARE)], {1}),
    ("a zone hides what touches it", [Decision(False), Decision(True, zone=SQUARE)], {3}),
    ("small ones", [Decision(False, under=15)], {1}),
    ("not those just as large", [Decision(False, under=10)], set()),
    ("all at once", [Decision(False, 1, frames=(0, 99), zone=SQUARE, under=11)], {1}),
    ("all but one", [Decision(False, 1, frames=(0, 99), zone=SQUARE, under=9)], set()),
]


@pytest.mark.parametrize(("decisions", "kept"), [row[1:] for row in DECISIONS], ids=[row[0] for row in DECISIONS])
def test_decisions_apply_to_what_they_name(decisions, kept):
    """In frame 7: track 1 inside of the square, 2 across its edge, 3 far outside."""
    corners = np.array([[10, 10, 20, 20], [90, 10, 120, 20], [200, 200, 250, 220]], np.float32)
    rows = Sightings(
        np.array([1, 2, 3]),
        np.full(3, 7),
        corners,
        np.ones(3, np.float32),
        np.zeros(3, np.uint8),
        np.full(3, "face"),
    )
    shown = {1, 2, 3} - set(decided(decisions, rows)[0].tracks.tolist())
    assert shown == kept


def test_the_method_is_that_of_the_last_decision():
    it = plan(track(1, 0, 4)).hide(1, method="fill").hide(1, (2, 3), method="blur").hide(1, (3, 4))
    assert decided(it.decisions, it.rows())[1].tolist() == ["fill", "fill", "blur", ""]


def star(number=5):
    """A star that crosses itself."""
    angles = 2 * np.pi * 2 * np.arange(number) / number
    return tuple((float(50 + 40 * np.cos(a)), float(50 + 40 * np.sin(a))) for a in angles)


ZONES = {
    "square": SQUARE,
    "triangle": ((0, 0), (90, 20), (10, 80)),
    "hook": ((0, 0), (100, 0), (100, 100), (80, 100), (80, 20), (0, 20)),
    "star": star(),
    "line": ((10, 10), (60, 60), (30, 30)),
}


@settings(deadline=None)
@given(
    st.sampled_from(list(ZONES.values())),
    st.lists(st.tuples(*[st.integers(-20, 120)] * 2, *[st.integers(1, 60)] * 2), min_size=1, max_size=20),
)
def test_zones_are_on_the_safe_side(zone, corners):
    """Against points: what is kept has all of its points inside, what shares a point is touched."""
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in corners], np.float32)
    holds, touches = zones.holds(zone, boxes), zones.touches(zone, boxes)
    assert not (holds & ~touches).any()
    for box, held, touched in zip(boxes, holds, touches, strict=True):
        x, y = np.meshgrid(*(np.linspace(box[i] + 0.01, box[i + 2] - 0.01, 40) for i in (0, 1)))
        points = np.stack([x.ravel(), y.ravel()], axis=1)
        inside = zones.touches(zone, np.concatenate([points, points], axis=1).astype(np.float32))
        assert inside.all() or not held
        assert touched or not inside.any()


def test_a_zone_with_a_bay_does_not_hold_what_reaches_over_it():
    over = np.array([[70, 5, 95, 60], [2, 2, 90, 18], [85, 30, 95, 90]], np.float32)
    assert zones.holds(ZONES["hook"], over).tolist() == [False, True, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": (3, 3)},
        {"frames": (-1, 3)},
        {"zone": ((0, 0), (1, 1))},
        {"zone": ((0, 0), (1, 1), (np.nan, 2))},
        {"under": 0},
        {"under": np.nan},
        {"method": "fill", "hide": False},
        {"track": 3.0},
        {"frames": (0.5, 3)},
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(OptionError):
        Decision(**{"hide": True} | wrong)


def test_numbers_from_arrays_are_as_good_as_pythons_own():
    """`for id in plan.rows().tracks: plan.keep(id)` must make a plan that can be written."""
    it = plan(track(1, 0, 10)).keep(np.int64(1), (np.int64(2), np.int32(5)))
    assert [type(value) for value in (it.decisions[0].track, *it.decisions[0].frames)] == [int] * 3


# Editing


def test_what_is_decided_ends_with_the_video():
    assert plan(track(1, 0, 10)).keep(1, (5, 10**12)).decisions[0].frames == (5, FRAMES)


def test_tracks_that_become_one_are_covered_by_it():
    it = plan(track(1, 0, 10), track(2, 5, 20, x=200), track(3, 0, 5)).merge([2, 1])
    assert [t.id for t in it.tracks] == [2, 3]
    whole = boxes(it.track(2))
    assert sorted(whole) == list(range(20))
    assert whole[7] == [107.0, 50.0, 247.0, 90.0]
    assert whole[3] == boxes(track(1, 0, 10))[3]


@pytest.mark.parametrize(
    ("decide", "kept"),
    [
        (lambda it: it.keep(1), False),
        (lambda it: it.keep(2), False),
        (lambda it: it.keep(1).keep(2), True),
        (lambda it: it.keep(1).keep(2).hide(2), False),
        (lambda it: it.decide(Decision(False)), True),
    ],
)
def test_tracks_that_become_one_stay_visible_only_if_both_were(decide, kept):
    it = decide(plan(track(1, 0, 10), track(2, 20, 30))).merge([1, 2])
    assert hidden(it) == (set() if kept else present(it))


@pytest.mark.parametrize(
    "decisions",
    [
        (Decision(False), Decision(True, 1)),
        (Decision(False, 2), Decision(True, zone=((0, 0), (640, 0), (640, 360), (0, 360))), Decision(False, 1)),
        (Decision(False), Decision(True, under=60)),
    ],
    ids=["kept for all", "a zone between", "small ones hidden"],
)
def test_becoming_one_uncovers_nobody(decisions):
    """Whatever is decided on everyone must not show somebody who was hidden as a track of their own."""
    before = plan(track(1, 0, 10), track(2, 0, 10, x=200), decisions=decisions)
    assert hidden(before)
    after = before.merge([1, 2])
    assert {frame for _, frame in hidden(after)} >= {frame for _, frame in hidden(before)}


def test_a_track_is_split_and_what_was_decided_holds_for_both_parts():
    it = plan(track(1, 0, 10), track(4, 0, 3)).keep(1, (2, 7))
    parts = it.split(1, 5)
    assert parts.track(1).frames.tolist() == [0, 1, 2, 3, 4]
    assert parts.track(5).frames.tolist() == [5, 6, 7, 8, 9]
    assert {frame for _, frame in present(parts) - hidden(parts)} == {2, 3, 4, 5, 6}


def test_what_comes_later_still_counts_more_after_a_split():
    it = plan(track(1, 0, 10)).keep(1).decide(Decision(True)).split(1, 5)
    assert hidden(it) == present(it)


def test_a_track_is_extended_by_where_it_was_last_and_by_lines_in_gaps():
    it = plan(track(1, 10, 12, and_also=(16,))).extend(1, (8, 20))
    longer = it.track(1)
    assert longer.frames.tolist() == list(range(8, 20))
    assert [Origin(o) for o in longer.origins[[0, 2, 4, 8, 11]]] == [
        Origin.EXTENDED,
        Origin.DETECTED,
        Origin.FILLED,
        Origin.DETECTED,
        Origin.EXTENDED,
    ]
    at = boxes(longer)
    assert at[8] == at[9] == at[10]
    assert at[13][0] == at[11][0] + 2
    assert at[19] == at[16]


def test_an_extension_ends_with_the_video():
    assert plan(track(1, 0, 3)).extend(1, (FRAMES - 2, FRAMES + 50)).track(1).frames.tolist()[-1] == FRAMES - 1


def test_a_false_alarm_goes_with_what_was_decided_on_it():
    it = plan(track(1, 0, 3), track(2, 0, 3)).keep(1).keep(2).delete(1)
    assert [t.id for t in it.tracks] == [2]
    assert [d.track for d in it.decisions] == [2]


def test_a_drawn_track_has_an_id_of_its_own_and_is_hidden():
    drawn = plan(track(9, 3, 6, origin=Origin.DRAWN)).rows()
    it = plan(track(1, 0, 3), track(4, 0, 3)).draw("face", drawn)
    assert it.track(5).frames.tolist() == [3, 4, 5]
    assert hidden(it) == present(it)


def test_a_drawn_track_is_hidden_whatever_holds_for_everyone():
    """Who draws a box over somebody outside of the only-zone wants it there."""
    drawn = plan(track(9, 3, 6, origin=Origin.DRAWN)).rows()
    it = plan(track(1, 0, 3), decisions=(Decision(False), Decision(False, under=100))).draw("face", drawn)
    assert hidden(it) == {(2, 3), (2, 4), (2, 5)}


def test_a_new_track_takes_no_number_on_which_something_is_decided():
    drawn = plan(track(9, 3, 6, origin=Origin.DRAWN)).rows()
    it = plan(track(1, 0, 3), decisions=(Decision(False, 2),)).draw("face", drawn)
    assert hidden(it) == present(it)


def test_whatever_is_done_to_tracks_is_kept_with_its_reason_and_its_author():
    it = plan(track(1, 0, 10), track(2, 20, 30), track(3, 0, 5), track(4, 0, 5))
    drawn = track(9, 3, 6, origin=Origin.DRAWN).rows()
    said = {"reason": "seen twice", "by": "reviewer"}
    it = it.merge([1, 2], **said).split(1, 5, **said).extend(1, (5, 7), **said)
    it = it.draw("face", drawn, **said).delete(3, **said).delete(4)
    assert [(change.what, change.reason, change.by) for change in it.changes] == [
        ("tracks 1, 2 merged into track 1", "seen twice", "reviewer"),
        ("track 1 split at frame 5, from which on it is track 5", "seen twice", "reviewer"),
        ("track 1 extended in frames 5 to 6", "seen twice", "reviewer"),
        ("track 6 (face) drawn in frames 3 to 5", "seen twice", "reviewer"),
        ("track 3 (face in frames 0 to 4) deleted", "seen twice", "reviewer"),
        ("track 4 (face in frames 0 to 4) deleted", "", "user"),
    ]


WRONG = [
    (lambda it: it.keep(7), "no track 7"),
    (lambda it: it.hide(1, (FRAMES, FRAMES + 1)), "no frame"),
    (lambda it: it.hide(1, (10, 20)), "track 1 is in frames 0 to 9, but has no box in 10 to 19"),
    (lambda it: it.keep(4, (4, 6)), "no box in 4 to 5"),
    (
        lambda it: it.decide(Decision(False, zone=((640.5, 0), (900, 0), (900, 9)))),
        "outside of the picture, .* 640x360",
    ),
    (lambda it: it.merge([1]), "two at least"),
    (lambda it: it.merge([1, 1]), "two at least"),
    (lambda it: it.merge([1, 3]), "one label"),
    (lambda it: it.split(1, 0), "cannot be split at 0"),
    (lambda it: it.split(1, 10), "cannot be split at 10"),
    (lambda it: it.extend(1, (FRAMES, FRAMES + 5)), "there are frames"),
    (lambda it: it.draw("face", Sightings.none()), "a box in one frame"),
    (lambda it: it.delete(7), "no track 7"),
]


@pytest.mark.parametrize(("edit", "said"), WRONG, ids=[row[1] for row in WRONG])
def test_an_edit_of_what_is_not_there_is_refused(edit, said):
    it = plan(track(1, 0, 10), track(2, 5, 20), track(3, 0, 2, label="plate"), track(4, 0, 3, and_also=(9,)))
    with pytest.raises(OptionError, match=said):
        edit(it)


EDITS = st.one_of(
    st.tuples(st.just("merge"), st.lists(st.integers(1, 5), min_size=2, max_size=3)),
    st.tuples(st.just("split"), st.integers(1, 6), st.integers(0, FRAMES)),
    st.tuples(st.just("extend"), st.integers(1, 6), st.tuples(st.integers(0, FRAMES), st.integers(0, FRAMES))),
    st.tuples(st.just("delete"), st.integers(1, 6)),
    st.tuples(st.just("keep"), st.integers(1, 6)),
    st.tuples(st.just("hide"), st.integers(1, 6), st.tuples(st.integers(0, FRAMES), st.integers(0, FRAMES))),
)


@settings(deadline=None)
@given(st.lists(EDITS, max_size=12))
def test_edits_in_any_order_leave_a_sound_plan_that_hides_who_is_undecided(edits):
    it = plan(track(1, 0, 10), track(2, 5, 20, x=90), track(3, 12, 30, x=300), track(4, 3, 4, label="plate"))
    for name, *arguments in edits:
        # What was covered stays so, unless this edit says otherwise.
        before, was = hidden(it), {t.id: t for t in it.tracks}
        try:
            it = getattr(it, name)(*arguments)
        except PasserbyError:
            continue
        after = {(frame, tuple(box)) for frame, box in _covered(it)}
        if name in ("split", "extend"):
            assert after >= {(frame, tuple(boxes(was[id])[frame])) for id, frame in before}
        elif name == "merge":
            assert {frame for id, frame in before} <= {frame for frame, _ in after}
        ids = [t.id for t in it.tracks]
        assert ids == sorted(set(ids))
        assert all((np.diff(t.frames) > 0).all() for t in it.tracks)
        decided_on = {d.track for d in it.decisions if not d.hide}
        assert {pair for pair in present(it) if pair[0] not in decided_on} <= hidden(it)


def _covered(a_plan):
    return [(frame, boxes(a_plan.track(id))[frame]) for id, frame in hidden(a_plan)]


# Times


def test_a_moment_is_the_frame_that_is_shown_then():
    it = plan(track(1, 0, 3))
    assert [it.frame_at(Fraction(t)) for t in ("0", "0.039", "0.04", "0.5", "1.5")] == [0, 0, 1, 12, 37]
    with pytest.raises(OptionError, match="no frame is shown at 99 s"):
        it.frame_at(Fraction(99))


def test_times_count_from_the_inputs_own_beginning():
    whole = plan(track(1, 0, 3), times=1000 + np.arange(FRAMES))
    assert whole.seconds(np.array([5])).tolist() == pytest.approx([0.2])
    late = replace(whole, media=replace(whole.media, begins=Fraction(39)))
    assert late.seconds(np.array([5])).tolist() == pytest.approx([1.2])
    part = replace(whole, media=replace(whole.media, start=Fraction(10)), times=np.arange(FRAMES))
    assert part.seconds(np.array([5])).tolist() == pytest.approx([10.2])
    assert part.frame_at(Fraction("10.2")) == 5


# What a plan may not be


BROKEN = [
    ("ids", {"tracks": (track(2, 0, 3), track(1, 0, 3))}),
    ("ids", {"tracks": (track(1, 0, 3), track(1, 5, 6))}),
    ("rise", {"tracks": (replace(track(1, 0, 3), frames=np.array([0, 2, 2])),)}),
    ("rise", {"tracks": (track(1, FRAMES - 1, FRAMES + 1),)}),
    ("rise", {"tracks": (replace(track(1, 0, 2), frames=np.array([-1, 0])),)}),
    ("no box", {"tracks": (track(1, 0, 0),)}),
    ("no label", {"tracks": (track(1, 0, 1, label=""),)}),
    ("one length", {"tracks": (replace(track(1, 0, 3), scores=np.ones(2, np.float32)),)}),
    ("a box", {"tracks": (replace(track(1, 0, 1), boxes=np.array([[5, 5, 4, 6]], np.float32)),)}),
    ("a box", {"tracks": (replace(track(1, 0, 1), boxes=np.array([[5, 5, np.nan, 6]], np.float32)),)}),
    ("a box", {"tracks": (replace(track(1, 0, 1), boxes=np.array([[5, 5, 4e9, 6]], np.float32)),)}),
    ("score", {"tracks": (replace(track(1, 0, 1), scores=np.array([1.5], np.float32)),)}),
    ("unknown way", {"tracks": (replace(track(1, 0, 1), origins=np.array([200], np.uint8)),)}),
    ("times", {"times": np.arange(FRAMES)[::-1]}),
    ("times", {"times": np.arange(3)}),
    ("cuts", {"cuts": np.array([FRAMES])}),
    ("cuts", {"cuts": np.array([5, 5])}),
]


@pytest.mark.parametrize(("said", "change"), BROKEN)
def test_a_plan_that_contradicts_itself_is_refused(said, change):
    with pytest.raises(PlanError, match=said):
        replace(plan(track(1, 0, 10)), **change)


def test_an_empty_plan_is_a_plan():
    it = plan()
    assert isinstance(it, Plan)
    assert len(it.rows()) == 0
