"""Plans as files: read back as they were, the same bytes for the same plan, and nothing that is damaged opens."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from drawn_plans import FRAMES, plan, track
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.core.errors import PlanError
from passerby.core.plan import Change, Decision
from passerby.core.regions import Mask
from passerby.core.runs import Runs
from passerby.plan import store

OLD = Path(__file__).with_name("format_1.json")
"""Written by `--plan` of the first version, of one of the films that tests draw."""


def rich():
    """A plan with something in every place."""
    followed = track(4, 3, 9, x=12.5, origin=1, and_also=(30,))
    unknown = np.array([np.nan, *followed.scores[1:]], np.float32)
    decisions = (
        Decision(False, zone=((0, 0), (99.5, 0), (50, 80)), reason="the mural", by="policy"),
        Decision(False, 1, (3, 7), reason="said yes – 1/2", by="user"),
        Decision(True, 4, method="fill"),
        Decision(False, under=12.5),
    )
    whole = plan(track(1, 0, 10), replace(followed, scores=unknown), track(9, 1, 2, label="plate"), decisions=decisions)
    media = replace(
        whole.media,
        begins=Fraction(-7, 5),
        start=Fraction(10, 3),
        end=Fraction(99),
        fps=Fraction(30000, 1001),
        salvage=True,
        rate=None,
    )
    whole = replace(whole, media=media, cuts=np.array([5, 30]), provenance={"passerby": "1", "conf": "0.1"})
    return replace(whole, changes=(Change("track 7 deleted", "a lamp", "user"), Change("track 8 deleted")))


def with_masks():
    """The same with masks on some of the boxes of one track and on all of another one's."""
    whole = rich()
    rng = np.random.default_rng(3)
    tracks = []
    for it in whole.tracks[:2]:
        masks = np.full(len(it.frames), None)
        for row in range(it.id == 1, len(masks)):
            x, y = it.boxes[row, :2].astype(int).tolist()
            masks[row] = Runs.of(Mask(x, y, (rng.random((9, 7)) > 0.4).astype(np.uint8)), whole.media.size)
        tracks.append(replace(it, masks=masks))
    return replace(whole, tracks=(*tracks, whole.tracks[2]))


def stored(a_plan, folder=Path()):
    file = io.BytesIO()
    store.save(a_plan, file, folder)
    return file.getvalue()


def loaded(data, path):
    path.write_bytes(data)
    return store.load(path)


def told(a_plan):
    """Everything in a plan, for comparing."""
    rows = a_plan.rows()
    columns = (rows.tracks, rows.frames, rows.boxes, rows.scores, rows.origins)
    arrays = [(array.dtype.str, array.tobytes()) for array in (*columns, a_plan.cuts, a_plan.times)]
    media = replace(a_plan.media, path=None)
    masks = [[mask and (mask.size, mask.counts.tolist()) for mask in track.masks] if track.masks is not None else None
             for track in a_plan.tracks]  # fmt: skip
    decided = (a_plan.decisions, a_plan.changes)
    return (media, decided, a_plan.seed, dict(a_plan.provenance), rows.labels.tolist(), arrays, masks)


@pytest.mark.parametrize("make", [plan, rich, with_masks], ids=["empty", "rich", "with masks"])
def test_a_plan_is_read_back_as_it_was(make, tmp_path):
    it = make()
    assert told(loaded(stored(it), tmp_path / "x.plan")) == told(it)


def test_texts_hold_whatever_somebody_wrote(tmp_path):
    """What another program wrote was imported in place, and then could not be opened any more."""
    before = plan(track(1, 0, 3, label="fa\0ce"), decisions=(Decision(False, 1, reason="o\0k \ud800 \n", by="\0"),))
    after = loaded(stored(before), tmp_path / "x.plan")
    assert after.decisions == before.decisions
    assert after.labels == before.labels


def test_what_is_read_cannot_be_written_to(tmp_path):
    it = loaded(stored(rich()), tmp_path / "x.plan")
    with pytest.raises(ValueError, match="read-only"):
        it.tracks[0].boxes[0] = 0


def test_the_same_plan_gives_the_same_bytes(tmp_path):
    for make in (rich, with_masks):
        data = stored(make())
        assert data == stored(make()) == stored(loaded(data, tmp_path / "x.plan"))


def test_a_plan_without_masks_opens_in_an_older_passerby():
    for make, version in ((rich, 2), (with_masks, 3)):
        assert json.loads(unpacked(stored(make()))["plan.json"])["passerby_plan"] == version


