"""Edits as they are typed: what each does, in which order, and what is said of those that make no sense."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_plans import FRAMES, plan, track

from passerby.arguments import parse
from passerby.arguments.plan import EDITS, Edit
from passerby.core.errors import OptionError
from passerby.core.plan import Decision, decided
from passerby.core.tracks import Origin
from passerby.edits import Drawn, apply


def street():
    return plan(track(1, 0, 10), track(2, 5, 20, x=200), track(3, 0, 5), track(4, 30, 40))


def typed(text):
    """The edits of a command line."""
    return parse(["plan", "edit", "x.plan", *text.split("|")]).edits


def edited(text, asked=None):
    """The street with edits as typed; boxes that are drawn stay for three frames."""

    def follower(a_plan, drawn):
        if asked is not None:
            asked.append(drawn)
        return plan(track(1, drawn.frame, drawn.frame + 3, origin=Origin.DRAWN)).rows()

    return apply(street(), typed(text), follower, reason="consent", by="user")


def kept(text):
    """(track, frames) of what stays visible."""
    it = edited(text)
    rows = it.rows()
    hidden, _ = decided(it.decisions, rows)
    gone = set(zip(hidden.tracks.tolist(), hidden.frames.tolist(), strict=True))
    visible = {}
    for id, frame in zip(rows.tracks.tolist(), rows.frames.tolist(), strict=True):
        if (id, frame) not in gone:
            visible.setdefault(id, []).append(frame)
    return visible


KEPT = [
    ("--keep|3", {3: [0, 1, 2, 3, 4]}),
    ("--keep|3,1:0-1", {1: [0, 1], 3: [0, 1]}),
    ("--keep|1:3-5", {1: [3, 4, 5]}),
    ("--keep|1:4", {1: [4]}),
    ("--keep|1:0.12s-0.2s", {1: [3, 4, 5]}),
    ("--keep|1:0.13s", {1: [3]}),
    ("--keep|all:31-32", {4: [31, 32]}),
    ("--keep|1|--hide|1:2-8", {1: [0, 1, 9]}),
    ("--hide|1:2-8|--keep|1", {1: list(range(10))}),
    ("--keep|3|--method|3:0-1=fill", {3: [2, 3, 4]}),
    ("--keep-zone|0,0 400,0 400,300 0,300:35-36", {4: [35, 36]}),
    ("--keep|all:35-36|--hide-zone|0,0 400,0 400,300 0,300", {}),
    ("--keep|3|--delete|3", {}),
    ("--keep|1|--split|1@5", {1: [0, 1, 2, 3, 4], 5: [5, 6, 7, 8, 9]}),
    ("--split|1@5|--keep|1", {1: [0, 1, 2, 3, 4]}),
    ("--split|1@0.2s|--keep|5:9", {5: [9]}),
    ("--merge|1,2|--keep|1:19", {1: [19]}),
    ("--extend|3:5-7|--keep|3:6-9", {3: [6, 7]}),
    ("--keep=1:3", {1: [3]}),
]


@pytest.mark.parametrize(("text", "visible"), KEPT, ids=[row[0] for row in KEPT])
def test_what_stays_visible(text, visible):
    assert kept(text) == visible


def test_edits_stand_in_the_order_in_which_they_were_typed():
    steps = typed("--split|1@5|--keep|5|--merge|1,2|--hide|1")
    assert [step.name for step in steps] == ["split", "keep", "merge", "hide"]


def test_reasons_and_authors_are_kept_with_each_decision():
    it = edited("--keep|3|--method|1,2:7=blur")
    assert it.decisions == (
        Decision(False, 3, reason="consent", by="user"),
        Decision(True, 1, (7, 8), method="blur", reason="consent", by="user"),
        Decision(True, 2, (7, 8), method="blur", reason="consent", by="user"),
    )


def test_reasons_and_authors_are_kept_with_each_change_of_a_track():
    it = edited("--merge|1,2|--split|1@5|--extend|3:5-7|--draw|face@12:1,2,3,4|--delete|4")
    assert len(it.changes) == 5
    assert {(change.reason, change.by) for change in it.changes} == {("consent", "user")}


DRAWN = [
    ("--draw|face@0.48s:100,80,40,50", Drawn("face", 12, (100, 80, 140, 130))),
    ("--draw|face@12:-10,80.5,40,50", Drawn("face", 12, (-10, 80.5, 30, 130.5))),
    ("--draw|face@12:100,80,40,50|--until|1.2s", Drawn("face", 12, (100, 80, 140, 130), 30)),
    ("--draw|face@12:100,80,40,50|--keep|1|--hide|1", Drawn("face", 12, (100, 80, 140, 130))),
]


@pytest.mark.parametrize(("text", "drawn"), DRAWN, ids=[row[0] for row in DRAWN])
def test_what_is_drawn_is_followed_and_a_track_of_its_own(text, drawn):
    asked = []
    it = edited(text, asked)
    assert asked == [drawn]
    assert it.track(5).frames.tolist() == [12, 13, 14]


def test_a_drawn_track_can_be_spoken_of_at_once():
    assert kept("--draw|face@12:1,2,3,4|--keep|5:13") == {5: [13]}


WRONG = [
    ("--keep|x", "write TRACKS"),
    ("--keep|", "write TRACKS"),
    ("--keep|3,", "write TRACKS"),
    ("--keep|9", "no track 9"),
    ("--keep|all,3", "write TRACKS"),
    ("--keep|3:", "write TRACKS"),
    ("--keep|3:5-", "write TRACKS"),
    ("--keep|3:5-4", "ends before it begins"),
    ("--keep|3:5-999", "there are frames 0 to 49"),
    ("--keep|3:1.5", "write TRACKS"),
    ("--keep|3:90s", "no frame is shown at 90 s"),
    ("--keep|3=fill", "write TRACKS"),
    ("--method|3", "wants a method"),
    ("--method|3=smear", "choose from"),
    ("--method|3=outline", "choose from"),
    ("--merge|4", "two at least"),
    ("--merge|4;9", "write TRACKS"),
    ("--split|5", "write TRACK@FRAME"),
    ("--split|4@10", "cannot be split"),
    ("--split|4@", "write TRACK@FRAME"),
    ("--extend|3", "write TRACK:RANGE"),
    ("--extend|3,4:1-2", "write TRACK:RANGE"),
    ("--delete|all", "write TRACKS"),
    ("--keep-zone|1,2 3,4", "three corners"),
    ("--hide-zone|1,2 3,4 5", "three corners"),
    ("--draw|face@12:1,2,3", "write LABEL@FRAME"),
    ("--draw|face:1,2,3,4", "write LABEL@FRAME"),
    ("--draw|cat@12:1,2,3,4", "choose from face"),
    ("--draw|face@12:1,2,0,4", "no width or no height"),
    ("--draw|face@12:1,2,3,-4", "no width or no height"),
    ("--draw|face@12:1,2,nan,4", "no width or no height"),
    ("--draw|face@12:inf,2,3,4", "outside of the picture"),
    ("--draw|face@12:700,2,30,4", "outside of the picture"),
    ("--draw|face@12:1,2,3,4|--until|11", "later moment"),
    ("--until|15", "belongs behind"),
    ("--draw|face@12:1,2,3,4|--keep|1|--until|15", "belongs behind"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[row[0] for row in WRONG])
def test_what_makes_no_sense_is_refused_in_one_line(text, said):
    with pytest.raises(OptionError, match=said) as refused:
        edited(text)
    assert len(str(refused.value).splitlines()) == 1


def test_a_track_that_is_named_twice_is_deleted_once():
    assert [track.id for track in edited("--delete|3,3,1").tracks] == [2, 4]


def test_every_edit_that_is_known_is_understood():
    examples = {name for text, *_ in (*KEPT, *DRAWN) for name in EDITS if f"--{name}" in text}
    assert examples == set(EDITS)


def test_a_plan_that_is_edited_stays_what_it_was():
    it = street()
    boxes = it.rows().boxes.copy()
    apply(it, [Edit("merge", "1,2"), Edit("extend", "3:0-20"), Edit("delete", "4")], lambda *_: it.rows())
    assert np.array_equal(it.rows().boxes, boxes)
    assert it.media.frames == FRAMES
