"""A box that somebody drew is followed both ways, up to where the thing cannot be followed any more."""

from __future__ import annotations

from fractions import Fraction

import footage
import numpy as np
import pytest
from drawn_clips import Clip, draw

from passerby import drawing
from passerby.core import boxes as bx
from passerby.core.errors import PlanError
from passerby.core.tracks import Origin
from passerby.edits import Drawn
from passerby.inputs import opened
from passerby.pipeline import Totals
from passerby.record import recorded
from passerby.settings import Options
from passerby.track.cuts import marked


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """(film, what it shows, its plan without any track)."""
    folder = tmp_path_factory.mktemp("films")
    made = {}
    scenes = {
        "walking": (footage.walking(), footage.Coding()),
        "cut": (footage.cut(), footage.Coding()),
        "entering": (footage.entering(), footage.Coding()),
        "approaching": (footage.approaching(), footage.Coding()),
        "variable rate": (footage.walking(), footage.CODINGS["variable rate"][1]),
        "with sound": (footage.walking(), footage.Coding(sound="aac")),
    }
    for name, (scene, coding) in scenes.items():
        truth = footage.write(scene, folder / f"{name}.mp4", coding)
        made[name] = folder / f"{name}.mp4", truth, bare(folder / f"{name}.mp4")
    return made


def bare(path, **chosen):
    """The plan of a film in which nobody was looked for."""
    options = Options(**chosen)
    with opened(path, options) as source:
        totals = Totals()
        for item in marked(source):
            totals.times.append(item.frame.pts)
            totals.cuts += [item.frame.index] if item.cut else []
        return recorded(path, source.info, options, {}, totals, [], seed=0)


def drawn_at(truth, frame, person=0, until=None):
    [face] = [face for face in truth.faces[frame] if face.person == person]
    return Drawn("face", frame, tuple(face.box), until)


def overlaps(rows, truth, person=0, shift=0):
    """IoU with the truth in each frame in which the person is seen."""
    answer = {}
    for frame, box in zip(rows.frames.tolist(), rows.boxes, strict=True):
        faces = [face for face in truth.faces[frame + shift] if face.person == person]
        if faces:
            [answer[frame]] = bx.iou(box[None], np.array([faces[0].box], np.float32))[0]
    return answer


@pytest.mark.parametrize("name", ["walking", "variable rate", "with sound"])
@pytest.mark.parametrize("frame", [0, 12, 29])
def test_a_face_is_followed_through_the_whole_film(films, name, frame):
    path, truth, plan = films[name]
    rows = drawing.followed(plan, drawn_at(truth, frame), path)
    assert rows.frames.tolist() == list(range(30))
    assert min(overlaps(rows, truth).values()) > 0.5
    assert rows.origins[frame] == Origin.DRAWN
    assert set(np.delete(rows.origins, frame).tolist()) == {Origin.FOLLOWED}


def test_a_face_that_comes_nearer_is_followed_in_size(films):
    path, truth, plan = films["approaching"]
    rows = drawing.followed(plan, drawn_at(truth, 20), path)
    assert set(range(10, 40)) <= set(rows.frames.tolist())
    widths = dict(zip(rows.frames.tolist(), (rows.boxes[:, 2] - rows.boxes[:, 0]).tolist(), strict=True))
    assert widths[10] < 0.8 * widths[20] < widths[20] < 0.7 * widths[38]
    assert min(like for frame, like in overlaps(rows, truth).items() if frame >= 10) > 0.5


def test_it_begins_and_ends_with_its_shot(films):
    path, truth, plan = films["cut"]
    assert plan.cuts.tolist() == [15]
    assert drawing.followed(plan, drawn_at(truth, 7), path).frames.tolist() == list(range(15))
    assert drawing.followed(plan, drawn_at(truth, 20, person=1), path).frames.tolist() == list(range(15, 30))


