"""Regions that a diffusion model makes up: the contract, blindness, turns, key frames, and how steady it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from drawn_frames import RGB, frame
from drawn_inpainters import Moody
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.errors import OptionError, StageError
from passerby.core.frame import Frame
from passerby.core.regions import Region
from passerby.evaluate.temporal import warped_error
from passerby.flow import windowed
from passerby.mask.shapes import HeadOval, Rectangle
from passerby.paint.composite import blanked, composite
from passerby.paint.diffusion.contract import Crop
from passerby.paint.diffusion.effect import Inpainted
from passerby.testing import check_anonymizer


def region(box: Sequence[float], track: int = 1, label: str = "face", *, soft: bool = True) -> Region:
    where = np.array(box, np.float32)
    shape = HeadOval() if soft else Rectangle(grow=0.1, feather=0)
    return Region(track, label, where, shape.mask(where), seed=track)


def shown(effect: Inpainted, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> list[Frame]:
    """As the pipeline does it, batch by batch and with what lies around each."""
    done = []
    for context, body in windowed(zip(frames, hidden, strict=True), effect.batch, effect.reach):
        patches = effect.paint([blanked(one, mine) for one, mine in context], [mine for _, mine in context])
        done += [composite(*one, patch) for one, patch in zip(context[body], patches[body], strict=True)]
    return done


def picture(index: int = 0, size: tuple[int, int] = (160, 120)) -> Frame:
    return frame(RGB, size, index=index)


@pytest.mark.parametrize("every", [1, 2, 8])
def test_the_effect_keeps_the_contract(every: int) -> None:
    check_anonymizer(Inpainted(Moody(), every=every))


@pytest.mark.parametrize("kind", ["rgb24", "yuv420p"])
def test_what_is_hidden_plays_no_part(kind: str) -> None:
    """Not even through the grey in its place, the colour that pixels share, or another region beside it."""
    from passerby.testing import drawn

    name, size = kind, (160, 120)
    for one in drawn(name, size, count=1):
        hidden = [region((40, 30, 70, 65), 1), region((60, 50, 95, 95), 2), region((-10, 90, 15, 125), 3)]
        boxes = [pixels.aligned(one, mine.mask.box) for mine in hidden]
        planes = [plane.copy() for plane in one.planes]
        other = one.with_planes(tuple(planes))
        for mine, box in zip(hidden, boxes, strict=True):
            for plane, alpha in zip(pixels.crop(other, box), pixels.alphas(one, mine.mask, box), strict=True):
                plane[alpha > 0] = 255 - plane[alpha > 0]
        models = [Moody(), Moody()]
        came = [Inpainted(model).paint([shown], [hidden]) for model, shown in zip(models, (one, other), strict=True)]
        for mine, theirs in zip(came[0][0], came[1][0], strict=True):
            assert all(map(np.array_equal, mine.planes, theirs.planes))
        for mine, theirs in zip(models[0].crops, models[1].crops, strict=True):
            assert np.array_equal(mine.picture, theirs.picture)


def test_every_pixel_of_the_hole_is_grey_and_holds_all_that_is_hidden() -> None:
    model = Moody()
    hidden = [region((40, 30, 70, 65), 1), region((52, 40, 95, 95), 2)]
    Inpainted(model).paint([picture()], [hidden])
    for crop in model.crops:
        assert crop.picture.shape[0] % 8 == 0
        assert (crop.picture[crop.hole] == 128).all()
        assert (crop.picture[~crop.hole] == 128).all(1).mean() < 0.01


@pytest.mark.parametrize("every", [1, 4])
def test_all_that_is_hidden_is_made_up_and_nothing_else_changes(every: int) -> None:
    frames = [picture(i) for i in range(9)]
    hidden = [[region((40 + i, 30, 70 + i, 65)), region((150, 100, 170, 130), 2)] for i in range(9)]
    for one, mine, came in zip(frames, hidden, shown(Inpainted(Moody(), every=every), frames, hidden), strict=True):
        whole = np.maximum.reduce([pixels.alphas(one, it.mask, (0, 0, *one.size))[0] for it in mine])
        changed = (came.planes[0] != one.planes[0]).any(2)
        assert not changed[whole == 0].any()
        assert changed[whole == 255].mean() > 0.97
        assert (came.planes[0] == 128).all(2)[whole == 255].sum() < 5


def test_the_larger_of_two_is_made_up_later_and_sees_the_smaller_one() -> None:
    model = Moody()
    small, large = region((50, 50, 62, 64), 3, soft=False), region((60, 50, 90, 90), 4, soft=False)
    Inpainted(model).paint([picture()], [[large, small]])
    assert model.calls == [1, 1]
    assert [crop.seed for crop in model.crops] == [3, 4]
    assert model.crops[0].hole.mean() > 0.2  # the larger one is a hole for the smaller one
    _, second = model.crops
    assert second.hole.mean() < 0.4


def test_what_is_apart_is_made_up_at_once_over_many_frames() -> None:
    model = Moody()
    frames = [picture(i, (400, 120)) for i in range(3)]
    hidden = [[region((20, 20, 40, 45), 10 * i + 1), region((300, 60, 330, 95), 10 * i + 2)] for i in range(3)]
    Inpainted(model).paint(frames, hidden)
    assert model.calls == [6]


def test_near_ones_of_a_class_share_a_crop_and_others_do_not() -> None:
    faces = [region((60, 50, 70, 62), 1, soft=False), region((76, 50, 86, 62), 2, soft=False)]
    plate = region((76, 50, 86, 62), 2, "plate", soft=False)
    model = Moody()
    Inpainted(model).paint([picture()], [faces])
    assert [crop.seed for crop in model.crops] == [1]
    model = Moody()
    Inpainted(model).paint([picture()], [[faces[0], plate]])
    assert sorted(crop.label for crop in model.crops) == ["face", "plate"]


def test_a_track_is_made_up_in_key_frames_alone() -> None:
    model = Moody()
    frames = [picture(i) for i in range(33)]
    hidden = [[region((40 + i, 30, 70 + i, 65))] for i in range(33)]
    shown(Inpainted(model, every=8), frames, hidden)
    assert len(model.crops) == 5  # 0, 8, 16, 24, 32; none of them twice
    assert {crop.seed for crop in model.crops} == {1}


def test_batches_of_any_size_have_the_same_key_frames_and_end_in_the_same_pictures() -> None:
    """But for the fading, which needs to know what comes."""
    frames = [picture(i) for i in range(20)]
    hidden = [[region((40 + i, 30, 70 + i, 65))] if i != 3 else [] for i in range(20)]
    whole, single = Moody(), Moody()
    Inpainted(whole, every=8).paint(frames, hidden)
    effect = Inpainted(single, every=8)
    for one, mine in zip(frames, hidden, strict=True):
        effect.paint([one], [mine])
    assert len(whole.crops) == len(single.crops)
    for one, other in zip(whole.crops, single.crops, strict=True):
        assert np.array_equal(one.picture, other.picture)


def test_another_film_begins_anew() -> None:
    model = Moody()
    effect = Inpainted(model)
    for _ in range(2):
        effect.paint([picture(i) for i in range(4)], [[region((40, 30, 70, 65))] for _ in range(4)])
    assert len(model.crops) == 2


def trembling(count: int) -> list[Region]:
    """A face that walks by 1.5 pixels a frame, and whose box trembles as detectors' boxes do."""
    noise = np.random.default_rng(5).normal(0, 0.7, (count, 4))
    return [region(np.array([40, 30, 80, 75]) + noise[i] + [1.5 * i, 0, 1.5 * i, 0]) for i in range(count)]


