"""The page for a quick check shows what render would show, and tells where to look first."""

from __future__ import annotations

import base64
import re
import time
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from drawn_frames import FORMATS, Film, frame

from passerby.core import pixels
from passerby.core.plan import Decision, Media, Plan
from passerby.core.tracks import Origin, Track
from passerby.mask.shapes import Rectangle
from passerby.paint.effects import Fill
from passerby.paint.several import ByLabel
from passerby.pipeline import hidden
from passerby.plan.sheet import Thumbnail, page, wanted
from passerby.plan.sheet_risk import ranked
from passerby.sheet import HEIGHT, by_frame, thumbnail, write_sheet

ACROSS = [(40 + 4 * i, 90) for i in range(40)]
FILM = Film(ACROSS)
EFFECT = ByLabel({"face": Fill(colour=(255, 255, 255))})
SHAPES = {"face": Rectangle()}


def track(id=1, first=0, end=40, *, at=(140.0, 90.0), score=0.9, origin=Origin.DETECTED, label="face"):
    frames = np.arange(first, end)
    count = len(frames)
    box = [*at, at[0] + 40, at[1] + 40]
    return Track(
        id,
        label,
        frames,
        np.tile(np.array(box, np.float32), (count, 1)),
        np.full(count, score, np.float32),
        np.full(count, origin, np.uint8),
    )


def moving(id=1):
    """The track of the film's square."""
    still = track(id)
    return Track(id, "face", still.frames, np.array([FILM.box(i) for i in range(40)]), still.scores, still.origins)


def plan_of(*tracks, frames=40, size=(320, 240), **more):
    media = Media(
        name="a <film> & more.mp4", sha256="ab" * 32, size=size, frames=frames, rate=Fraction(25),
        time_base=Fraction(1, 25),
    )  # fmt: skip
    return Plan(media, tracks, times=np.arange(frames), **more)


def without(track, *frames):
    keep = ~np.isin(track.frames, frames)
    return Track(track.id, track.label, track.frames[keep], track.boxes[keep], track.scores[keep], track.origins[keep])


# Where to look first


@pytest.mark.parametrize(
    ("made", "points", "reasons"),
    [
        (track(), 0, ()),
        (track(end=5), 5, ("short: 5 frames, 0.20 s", "ends in mid-picture")),
        (track(first=20), 2, ("begins in mid-picture",)),
        (track(end=20), 2, ("ends in mid-picture",)),
        (track(end=20, at=(1.0, 90.0)), 0, ()),
        (track(end=20, at=(140.0, 199.0)), 0, ()),
        (without(track(), 7, 8, 9, 20), 2, ("2 gaps, the longest of 3 frames",)),
        (track(score=0.4), 2, ("low score: 0.40 at best",)),
        (track(score=np.nan), 2, ("never scored by a detector",)),
        (track(score=np.nan, origin=Origin.DRAWN), 0, ()),
        (track(origin=Origin.EXTENDED), 1, ("100% of it filled in or extended",)),
    ],
)
def test_a_track_tells_in_words_why_to_look_at_it(made, points, reasons):
    [risk] = ranked(plan_of(made))
    assert (risk.points, risk.reasons) == (points, reasons)


def test_at_a_cut_a_track_may_begin_and_end_anywhere():
    [risk] = ranked(plan_of(track(first=10, end=30), cuts=np.array([10, 30])))
    assert risk.reasons == ()


def test_those_to_look_at_first_come_first():
    plan = plan_of(track(1), track(2, end=5), track(3, first=20), track(4, end=20))
    assert [risk.track.id for risk in ranked(plan)] == [2, 4, 3, 1]


# Which pictures


def test_pictures_are_wanted_of_the_ends_and_of_the_least_sure():
    made = track()
    made.scores[33] = 0.1
    frames = [frame for frame, _ in wanted(plan_of(made))[1]]
    assert {0, 33, 39} <= set(frames)
    assert len(frames) == 5
    assert frames == sorted(frames)
    assert any(15 <= frame <= 24 for frame in frames)


@pytest.mark.parametrize("per_track", [1, 2, 5, 60])
def test_no_more_pictures_are_wanted_than_said_or_than_there_are(per_track):
    frames = [frame for frame, _ in wanted(plan_of(track(first=3, end=33, score=np.nan)), per_track)[1]]
    assert len(frames) == len(set(frames)) == min(per_track, 30)


# What they show


def images(html):
    """The page's pictures, RGB, with what is said of each."""
    found = re.findall(r'alt="([^"]*)" src="data:image/jpeg;base64,([^"]*)"', html)
    return [
        (said, cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)[..., ::-1])
        for said, data in found
    ]


