"""Plans go out to other programs and come back the same; what others write comes in; what is wrong is refused."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.core.errors import InputError, LimitExceeded, OptionError
from passerby.core.plan import Decision, Media, Plan, decided
from passerby.core.tracks import Origin, Track
from passerby.plan.exchange import FORMATS, format_of, keyframes, read, write
from passerby.plan.exchange.table import tabled

FRAMES = 30
MEDIA = Media(
    name="street & 'co'.mp4", sha256="ab" * 32, size=(1920, 1080), frames=FRAMES, rate=Fraction(25),
    time_base=Fraction(1, 25),
)  # fmt: skip
EMPTY = Plan(MEDIA, (), times=np.arange(FRAMES))


# Plans of every kind

sides = st.floats(-4000, 4000, width=32).filter(lambda side: side == 0 or abs(side) > 1e-4)
"""COCO gives lengths, in which nothing smaller is left."""
scores = st.floats(0, 1, width=32) | st.just(float("nan"))
words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")) | st.sampled_from("\n\t\r\"',;<&>"), max_size=12
)
labels = words.filter(bool) | st.sampled_from(["face", "plate"])
corners = st.tuples(*(st.integers(0, 4 * side).map(lambda quarters: quarters / 4) for side in (1920, 1080)))


@st.composite
def tracks(draw, id):
    frames = sorted(draw(st.sets(st.integers(0, FRAMES - 1), min_size=1, max_size=8)))
    points = [draw(st.tuples(sides, sides, sides, sides)) for _ in frames]
    boxes = np.array([(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in points], np.float32)
    return Track(
        id,
        draw(labels),
        np.array(frames, np.int64),
        boxes,
        np.array([draw(scores) for _ in frames], np.float32),
        np.array([draw(st.sampled_from(Origin)) for _ in frames], np.uint8),
    )


@st.composite
def decisions(draw, ids):
    hide = draw(st.booleans())
    first = draw(st.integers(0, FRAMES - 1))
    return Decision(
        hide,
        draw(st.none() | st.sampled_from(ids)) if ids else None,
        draw(st.none() | st.just((first, first + 7))),
        draw(st.none() | st.lists(corners, min_size=3, max_size=5).map(tuple)),
        draw(st.none() | st.floats(1, 500)),
        draw(st.sampled_from([None, "fill", "mosaic"])) if hide else None,
        draw(words),
        draw(st.sampled_from(["", "user", "policy"])),
    )


@st.composite
def plans(draw):
    ids = sorted(draw(st.sets(st.integers(0, 2**50), max_size=3)))
    made = tuple(draw(tracks(id)) for id in ids)
    return Plan(MEDIA, made, tuple(draw(st.lists(decisions(ids), max_size=4))), times=np.arange(FRAMES), seed=7)


def track(id=3, frames=(4, 5, 6), label="face", origin=Origin.DETECTED, score=0.5):
    count = len(frames)
    boxes = np.array([[10.0625 + f, 20.1, 50.5 + f, 70] for f in frames], np.float32)
    return Track(
        id, label, np.array(frames), boxes, np.full(count, score, np.float32), np.full(count, origin, np.uint8)
    )


def plan_of(*made, **more):
    return Plan(MEDIA, made, times=np.arange(FRAMES), **more)


def out(plan, format):
    file = io.BytesIO()
    write(plan, file, format)
    return file.getvalue()


def same_rows(a, b):
    a, b = a.rows(), b.rows()
    assert a.tracks.tolist() == b.tracks.tolist()
    assert a.frames.tolist() == b.frames.tolist()
    assert a.labels.tolist() == b.labels.tolist()
    assert a.origins.tolist() == b.origins.tolist()
    np.testing.assert_array_equal(a.boxes, b.boxes)
    np.testing.assert_array_equal(a.scores, b.scores)


def verdicts(plan):
    table = tabled(plan)
    return [table.verdicts[place] for place in table.verdict]


# There and back


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=25, deadline=None)
@given(plan=plans())
def test_every_box_and_what_is_decided_on_it_comes_back_the_same(format, plan):
    back = read(out(plan, format), EMPTY, format)
    same_rows(plan, back)
    assert verdicts(back) == verdicts(plan)
    before, after = decided(plan.decisions, plan.rows()), decided(back.decisions, back.rows())
    assert before[0].frames.tolist() == after[0].frames.tolist()
    assert before[1].tolist() == after[1].tolist()


@settings(max_examples=25, deadline=None)
@given(plan=plans())
def test_json_keeps_decisions_as_they_were_made(plan):
    assert read(out(plan, "json"), EMPTY, "json").decisions == plan.decisions


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_plan_gives_the_same_bytes(format):
    plan = plan_of(track(), track(7, label="plate")).keep(3, reason="a & b")
    assert out(plan, format) == out(plan, format)


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_plan_goes_there_and_back(format):
    assert read(out(EMPTY, format), plan_of(track()), format).tracks == ()


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_file_does_not_tell_is_the_plans(format):
    plan = plan_of(track(), seed=99, cuts=np.array([5]), provenance={"passerby": "1"})
    back = read(out(EMPTY, format), plan, format)
    assert (back.media, back.seed, back.cuts.tolist(), back.provenance) == (MEDIA, 99, [5], {"passerby": "1"})


@pytest.mark.parametrize("format", FORMATS)
def test_more_rows_than_are_written_at_a_time(format, monkeypatch):
    monkeypatch.setattr(f"passerby.plan.exchange.{'json_file' if format == 'json' else 'table'}.CHUNK", 2)
    monkeypatch.setattr("passerby.plan.exchange.csv_file.CHUNK", 2)
    plan = plan_of(track(), track(9, frames=(0, 1))).keep(9)
    back = read(out(plan, format), EMPTY, format)
    same_rows(plan, back)
    assert back.decisions == plan.decisions


@pytest.mark.parametrize("format", ["cvat", "coco", "csv"])
def test_a_kept_zone_comes_back_as_the_frames_it_meant(format):
    """The zone's form is lost, and a new track is not kept visible by what was only meant for these."""
    zone = Decision(False, zone=((0, 0), (56, 0), (56, 100), (0, 100)), reason="staff", by="policy")
    plan = plan_of(track()).decide(zone)
    [found] = read(out(plan, format), EMPTY, format).decisions
    assert found == Decision(False, 3, (4, 6), reason="staff", by="policy")


