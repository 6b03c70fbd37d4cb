"""How alike a frame is to the next."""

from __future__ import annotations

import numpy as np
import pytest

from passerby.core.errors import NotMeasurable
from passerby.evaluate import consecutive, quality
from passerby.evaluate.consecutive import Consecutive

BLACK, GREY = np.zeros((16, 16), np.uint8), np.full((16, 16), 51, np.uint8)


def test_stillness_by_hand() -> None:
    """T24"""
    assert consecutive.stillness([BLACK, GREY, BLACK]) == pytest.approx(0.8, abs=1e-12)
    assert consecutive.stillness([GREY, GREY]) == 1
    with pytest.raises(NotMeasurable):
        consecutive.stillness([GREY])


def test_the_name_says_that_motion_is_in_it_and_the_original_stands_beside() -> None:
    frames = Consecutive()
    for original, other in [(GREY, BLACK), (GREY, GREY), (GREY, BLACK)]:
        frames.add("a", original, other)
    figures = {figure.name: figure.value for figure in frames.figures()}
    assert figures == {
        "stillness of consecutive frames (flicker and motion)": pytest.approx(0.8),
        "stillness of consecutive frames (flicker and motion), original": 1,
        "SSIM of consecutive frames (flicker and motion)": pytest.approx(quality.ssim(BLACK, GREY)),
        "SSIM of consecutive frames (flicker and motion), original": pytest.approx(1),
    }


def test_the_last_frame_of_a_clip_is_not_compared_with_the_first_of_the_next() -> None:
    frames = Consecutive({"stillness": consecutive.still})
    for clip, frame in [("a", BLACK), ("b", GREY), ("b", GREY)]:
        frames.add(clip, frame, frame)
    one, _ = frames.figures()
    assert (one.value, one.n) == (1, 1)


def test_single_frames_are_no_number() -> None:
    frames = Consecutive()
    frames.add("a", BLACK, BLACK)
    assert {figure.value for figure in frames.figures()} == {None}
