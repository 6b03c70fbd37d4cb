"""Two halves make the whole: what is looked for now and hidden later is what would have been hidden at once."""

from __future__ import annotations

import shutil
from dataclasses import replace

import av
import footage
import numpy as np
import pytest

import passerby
from passerby.core.errors import OptionError, OutputError, PasserbyError, PlanError
from passerby.core.plan import Decision
from passerby.media.video import VideoSource


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Films by what is special about them."""
    folder = tmp_path_factory.mktemp("films")
    for name, (suffix, coding) in footage.CODINGS.items():
        if name in ("plain", "turned by 90", "variable rate", "10 bit"):
            footage.write(footage.walking(), folder / f"{name}{suffix}", coding)
    footage.write(footage.cut(), folder / "cut.mp4")
    footage.write(footage.crossing(), folder / "crossing.mp4")
    footage.draw(footage.walking(), folder / "photo.png")
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture
def street(films, tmp_path):
    return shutil.copy(films["plain"], tmp_path / "street.mp4")


def pictures(path):
    with av.open(str(path)) as container:
        return [(frame.pts, frame.to_ndarray()) for frame in container.decode(video=0)]


def same(one, other):
    pairs = list(zip(pictures(one), pictures(other), strict=True))
    return all(a == b and np.array_equal(x, y) for (a, x), (b, y) in pairs)


HALVES = [
    ("plain", {}, {}),
    ("plain", {"quality": "thorough"}, {"method": "fill"}),
    ("plain", {"start": "0.35", "end": "0.9"}, {"audio": "drop"}),
    ("plain", {"fps": 10}, {"shape": "box"}),
    ("plain", {"seed": 5}, {"method": "noise"}),
    ("turned by 90", {}, {"grow": 0.6}),
    ("variable rate", {}, {}),
    ("variable rate", {"start": "0.3"}, {}),
    ("10 bit", {"min_size": 30}, {"method": "blur"}),
    ("cut", {"keep_zone": ["-50,-50 320,-50 320,400 -50,400"]}, {}),
    ("crossing", {"only_zone": "320,0 640,0 640,360 320,360"}, {}),
    ("photo", {}, {}),
]


@pytest.mark.parametrize(("name", "looking", "hiding"), HALVES, ids=lambda value: str(value))
def test_analyzed_and_rendered_is_anonymized(films, tmp_path, name, looking, hiding):
    suffix, lossless = (".png", {}) if name == "photo" else (".mkv", {"encoder": "ffv1"})
    at_once, later = tmp_path / f"at_once{suffix}", tmp_path / f"later{suffix}"
    first = passerby.anonymize(films[name], at_once, **looking, **hiding, **lossless, plan=tmp_path / "at_once.plan")
    passerby.analyze(films[name], tmp_path / "later.plan", **looking)
    second = passerby.render(tmp_path / "later.plan", later, **hiding, **lossless)
    assert same(at_once, later)
    assert first.hidden == second.hidden > 0
    assert (tmp_path / "at_once.plan").read_bytes() == (tmp_path / "later.plan").read_bytes()


def test_an_edit_in_python_is_seen_in_the_output(films, tmp_path):
    plan = passerby.analyze(films["crossing"])
    options = {"encoder": "ffv1"}
    for name, it in (("all", plan), ("one", plan.keep(plan.tracks[0].id)), ("none", plan.decide(Decision(False)))):
        passerby.render(it, tmp_path / f"{name}.mkv", **options)
    bare = [picture for _, picture in pictures(films["crossing"])]
    changed = {
        name: sum((a != b).mean() for (_, a), b in zip(pictures(tmp_path / f"{name}.mkv"), bare, strict=True))
        for name in ("all", "one", "none")
    }
    assert changed["all"] > changed["one"] > changed["none"] == 0


def test_a_method_of_its_own_is_painted(films, tmp_path):
    plan = passerby.analyze(films["plain"])
    [track] = plan.tracks
    passerby.render(plan.hide(track.id, (5, 9), method="fill"), tmp_path / "out.mkv", encoder="ffv1", colour="ffffff")
    for index, (_, picture) in enumerate(pictures(tmp_path / "out.mkv")):
        x0, y0, x1, y1 = (int(side) for side in track.boxes[track.frames == index][0])
        white = (picture[y0:y1, x0:x1] == 235).all()
        assert white == (5 <= index < 9)


@pytest.mark.parametrize("label", ["plate", "lorry"])
def test_a_class_that_only_the_plan_knows_may_have_a_method_of_its_own(films, tmp_path, label):
    found = passerby.analyze(films["plain"])
    plan = replace(found, tracks=tuple(replace(track, label=label) for track in found.tracks))
    chosen = {"encoder": "ffv1", "method": f"{label}=fill", "shape": f"{label}=box", "colour": "ffffff"}
    report = passerby.render(plan, tmp_path / "out.mkv", **chosen)
    assert report.methods == {"face": "mosaic", label: "fill"}
    x0, y0, x1, y1 = (int(side) for side in plan.tracks[0].boxes[0])
    assert (pictures(tmp_path / "out.mkv")[0][1][y0:y1, x0:x1] == 235).all()
    with pytest.raises(OptionError, match=f"nothing that is called 'car' is hidden; there is face, {label}"):
        passerby.render(plan, tmp_path / "other.mkv", method="car=fill")
    with pytest.raises(OptionError, match=f"nothing that is called '{label}' is hidden"):
        passerby.anonymize(films["plain"], tmp_path / "other.mkv", **chosen)
    assert not (tmp_path / "other.mkv").exists()


def test_a_plan_opens_on_its_own_medium_alone(films, street, tmp_path):
    passerby.analyze(street, tmp_path / "street.plan")
    shutil.copy(films["crossing"], street)
    with pytest.raises(PlanError, match=r"the plan is for street\.mp4 \([0-9a-f]{8}\), got street\.mp4"):
        passerby.render(tmp_path / "street.plan", tmp_path / "out.mp4")
    with pytest.raises(PlanError, match=r"got crossing\.mp4"):
        passerby.render(tmp_path / "street.plan", tmp_path / "out.mp4", media=films["crossing"])
    assert not (tmp_path / "out.mp4").exists()
    passerby.render(tmp_path / "street.plan", tmp_path / "out.mp4", media=films["plain"])
    assert (tmp_path / "out.mp4").exists()


def test_a_plan_of_pictures_of_another_size_is_refused(films, tmp_path):
    plan = passerby.analyze(films["plain"])
    other = replace(plan, media=replace(plan.media, size=(64, 64)))
    with pytest.raises(PlanError, match="has pictures of 640x360 and not 64x64"):
        passerby.render(other, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_a_plan_and_its_medium_may_move_together(street, tmp_path):
    (tmp_path / "a").mkdir()
    shutil.move(street, tmp_path / "a" / "street.mp4")
    passerby.analyze(tmp_path / "a" / "street.mp4", tmp_path / "a" / "street.plan")
    shutil.move(tmp_path / "a", tmp_path / "b")
    passerby.render(tmp_path / "b" / "street.plan")
    assert (tmp_path / "b" / "street_anonymized.mp4").exists()


def test_a_plan_saved_elsewhere_still_finds_its_medium(street, tmp_path):
    (tmp_path / "plans").mkdir()
    passerby.save_plan(passerby.analyze(street).keep(1), tmp_path / "plans" / "x.plan")
    passerby.save_plan(passerby.load_plan(tmp_path / "plans" / "x.plan"), tmp_path / "y.plan")
    for plan in ("plans/x.plan", "y.plan"):
        passerby.render(tmp_path / plan, tmp_path / "out.mp4", force=True)


def without_media(plan):
    (plan.parent / "street.mp4").unlink()


REFUSED = [
    ("no medium", without_media, {}, PlanError, "--media"),
    ("output is the medium", None, {"output": "street.mp4"}, OutputError, "the input itself"),
    ("output is there", None, {"output": "street.plan"}, PasserbyError, "street.plan"),
    ("unknown option", None, {"cell": 3}, OptionError, "no option cell"),
]


@pytest.mark.parametrize(
    ("prepare", "options", "error", "said"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_a_render_that_cannot_be_leaves_nothing(street, tmp_path, monkeypatch, prepare, options, error, said):
    monkeypatch.chdir(tmp_path)
    plan = tmp_path / "street.plan"
    passerby.analyze(street, plan)
    if prepare:
        prepare(plan)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(error, match=said):
        passerby.render(plan, **options)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(("method", "error"), [("smear", PlanError), ("outline", PlanError), ("image", OptionError)])
def test_a_method_that_cannot_be_used_is_refused_before_the_work(films, tmp_path, method, error):
    plan = passerby.analyze(films["photo"])
    with pytest.raises(error, match=r"hides by|by a picture"):
        passerby.render(plan.hide(plan.tracks[0].id, method=method), tmp_path / "out.png")


OTHERWISE = {
    "one less": lambda frame: None if frame.index == 12 else frame,
    "the last is missing": lambda frame: None if frame.index == 29 else frame,
    "one at another time": lambda frame: replace(frame, pts=frame.pts + 1) if frame.index == 12 else frame,
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_medium_that_reads_otherwise_stops_the_render(street, tmp_path, monkeypatch, name):
    """As when another FFmpeg drops a frame: from there on every box would lie in the wrong frame."""
    plan = passerby.analyze(street)
    frames = VideoSource.__iter__
    monkeypatch.setattr(VideoSource, "__iter__", lambda self: filter(None, map(OTHERWISE[name], frames(self))))
    with pytest.raises(PlanError, match="reads otherwise"):
        passerby.render(plan, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_an_analysis_that_fails_leaves_no_plan(tmp_path):
    (tmp_path / "text.mp4").write_text("This is not a video.\n" * 50)
    with pytest.raises(PasserbyError):
        passerby.analyze(tmp_path / "text.mp4", tmp_path / "x.plan")
    assert [path.name for path in tmp_path.iterdir()] == ["text.mp4"]


def test_an_existing_plan_is_replaced_only_when_told_to(street, tmp_path):
    plan = tmp_path / "street.plan"
    plan.write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        passerby.analyze(street, plan)
    assert plan.read_text() == "mine"
    passerby.analyze(street, plan, force=True)
    assert passerby.load_plan(plan).tracks
    with pytest.raises(OptionError, match="the input itself"):
        passerby.analyze(street, street, force=True)


def test_a_plan_of_the_first_format_renders(films, tmp_path):
    """It tells neither the number of frames nor their times."""
    plan = passerby.analyze(films["cut"])
    last = max(int(track.frames[-1]) for track in plan.tracks)
    bare = replace(plan, times=np.empty(0, np.int64), cuts=np.empty(0, np.int64))
    bare = replace(bare, media=replace(bare.media, frames=last + 1))
    for name, it in (("new", plan), ("old", bare)):
        passerby.render(it, tmp_path / f"{name}.mkv", encoder="ffv1")
    assert same(tmp_path / "old.mkv", tmp_path / "new.mkv")