# What others write

CVAT_VIDEO = """\
    <?xml version="1.0" encoding="utf-8"?>
    <annotations>
      <version>1.1</version>
      <meta>
        <task>
          <id>1063</id><name>street</name><size>30</size><mode>interpolation</mode><overlap>0</overlap>
          <labels><label><name>face</name><color>#c06060</color><type>any</type><attributes></attributes></label></labels>
          <original_size><width>1920</width><height>1080</height></original_size>
        </task>
        <dumped>2018-06-06 15:52:11.138470+03:00</dumped>
      </meta>
      <track id="0" label="face" source="manual">
        <box frame="2" keyframe="1" outside="0" occluded="0" xtl="10.00" ytl="20.00" xbr="30.00" ybr="40.00" z_order="0"></box>
        <box frame="3" keyframe="0" outside="0" occluded="0" xtl="999.00" ytl="20.00" xbr="999.00" ybr="40.00" z_order="0"></box>
        <box frame="6" keyframe="1" outside="0" occluded="1" xtl="18.00" ytl="20.00" xbr="38.00" ybr="40.00" z_order="0"></box>
        <box frame="8" keyframe="1" outside="1" occluded="0" xtl="22.00" ytl="20.00" xbr="42.00" ybr="40.00" z_order="0"></box>
        <box frame="28" keyframe="1" outside="0" occluded="0" xtl="100.00" ytl="20.00" xbr="120.00" ybr="40.00" z_order="0"></box>
      </track>
      <track id="1" label="face" source="manual">
        <box frame="5" keyframe="1" outside="0" occluded="0" xtl="0.00" ytl="0.00" xbr="40.00" ybr="20.00" rotation="90.00" z_order="0"></box>
        <box frame="6" keyframe="1" outside="1" occluded="0" xtl="0.00" ytl="0.00" xbr="40.00" ybr="20.00" z_order="0"></box>
      </track>
    </annotations>
    """  # noqa: E501


def cvat(text=CVAT_VIDEO, plan=EMPTY):
    return read(dedent(text).encode(), plan, "cvat")


