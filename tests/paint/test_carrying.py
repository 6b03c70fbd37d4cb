"""What was made up follows boxes, and two key frames move towards each other."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.paint.carrying import Drawn, alone, between, pair
from passerby.paint.gan.boxes import Box


def texture(width: int = 120, height: int = 120) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(3).integers(40, 220, (16, 16, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def shifted(by: int) -> NDArray[np.uint8]:
    return np.roll(texture(), by, axis=1)


BOX: Box = (10, 20, 130, 140)
WINDOW: Box = (30, 40, 110, 120)


@pytest.mark.parametrize("by", [0, 7, -12])
def test_it_moves_with_the_box(by: int) -> None:
    window, box = ((x0 + by, y0, x1 + by, y1) for x0, y0, x1, y1 in (WINDOW, BOX))
    assert np.array_equal(alone(Drawn(WINDOW, BOX, texture()), window, box), texture())


def test_it_grows_with_the_box() -> None:
    large = alone(Drawn(WINDOW, BOX, texture()), (60, 80, 220, 240), (20, 40, 260, 280))
    wanted = cv2.resize(texture(), (240, 240), interpolation=cv2.INTER_LINEAR)
    assert np.abs(large - wanted)[4:-4, 4:-4].mean() < 1


def test_from_one_key_frame_to_the_other_it_begins_and_ends_as_they_are() -> None:
    one, other = Drawn(WINDOW, BOX, texture()), Drawn(WINDOW, BOX, shifted(4))
    keys = pair(one, other)
    assert np.abs(between(keys, 0, WINDOW, BOX) - texture()).mean() < 1
    assert np.abs(between(keys, 1, WINDOW, BOX) - shifted(4)).mean() < 1


def test_half_way_it_has_moved_by_half() -> None:
    """Where a mere fading would show both, one beside the other."""
    keys = pair(Drawn(WINDOW, BOX, texture()), Drawn(WINDOW, BOX, shifted(6)))
    inner = np.s_[20:-20, 20:-20]
    wanted = shifted(3)[inner].astype(float)
    ours = np.abs(between(keys, 0.5, WINDOW, BOX)[inner] - wanted).mean()
    fading = np.abs((texture().astype(float) + shifted(6))[inner] / 2 - wanted).mean()
    assert ours < fading / 4, (ours, fading)


def test_what_has_nothing_to_do_with_each_other_is_faded_as_it_is() -> None:
    noise = np.random.default_rng(8).integers(0, 255, (2, 120, 120, 3)).astype(np.uint8)
    keys = pair(*(Drawn(WINDOW, BOX, one) for one in noise))
    assert not keys.flow.any()
    assert np.allclose(between(keys, 0.25, WINDOW, BOX), 0.75 * noise[0] + 0.25 * noise[1].astype(float), atol=0.01)


def test_a_scrap_too_small_for_a_flow_is_faded() -> None:
    small: Box = (0, 0, 8, 8)
    keys = pair(*(Drawn(small, small, texture(8, 8)) for _ in range(2)))
    assert not keys.flow.any()
