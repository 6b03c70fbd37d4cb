"""What is drawn holds on to what was shown before, moves with its window, and uncovers and delays nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from drawn_frames import RGB, frame
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.core.regions import Mask, Region
from passerby.evaluate.temporal import warped_error
from passerby.mask.shapes import HeadOval
from passerby.paint.composite import blanked, composite
from passerby.paint.effects import Mosaic
from passerby.paint.gan.combined import Combined, Hand
from passerby.paint.gan.effect import SUBJECTS, Generated
from passerby.paint.gan.pasting import Picture, Target
from passerby.paint.gan.steady import Steady
from passerby.paint.gan.tellers import Seen
from passerby.paint.gan.told import NOTHING, Told
from passerby.paint.gan.windows import GAP
from passerby.testing import check_anonymizer

FACES, PERSONS = SUBJECTS["stylegan"], SUBJECTS["styleganL_nocse"]
AREA = (slice(38, 56), slice(36, 56))
"""Rows and columns in the middle of a face that stands still."""


class Moody:
    """Draws a smooth texture of its seed, and each time a little beside its place and in another light."""

    size = (64, 64)

    def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> NDArray[np.float32]:
        rows = zip(pictures, targets, seeds, strict=True)
        drawn = [np.where(target.known[..., None], one, self._one(one, seed)) for one, target, seed in rows]
        return np.array(drawn, np.float32)

    def _one(self, picture: Picture, seed: int) -> NDArray[np.float32]:
        coarse = np.random.default_rng(seed).integers(40, 220, (10, 10, 3)).astype(np.uint8)
        texture = cv2.resize(coarse, self.size, interpolation=cv2.INTER_CUBIC)
        # The mood belongs to what is seen beside the face, as a network's does.
        mood = np.random.default_rng(int(picture[32, 4, 0])).normal(0, 1, 3)
        moved = cv2.warpAffine(texture, np.float64([[1, 0, mood[0]], [0, 1, mood[1]]]), self.size, borderMode=2)
        return np.asarray(moved + 8 * mood[2], np.float32)


def place(index: int, size: tuple[int, int] = (96, 96)) -> Frame:
    return frame(RGB, size, index=index).with_planes((np.full((size[1], size[0], 3), 60 + 3 * index, np.uint8),))


def region(box: Sequence[float] = (30, 30, 62, 66), track: int = 1) -> Region:
    where = np.array(box, np.float32)
    return Region(track, "face", where, HeadOval().mask(where), seed=track)


def shown(
    smooth: float, hidden: Sequence[Sequence[Region]], frames: Sequence[Frame], subject: Any = FACES
) -> list[NDArray[Any]]:
    effect = Generated(Moody(), subject, seam="original", smooth=smooth)
    return [
        composite(at, mine, effect.paint([at], [mine])[0]).planes[0] for at, mine in zip(frames, hidden, strict=True)
    ]


def unsteadiness(pictures: Sequence[NDArray[Any]]) -> float:
    """Error after motion of the middle of a face that stands still."""
    area = np.zeros(pictures[0].shape[:2], np.bool_)
    area[AREA] = True
    still = np.zeros((*area.shape, 2), np.float32)
    return float(np.mean([warped_error(one, other, still, area) for one, other in pairwise(pictures[4:])]))


def sharpness(pictures: Sequence[NDArray[Any]]) -> float:
    return float(np.mean([np.abs(np.diff(one[AREA].astype(float), axis=1)).mean() for one in pictures]))


def test_what_is_held_on_to_trembles_less_than_a_third_as_much_and_hardly_blurs() -> None:
    frames, hidden = [place(i) for i in range(24)], [[region()]] * 24
    plain, steady = (shown(smooth, hidden, frames) for smooth in (0, 0.5))
    assert unsteadiness(steady) < unsteadiness(plain) / 3, (unsteadiness(steady), unsteadiness(plain))
    assert sharpness(steady) > 0.9 * sharpness(plain), (sharpness(steady), sharpness(plain))


def test_the_first_drawing_of_a_track_and_the_first_after_an_absence_are_as_drawn() -> None:
    hidden = [[region()], [region()], [], [region()]]
    frames = [place(0), place(1), place(2), replace(place(3), index=2 + GAP)]
    plain, steady = (shown(smooth, hidden, frames) for smooth in (0, 0.7))
    off = [np.abs(one.astype(int) - other).max() for one, other in zip(plain, steady, strict=True)]
    assert [most > 1 for most in off] == [False, True, False, False]  # 1 is rounding


class Forgetful:
    """A `Teller` that for some time cannot tell how somebody stands, who is hidden by another effect then."""

    def __init__(self, silent: range) -> None:
        self._silent, self._asked = silent, 0

    def tell(self, picture: Seen, region: Region) -> Told | None:
        self._asked += 1
        return None if self._asked - 1 in self._silent else NOTHING


@pytest.mark.parametrize(("away", "holds"), [(GAP - 1, True), (GAP, False)])
def test_what_was_drawn_too_long_ago_is_not_held_on_to(away: int, holds: bool) -> None:
    """Whoever others hid for a while was there all the time: their window goes on, and their look begins anew."""
    frames, came = [place(i) for i in range(away + 3)], []
    for smooth in (0, 0.7):
        hand = Hand("face", Moody(), FACES, Forgetful(range(2, 2 + away)))
        effect = Combined([hand], Mosaic(), steady=Steady(smooth, "original"))
        came.append([composite(at, [region()], effect.paint([at], [[region()]])[0]).planes[0] for at in frames])
    off = [np.abs(one.astype(int) - other).max() for one, other in zip(*came, strict=True)]
    assert off[1] > 1  # 1 is rounding
    assert (off[-1] > 1) == holds


def test_what_is_drawn_does_not_fall_behind_who_walks() -> None:
    """Held on to is what was shown at the window's place, not at the picture's."""
    hidden = [[region((30 + 6 * i, 30, 62 + 6 * i, 66))] for i in range(16)]
    frames = [place(0, (192, 96)) for _ in range(16)]
    frames = [replace(one, index=i) for i, one in enumerate(frames)]  # the same mood in all
    plain, steady = (shown(smooth, hidden, frames) for smooth in (0, 0.7))
    for one, other in zip(plain, steady, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 0.5


class Spot:
    """Draws a light spot in the middle of what is to be made up."""

    size = (64, 64)

    def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> NDArray[np.float32]:
        answer = []
        for target in targets:
            y, x = (float(places.mean()) for places in np.nonzero(~target.known))
            rows, columns = np.mgrid[:64, :64]
            light = 60 + 160 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 40)
            answer.append(np.repeat(light[..., None], 3, axis=2))
        return np.array(answer, np.float32)


def test_nor_does_it_where_the_picture_ends_and_the_crop_stays() -> None:
    """A crop for FDF128 lies inside of the picture: somebody who comes in walks through it."""
    came: list[list[NDArray[Any]]] = []
    for smooth in (0, 0.8):
        effect = Generated(Spot(), SUBJECTS["stylegan_fdf128"], seam="original", smooth=smooth)
        film = [(place(i, (192, 96)), [region((12 + 2 * i, 30, 36 + 2 * i, 58))]) for i in range(8)]
        came.append([composite(at, mine, effect.paint([at], [mine])[0]).planes[0] for at, mine in film])
    spots = [[np.average(np.arange(192), weights=(one[40:50, :, 0] > 150).sum(0)) for one in each] for each in came]
    assert np.abs(np.subtract(*spots)).max() < 1.5, spots


class Flat(Spot):
    """Makes up light grey."""

    def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> NDArray[np.float32]:
        rows = zip(pictures, targets, strict=True)
        return np.array([np.where(target.known[..., None], picture, 220) for picture, target in rows], np.float32)


def test_what_was_not_made_up_before_is_as_it_is_drawn() -> None:
    """Not mixed with the street that was seen there."""
    effect = Generated(Flat(), PERSONS, seam="original", smooth=0.8)
    for index in range(4):
        alpha = np.full((60, 50), 255, np.uint8)
        alpha[10:40, 25:] = 0 if index < 3 else 255  # an arm is put out
        at, mine = place(index, (128, 128)), [replace(region(), mask=Mask(30, 30, alpha))]
        came = composite(at, mine, effect.paint([at], [mine])[0]).planes[0]
    assert came[46:64, 62:76].min() > 200


def test_tracks_hold_on_to_their_own() -> None:
    hidden = [[region(), region((120, 30, 152, 66), 2)] for _ in range(6)]
    frames = [place(i, (192, 96)) for i in range(6)]
    together = shown(0.6, hidden, frames)
    for number, half in ((0, slice(0, 96)), (1, slice(96, 192))):
        alone = shown(0.6, [mine[number : number + 1] for mine in hidden], frames)
        for one, other in zip(together, alone, strict=True):
            assert np.array_equal(one[:, half], other[:, half])


def walked(count: int) -> list[list[Region]]:
    """Two who pass each other, so that now one and now the other is drawn first."""
    return [
        [region((20 + 8 * i, 30, 52 + 8 * i, 66)), region((150 - 8 * i, 24, 186 - 8 * i, 66), 2)] for i in range(count)
    ]


def test_batches_of_any_size_give_the_same() -> None:
    frames, hidden = [place(i, (192, 96)) for i in range(14)], walked(14)
    at_once = Generated(Moody(), PERSONS, seam="original", smooth=0.6).paint(frames, hidden)
    one_by_one = shown(0.6, hidden, frames, PERSONS)
    for at, mine, patches, alone in zip(frames, hidden, at_once, one_by_one, strict=True):
        assert np.array_equal(composite(at, mine, patches).planes[0], alone)


@pytest.mark.parametrize("subject", [FACES, PERSONS])
def test_what_is_hidden_plays_no_part_now_or_later(subject: Any) -> None:
    frames, hidden = [place(i, (192, 96)) for i in range(10)], walked(10)
    others = []
    for at, mine in zip(frames, hidden, strict=True):
        planes = at.planes[0].copy()
        for one in mine:
            under = pixels.alphas(at, one.mask, (0, 0, *at.size))[0] > 0
            planes[under] = np.random.default_rng(at.index).integers(0, 255, planes[under].shape)
        others.append(at.with_planes((planes,)))
    effects = [Generated(Moody(), subject, smooth=0.7) for _ in range(2)]
    came = [effect.paint(film, hidden) for effect, film in zip(effects, (frames, others), strict=True)]
    for one, other in zip(*came, strict=True):
        assert all(np.array_equal(a.planes[0], b.planes[0]) for a, b in zip(one, other, strict=True))


def test_all_that_is_hidden_is_drawn() -> None:
    frames, hidden = [place(i, (192, 96)) for i in range(10)], walked(10)
    effect = Generated(Moody(), PERSONS, seam="original", smooth=0.7)
    grey = [blanked(at, mine) for at, mine in zip(frames, hidden, strict=True)]
    for at, mine, patches in zip(grey, hidden, effect.paint(grey, hidden), strict=True):
        came = composite(at, mine, patches).planes[0]
        whole = np.maximum.reduce([pixels.alphas(at, one.mask, (0, 0, *at.size))[0] for one in mine]) == 255
        assert (came[whole] == at.planes[0][whole]).all(1).mean() < 0.02


def test_the_effect_keeps_the_contract() -> None:
    check_anonymizer(Generated(Moody(), FACES, smooth=0.5))


def test_nobody_is_remembered_who_has_been_away_for_long() -> None:
    effect = Generated(Moody(), FACES, smooth=0.5)
    for index in range(4):
        effect.paint([replace(place(1), index=index * (GAP + 1))], [[region(track=index)]])
    assert len(effect._steady._shown) == 1


@pytest.mark.parametrize("smooth", [-0.1, 0.95, float("nan")])
def test_how_much_is_held_on_to_is_a_share(smooth: float) -> None:
    with pytest.raises(OptionError, match="smooth"):
        Steady(smooth)