def test_boxes_lie_on_the_line_between_cvats_keyframes():
    first = cvat().track(0)
    assert first.frames.tolist() == [2, 3, 4, 5, 6, 7, 28, 29]
    assert first.boxes[:5, 0].tolist() == [10, 12, 14, 16, 18]
    assert first.origins.tolist()[:5] == [Origin.DRAWN, *[Origin.FILLED] * 3, Origin.DRAWN]


def test_a_track_that_is_not_ended_goes_on_to_the_end_as_in_cvat():
    assert cvat().track(0).boxes[-1].tolist() == [100, 20, 120, 40]


def test_before_it_ends_a_box_holds_both_where_it_was_and_where_it_would_go():
    """Versions of CVAT differ in which of the two they mean."""
    assert cvat().track(0).boxes[5].tolist() == [18, 20, 40, 40]


def test_a_turned_box_becomes_the_upright_one_around_it():
    np.testing.assert_allclose(cvat().track(1).boxes, [[10, -10, 30, 30]], atol=1e-4)


def test_a_box_turning_between_keyframes_is_held_all_the_way():
    """Halfway between 0 and 90 degrees a square reaches furthest."""
    turning = CVAT_VIDEO.replace('xbr="40.00" ybr="20.00" rotation="90.00"', 'xbr="20.00" ybr="20.00"')
    turning = turning.replace(
        '<box frame="6" keyframe="1" outside="1" occluded="0" xtl="0.00" ytl="0.00" xbr="40.00" ybr="20.00"',
        '<box frame="7" outside="0" rotation="90" xtl="0.00" ytl="0.00" xbr="20.00" ybr="20.00"',
    )
    np.testing.assert_allclose(cvat(turning).track(1).boxes[1], [-4.142, -4.142, 24.142, 24.142], atol=1e-3)


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ('<polygon frame="1" outside="0" points="5,6;9.5,2;7,30"/>', [5, 2, 9.5, 30]),
        ('<polyline frame="1" outside="0" points="5,6;9,2"/>', [5, 2, 9, 6]),
        ('<points frame="1" outside="0" points="5,6"/>', [5, 6, 5, 6]),
        ('<ellipse frame="1" outside="0" cx="10" cy="20" rx="3" ry="4"/>', [7, 16, 13, 24]),
        ('<mask frame="1" outside="0" rle="3, 1" left="4" top="5" width="2" height="2"/>', [4, 5, 6, 7]),
    ],
)
def test_other_shapes_count_as_the_box_around_them(shape, box):
    text = f'<annotations><track id="4" label="face">{shape}</track></annotations>'
    assert cvat(text).track(4).boxes[0].tolist() == box


def test_cvats_own_numbers_do_not_join_tracks_that_passerby_told_apart():
    """CVAT counts tracks anew at every export; passerby's numbers travel as an attribute."""
    plan = plan_of(track(3), track(8, frames=(1, 2))).keep(8, reason="consent")
    text = (
        out(plan, "cvat").decode().replace('<track id="3"', '<track id="8"').replace('<track id="8"', '<track id="0"')
    )
    back = read(text.encode(), EMPTY, "cvat")
    same_rows(plan, back)
    assert back.decisions == plan.decisions


def test_a_track_of_no_proper_number_is_given_one():
    assert [t.id for t in cvat(xml(BOX).replace('id="0"', 'id="-5"')).tracks] == [0]


def test_a_track_copied_in_cvat_becomes_one_of_its_own():
    text = out(plan_of(track(3)), "cvat").decode()
    copied = text[text.index("<track") : text.index("</annotations>")]
    back = read(text.replace("</annotations>", copied + "</annotations>").encode(), EMPTY, "cvat")
    assert [t.id for t in back.tracks] == [3, 4]


def test_attributes_hold_until_they_change_as_in_cvat():
    text = """\
        <annotations><track id="0" label="face">
          <box frame="1" keyframe="1" outside="0" xtl="1" ytl="1" xbr="9" ybr="9">
            <attribute name="hide">false</attribute><attribute name="reason">an actor</attribute></box>
          <box frame="3" keyframe="1" outside="0" xtl="1" ytl="1" xbr="9" ybr="9"></box>
          <box frame="5" keyframe="1" outside="0" xtl="1" ytl="1" xbr="9" ybr="9">
            <attribute name="hide">true</attribute><attribute name="reason"></attribute></box>
        </track></annotations>"""
    assert cvat(text).decisions == (Decision(False, 0, (1, 5), reason="an actor"),)


