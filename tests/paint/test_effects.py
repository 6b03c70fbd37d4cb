"""Effects leave nothing to recognize, and do the same in every frame of a track."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_frames import FORMATS, RGB, RGBA_16, YUV420, frame

from passerby.core import pixels
from passerby.core.errors import OptionError, StageError
from passerby.core.regions import Mask, Region
from passerby.paint.composite import composite
from passerby.paint.effects import Blur, ByLabel, Fill, Image, Mosaic, Noise, Outline

PICTURE = np.random.default_rng(4).integers(0, 256, (50, 40, 3), np.uint8)
EFFECTS = [Mosaic(), Fill(), Blur(), Noise(), Image(PICTURE), Outline()]


def region(x=16, y=8, width=48, height=40, seed=3, label="face", score=0.5):
    box = np.array([x, y, x + width, y + height], np.float32)
    return Region(1, label, box, Mask(x, y, np.full((height, width), 255, np.uint8)), seed, score)


def painted(effect, picture, *regions):
    [patches] = effect.paint([picture], [list(regions)])
    return composite(picture, list(regions), patches)


def inside(picture, it):
    """The luma of a region as far as it is in the picture."""
    x0, y0, x1, y1 = it.mask.box
    return picture.planes[0][max(y0, 0) : y1, max(x0, 0) : x1]


@pytest.mark.parametrize("pixel_format", FORMATS, ids=lambda f: f.name)
@pytest.mark.parametrize("cells", [1, 4, 7])
def test_a_mosaic_has_no_more_cells_across_than_asked_for(pixel_format, cells):
    after = painted(Mosaic(cells=cells), frame(pixel_format), region())
    luma = inside(after, region()).reshape(40, 48, -1)
    assert (np.diff(luma, axis=1) != 0).any(axis=(0, 2)).sum() == cells - 1
    assert (np.diff(luma, axis=0) != 0).any(axis=(1, 2)).sum() == cells - 1


def test_the_mosaics_grid_moves_with_the_track():
    """A grid that stood still would show a moving face through ever other windows."""
    picture = frame()
    big = np.tile(picture.planes[0], (1, 1))
    shifted = picture.with_planes((np.roll(big, 6, axis=1), *(np.roll(p, 3, axis=1) for p in picture.planes[1:])))
    here, there = region(x=16), region(x=22)
    assert np.array_equal(
        inside(painted(Mosaic(), picture, here), here), inside(painted(Mosaic(), shifted, there), there)
    )


@pytest.mark.parametrize("pixel_format", FORMATS, ids=lambda f: f.name)
def test_the_mosaic_is_the_same_for_everybody(pixel_format):
    """Cells of one's own would be a sign by which who is known at one moment is found at another."""
    first, later, other = (
        inside(painted(Mosaic(), frame(pixel_format, seed=picture), region(seed=track)), region())
        for picture, track in ((0, 1), (9, 1), (9, 2))
    )
    assert np.array_equal(first, later)
    assert np.array_equal(first, other)
    assert np.ptp(first[..., :3] if first.ndim == 3 else first) > 20


def test_the_cells_of_a_mosaic_have_no_colour():
    after = inside(painted(Mosaic(), frame(RGB), region()), region()).astype(int)
    assert np.ptp(after, axis=-1).max() == 0


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("x", [-30, 0, 60, 90, 200])
@pytest.mark.parametrize("size", [(96, 64), (97, 65), (3, 2)])
def test_effects_work_at_every_edge(effect, x, size):
    painted(
        effect, frame(size=size), region(x=x), region(x=x, y=-35), region(x=x, y=-99), region(x=x, width=1, height=1)
    )


@pytest.mark.parametrize("effect", [e for e in EFFECTS if e.blind], ids=lambda e: type(e).__name__)
def test_blind_effects_do_not_look(effect):
    one, other = frame(), frame(seed=8)
    assert np.array_equal(
        inside(painted(effect, one, region()), region()), inside(painted(effect, other, region()), region())
    )


@pytest.mark.parametrize("effect", [Mosaic(), Noise()], ids=lambda e: type(e).__name__)
def test_video_levels_stay_legal(effect):
    after = painted(effect, frame(), region())
    assert inside(after, region()).min() >= 16
    assert inside(after, region()).max() <= 235


RGBA_8 = replace(RGBA_16, name="rgba", depth=8)


@pytest.mark.parametrize("pixel_format", [RGBA_8, RGBA_16], ids=lambda f: f.name)
@pytest.mark.parametrize("effect", EFFECTS, ids=lambda e: type(e).__name__)
def test_no_effect_makes_an_opaque_picture_transparent(effect, pixel_format):
    plane = frame(pixel_format).planes[0].copy()
    plane[..., 3] = pixel_format.peak
    after = painted(effect, frame(pixel_format).with_planes((plane,)), region())
    assert (after.planes[0][..., 3] == pixel_format.peak).all()


@pytest.mark.parametrize("pixel_format", [RGBA_8, RGBA_16], ids=lambda f: f.name)
@pytest.mark.parametrize("effect", [Mosaic(), Noise()], ids=lambda e: type(e).__name__)
def test_what_is_drawn_is_opaque_over_transparent_pixels(effect, pixel_format):
    assert (inside(painted(effect, frame(pixel_format), region()), region())[..., 3] == pixel_format.peak).all()


def test_the_picture_is_shown_upright_and_whole():
    plain = np.zeros((40, 40, 3), np.uint8)
    plain[:20] = 255
    luma = inside(painted(Image(plain), frame(), region(width=40)), region(width=40))
    assert luma[:18].min() > 225
    assert luma[22:].max() < 25


def test_an_outline_hides_nothing_but_its_lines():
    picture = frame(size=(200, 120))
    after = painted(Outline(), picture, region(width=100, height=80))
    same = (inside(after, region(width=100, height=80)) == inside(picture, region(width=100, height=80))).mean()
    assert 0.8 < same < 1


def test_each_label_gets_its_own_effect():
    both = ByLabel({"face": Fill(colour=(255, 255, 255)), "plate": Fill(colour=(0, 0, 0))})
    face, plate = region(width=20), region(x=60, width=20, label="plate")
    after = painted(both, frame(), plate, face)
    assert (inside(after, face) == 235).all()
    assert (inside(after, plate) == 16).all()
    assert both.blind


def test_a_label_without_an_effect_stops_the_run():
    with pytest.raises(StageError, match="no effect for 'plate'"):
        painted(ByLabel({"face": Fill()}), frame(), region(label="plate"))


@pytest.mark.parametrize("make", [lambda: Mosaic(cells=0), lambda: Mosaic(cells=65), lambda: Blur(samples=0),
                                  lambda: Image(PICTURE[..., 0]), lambda: Image(PICTURE[:0])])  # fmt: skip
def test_senseless_effects_are_refused(make):
    with pytest.raises(OptionError):
        make()


def test_a_blur_keeps_few_samples():
    luma = inside(painted(Blur(samples=3), frame(), region()), region()).astype(float)
    kept = np.abs(np.fft.fft2(luma - luma.mean()))
    assert kept[8:-8, 8:-8].max() < 0.05 * kept.max()


def test_an_effect_does_not_write_into_the_frame():
    picture = frame()
    copies = [plane.copy() for plane in picture.planes]
    for effect in EFFECTS:
        painted(effect, picture, region())
    assert all(np.array_equal(a, b) for a, b in zip(picture.planes, copies, strict=True))
    assert pixels.crop(picture, (0, 0, 8, 8))[0].base is not None
    assert picture.format == YUV420
