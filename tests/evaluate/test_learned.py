"""What a filter that was learned from pairs gives back."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from passerby.evaluate.learned import learned
from passerby.evaluate.operators import FreshNoise, GaussianBlur, Operator, Solid

RANDOM = np.random.default_rng(5)


def face() -> np.ndarray:
    """Smooth shapes and fine lines."""
    rough, fine = (
        cv2.resize(RANDOM.integers(0, 256, (side, side, 3)).astype(np.uint8), (64, 64), interpolation=cv2.INTER_CUBIC)
        for side in (6, 24)
    )
    return np.clip(0.7 * rough + 0.3 * fine, 0, 255).astype(np.uint8)


PAIRS, OTHERS = [face() for _ in range(12)], [face() for _ in range(4)]


def error(pictures: list[np.ndarray]) -> float:
    return float(np.mean([np.square(a.astype(float) - b) for a, b in zip(pictures, OTHERS, strict=True)]))


@pytest.mark.parametrize(
    ("operator", "most"), [(GaussianBlur(2), 0.35), (FreshNoise(60), 0.5)], ids=lambda each: getattr(each, "name", "")
)
def test_of_people_it_never_saw_much_comes_back(operator: Operator, most: float) -> None:
    undo = learned(operator.hide(PAIRS, 1), PAIRS)
    hidden = operator.hide(OTHERS, 2)
    restored = [undo.undone(picture.astype(float)) for picture in hidden]
    assert error(restored) < most * error(hidden)


def test_of_a_fill_nothing_comes_back_and_all_look_alike() -> None:
    undo = learned(Solid().hide(PAIRS, 1), PAIRS)
    restored = [undo.undone(picture.astype(float)) for picture in Solid().hide(OTHERS, 2)]
    assert all(np.array_equal(restored[0], other) for other in restored)


def test_the_mean_of_a_track_gives_more_than_a_frame() -> None:
    """Noise that is drawn anew averages away."""
    noise = FreshNoise(60)
    undo = learned(noise.hide(PAIRS, 1), PAIRS)
    tracks = [noise.hide([other] * 20, 2 + place) for place, other in enumerate(OTHERS)]
    first: Callable[[list[np.ndarray]], np.ndarray] = lambda track: track[0].astype(float)  # noqa: E731
    means = [undo.undone(np.mean(track, axis=0)) for track in tracks]
    assert error(means) < 0.7 * error([undo.undone(first(track)) for track in tracks])
