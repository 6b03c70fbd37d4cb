"""Skin is found by the colour of the same person's face, whatever its tone."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_dressed import MONK, Person, dressed

from passerby.mask import skin

PLAIN = ((40, 90, 170), (20, 150, 70), (180, 40, 40))
"""Colours that nobody's skin has."""


def face_of(drawn):
    x0, y0, x1, y1 = drawn.faces[0].astype(int)
    face = np.zeros(drawn.skin.shape, bool)
    face[y0:y1, x0:x1] = True
    return face


@pytest.mark.parametrize("tone", MONK)
@pytest.mark.parametrize("light", [0.0, 0.6], ids=["even light", "half in shade"])
def test_arms_and_hands_look_like_the_face(tone, light):
    drawn = dressed(persons=[Person(tone=tone, sleeves="none", legs="shorts")], light=light, noise=3)
    assert skin.alike(drawn.picture, face_of(drawn))[drawn.skin == 255].mean() > 0.85


@pytest.mark.parametrize(("tone", "worn"), [*zip(MONK, PLAIN * 4, strict=False)])
def test_clothes_of_other_colours_do_not(tone, worn):
    drawn = dressed(persons=[Person(tone=tone, upper=worn)], noise=3)
    assert skin.alike(drawn.picture, face_of(drawn))[drawn.garments["upper"] == 255].mean() < 0.01


def test_shade_does_not_make_another_colour_of_it():
    light = np.full((9, 9, 3), (200, 150, 120), np.uint8)
    away = skin.features(light)[4, 4] - skin.features((light * 0.6).astype(np.uint8))[4, 4]
    assert np.abs(away[:2]).max() < 0.06 < away[2]


def test_eyes_lips_and_glasses_do_not_count():
    rng = np.random.default_rng(0)
    face = np.concatenate([rng.normal((0.5, -0.4, -1.5), 0.05, (300, 3)), rng.normal((0, 0, -4), 0.05, (90, 3))])
    found = skin.cloud(face.astype(np.float32))
    assert np.abs(found.middle - (0.5, -0.4, -1.5)).max() < 0.1


def test_of_too_few_pixels_nothing_is_told():
    assert skin.cloud(np.zeros((skin.FEWEST - 1, 3), np.float32)) is None
    picture = np.full((20, 20, 3), 128, np.uint8)
    assert not skin.alike(picture, np.zeros((20, 20), bool)).any()


@pytest.mark.parametrize("count", [skin.FEWEST, 14, 30])
def test_whatever_the_pixels_a_cloud_is_sound_or_not_told(count):
    for seed in range(60):
        rng = np.random.default_rng(seed)
        samples = rng.normal(0, 1, (count, 3)) * rng.choice([0, 0.01, 0.15, 0.4], (count, 1))
        found = skin.cloud(samples.astype(np.float32))
        assert found is None or (np.isfinite(found.inverse).all() and np.linalg.eigvalsh(found.inverse).min() > 0)


def test_anybody_has_every_tone():
    for tone in MONK:
        assert skin.ANYBODY.alike(skin.features(np.full((3, 3, 3), tone, np.uint8))).all(), tone
