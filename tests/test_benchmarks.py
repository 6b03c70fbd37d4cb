"""The measures of overhead and of following: they judge what passerby is built on, so they are judged here."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from drawn_frames import frame

from passerby import weights
from passerby.settings import Options

# Benchmarks are scripts that find each other in their own folder.
sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
detectors, following, nowhere, overhead = (
    import_module(name) for name in ("detectors", "following", "nowhere", "overhead")
)

BOX = np.array([60, 50, 90, 90], np.float32)


def scenery(seed=0):
    """A picture with something to hold on to everywhere, 200x160."""
    noise = np.random.default_rng(seed).uniform(0, 255, (160, 200)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, None, 3)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def moved(picture, by):
    return cv2.warpAffine(picture, np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float64), picture.shape[::-1])


@pytest.mark.parametrize("way", following.WAYS)
@pytest.mark.parametrize("by", [(0, 0), (4, -3), (-7, 5)])
def test_every_way_that_follows_finds_a_known_shift(way, by):
    picture = scenery()
    shift = following.WAYS[way](picture, moved(picture, by), BOX, BOX)
    expected = (0, 0) if way.startswith("none") else by
    assert np.abs(shift - expected).max() <= 1


@pytest.mark.parametrize("way", ["normalized cross-correlation", "Lucas-Kanade, there and back"])
def test_what_is_gone_is_not_found_for_sure(way):
    assert following.WAYS[way](scenery(), scenery(seed=1), BOX, BOX) is None


def test_a_face_is_followed_from_picture_to_picture():
    picture = scenery()
    run = following.Run("normalized cross-correlation", 1, 0, picture, BOX)
    for step in range(1, 5):
        run.go_on(moved(picture, (4 * step, -2 * step)))
    assert np.abs(run.box - (BOX + np.float32([16, -8, 16, -8]))).max() <= 2
    assert 0 < run.spent_s < 1


def test_a_face_that_is_lost_stays_and_is_looked_for_as_it_was_last_seen(monkeypatch):
    monkeypatch.setitem(following.WAYS, "blind", lambda *_: None)
    picture = scenery()
    run = following.Run("blind", 1, 0, picture, BOX)
    run.go_on(scenery(seed=1))
    assert run.at is picture
    assert np.array_equal(run.box, BOX)


def test_a_face_goes_on_at_its_speed_after_it_was_lost(monkeypatch):
    guesses = []

    def way(before, after, box, guess):
        guesses.append(guess[0] - box[0])
        return (np.array([3, 0], np.float32), None, None)[len(guesses) - 1]

    monkeypatch.setitem(following.WAYS, "sometimes", way)
    run = following.Run("sometimes", 1, 0, scenery(), BOX)
    for _ in range(3):
        run.go_on(scenery())
    assert guesses == [0, 3, 6]


def found_in(folder, frames, count):
    """What is made of a file that tells of `frames`, each a list of (box, score)."""
    listed = [
        {"i": index, "boxes": [box for box, _ in seen], "scores": [score for _, score in seen]}
        for index, seen in enumerate(frames)
    ]
    content = {"width": 200, "height": 160, "n_frames": count, "frames": listed}
    (folder / "clip.faces.json").write_text(json.dumps(content))
    return following.found(folder / "clip.mp4")


@pytest.mark.parametrize(
    ("lasting", "score", "count", "sure"),
    [(5, 0.9, 5, 5), (4, 0.9, 4, None), (5, 0.4, 5, None), (5, 0.9, 6, None)],
    ids=["five frames", "a flicker", "doubtful", "not every frame looked at"],
)
def test_only_lasting_sure_faces_of_clips_seen_in_full_count(tmp_path, lasting, score, count, sure):
    faces = found_in(tmp_path, [[([10, 10, 30, 40], score)]] * lasting, count)
    assert (None if faces is None else int(faces.sure.sum())) == sure


def test_a_followed_box_counts_as_covering_by_the_shape_that_is_drawn():
    run = following.Run("none", 1, 0, scenery(), BOX)
    for off, covered, same in ((0, True, True), (7, True, False), (60, False, False)):
        judged = following._judged(run, 5, BOX + np.float32(off), BOX, (200, 160))
        assert (judged.covered, judged.same) == (covered, same), off


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return overhead.composed(tmp_path_factory.mktemp("clip"), frames=12, size=(640, 360))


@pytest.mark.parametrize("name", nowhere.PASSES)
def test_every_pass_sees_all_frames(clip, name):
    assert nowhere.PASSES[name](clip, Options()).frames == 12


def test_the_composed_film_has_one_face_in_every_frame_and_it_is_hidden(clip):
    done = nowhere.hide(clip, Options())
    assert done.hidden == 12
    assert {"look", "decode", "follow", "paint"} <= set(done.stages)


def test_a_pass_tells_what_it_did_in_json(clip, capsys):
    nowhere.main("decode", str(clip), "balanced")
    told = json.loads(capsys.readouterr().out)
    assert (told["frames"], told["hidden"]) == (12, 0)
    assert told["wall_s"] > 0


def test_the_composed_film_is_in_full_size_by_default(tmp_path):
    with av.open(str(overhead.composed(tmp_path, frames=1))) as film:
        assert (film.streams.video[0].width, film.streams.video[0].height) == (1920, 1080)


def test_every_model_that_is_compared_is_known_and_the_reference_is_among_them(monkeypatch):
    assert all(weights.entry(name) for name in detectors.MODELS)
    clock = iter(range(100))
    monkeypatch.setattr(detectors.time, "perf_counter", lambda: next(clock) ** 2)
    slow, slower = SimpleNamespace(detect=lambda frames: [[1, 2]]), SimpleNamespace(detect=lambda frames: [[]])
    first, second = detectors.measured({"centerface": slow, "yunet_n_640": slower}, [frame(), frame()])
    # From 0 to 1, 4 to 9, 16 to 25 and 36 to 49.
    assert (first.ms, second.ms) == (5000, 9000)
    assert (first.ratio, second.ratio) == (1, (5 / 1 + 13 / 9) / 2)
    assert (first.found, second.found) == (4, 0)
