"""How steady a video is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from passerby.core.errors import NotMeasurable
from passerby.evaluate import temporal
from passerby.evaluate.temporal import DisFlow, Steadiness

BLACK, GREY = np.zeros((8, 8), np.uint8), np.full((8, 8), 51, np.uint8)


def texture(seed: int = 1, size: tuple[int, int] = (96, 128)) -> np.ndarray:
    """Soft noise that a flow can hold on to."""
    noise = np.random.default_rng(seed).integers(0, 256, (*size, 3)).astype(np.uint8)
    blurred = cv2.GaussianBlur(noise, (0, 0), 2).astype(float)
    return np.clip((blurred - 128) * 5 + 128, 0, 255).astype(np.uint8)


def everywhere(x: float, y: float, size: tuple[int, int] = (4, 4)) -> np.ndarray:
    return np.full((*size, 2), (x, y), np.float32)


class Still:
    """A flow that sees nothing move."""

    name = "none"

    def flow(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return everywhere(0, 0, first.shape[:2])


@pytest.mark.parametrize("alone", [True, False], ids=["only the pixel moves", "everything moves"])
def test_a_pixel_that_moves_by_one_by_hand(alone: bool) -> None:
    """T23"""
    first, second = np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8)
    first[1, 1] = second[1, 2] = 255
    forward, backward = everywhere(1, 0), everywhere(-1, 0)
    if alone:
        forward[first == 0] = backward[second == 0] = 0
    assert temporal.raw_error(first, second) == 0.125
    assert temporal.warped_error(first, second, forward, temporal.visible(forward, backward)) == 0


def test_what_leaves_the_frame_or_comes_back_elsewhere_is_not_visible() -> None:
    seen = temporal.visible(everywhere(1, 0), everywhere(-1, 0))
    np.testing.assert_array_equal(seen, [[True, True, True, False]] * 4)
    assert not temporal.visible(everywhere(1, 0), everywhere(0, 0)).any()


def test_edges_of_a_motion_are_not_visible() -> None:
    forward = everywhere(0, 0, (4, 8))
    forward[:, 4:] = (0.5, 0)
    seen = temporal.visible(forward, -forward)
    np.testing.assert_array_equal(seen[0], [1, 1, 1, 0, 0, 1, 1, 0])


def test_errors_do_not_wrap_round() -> None:
    assert temporal.raw_error(BLACK, GREY) == temporal.raw_error(GREY, BLACK) == pytest.approx(0.04)


def test_an_area_in_which_nothing_is_visible_is_no_number() -> None:
    with pytest.raises(NotMeasurable):
        temporal.warped_error(BLACK, GREY, everywhere(0, 0, (8, 8)), np.zeros((8, 8), bool))


def test_frames_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        Steadiness().add("a", texture(), texture()[:40])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [([1, 1, 0], [1, 1, 0], 0), ([1, 1, 0], [0, 1, 1], 2 / 3), ([1, 0, 0], [0, 0, 0], 1), ([0, 0, 0], [0, 0, 0], None)],
)
def test_how_much_of_a_mask_changes(first: list[int], second: list[int], expected: float | None) -> None:
    assert temporal.mask_change(np.array([first], bool), np.array([second], bool)) == expected


def test_dis_sees_a_picture_move() -> None:
    whole = texture(size=(96, 140))
    flow = DisFlow().flow(whole[:, 4:132], whole[:, 0:128])
    inner = flow[20:-20, 20:-20]
    np.testing.assert_allclose(np.median(inner.reshape(-1, 2), axis=0), [4, 0], atol=0.1)


def panned(frames: int) -> list[np.ndarray]:
    whole = texture(size=(96, 200))
    return [np.ascontiguousarray(whole[:, 3 * i : 3 * i + 128]) for i in range(frames)]


def test_a_pan_is_no_flicker_and_fresh_noise_is() -> None:
    random = np.random.default_rng(2)
    steady, noisy = Steadiness(), Steadiness()
    hidden = np.zeros((96, 128), bool)
    hidden[30:60, 40:80] = True
    for frame in panned(4):
        flickering = frame.copy()
        flickering[hidden] = random.integers(0, 256, (hidden.sum(), 3))
        steady.add("pan", frame, frame, hidden)
        noisy.add("pan", frame, flickering, hidden)
    one, other = ({figure.name: figure for figure in each.figures()} for each in (steady, noisy))
    assert one["flow-warped error, times the original's own"].value == 1
    assert one["flow-warped error"].value < one["raw frame difference"].value / 5
    assert other["flow-warped error, times the original's own"].value > 10
    assert other["flow-warped error, inside"].value > 5 * other["flow-warped error"].value
    assert DisFlow.name in one["flow-warped error"].protocol


def test_a_mask_that_moves_with_the_picture_does_not_flicker() -> None:
    steady, jumping = Steadiness(), Steadiness()
    for i, frame in enumerate(panned(4)):
        mask = np.zeros((96, 128), bool)
        mask[30:60, 70 - 3 * i : 100 - 3 * i] = True
        steady.add("pan", frame, frame, mask)
        jumping.add("pan", frame, frame, mask if i % 2 else np.zeros_like(mask))
    one, other = ({figure.name: figure.value for figure in each.figures()} for each in (steady, jumping))
    assert one["mask flicker"] < 0.1
    assert other["mask flicker"] == 1


def test_clips_are_not_compared_across_their_ends_nor_a_change_of_size() -> None:
    steadiness = Steadiness(Still())
    for clip, frame in [("a", texture(1)), ("b", texture(2)), ("b", texture(2)), ("b", texture(3, (40, 40)))]:
        steadiness.add(clip, frame, frame)
    figures = {figure.name: figure for figure in steadiness.figures()}
    assert figures["flow-warped error"].value == 0
    assert figures["flow-warped error"].n == 1
    assert "own error is 0" in figures["flow-warped error, times the original's own"].missing
    assert figures["mask flicker"].value is None


def test_what_lies_between_two_pixels_is_not_rounded() -> None:
    """Half a pixel on, a ramp is half a step brighter."""
    ramp = np.tile(np.arange(40, dtype=np.uint8), (8, 1))
    flow = np.zeros((8, 40, 2), np.float32)
    flow[..., 0] = 0.5
    inner = np.ones((8, 40), bool)
    inner[:, -1] = False
    assert temporal.warped_error(ramp, ramp, flow, inner) == pytest.approx((0.5 / 255) ** 2)