def task(holds="", start=0, stop=FRAMES - 1, kind="task"):
    """A file of CVAT about some of the film's frames."""
    span = f"<start_frame>{start}</start_frame><stop_frame>{stop}</stop_frame>"
    return f"<annotations><meta><{kind}>{span}</{kind}></meta>{holds}</annotations>"


def drawn_at(frame, more=""):
    """A track that CVAT ends nowhere."""
    return (
        f'<track id="3" label="face"><box frame="{frame}" keyframe="1" outside="0" xtl="1" ytl="1" xbr="9" ybr="9">'
        f"{more}</box></track>"
    )


def test_a_job_of_cvat_changes_its_own_frames_alone():
    """Of a long film CVAT exports the part that one person worked on: nobody beyond it is uncovered."""
    plan = plan_of(track(3, frames=range(2, 28)), track(8, frames=(25,))).keep(8, reason="consent")
    back = cvat(task(drawn_at(12), 10, 19, "job"), plan)
    assert [(t.id, t.frames.tolist()) for t in back.tracks] == [
        (3, [*range(2, 10), *range(20, 28)]),
        (8, [25]),
        (9, list(range(12, 20))),
    ]
    said = cvat(task(drawn_at(12, '<attribute name="hide">false</attribute>'), 10, 19, "job"), plan)
    assert said.decisions == (Decision(False, 8, reason="consent", by="user"), Decision(False, 9))


def test_a_track_goes_on_beyond_a_job_under_the_number_it_has():
    plan = plan_of(track(3, frames=range(2, 28)), track(8, frames=(25,)))
    back = cvat(task(drawn_at(12, '<attribute name="track">8</attribute>'), 10, 19, "job"), plan)
    assert back.track(8).frames.tolist() == [*range(12, 20), 25]


def test_frames_that_cvat_for_images_leaves_out_stay_as_they_are():
    """It leaves out those that somebody deleted in CVAT, and those between a frame step."""
    plan = plan_of(track(3, frames=range(2, 8)))
    back = cvat(CVAT_IMAGES, plan)
    assert back.track(3).frames.tolist() == [2, 3, 6, 7]
    assert [(t.id, t.frames.tolist()) for t in back.tracks[1:]] == [(4, [4]), (5, [5])]


def test_frames_of_which_coco_lists_no_image_stay_as_they_are():
    back = coco(plan=plan_of(track(8, frames=range(2, 8))))
    assert back.track(8).frames.tolist() == [2, 5, 6, 7]
    assert [(t.id, t.frames.tolist()) for t in back.tracks] == [(6, [3, 4]), (8, [2, 5, 6, 7]), (9, [4])]


def test_a_project_of_several_films_is_refused():
    with pytest.raises(InputError, match="several tasks"):
        cvat("<annotations><meta><project><tasks><task></task><task></task></tasks></project></meta></annotations>")


def test_a_file_about_the_whole_film_is_no_file_for_a_plan_of_a_part():
    """CVAT counts frames from the beginning of the film, this plan from its own."""
    part = replace(plan_of(track(3)), media=replace(MEDIA, start=Fraction(1)))
    with pytest.raises(InputError, match="frames 0 to 54, but this plan, made with --start"):
        cvat(task(drawn_at(12), stop=54), part)
    assert len(cvat(task(drawn_at(12)), part).tracks) == 1


CVAT_IMAGES = """\
    <annotations>
      <version>1.1</version>
      <image id="4" name="frame_000004" width="1920" height="1080">
        <box label="face" occluded="0" source="manual" xtl="1.50" ytl="2.00" xbr="30.00" ybr="40.00" z_order="0"></box>
        <tag label="blurred"></tag>
      </image>
      <image id="5" name="frame_000005" width="1920" height="1080">
        <box label="plate" occluded="0" source="manual" xtl="3.00" ytl="2.00" xbr="30.00" ybr="40.00" z_order="0">
          <attribute name="hide">no</attribute>
        </box>
      </image>
    </annotations>
    """


