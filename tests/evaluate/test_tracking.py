"""Tracks against the truth: cases that can be counted by hand, and random ones that TrackEval counts the same."""

from __future__ import annotations

import numpy as np
import pytest

from passerby.core import boxes as bx
from passerby.core.errors import InputError, NotMeasurable
from passerby.core.tracks import Origin, Sightings
from passerby.evaluate import assignment, tracking

BOX = (10.0, 10.0, 30.0, 50.0)


def sightings(*rows):
    """Rows of (track, frame) or (track, frame, box)."""
    filled = [(*row, BOX)[:3] for row in rows]
    return Sightings(
        np.array([row[0] for row in filled], np.int64),
        np.array([row[1] for row in filled], np.int64),
        np.array([row[2] for row in filled], np.float32).reshape(-1, 4),
        np.full(len(rows), np.nan, np.float32),
        np.full(len(rows), Origin.DETECTED, np.uint8),
        np.full(len(rows), "person"),
    )


ONE = sightings(*((7, frame) for frame in range(1, 11)))


def test_a_track_in_two_halves():
    """T21."""
    halves = sightings(*((1 if frame <= 5 else 2, frame) for frame in range(1, 11)))
    counted = tracking.compare(ONE, halves)
    assert counted.switches == 1
    assert counted.mota == pytest.approx(0.9)
    assert counted.idf1 == pytest.approx(0.5)
    assert counted.hota == pytest.approx(np.sqrt(0.5))
    assert counted.hota == pytest.approx(0.7071, abs=5e-5)
    assert [figure.name for figure in counted.figures()] == ["MOTA", "IDF1", "HOTA", "IDSW"]


def test_the_truth_agrees_with_itself():
    counted = tracking.compare(ONE, ONE)
    assert (counted.mota, counted.idf1, counted.hota, counted.switches) == (1, 1, 1, 0)


def test_nothing_found():
    counted = tracking.compare(ONE, Sightings.none())
    assert (counted.mota, counted.idf1, counted.hota, counted.missed) == (0, 0, 0, 10)


def test_false_tracks_may_push_mota_below_zero():
    elsewhere = sightings(*((track, frame, (60, 60, 80, 80)) for track in (1, 2, 3) for frame in range(1, 11)))
    assert tracking.compare(ONE, elsewhere).mota == -3


def test_a_pair_goes_on_although_another_fits_better():
    """As long as it overlaps enough: a switch has to be forced, not preferred."""
    shifted = (12.0, 10.0, 32.0, 50.0)
    found = sightings((1, 1), (1, 2, shifted), (2, 2))
    assert tracking.compare(sightings((7, 1), (7, 2)), found).switches == 0


def test_a_switch_is_seen_across_a_gap():
    found = sightings((1, 1), (2, 9))
    assert tracking.compare(ONE, found).switches == 1


def test_an_empty_truth_cannot_be_compared_with():
    with pytest.raises(NotMeasurable, match="no true tracks"):
        tracking.compare(Sightings.none(), ONE)


def test_two_boxes_of_one_track_in_a_frame_are_refused():
    with pytest.raises(InputError, match="track 7 in frame 1"):
        tracking.compare(sightings((7, 1), (7, 1)), ONE)


def wandering(seed):
    """Six people on their ways, and what a bad tracker makes of them: jitter, misses, false boxes, changed ids."""
    random = np.random.default_rng(seed)
    truth, found = [], []
    for person in range(6):
        at, step = random.uniform(0, 25, 2), random.normal(0, 1, 2)
        id = person
        for frame in range(int(random.integers(5)), int(random.integers(20, 40))):
            box = (*(at + frame * step), *(at + frame * step + (20, 40)))
            truth.append((person, frame, box))
            id = int(random.integers(6, 12)) if random.uniform() < 0.05 else id
            if random.uniform() < 0.8 and not any(row[:2] == (id, frame) for row in found):
                found.append((id, frame, tuple(np.array(box) + random.normal(0, 2.5, 4))))
        found.append((20 + person, person, (200, 200, 220, 220)))
    return sightings(*truth), sightings(*found)


