"""What is shown around somebody moves evenly, always holds what is hidden, and so what is drawn does not swim."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from drawn_frames import RGB, frame
from numpy.typing import NDArray

from passerby.core.frame import Frame
from passerby.core.regions import Mask, Region
from passerby.mask.shapes import Rectangle
from passerby.paint.composite import composite
from passerby.paint.gan.effect import SUBJECTS, Generated, Wish, fulfilled
from passerby.paint.gan.pasting import Picture, Target
from passerby.paint.gan.steady import Steady
from passerby.paint.gan.windows import GAP, Window, Windows

FACES = SUBJECTS["stylegan"]


class Painting:
    """Draws one fixed picture of random patches, wherever: how it lies in the frame is the crop's doing."""

    size = (32, 32)

    def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> NDArray[np.float32]:
        patches = np.random.default_rng(0).integers(0, 255, (8, 8, 3))
        return np.array([patches.repeat(4, 0).repeat(4, 1)] * len(pictures), np.float32)


def region(box: Sequence[float], track: int = 1) -> Region:
    where = np.array(box, np.float32)
    return Region(track, "face", where, Rectangle(grow=0.3, feather=0).mask(where), seed=track)


def trembling(count: int, speed: float = 0) -> list[Region]:
    """A face of 24 pixels whose box trembles by a pixel or two, as detectors' boxes do."""
    noise = np.random.default_rng(5).normal(0, 1, (count, 4))
    return [region(np.array([30, 20, 54, 44]) + noise[i] + speed * i) for i in range(count)]


def followed(place: Frame, hidden: Region, effect: Generated) -> NDArray[np.float32]:
    """As the effect draws, frame after frame."""
    [patches] = effect.paint([place], [[hidden]])
    return composite(place, [hidden], patches).planes[0].astype(np.float32)


def change(planes: Sequence[NDArray[np.float32]], area: tuple[int, int, int, int]) -> float:
    """Mean change of an `area` from frame to frame, in levels."""
    x0, y0, x1, y1 = area
    return float(np.mean([np.abs(b - a)[y0:y1, x0:x1].mean() for a, b in pairwise(planes)]))


def frame_by_frame(place: Frame, hidden: Region) -> NDArray[np.float32]:
    """As the original does: the crop goes by each frame's box alone."""
    window = Window(hidden.mask.box, hidden.mask, hidden.mask.box)
    [patches] = fulfilled([place], [[Wish(hidden, Painting(), FACES, window)]], Steady())
    return composite(place, [hidden], patches).planes[0].astype(np.float32)


def test_what_is_drawn_swims_less_than_a_third_as_much_as_frame_by_frame() -> None:
    """The same network, the same still place and trembling boxes: 'composed footage with a fixed random generator'."""
    hidden = trembling(24)
    frames = [still(i) for i in range(24)]
    inner = (34, 24, 50, 40)
    effect = Generated(Painting(), FACES, seam="original")
    ours = change([followed(place, one, effect) for place, one in zip(frames, hidden, strict=True)], inner)
    theirs = change([frame_by_frame(place, one) for place, one in zip(frames, hidden, strict=True)], inner)
    assert ours < theirs / 3, (ours, theirs)


def still(index: int) -> Frame:
    """A frame of the same still place."""
    return frame(RGB, (96, 80), index=index)


@pytest.mark.parametrize("speed", [1.5, 3])
def test_a_window_does_not_run_after_whoever_comes_in_walking(speed: float) -> None:
    windows = Windows()
    middles = []
    for i, one in enumerate(trembling(16, speed)):
        [window] = windows.around(i, [one])
        middles.append((window.sides[0] + window.sides[2]) / 2 - speed * i)
    assert np.abs(np.array(middles) - 42).max() < 1.5


def test_a_window_stays_with_a_face_when_the_camera_shakes() -> None:
    """Else what is drawn would swim about the head, and worse than if the crop went by each frame's box."""
    windows, apart = Windows(), []
    for i in range(60):
        shake = 14 * np.sin(19 * i / 25) + 6 * np.sin(43 * i / 25 + 1)
        box = np.array([200 + shake, 100, 240 + shake, 150])
        [window] = windows.around(i, [region(box)])
        apart.append((window.sides[0] + window.sides[2]) / 2 - (box[0] + box[2]) / 2)
    assert np.abs(np.array(apart)).mean() < 0.06 * 40, np.abs(np.array(apart)).mean()