def test_masks_are_held_as_coco_counts_them():
    [first, *_] = with_masks().tracks[1].masks
    members = unpacked(stored(with_masks()))
    lengths, counts = (np.load(io.BytesIO(members[f"masks/{name}.npy"])) for name in ("lengths", "counts"))
    before = len(with_masks().tracks[0].frames)
    assert lengths[:before].astype(bool).tolist() == [False] + [True] * (before - 1)
    at = int(lengths[:before].sum())
    assert counts[at : at + lengths[before]].tolist() == first.counts.tolist()
    assert sum(counts.tolist()) == 640 * 360 * np.count_nonzero(lengths)


def test_the_medium_is_told_from_where_the_plan_lies(tmp_path):
    media = tmp_path / "clips" / "street.mp4"
    for folder, named in ((tmp_path, "clips/street.mp4"), (tmp_path / "plans", "../clips/street.mp4")):
        folder.mkdir(exist_ok=True)
        data = stored(plan(path=media), folder)
        with zipfile.ZipFile(io.BytesIO(data)) as members:
            assert json.loads(members.read("plan.json"))["media"]["path"] == named
        assert loaded(data, folder / "x.plan").media.path.resolve() == media
        assert str(tmp_path).encode() not in data


def test_a_plan_of_the_first_format_opens():
    it = store.load(OLD)
    written = json.loads(OLD.read_text())
    assert it.media.sha256 == written["media"]["sha256"]
    assert [t.frames.tolist() for t in it.tracks] == [t["frames"] for t in written["tracks"]]
    assert [t.boxes.tolist() for t in it.tracks] == [t["boxes"] for t in written["tracks"]]
    assert it.seconds(np.array([25])).tolist() == [1.0]
    assert it.decisions == ()


# Damage