def as_trackeval(truth, found):
    """The dictionary that TrackEval's metrics take."""
    frames = np.unique(np.concatenate([truth.frames, found.frames]))
    sides = {"gt": truth, "tracker": found}
    places = {name: np.unique(rows.tracks, return_inverse=True) for name, rows in sides.items()}
    data = {"num_timesteps": len(frames), "similarity_scores": []}
    for name, rows in sides.items():
        data[f"num_{name}_ids"], data[f"num_{name}_dets"] = len(places[name][0]), len(rows)
        data[f"{name}_ids"] = [places[name][1][rows.frames == frame] for frame in frames]
    for frame in frames:
        overlap = bx.iou(truth.boxes[truth.frames == frame], found.boxes[found.frames == frame])
        data["similarity_scores"].append(overlap.astype(np.float64))
    return data


@pytest.mark.parametrize("seed", range(10))
def test_random_tracks_count_as_trackeval_counts_them(seed):
    metrics = pytest.importorskip("trackeval.metrics", reason="TrackEval is not installed")
    truth, found = wandering(seed)
    ours, data = tracking.compare(truth, found), as_trackeval(truth, found)
    clear, identity, hota = (
        kind({"PRINT_CONFIG": False}).eval_sequence(data) for kind in (metrics.CLEAR, metrics.Identity, metrics.HOTA)
    )
    assert (ours.matched, ours.missed, ours.false) == (clear["CLR_TP"], clear["CLR_FN"], clear["CLR_FP"])
    assert (ours.switches, ours.known) == (clear["IDSW"], identity["IDTP"])
    assert (ours.mota, ours.idf1) == pytest.approx((clear["MOTA"], identity["IDF1"]))
    assert ours.detection == pytest.approx(hota["DetA"])
    assert ours.association == pytest.approx(hota["AssA"])
    assert ours.hota == pytest.approx(hota["HOTA"].mean())


@pytest.mark.parametrize(
    ("seed", "switches", "mota", "idf1", "hota"),
    [(0, 7, 0.646739, 0.631902, 0.458777), (1, 4, 0.736527, 0.751634, 0.528251), (2, 9, 0.662069, 0.571429, 0.446013)],
)
def test_some_of_them_as_trackeval_1_3_0_printed_them(seed, switches, mota, idf1, hota):
    counted = tracking.compare(*wandering(seed))
    assert counted.switches == switches
    assert (counted.mota, counted.idf1, counted.hota) == pytest.approx((mota, idf1, hota), abs=1e-6)


def test_the_heaviest_pairing_is_scipys():
    optimize = pytest.importorskip("scipy.optimize", reason="scipy is not installed")
    random = np.random.default_rng(0)
    for index in range(300):
        size = random.integers(0, 12, 2)
        weights = random.normal(size=size) if index % 2 else random.integers(0, 3, size)
        rows, columns = assignment.heaviest(weights)
        best = weights[optimize.linear_sum_assignment(weights, maximize=True)].sum()
        assert weights[rows, columns].sum() == pytest.approx(best)
        assert len(rows) == min(size) == len(set(columns.tolist()))
        assert (np.diff(rows) > 0).all()


def test_weights_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="finite"):
        assignment.heaviest([[np.nan]])


def test_a_file_in_mot_format_is_read_from_0(tmp_path):
    path = tmp_path / "gt.txt"
    path.write_text("1,3,11,21,10,20,1,1,0.9\n2,3,12,21,10,20,0,1,1\n2,4,1,1,5,5,1,7,1\n3,3,13,21,10,20,-1,-1,-1,-1\n")
    rows = tracking.read_mot(path)
    assert rows.frames.tolist() == [0, 2]
    assert rows.tracks.tolist() == [3, 3]
    assert rows.boxes.tolist() == [[10, 20, 20, 40], [12, 20, 22, 40]]
    assert rows.scores[0] == 1
    assert np.isnan(rows.scores[1])


@pytest.mark.parametrize("line", ["1,2,3", "a,b,c,d,e,f", "0,1,1,1,5,5", "1,1,1,1,-5,5", "1,1,nan,1,5,5"])
def test_a_line_that_is_no_row_is_named(tmp_path, line):
    path = tmp_path / "gt.txt"
    path.write_text(f"1,3,11,21,10,20,1,1,1\n{line}\n")
    with pytest.raises(InputError, match="line 2"):
        tracking.read_mot(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot read the tracks"):
        tracking.read_mot(tmp_path / "gt.txt")