def test_thumbnails_show_what_rendering_shows():
    """A face is not to be seen on the page of a plan that hides it."""
    plan = plan_of(moving())
    shown = [picture for _, picture in images(write_sheet(plan, FILM, EFFECT, SHAPES))]
    rows = plan.rows()
    known = ((frame, rows[rows.frames == frame.index]) for frame in FILM)
    rendered = {frame.index: frame for frame, _ in hidden(known, EFFECT, SHAPES, plan.seed)}
    expected = [Thumbnail(index, thumbnail(rendered[index], box)) for index, box in wanted(plan)[1]]
    assert len(shown) == len(expected) == 5
    for picture, other in zip(shown, expected, strict=True):
        decoded = cv2.imdecode(np.frombuffer(other.jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        np.testing.assert_array_equal(picture, decoded)


def middle(picture):
    """The part where the face is."""
    height, width = picture.shape[:2]
    return picture[height * 2 // 5 : height * 3 // 5, width * 2 // 5 : width * 3 // 5]


def test_hidden_parts_are_hidden_and_kept_ones_are_not():
    plan = plan_of(moving()).keep(1, (20, 40))
    for said, picture in images(write_sheet(plan, FILM, EFFECT, SHAPES)):
        assert ("left visible" in said) == (middle(picture).mean() < 220), said
        assert ("hidden" in said) == (middle(picture).min() > 225), said


def test_of_several_tracks_each_is_hidden():
    plan = plan_of(track(1, at=(20.0, 20.0)), moving(2), track(3, 5, 30, at=(200.0, 20.0)))
    for said, picture in images(write_sheet(plan, FILM, EFFECT, SHAPES)):
        assert middle(picture).min() > 225, said


def test_everybody_is_shown_only_when_asked_for():
    html = write_sheet(plan_of(moving()), FILM, EFFECT, SHAPES, show_faces=True)
    assert all(middle(picture).mean() < 220 for _, picture in images(html))
    assert "for your eyes only" in html
    assert "for your eyes only" not in write_sheet(plan_of(moving()), FILM, EFFECT, SHAPES)


def test_the_source_is_read_once_and_not_beyond_the_last_picture():
    seen = []

    class Watched(Film):
        def __iter__(self):
            for one in super().__iter__():
                seen.append(one.index)
                yield one

    write_sheet(plan_of(track(end=10)), Watched(ACROSS), EFFECT, SHAPES)
    assert seen == list(range(10))


def test_an_effect_that_needs_neighbours_is_given_all_frames():
    windows = []

    class Wide(Fill):
        reach = 2

        def paint(self, frames, hidden):
            windows.append([frame.index for frame in frames])
            return super().paint(frames, hidden)

    write_sheet(plan_of(track(end=10)), FILM, Wide(), SHAPES)
    assert windows[5] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("box", [(-80, -80, -40, -40), (90, 60, 96, 64), (0, 0, 96, 64), (400, 300, 500, 400)])
@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_a_thumbnail_of_any_box_is_a_picture(box, turn, format):
    one = frame(format, turn=turn)
    jpeg = thumbnail(one, np.array(box, np.float32))
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape[0] == HEIGHT


def test_a_thumbnail_is_upright_and_of_the_right_place():
    """A turned frame's left is not its top."""
    one = frame(size=(96, 64), turn=1)
    picture = cv2.imdecode(np.frombuffer(thumbnail(one, np.array([0, 0, 64, 96], np.float32)), np.uint8), 1)
    whole = pixels.rgb(one, (64, 96))[..., ::-1]
    assert np.abs(picture.astype(int) - whole).mean() < 25


def test_many_tracks_are_shown_in_fewer_pictures():
    wish = by_frame(plan_of(*(track(id) for id in range(1000))))
    assert sum(map(len, wish.values())) == 2000


def test_several_tracks_in_one_frame_are_taken_at_once():
    assert [track for track, _ in by_frame(plan_of(track(1), track(2)))[0]] == [1, 2]


# The page


class Outline(HTMLParser):
    """The elements of a page; fails where they do not nest."""

    VOID = ("meta", "img", "br", "rect", "path", "!doctype")

    def __init__(self, html):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in self.VOID or self.open.pop() == tag, tag


NASTY = "<script>alert(1)</script>\"'&"


def test_texts_cannot_become_markup():
    plan = plan_of(track(label=NASTY)).hide(1, method=NASTY, reason=NASTY, by=NASTY)
    html = page(plan, {1: [Thumbnail(3, b"jpeg")]})
    assert "script" not in {tag for tag, _ in Outline(html).tags}
    assert "<script" not in html
    assert "a &lt;film&gt; &amp; more.mp4" in html


def test_the_page_needs_nothing_from_elsewhere():
    html = page(plan_of(track()), {1: [Thumbnail(0, b"jpeg")]})
    targets = [
        value for _, attributes in Outline(html).tags for name, value in attributes.items() if name in ("src", "href")
    ]
    assert targets
    assert all(target.startswith(("data:", "#")) for target in targets)
    assert "url(" not in html
    assert "@import" not in html


def test_the_page_can_be_read_aloud():
    html = page(plan_of(track(), track(2, end=9)).keep(1), {1: [Thumbnail(0, b"jpeg")]})
    tags = Outline(html).tags
    assert [tag for tag, _ in tags if tag in ("h1", "h2", "h3")] == ["h1", *["h2"] * 4, "h3", "h3"]
    assert all(attributes.get("scope") in ("row", "col") for tag, attributes in tags if tag == "th")
    assert all(attributes.get("alt") for tag, attributes in tags if tag == "img")
    assert all(
        attributes.get("aria-label") or attributes.get("aria-hidden") for tag, attributes in tags if tag == "svg"
    )


def test_totals_count_what_is_hidden_and_name_who_is_not():
    plan = plan_of(track(), track(2, first=35), frames=50).keep(1, (0, 10))
    html = page(plan, {})
    assert "<td>30 of 50</td>" in html
    assert '<td>10 of <a href="#t1">track 1</a></td>' in html
    assert "left visible in 10 of 40 frames" in html
    assert '<td><a href="#t2">track 2</a>, 5 frames</td>' in html


def test_decisions_are_told_in_words():
    plan = plan_of(track()).decide(Decision(False, zone=((0, 0), (9, 0), (9.5, 9)), under=20, by="policy"))
    html = page(plan.hide(1, (3, 8), method="fill"), {})
    assert "inside 0,0 9,0 9.5,9; under 20 px" in html
    assert "hide by fill" in html
    assert "<td>3 to 7</td>" in html


def test_what_was_done_to_tracks_is_told_with_its_reason_and_its_author():
    it = plan_of(track(1), track(2))
    assert "done to the tracks" not in page(it, {})
    assert "deleted · reviewer · a &lt;lamp&gt;" in page(it.delete(2, reason="a <lamp>", by="reviewer"), {})


def test_the_timeline_shows_origins_gaps_and_cuts():
    made = track(end=20)
    made.origins[10:] = Origin.FILLED
    html = page(plan_of(without(made, 5, 6), cuts=np.array([10])), {})
    lane = html[html.index('<div class="lane">') :]
    assert '<path class="o0" d="M0 12H250v24H0zM350 12H500v24H350z"/>' in lane
    assert '<path class="o2" d="M500 22H1000v14H500z"/>' in lane
    assert '<path class="cut" d="M500 10V36"/>' in lane
    assert "8 frames detected, 10 frames filled, 2 missing" in lane


def test_the_films_timeline_begins_when_the_plan_does():
    whole = plan_of(track())
    part = replace(whole, media=replace(whole.media, start=Fraction(10)))
    assert '<p class="ends"><span>0:10.00</span><span>0:11.56</span></p>\n</section>' in page(part, {})


def test_a_gap_of_one_frame_shows_in_the_timeline_of_a_long_track():
    """A part of the drawing stands for several frames; a person who pauses the film would see that one."""
    html = page(plan_of(without(track(end=1000), 500), frames=1000), {})
    assert '<path class="o0" d="M0 12H500v24H0zM505 12H1000v24H505z"/>' in html


@pytest.mark.parametrize("plan", [plan_of(), plan_of(frames=0), plan_of(track(end=1), frames=1)])
def test_small_plans_have_a_page_too(plan):
    assert Outline(page(plan, {})).tags


def test_two_hundred_tracks_make_a_page_of_under_three_megabytes():
    rng = np.random.default_rng(0)
    tracks = []
    for id in range(200):
        made = track(id, 10 * id, 10 * id + 2000, at=(rng.uniform(0, 1800), rng.uniform(0, 1000)))
        made.origins[:] = rng.integers(0, 4, 2000)
        tracks.append(made)
    plan = plan_of(*tracks, frames=4000, size=(1920, 1080))
    photo = cv2.GaussianBlur(rng.integers(0, 255, (96, 80, 3), np.uint8), (0, 0), 2)
    jpeg = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes()
    pictures = {id: [Thumbnail(frame, jpeg) for frame, _ in places] for id, places in wanted(plan).items()}
    begun = time.process_time()
    html = page(plan, pictures)
    print(f"{time.process_time() - begun:.2f} s, {len(html) / 1e6:.2f} MB with pictures of {len(jpeg)} bytes")
    assert len(html) < 3_000_000