def test_boxes_of_cvat_for_images_are_tracks_of_one_frame():
    back = cvat(CVAT_IMAGES)
    assert [(t.label, t.frames.tolist(), t.boxes[0, 0]) for t in back.tracks] == [("face", [4], 1.5), ("plate", [5], 3)]
    assert back.decisions == (Decision(False, back.tracks[1].id),)


COCO = {
    "licenses": [{"name": "", "id": 0, "url": ""}],
    "info": {"contributor": "", "date_created": "", "description": "", "url": "", "version": "", "year": ""},
    "categories": [{"id": 1, "name": "face", "supercategory": ""}],
    "images": [
        {"id": 1, "width": 1920, "height": 1080, "file_name": "frame_000003.PNG", "license": 0, "flickr_url": "",
         "coco_url": "", "date_captured": 0},
        {"id": 2, "width": 1920, "height": 1080, "file_name": "frame_000004.PNG", "license": 0, "flickr_url": "",
         "coco_url": "", "date_captured": 0},
    ],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [], "area": 12.0, "bbox": [10.0, 20.0, 3.0, 4.0],
         "iscrowd": 0, "attributes": {"occluded": False, "rotation": 0.0, "track_id": 6, "keyframe": True}},
        {"id": 2, "image_id": 2, "category_id": 1, "segmentation": [], "area": 12.0, "bbox": [11.0, 20.0, 3.0, 4.0],
         "iscrowd": 0, "attributes": {"occluded": False, "rotation": 0.0, "track_id": 6, "keyframe": False}},
        {"id": 3, "image_id": 2, "category_id": 1, "bbox": [50.0, 20.0, 3.0, 4.0], "score": 0.25},
    ],
}  # fmt: skip


def coco(change=lambda told: None, plan=EMPTY):
    told = json.loads(json.dumps(COCO))
    change(told)
    return read(json.dumps(told).encode(), plan, "coco")


def test_coco_as_cvat_writes_it():
    back = coco()
    assert [(t.id, t.frames.tolist()) for t in back.tracks] == [(6, [3, 4]), (7, [4])]
    assert back.track(6).boxes.tolist() == [[10, 20, 13, 24], [11, 20, 14, 24]]
    assert back.track(7).scores.tolist() == [0.25]


def test_coco_numbers_its_annotations_from_one(monkeypatch):
    monkeypatch.setattr("passerby.plan.exchange.table.CHUNK", 2)
    told = json.loads(out(plan_of(track(), track(7)), "coco"))
    assert [annotation["id"] for annotation in told["annotations"]] == [1, 2, 3, 4, 5, 6]


def test_a_turned_coco_box_is_held_whole():
    back = coco(lambda told: told["annotations"][0]["attributes"].update(rotation=90.0))
    np.testing.assert_allclose(back.track(6).boxes[0], [9.5, 20, 13.5, 24], atol=1e-4)


def test_without_a_word_on_decisions_those_on_tracks_go_and_general_ones_stay():
    """The file's numbers may mean others: nobody stays visible because of a number."""
    plan = plan_of(track(6)).keep(6).decide(Decision(False, under=2.0, by="policy"))
    assert coco(plan=plan).decisions == (Decision(False, under=2.0, by="policy"),)


CSV = "track,label,frame,x0,y0,x1,y1\n0,face,3,1,2,3,4.5\n0,face,4,2,2,4,4.5\n"


def test_csv_needs_few_columns_in_any_order_and_takes_what_spreadsheets_add():
    lines = '\ufefflabel,track,x0,y0,x1,y1,frame,reason,hide\r\nface,5,1,2,3,4.5,9,"a, ""b""",FALSE\r\n\r\n'
    back = read(lines.encode(), EMPTY, "csv")
    assert back.track(5).boxes.tolist() == [[1, 2, 3, 4.5]]
    assert back.decisions == (Decision(False, 5, reason='a, "b"'),)
    assert back.track(5).origins.tolist() == [Origin.DRAWN]


def test_empty_lines_end_nothing(monkeypatch):
    monkeypatch.setattr("passerby.plan.exchange.csv_file.CHUNK", 2)
    assert len(read(CSV.replace("3,4.5\n", "3,4.5" + "\n" * 9).encode(), EMPTY, "csv").rows()) == 2


# What is wrong


def xml(inside):
    return f'<annotations><track id="0" label="face">{inside}</track></annotations>'


