"""How far two videos are apart in the features of a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from passerby.evaluate.statistics import Figure
from passerby.evaluate.video_distance import VideoDistance


class FirstPixels:
    """Features of a clip that a reader can follow."""

    name, model, frames = "first pixels", "none", 4

    def features(self, clips: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
        return np.array([[frame.reshape(-1)[0] for frame in clip] for clip in clips], float)


def compared(frames: Sequence[np.ndarray], more: int, clips: int = 1) -> Figure:
    """The distance of `frames` from others that are brighter by `more`."""
    apart = VideoDistance(FirstPixels())
    for _ in range(clips):
        apart.begin()
        for frame in frames:
            apart.add(frame, frame + more)
    return apart.figure()


FRAMES = [np.full((2, 2, 3), value, np.uint8) for value in range(11)]


def test_the_distance_of_two_videos_is_called_by_its_network() -> None:
    same, moved = compared(FRAMES, 0), compared(FRAMES, 1)
    assert same.name == "Fréchet video distance of first pixels"
    assert (same.n, same.value) == (2, pytest.approx(0, abs=1e-9))
    assert moved.value == pytest.approx(4)
    assert "singular" in same.notes[0]


def test_pieces_do_not_reach_from_one_clip_into_the_next() -> None:
    assert compared(FRAMES[:7], 0).missing.startswith("1 pieces of 4 frames")
    assert compared(FRAMES[:7], 0, clips=2).n == 2