def packed(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return file.getvalue()


def unpacked(data):
    with zipfile.ZipFile(io.BytesIO(data)) as members:
        return {name: members.read(name) for name in members.namelist()}


def with_head(change, make=rich):
    """A plan whose JSON is changed."""
    members = unpacked(stored(make()))
    head = json.loads(members["plan.json"])
    change(head)
    return packed(members | {"plan.json": json.dumps(head)})


def with_column(name, array):
    """A rich plan, with masks if need be, in which a column is another one."""
    column = io.BytesIO()
    np.save(column, array, allow_pickle=array.dtype == object)
    whole = with_masks() if name.startswith("masks") else rich()
    return packed(unpacked(stored(whole)) | {f"{name}.npy": column.getvalue()})


def masks_of(change):
    """The run lengths of a plan with masks, with one thing changed."""
    counts = np.concatenate([mask.counts for mask in with_masks().rows().masks if mask is not None])
    change(counts)
    return counts


def without(name):
    members = unpacked(stored(with_masks()))
    del members[name]
    return packed(members)


def bomb():
    """A column that would unpack to a gigabyte."""
    members = unpacked(stored(rich())) | {"boxes/sides.npy": bytes(1 << 28)}
    return packed(members)


BOXES = len(rich().rows())
HEADS = {
    "newer": (lambda head: head.update(passerby_plan=store.VERSION + 1), "update passerby"),
    "no version": (lambda head: head.pop("passerby_plan"), "passerby_plan"),
    "a version that is text": (lambda head: head.update(passerby_plan="2"), "whole number"),
    "too many boxes": (lambda head: head["counts"].update(boxes=1 << 40), "whole number"),
    "fewer boxes": (lambda head: head["counts"].update(boxes=BOXES - 1), "shape"),
    "less than no boxes": (lambda head: head["counts"].update(boxes=-1), "whole number"),
    "yes for a number": (lambda head: head["counts"].update(boxes=True), "whole number"),
    "counts that are a list": (lambda head: head.update(counts=[1]), "no plan"),
    "no sha256": (lambda head: head["media"].update(sha256="x" * 64), "no plan"),
    "a short sha256": (lambda head: head["media"].update(sha256="0f"), "sha256"),
    "a size of one side": (lambda head: head["media"].update(size=[3]), "no plan"),
    "a rate of one by nothing": (lambda head: head["media"].update(rate="1/0"), "no plan"),
    "a beginning before all time": (lambda head: head["media"].update(begins="-" + "9" * 20), "not a time or rate"),
    "a rate below zero": (lambda head: head["media"].update(rate="-25"), "not a time or rate"),
    "a rate without end": (lambda head: head["media"].update(rate="9" * 5000), "not a time or rate"),
    "more frames": (lambda head: head["media"].update(frames=FRAMES + 1), "times"),
    "a label less": (lambda head: head.update(labels=["face"]), "label"),
    "a label that is none": (lambda head: head.update(labels=["face", 3]), "not text"),
    "a decision of nothing": (lambda head: head.update(decisions=[{}]), "hide"),
    "a decision of more": (lambda head: head.update(decisions=[{"hide": True, "so": 1}]), "decision"),
    "an unclear decision": (lambda head: head.update(decisions=[{"hide": "no"}]), "decision"),
    "a decision on no frames": (lambda head: head.update(decisions=[{"hide": True, "frames": [3]}]), "no plan"),
    "a zone of one corner": (lambda head: head.update(decisions=[{"hide": True, "zone": [[1, 2]]}]), "zone"),
    "changes that are none": (lambda head: head.update(changes=[None]), "no plan"),
    "a change without a reason": (
        lambda head: head.update(changes=[{"what": "x", "by": "user"}]),
        "a change of by, what",
    ),
    "a change by a number": (lambda head: head.update(changes=[{"what": "x", "by": 3, "reason": ""}]), "not text"),
    "a seed that is text": (lambda head: head.update(seed="7"), "whole number"),
}
COLUMNS = {
    "frames of floats": ("boxes/frames", np.zeros(BOXES), "float64"),
    "sides of one column": ("boxes/sides", np.zeros(BOXES, np.float32), "shape"),
    "sides by columns": ("boxes/sides", np.zeros((BOXES, 4), np.float32, order="F"), "wanted"),
    "sides that are not numbers": ("boxes/sides", np.full((BOXES, 4), np.nan, np.float32), "a box"),
    "pickles": ("times", np.array([None] * FRAMES), "wanted"),
    "frames that fall": ("boxes/frames", np.arange(BOXES, dtype=np.int32)[::-1], "rise"),
    "lengths that do not add up": ("tracks/lengths", np.array([1, 1, 1]), "add up"),
    "lengths below zero": ("tracks/lengths", np.array([-1, BOXES, 1]), "add up"),
    "lengths beyond all bounds": ("tracks/lengths", np.array([2**62, 2**62, 1]), "add up"),
    "ids twice": ("tracks/ids", np.array([1, 1, 2]), "unique"),
    "unknown origins": ("boxes/origins", np.full(BOXES, 9, np.uint8), "unknown way"),
    "cuts beyond the end": ("cuts", np.array([5, 5000]), "cuts"),
}
LENGTHS = np.array([0 if mask is None else len(mask.counts) for mask in with_masks().rows().masks], np.uint32)
COLUMNS |= {
    "masks' lengths that do not add up": ("masks/lengths", LENGTHS[::-1] * np.uint32(2), "add up"),
    "masks' lengths as they are not": ("masks/lengths", LENGTHS[::-1].copy(), "add up"),
    "masks of fewer boxes": ("masks/lengths", LENGTHS[:-1], "shape"),
    "a mask of too many pixels": ("masks/counts", masks_of(lambda c: c.__setitem__(1, c[1] + 1)), "add up"),
    "a mask beyond all numbers": ("masks/counts", masks_of(lambda c: c.__setitem__(1, 2**32 - 1)), "add up"),
    "a mask with an empty run": (
        "masks/counts",
        masks_of(lambda c: c.__setitem__(slice(1, 3), (0, c[1] + c[2]))),
        "add up",
    ),
}
FILES = {
    "nothing": (b"", "no plan"),
    "text": (b"This is no plan.\n" * 50, "no plan"),
    "other JSON": (b'{"name": 1}', "no plan"),
    "half of a JSON": (b'{"passerby_plan": 1, "media": ', "no plan"),
    "deep JSON": (b'{"a":' + b"[" * 100_000, "no plan"),
    "JSON of format 9": (b'{"passerby_plan": 9}', "format 1"),
    "another zip": (packed({"readme.txt": "hello"}), "plan.json"),
    "a bomb": (bomb(), "at most"),
    "one more member": (packed(unpacked(stored(rich())) | {"more.npy": b""}), "more.npy"),
    **{f"without {name}": (without(name), name.removesuffix(".npy")) for name in unpacked(stored(with_masks()))},
    "masks in a plan of format 2": (with_head(lambda head: head.update(passerby_plan=2), with_masks), "masks"),
    "no masks in a plan of format 3": (with_head(lambda head: head.update(passerby_plan=3)), "members"),
    "too many run lengths": (with_head(lambda head: head["counts"].update(runs=1 << 40), with_masks), "whole number"),
    "masks of another picture": (with_head(lambda head: head["media"].update(size=[641, 360]), with_masks), "add up"),
    **{name: (with_head(change), said) for name, (change, said) in HEADS.items()},
    **{name: (with_column(column, array), said) for name, (column, array, said) in COLUMNS.items()},
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_plan_is_refused_with_one_line(name, tmp_path):
    data, said = FILES[name]
    with pytest.raises(PlanError) as refused:
        loaded(data, tmp_path / "x.plan")
    assert len(str(refused.value).splitlines()) == 1
    assert len(str(refused.value)) < 400
    if not name.startswith("without"):
        assert said in str(refused.value)


def test_a_plan_that_is_not_there_is_said_to_be_missing(tmp_path):
    for path in (tmp_path / "missing.plan", tmp_path):
        with pytest.raises(PlanError, match="cannot read the plan"):
            store.load(path)


def opened(data, path):
    """The plan, or None where it is refused in one line."""
    try:
        return loaded(data, path)
    except PlanError as error:
        return None if len(str(error).splitlines()) == 1 else pytest.fail(str(error))


DATA = stored(with_masks())


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_flipped_bytes_change_nothing_or_are_found_out(tmp_path_factory, flips):
    damaged = bytearray(DATA)
    for place, value in flips:
        damaged[place] = value
    it = opened(bytes(damaged), tmp_path_factory.getbasetemp() / "flipped.plan")
    # Bytes that say nothing, as the date of a member, may be others.
    assert it is None or told(it) == told(with_masks())


def places(value, path=()):
    """Where there is something in a JSON value, as keys and indices."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


HEAD = json.loads(unpacked(DATA)["plan.json"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["-1/7", "1e999"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["hide", "zone", "x"]), inner),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([path for path in places(HEAD) if path]), VALUES)
def test_whatever_the_json_says_it_is_refused_or_meant(tmp_path_factory, path, value):
    def change(head):
        for key in path[:-1]:
            head = head[key]
        head[path[-1]] = value

    it = opened(with_head(change, with_masks), tmp_path_factory.getbasetemp() / "head.plan")
    if it is not None:
        assert opened(stored(it), tmp_path_factory.getbasetemp() / "again.plan") is not None


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10**6), st.integers(0, 2**32 - 1)), min_size=1, max_size=4))
def test_whatever_the_masks_say_they_are_of_the_picture_or_refused(tmp_path_factory, changes):
    members = unpacked(DATA)
    columns = {name: np.load(io.BytesIO(members[f"masks/{name}.npy"])) for name in ("lengths", "counts")}
    for which, place, value in changes:
        column = columns["lengths" if which else "counts"]
        column[place % len(column)] = value
    for name, column in columns.items():
        data = io.BytesIO()
        np.save(data, column)
        members[f"masks/{name}.npy"] = data.getvalue()
    it = opened(packed(members), tmp_path_factory.getbasetemp() / "masks.plan")
    for mask in [] if it is None else [mask for each in it.tracks for mask in each.known_masks()]:
        assert mask.counts.sum() == 640 * 360
        assert mask.mask().alpha.size <= 640 * 360


HEADER = b"{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }"
HEADERS = st.one_of(
    st.binary(max_size=300),
    st.text(alphabet="{}()[]'\"\\:,-<i8 1L#\n\tdescrshape", max_size=300).map(str.encode),
    st.tuples(st.integers(0, len(HEADER)), st.binary(max_size=4)).map(
        lambda at: HEADER[: at[0]] + at[1] + HEADER[at[0] :]
    ),
)


@settings(max_examples=300, deadline=None)
@given(HEADERS)
@pytest.mark.filterwarnings("ignore")
def test_an_array_whose_header_is_anything_is_refused_or_meant(tmp_path_factory, header):
    """The check sums fit: this is no damage but malice."""
    column = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + np.array([5, 30]).tobytes()
    it = opened(packed(unpacked(DATA) | {"cuts.npy": column}), tmp_path_factory.getbasetemp() / "header.plan")
    assert it is None or len(it.cuts) == 2


@settings(deadline=None)
@given(st.integers(0, len(DATA) - 1))
def test_a_plan_that_breaks_off_is_refused(tmp_path_factory, length):
    with pytest.raises(PlanError):
        loaded(DATA[:length], tmp_path_factory.getbasetemp() / "short.plan")


TEXT = OLD.read_bytes()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_damage_of_the_first_format_ends_in_one_line_too(tmp_path_factory, flips):
    damaged = bytearray(TEXT)
    for place, value in flips:
        damaged[place] = value
    opened(bytes(damaged), tmp_path_factory.getbasetemp() / "old.plan")