def test_until_covers_on_where_it_cannot_be_followed(films):
    path, truth, plan = films["cut"]
    rows = drawing.followed(plan, drawn_at(truth, 7, until=20), path)
    assert rows.frames.tolist() == list(range(21))
    assert {Origin(origin) for origin in rows.origins[15:]} == {Origin.EXTENDED}
    assert np.array_equal(rows.boxes[14], rows.boxes[20])


def test_until_ends_it_while_it_could_be_followed(films):
    path, truth, plan = films["walking"]
    assert drawing.followed(plan, drawn_at(truth, 7, until=12), path).frames.tolist() == list(range(13))


def test_it_ends_at_the_edge_of_the_picture(films):
    path, truth, plan = films["entering"]
    rows = drawing.followed(plan, drawn_at(truth, 2, person=1), path)
    seen = [frame for frame in range(30) for face in truth.faces[frame] if face.person == 1 and face.visible > 0.1]
    assert set(seen) <= set(rows.frames.tolist())
    shared = overlaps(rows, truth, person=1)
    assert min(shared[frame] for frame in seen) > 0.3


def test_what_is_lost_stays_hidden_for_a_moment(films):
    """Sky can be recognized nowhere."""
    path, _, plan = films["walking"]
    rows = drawing.followed(plan, Drawn("face", 15, (0, 0, 3, 3)), path)
    assert rows.frames.tolist() == list(range(15 - drawing.LINGER, 16 + drawing.LINGER))


def test_a_stretch_of_a_film_has_frames_of_its_own(films):
    path, truth, _ = films["walking"]
    plan = bare(path, start=Fraction("0.4"))
    rows = drawing.followed(plan, Drawn("face", 12, tuple(truth.faces[22][0].box)), path)
    assert rows.frames.tolist() == list(range(20))
    assert min(overlaps(rows, truth, shift=10).values()) > 0.5


@pytest.mark.parametrize("name", ["walking", "variable rate", "with sound", "entering"])
@pytest.mark.parametrize("start", [None, Fraction("0.3"), Fraction(1, 7)])
@pytest.mark.parametrize("first", [1, 7, 19])
def test_a_film_need_not_be_decoded_from_its_beginning(films, name, start, first):
    path, _, whole = films[name]
    plan = whole if start is None else bare(path, start=start)
    late = list(drawing.frames(plan, path, first))
    early = [(index, frame) for index, frame in drawing.frames(plan, path, 0) if index >= first]
    assert [index for index, _ in late] == [index for index, _ in early]
    assert all(np.array_equal(a.planes[0], b.planes[0]) for (_, a), (_, b) in zip(late, early, strict=True))


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_a_moment_is_the_same_for_a_plan_as_for_start(tmp_path, suffix):
    """Where the sound begins before the picture, both count from the sound, as a player does."""
    step = 512
    clip = Clip(times=[(10 + frame) * step for frame in range(12)], sound="aac")
    path = draw(tmp_path / f"late{suffix}", clip)
    whole, part = bare(path), bare(path, start=Fraction("0.6"))
    assert whole.seconds(np.array([0, 5])).tolist() == pytest.approx([0.4, 0.6], abs=0.03)
    assert part.seconds(np.array([0])).tolist() == pytest.approx(whole.seconds(np.array([5])).tolist(), abs=1e-4)
    assert whole.frame_at(Fraction("0.65")) == 5 + part.frame_at(Fraction("0.65"))


def test_thinned_frames_are_counted_as_they_were(films):
    path, truth, _ = films["walking"]
    plan = bare(path, fps=10)
    times = [round(float(second) * 25) for second in plan.seconds(np.arange(plan.media.frames))]
    drawn = Drawn("face", 6, tuple(truth.faces[times[6]][0].box))
    rows = drawing.followed(plan, drawn, path)
    assert rows.frames.tolist() == list(range(plan.media.frames))


def test_another_film_is_refused(films):
    _, truth, plan = films["walking"]
    with pytest.raises(PlanError, match="the plan is for walking"):
        drawing.followed(plan, drawn_at(truth, 3), films["cut"][0])
