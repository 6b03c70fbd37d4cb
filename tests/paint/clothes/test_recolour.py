"""Clothes take other colours: their light stays; their patterns, their edges and what is beside them do not show it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_dressed import MONK, Dressed, Person, dressed

from passerby.paint.clothes import oklab, shading, styles
from passerby.paint.clothes.recolour import Dye, Place, recolour
from passerby.paint.clothes.styles import Style

WEAVES = ("stripes", "checks", "logo")
WHITE, BLACK, GREY = (246, 246, 244), (16, 16, 18), (120, 120, 122)


def worn(drawn: Dressed, style: Style = "casual", seed: int = 0) -> np.ndarray:
    """The picture with everything that is worn recoloured."""
    new = drawn.picture.copy()
    for group, alpha in drawn.garments.items():
        seen = shading.seen(drawn.picture, alpha)
        assert seen is not None
        fabric = styles.fabric(style, group, seed, seen.mean)
        dye = Dye(replace(fabric, second=fabric.colour), seen.level, Place(3.0, 5.0, 60.0))
        recolour(drawn.picture, alpha, seen, dye, on=new)
    return new


def lightness(picture: np.ndarray, where: np.ndarray) -> np.ndarray:
    return oklab.from_picture(picture)[where][:, 0]


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def clothes(drawn: Dressed) -> np.ndarray:
    return np.max(list(drawn.garments.values()), axis=0)


@pytest.mark.parametrize("style", ["random", "formal", "sport", "casual"])
def test_outside_of_the_clothes_nothing_changes(style):
    drawn = dressed(persons=[Person(hat=(90, 10, 90), bag=(20, 90, 90))])
    new = worn(drawn, style)
    outside = clothes(drawn) == 0
    assert (new[outside] == drawn.picture[outside]).all()
    assert (new[~outside] != drawn.picture[~outside]).any(axis=1).mean() > 0.95


@pytest.mark.parametrize("tone", MONK)
def test_no_skin_is_tinted(tone):
    """Also where it shares a pixel with a sleeve: what is skin of it stays."""
    drawn = dressed(persons=[Person(tone=tone, sleeves="short", upper=(30, 160, 60))], noise=0)
    new = worn(drawn)
    change = np.abs(new.astype(int) - drawn.picture).max(axis=2)
    assert change[drawn.skin == 255].max() == 0
    mostly = (drawn.skin > 200) & (drawn.skin < 255)
    assert mostly.any()
    assert change[mostly].mean() < 0.5 * change[clothes(drawn) == 255].mean()


@pytest.mark.parametrize("colour", [WHITE, BLACK, GREY, (200, 30, 40), (230, 220, 90)])
def test_every_garment_gets_another_colour(colour):
    """White, black and grey ones too: their lightness is what changes."""
    drawn = dressed(persons=[Person(upper=colour, lower=colour)])
    new = worn(drawn, "formal")
    for group in ("upper", "lower"):
        where = drawn.garments[group] == 255
        before, after = (oklab.from_picture(it)[where].mean(axis=0) for it in (drawn.picture, new))
        assert oklab.distance(before, after) > 0.12


@pytest.mark.parametrize("pattern", WEAVES)
@pytest.mark.parametrize("colour", [WHITE, BLACK, (200, 30, 40), (30, 90, 160)])
def test_prints_and_patterns_cannot_be_seen_any_more(pattern, colour):
    plain, printed = (dressed(persons=[Person(upper=colour, pattern=it)], noise=1) for it in ("plain", pattern))
    where = printed.garments["upper"] == 255
    drawing = lightness(printed.picture, where) - lightness(plain.picture, where)
    assert drawing.std() > 0.02
    after = lightness(worn(printed), where)
    assert abs(correlation(after, drawing)) < 0.15
    assert abs(np.polyfit(drawing, after, 1)[0]) < 0.1


@pytest.mark.parametrize("ink", [(10, 10, 10), (250, 120, 60), (205, 205, 203)])
def test_written_words_cannot_be_read_any_more(ink):
    drawn = dressed((480, 540), [Person(upper=WHITE)], noise=1)
    picture = drawn.picture.copy()
    cv2.putText(picture, "ACME 42", (190, 200), cv2.FONT_HERSHEY_DUPLEX, 0.8, ink, 2)
    words = (picture != drawn.picture).any(axis=2) & (drawn.garments["upper"] == 255)
    new = oklab.from_picture(worn(drawn._replace(picture=picture)))[..., 0]
    around = (cv2.dilate(words.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0) & ~words
    assert abs(new[words].mean() - new[around & (drawn.garments["upper"] == 255)].mean()) < 0.01


def test_light_on_clothes_stays():
    drawn = dressed(persons=[Person(upper=(60, 110, 180), sleeves="none", at=(0.5, 0.04))], light=0.9, noise=1)
    inner = cv2.erode(drawn.garments["upper"], np.ones((15, 15), np.uint8))
    where = inner == 255
    before, after = (cv2.blur(oklab.from_picture(it)[..., 0], (9, 9))[where] for it in (drawn.picture, worn(drawn)))
    assert correlation(before, after) > 0.8


@pytest.mark.parametrize(("colour", "background"), [(WHITE, (40, 60, 50)), (BLACK, (235, 235, 230))])
def test_edges_have_no_seam_of_the_old_colour(colour, background):
    """Nothing is left of a white shirt before something dark, nor of a black one before something light."""
    drawn = dressed(persons=[Person(upper=colour, sleeves="none")], background=background, light=0, noise=0)
    new = worn(drawn, "random", seed=4)
    alpha = drawn.garments["upper"]
    only = cv2.dilate(np.where(clothes(drawn) - alpha > 0, 1, drawn.skin).astype(np.uint8), np.ones((7, 7))) == 0
    edge = (alpha > 0) & (alpha < 255) & only
    assert edge.sum() > 40
    inside = oklab.linear(new)[(alpha == 255)].mean(axis=0)
    behind = oklab.linear(np.array(background, np.uint8))
    share = alpha[edge][:, None] / 255
    ideal = share * inside + (1 - share) * behind
    off = np.abs(oklab.linear(new)[edge] - ideal).mean()
    plain = np.abs(oklab.linear(drawn.picture)[edge] * (1 - share) + share * inside - ideal).mean()
    assert off < 0.5 * plain


def test_a_garment_that_is_nowhere_sure_is_not_seen():
    picture = np.zeros((20, 20, 3), np.uint8)
    assert shading.seen(picture, np.full((20, 20), 100, np.uint8)) is None
