"""In which frames somebody is made up anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from passerby.core.regions import Region
from passerby.mask.shapes import HeadOval, Rectangle
from passerby.paint.diffusion.keys import Keys, Placed

EVERY = 8
BOX = (100, 60, 140, 110)


def region(box: Sequence[float], track: int = 1, *, oval: bool = True) -> Region:
    where = np.array(box, np.float32)
    return Region(
        track, "face", where, (HeadOval() if oval else Rectangle(grow=0.35, feather=0)).mask(where), seed=track
    )


def placed(frames: Sequence[Sequence[Region]]) -> list[list[Placed]]:
    keys = Keys(EVERY)
    return [keys.place(index, regions) for index, regions in enumerate(frames)]


def key_frames(frames: Sequence[Sequence[Region]], track: int = 1) -> list[int]:
    return [one.index for scene in placed(frames) for one in scene if one.key is None and one.region.track_id == track]


def moved(by: float, grown: float = 1) -> tuple[float, float, float, float]:
    return (100 + by, 60, 100 + by + 40 * grown, 60 + 50 * grown)


def test_who_walks_is_made_up_again_after_so_many_frames() -> None:
    assert key_frames([[region(moved(2 * i))] for i in range(20)]) == [0, 8, 16]


def test_trembling_boxes_make_no_key_frames() -> None:
    noise = np.random.default_rng(1).normal(0, 1, (20, 4))
    assert key_frames([[region(BOX + noise[i])] for i in range(20)]) == [0, 8, 16]


def test_who_comes_nearer_is_made_up_again_before() -> None:
    keys = Keys(60)
    scenes = [keys.place(i, [region(moved(0, 1.02**i))]) for i in range(20)]
    first, second = [one.region.box for [one] in scenes if one.key is None]
    assert 1.2 < (second[3] - second[1]) / (first[3] - first[1]) < 1.4


def test_who_was_away_for_long_is_made_up_again() -> None:
    frames = [[region(BOX)] if i in (0, 1, 11, 12) else [] for i in range(13)]
    assert key_frames(frames) == [0, 11]


def test_another_shape_is_made_up_anew() -> None:
    """A corner that the oval did not have was never made up."""
    frames = [[region(BOX, oval=i < 3)] for i in range(6)]
    assert key_frames(frames) == [0, 3]


@pytest.mark.parametrize("leaves", [False, True])
def test_whoever_comes_in_front_or_leaves_lets_it_be_made_up_again(leaves: bool) -> None:
    beside = region((130, 70, 170, 120), 2)
    frames = [[region(BOX), beside] if (i >= 3) != leaves else [region(BOX)] for i in range(6)]
    assert key_frames(frames) == [0, 3]


def test_somebody_elsewhere_changes_nothing() -> None:
    frames = [[region(BOX), region((250, 60, 290, 110), 2)] if i >= 3 else [region(BOX)] for i in range(6)]
    assert key_frames(frames) == [0]
    assert key_frames(frames, 2) == [3]


def test_it_is_carried_on_from_the_last_key_frame() -> None:
    scenes = placed([[region(BOX)] for _ in range(10)])
    first, second = scenes[0][0], scenes[8][0]
    assert [scene[0].key for scene in scenes] == [None, *[first] * 7, None, second]