BOX = '<box frame="1" keyframe="1" outside="0" xtl="1" ytl="1" xbr="9" ybr="9"/>'
LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + xml(BOX)
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotations>&a;</annotations>'
ROWS = out(plan_of(track()), "json").decode()


@pytest.mark.parametrize(
    ("format", "text", "says"),
    [
        ("cvat", "", "not XML"),
        ("cvat", "<annotations>", "not XML"),
        ("cvat", "<html/>", "not with <annotations>"),
        ("cvat", LAUGHS, "DOCTYPE"),
        ("cvat", OUTSIDE, "DOCTYPE"),
        ("cvat", "<?xml version='1.0' encoding='nonsense'?><annotations/>", "not XML"),
        ("cvat", "<annotations>" + "<a>" * 50 + "</a>" * 50 + "</annotations>", "too deeply"),
        ("cvat", xml(BOX.replace('xtl="1"', 'xtl="nan"')), "xtl of a box is 'nan'"),
        ("cvat", xml(BOX.replace('xtl="1"', 'xtl="1e9"')), "numbers of pixels"),
        ("cvat", xml(BOX.replace('xtl="1"', 'xtl="-1e308"').replace('xbr="9"', 'xbr="1e308"')), "numbers of pixels"),
        ("cvat", xml(BOX.replace('xtl="1"', "")), "xtl of a box is ''"),
        ("cvat", xml(BOX.replace('xtl="1"', 'xtl="10"')), "ends before it begins"),
        ("cvat", xml(BOX.replace('frame="1"', 'frame="30"')), "frames 0 to 29"),
        ("cvat", xml(BOX.replace('frame="1"', 'frame="-1"')), "frames 0 to 29"),
        ("cvat", xml(BOX.replace('frame="1"', f'frame="{"9" * 5000}"')), "a frame is '9999"),
        ("cvat", xml(BOX + BOX), "two boxes in frame 1"),
        ("cvat", xml(BOX).replace('label="face"', 'label=""'), "a label is ''"),
        ("cvat", xml(BOX).replace('label="face"', f'label="{"x" * 101}"'), "a label is 'xxx"),
        ("cvat", xml('<cuboid frame="1"/>'), "cuboid"),
        ("cvat", xml('<polygon frame="1" points="1;2"/>'), "no points"),
        ("cvat", xml(BOX[:-2] + '><attribute name="score">2</attribute></box>'), "score of 2"),
        ("cvat", xml(BOX[:-2] + '><attribute name="origin">guessed</attribute></box>'), "there is detected"),
        ("cvat", xml(BOX[:-2] + '><attribute name="hide">maybe</attribute></box>'), "say true or false"),
        ("cvat", CVAT_VIDEO.strip().replace("<width>1920", "<width>640"), "640x1080"),
        ("cvat", '<annotations><image id="1" width="9" height="9"/></annotations>', "9x9"),
        ("csv", "", "the first line is ''"),
        ("csv", CSV.replace(",", ";"), "commas between"),
        ("csv", CSV.replace("x0", "x"), "commas between"),
        ("csv", CSV.replace("x0", "x0,x0"), "each once"),
        ("csv", CSV + "1,face,3\n", "row 3 has 3 fields"),
        ("csv", CSV + "1,face,3,1,2,inf,4\n", "x1 is 'inf'"),
        ("csv", CSV + "1,face,3.5,1,2,3,4\n", "a frame is '3.5'"),
        ("csv", CSV + "-1,face,3,1,2,3,4\n", "number -1"),
        ("csv", CSV + "0,face,3,1,2,3,4\n", "track 0 in frame 3 has two boxes"),
        ("csv", CSV + "0,plate,5,1,2,3,4\n", "'face' and 'plate'"),
        ("csv", CSV + '1,"face,3,1,2,3,4\n', "check its quotes"),
        ("json", "{", "not JSON"),
        ("json", "[]", "no JSON object"),
        ("json", "[" * 100_000, "nested too deeply"),
        ("json", "{}", "no rows of a plan"),
        ("json", ROWS.replace("ab" * 32, "cd" * 32), "their bytes differ"),
        ("json", ROWS.replace('"frame": [4,', '"frame": ['), "not as long"),
        ("json", ROWS.replace('"frame": [4,', '"frame": [4.5,'), "a whole number"),
        ("json", ROWS.replace('"frame": [4,', '"frame": [NaN,'), "not JSON"),
        ("json", ROWS.replace('"face"', "1"), "texts"),
        ("json", ROWS.replace('"decisions": []', '"decisions": [{"hide": 1}]'), "'hide', true or false"),
        ("json", ROWS.replace('"decisions": []', '"decisions": [{"hide": true, "frames": [3, 3]}]'), "makes no sense"),
        ("json", ROWS.replace('"decisions": []', '"decisions": [{"hide": true, "zone": [1, 2]}]'), "makes no sense"),
        ("coco", "{}", "no list of images"),
        ("coco", b"\xff\xfe\x00\xd8", "not JSON"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_in_one_line(format, text, says):
    with pytest.raises(InputError) as caught:
        read(text if isinstance(text, bytes) else text.encode(), EMPTY, format)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda told: told["annotations"][0].pop("bbox"), "annotation 1 has no bbox"),
        (lambda told: told["annotations"][0].update(bbox=[1, 2, -3, 4]), "negative size"),
        (lambda told: told["annotations"][0].update(bbox=[1, 2, "x", 4]), "a number is wanted"),
        (lambda told: told["annotations"][0].update(bbox=[1e300, 2, 3, 4]), "numbers of pixels"),
        (lambda told: told["annotations"][0].update(image_id=9), "does not list"),
        (lambda told: told["annotations"][0].update(image_id=[9]), "image_id is [9]"),
        (lambda told: told["annotations"][0]["attributes"].update(track_id=-4), "number -4"),
        (lambda told: told["images"][0].update(id=2), "two images"),
        (lambda told: told["images"][0].update(file_name="a.png"), "has no number"),
        (lambda told: told["images"][0].update(file_name="frame_000030.png"), "frames 0 to 29"),
        (lambda told: told["images"][0].update(width=1280), "1280x1080"),
        (lambda told: told["categories"][0].update(name=""), "a label is ''"),
    ],
)
def test_wrong_coco_is_refused(change, says):
    with pytest.raises(InputError) as caught:
        coco(change)
    assert says in str(caught.value)