def unsteadiness(frames: Sequence[Frame]) -> float:
    """The warped error in the middle of the face: its motion is known, so no flow has to be guessed."""
    flow = np.zeros((120, 160, 2), np.float32)
    flow[..., 0] = 1.5
    errors = []
    for i, (one, other) in enumerate(pairwise(frames)):
        area = np.zeros((120, 160), np.bool_)
        area[40:66, round(50 + 1.5 * i) : round(70 + 1.5 * i)] = True
        errors.append(warped_error(one.planes[0], other.planes[0], flow, area))
    return float(np.mean(errors))


def test_key_frames_are_far_steadier_than_frame_by_frame() -> None:
    """A moody model, a changing place, a trembling box: the error after motion is less than a fifth."""
    frames = [walked(i) for i in range(25)]
    hidden = [[one] for one in trembling(25)]
    ours, theirs = (unsteadiness(shown(Inpainted(Moody(), every=every), frames, hidden)) for every in (8, 1))
    assert ours < theirs / 5, (ours, theirs)


def test_no_key_frame_jumps() -> None:
    """Where one follows the other, the picture changes no faster than between them."""
    frames = [walked(i) for i in range(25)]
    hidden = [[region((40 + i, 30, 80 + i, 75))] for i in range(25)]
    came = shown(Inpainted(Moody(mood=40), every=8, seam="original"), frames, hidden)
    middles = [one.planes[0][40:66, 50 + i : 70 + i].astype(float) for i, one in enumerate(came)]
    changes = [float(np.abs(b - a).mean()) for a, b in pairwise(middles)]
    assert max(changes) < 2.5 * float(np.median(changes)), changes


def walked(index: int) -> Frame:
    """A place whose light grows, with some noise: no two frames are the same for a model."""
    rows, columns = np.mgrid[:120, :160]
    light = 90 + index + 20 * np.sin(rows / 9) + 20 * np.cos(columns / 7)
    grain = np.random.default_rng(index).normal(0, 3, (120, 160, 3))
    colours: NDArray[np.uint8] = np.clip(light[..., None] + grain, 0, 255).astype(np.uint8)
    return picture(index).with_planes((colours,))


class Wrong(Moody):
    """Answers with too few pictures, or with none of the right size."""

    def __init__(self, answers: Sequence[NDArray[np.uint8]]) -> None:
        super().__init__()
        self.answers = list(answers)

    def inpaint(self, crops: Sequence[Crop]) -> list[NDArray[np.uint8]]:
        return self.answers


@pytest.mark.parametrize("answers", [[], [np.zeros((8, 8, 3), np.uint8)], [np.zeros((256, 256, 3), np.float32)]])
def test_a_model_that_gives_no_picture_ends_the_run(answers: list[NDArray[np.uint8]]) -> None:
    with pytest.raises(StageError, match="try another model"):
        Inpainted(Wrong(answers)).paint([picture()], [[region((40, 30, 70, 65))]])


def test_how_often_may_be_a_small_integer_of_numpys() -> None:
    """Which wraps around below 0, and knows no frame 300."""
    hidden = [[region((40 + index, 30, 70 + index, 65))] for index in range(6)]
    frames = [picture(300 + index) for index in range(6)]
    came = [shown(Inpainted(Moody(), every=every), frames, hidden) for every in (4, np.uint8(4))]
    for mine, theirs in zip(*came, strict=True):
        assert all(map(np.array_equal, mine.planes, theirs.planes))


@pytest.mark.parametrize("every", [0, 61])
def test_key_frames_come_now_and_then(every: int) -> None:
    with pytest.raises(OptionError, match="every 1 to 60"):
        Inpainted(Moody(), every=every)