@pytest.mark.parametrize("speed", [0, 1.5])
def test_windows_tremble_less_than_boxes_and_do_not_fall_behind(speed: float) -> None:
    hidden = trembling(60, speed)
    windows = Windows()
    came = np.array([windows.around(i, [one])[0].box for i, one in enumerate(hidden)], float)[20:]
    boxes = np.array([one.mask.box for one in hidden], float)[20:]
    truth = np.array([30, 20, 54, 44]) + speed * np.arange(20, 60)[:, None]
    middles = (came[:, :2] + came[:, 2:]) / 2 - (truth[:, :2] + truth[:, 2:]) / 2
    assert np.abs(middles).max() < 2.5
    assert np.abs(np.diff(came, n=2, axis=0)).mean() < np.abs(np.diff(boxes, n=2, axis=0)).mean() / 2


def test_who_jumps_or_comes_back_after_long_or_in_another_film_begins_anew() -> None:
    windows, far = Windows(), region((300, 300, 330, 330))
    windows.around(0, [region((10, 10, 40, 40))])
    fresh = Windows().around(0, [far])[0].box
    assert windows.around(1, [far])[0].box == fresh  # a jump
    moved = windows.around(2, [region((306, 300, 336, 330))])[0].box
    assert fresh[0] < moved[0] <= fresh[0] + 6
    assert windows.around(3 + GAP, [far])[0].box == fresh
    assert windows.around(0, [far])[0].box == fresh


def test_a_track_has_its_look_again_after_an_absence() -> None:
    looks: list[int] = []

    class Seen(Painting):
        def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Any) -> NDArray[np.float32]:
            looks.extend(seeds)
            return super().draw(pictures, targets, seeds)

    effect, one = Generated(Seen(), FACES), region((30, 20, 54, 44), 7)
    [[first]], [[again]] = (effect.paint([still(index)], [[one]]) for index in (0, 10 * GAP))
    assert looks == [7, 7]
    assert all(map(np.array_equal, first.planes, again.planes))


def test_two_tracks_do_not_share_a_window() -> None:
    a, b = region((10, 10, 40, 40), 1), region((60, 10, 90, 40), 2)
    windows = Windows()
    together = [window.box for window in windows.around(0, [a, b])]
    assert together == [Windows().around(0, [one])[0].box for one in (a, b)]


def test_the_hole_of_an_outline_that_trembles_does_so_half_as_much_and_holds_what_was_hidden() -> None:
    rng = np.random.default_rng(2)
    windows = Windows()
    holes, outlines = [], []
    for index in range(24):
        alpha = np.zeros((60, 40), np.uint8)
        edge = 20 + np.rint(rng.normal(0, 2, 60)).astype(int)
        for row, end in enumerate(edge):
            alpha[row, 4:end] = 255
        one = Region(1, "person", np.array([10, 10, 50, 70], np.float32), Mask(10, 10, alpha), 1)
        [window] = windows.around(index, [one])
        canvas, own = np.zeros((2, 90, 90), bool)
        x0, y0, x1, y1 = window.box
        canvas[y0:y1, x0:x1] = window.hole.alpha > 0
        own[10:70, 10:50] = alpha > 0
        assert canvas[own].all()
        holes.append(canvas)
        outlines.append(own)
    ours, theirs = ([np.logical_xor(a, b).mean() for a, b in pairwise(each[4:])] for each in (holes, outlines))
    assert np.mean(ours) < np.mean(theirs) / 2, (np.mean(ours), np.mean(theirs))


def test_a_crop_holds_all_that_is_hidden_however_it_jumps() -> None:
    shown: list[Target] = []

    class Seen(Painting):
        def draw(
            self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]
        ) -> NDArray[np.float32]:
            shown.extend(targets)
            return super().draw(pictures, targets, seeds)

    effect = Generated(Seen(), FACES, seam="original")
    jumps = [(30, 20, 40, 32), (4, 3, 22, 20), (40, 30, 44, 36), (10, 10, 50, 40)]
    for index, box in enumerate(jumps):
        one = region(box)
        effect.paint([still(index)], [[one]])
        x0, y0, x1, y1 = one.mask.box
        a0, b0, a1, b1 = shown[-1].box
        assert (a0 <= x0, b0 <= y0, a1 >= x1, b1 >= y1) == (True,) * 4


def test_batches_of_any_size_give_the_same() -> None:
    frames, hidden = [still(i) for i in range(9)], [[one] for one in trembling(9, 0.7)]
    at_once = Generated(Painting(), FACES).paint(frames, hidden)
    effect = Generated(Painting(), FACES)
    one_by_one = [effect.paint([place], [mine])[0] for place, mine in zip(frames, hidden, strict=True)]
    for mine, theirs in zip(at_once, one_by_one, strict=True):
        assert all(map(np.array_equal, mine[0].planes, theirs[0].planes))
