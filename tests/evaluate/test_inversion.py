"""Known operators are undone as far as they can be, and no further."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from passerby.evaluate.inversion import Averaged, Blurred, Same, undone
from passerby.evaluate.operators import FreshNoise, GaussianBlur, Pixelate

SIDE = 64
RANDOM = np.random.default_rng(4)
FACE = cv2.normalize(cv2.GaussianBlur(RANDOM.uniform(0, 255, (SIDE, SIDE, 3)), (0, 0), 2), None, 20, 235, 32).astype(
    np.uint8
)
MODELS = [Same(), Blurred(3), Averaged(4, (0, 0)), Averaged(5, (3, -7)), Averaged(8, (20, 100))]


def off(picture, other=FACE):
    """Root mean square of the difference."""
    return float(np.sqrt(np.mean((picture.astype(float) - other.astype(float)) ** 2)))


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_the_adjoint_is_the_adjoint(model):
    a, b = (RANDOM.normal(size=(SIDE, SIDE, 3)).astype(np.float32) for _ in range(2))
    assert (model.forward(a) * b).sum() == pytest.approx((a * model.adjoint(b)).sum(), rel=1e-3)


@pytest.mark.parametrize("model", MODELS[2:], ids=str)
def test_a_mosaic_keeps_the_mean_of_every_cell_and_is_its_own_second_time(model):
    once = model.forward(FACE.astype(np.float32))
    assert np.allclose(model.forward(once), once, atol=1e-3)
    assert once.mean() == pytest.approx(FACE.mean(), abs=1e-2)


def test_a_mosaic_on_a_whole_grid_is_what_shrinking_and_enlarging_gives():
    small = cv2.resize(FACE.astype(np.float32), (4, 4), interpolation=cv2.INTER_AREA)
    wanted = cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    assert np.allclose(Averaged(4, (0, 0)).forward(FACE.astype(np.float32)), wanted, atol=1e-2)


def test_uniform_noise_of_20_averages_from_11_8_to_1_1_over_100_frames():
    """T29: the variance of the whole numbers from -20 to 20 is (41² - 1) / 12 = 140, of their mean a hundredth."""
    grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
    operator = FreshNoise(20)
    hidden = operator.hide([grey] * 100, seed=1)
    assert off(hidden[0], grey) == pytest.approx(11.83, abs=0.2)
    assert off(np.mean(hidden, axis=0), grey) == pytest.approx(1.18, abs=0.1)
    assert off(undone(hidden, operator.known(100, 1)), grey) < 1.3


@pytest.mark.parametrize(("sigma", "least"), [(1.0, 2), (2.0, 4)])
def test_a_small_gaussian_blur_is_undone(sigma, least):
    operator = GaussianBlur(sigma)
    [hidden] = operator.hide([FACE], 0)
    [known] = operator.known(1, 0)
    assert off(hidden) > least * off(undone([hidden], [known]))


def test_of_a_mosaic_in_one_frame_nothing_more_comes_back():
    operator = Pixelate(4)
    [hidden] = operator.hide([FACE], 0)
    restored = undone([hidden], operator.known(1, 0))
    assert off(restored) > 0.8 * off(hidden)


def test_a_mosaic_whose_grid_shakes_gives_the_face_away_over_a_track():
    """Every frame averages over other cells: together they say more than any of them."""
    operator = Pixelate(8, shake_px=3)
    hidden = operator.hide([FACE] * 60, 7)
    models = operator.known(60, 7)
    together, alone = undone(hidden, models), undone(hidden[:1], models[:1])
    assert off(together) < 0.6 * off(alone)
    still = Pixelate(8)
    assert off(undone(still.hide([FACE] * 60, 7), still.known(60, 7))) > 1.3 * off(together)