def test_a_small_file_cannot_ask_for_endless_rows(monkeypatch):
    """Each of its tracks is one box that goes on to the end of the film."""
    monkeypatch.setattr("passerby.plan.exchange.checks.MAX_ROWS", 100)
    text = "".join(f'<track id="{n}" label="face">{BOX}</track>' for n in range(4))
    with pytest.raises(LimitExceeded, match="more than 100 boxes"):
        cvat(f"<annotations>{text}</annotations>")


@settings(max_examples=80, deadline=None)
@given(st.data())
@pytest.mark.parametrize("format", FORMATS)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(format, data):
    whole = bytearray(out(plan_of(track(), track(8, label="plate")).keep(3, (5, 6)), format))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(InputError):
        read(bytes(whole[: data.draw(st.integers(0, len(whole)))]), EMPTY, format)


@pytest.mark.parametrize(("format", "reason"), [("cvat", "a\ufffdb?"), ("csv", "a\x00b?")])
def test_characters_that_a_format_cannot_hold_are_replaced(format, reason):
    plan = plan_of(track()).keep(3, reason="a\x00b\ud800")
    [decision] = read(out(plan, format), EMPTY, format).decisions
    assert decision.reason == reason


# Which format


@pytest.mark.parametrize(
    ("name", "format"), [("a.xml", "cvat"), ("a.coco.json", "coco"), ("A.CSV", "csv"), ("a.json", "json")]
)
def test_a_files_name_tells_its_format(name, format):
    assert format_of(Path(name)) == format


@pytest.mark.parametrize("ask", [lambda: format_of(Path("a.txt")), lambda: out(EMPTY, "yolo")])
def test_an_unknown_format_is_refused_with_those_there_are(ask):
    with pytest.raises(OptionError, match="cvat"):
        ask()


def test_keys_may_come_in_any_order():
    keys = [keyframes.Key(frame, (frame, 0, frame + 1, 1), 0.0, False) for frame in (4, 0)]
    rows, _ = keyframes.filled("face", keys, 6, 0)
    assert rows.boxes[:, 0].tolist() == [0, 1, 2, 3, 4, 4]
