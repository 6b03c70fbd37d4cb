"""A cut is a lasting change; a flash of light, a fade and a pan are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from drawn_frames import Film, frame

from passerby.track.cuts import marked


def cuts(frames):
    return [item.frame.index for item in marked(frames) if item.cut]


def lit(film, change):
    """The film's frames with their light changed: `change(index, luma)`."""
    for picture in film:
        luma = np.clip(change(picture.index, picture.planes[0].astype(float)), 16, 235).astype(np.uint8)
        yield replace(picture, planes=(luma, *picture.planes[1:]))


def test_each_cut_is_found_where_it_is():
    film = Film([(100, 100)] * 40, cuts=frozenset({10, 25}))
    assert cuts(film) == [10, 25]


def test_a_flash_is_no_cut():
    """Tracks must go on through the photographers' lights."""
    film = Film([(100, 100)] * 20)
    assert cuts(lit(film, lambda i, luma: luma + 200 * (i in (8, 9)))) == []


def test_a_fade_is_no_cut():
    film = Film([(100, 100)] * 30)
    assert cuts(lit(film, lambda i, luma: 16 + (luma - 16) * max(0, 1 - i / 25))) == []
    assert cuts(lit(film, lambda i, luma: 16 + (luma - 16) * min(1, max(0, i - 5) / 4))) == []


def test_dark_scenes_have_cuts_too():
    film = Film([(100, 100)] * 20, cuts=frozenset({7}))
    assert cuts(lit(film, lambda i, luma: 16 + (luma - 16) * 0.35)) == [7]


def test_a_slow_pan_is_no_cut():
    wide = np.kron(np.random.default_rng(3).integers(16, 235, (3, 12)), np.ones((80, 80))).astype(np.uint8)
    chroma = frame(size=(320, 240)).planes[1:]
    film = Film([(100, 100)] * 30)
    panned = (replace(f, planes=(wide[:, 12 * f.index :][:, :320], *chroma)) for f in film)
    assert cuts(panned) == []


def test_every_frame_comes_through_in_order():
    film = Film([None] * 11)
    assert [item.frame.index for item in marked(film)] == list(range(11))
    assert list(marked([])) == []


def test_an_insert_of_a_few_frames_is_no_cut_but_a_change():
    """Nobody knows what is in it: it has to be looked at."""
    other = list(Film([(100, 100)] * 20, cuts=frozenset({0})))
    frames = [replace(other[i], index=i) if i in (8, 9) else f for i, f in enumerate(Film([(100, 100)] * 20))]
    assert cuts(frames) == []
    assert [item.frame.index for item in marked(frames) if item.changed] == [8, 9]
