"""The original's tracker: the same ids."""

from __future__ import annotations

import json
from itertools import permutations

import deep_privacy2
import numpy as np
import pytest

from passerby.track.constant_velocity import STALE, ConstantVelocity, assigned


@pytest.mark.parametrize("rate", ["25.0", "5.0"])
def test_ids_are_the_originals(rate: str) -> None:
    path = deep_privacy2.FOLDER / "tracker.json"
    if not path.is_file():
        pytest.skip(f"{path.name} is not beside this repository")
    recorded = json.loads(path.read_text())
    tracker = ConstantVelocity(float(rate))
    came = [tracker.step(np.array(boxes)) for boxes in recorded["frames"]]
    assert first_seen(came) == recorded["ids_by_fps"][rate]


def first_seen(ids: list[list[int]]) -> list[list[int]]:
    """Renumbered in the order in which they appear."""
    numbers: dict[int, int] = {}
    return [[numbers.setdefault(one, len(numbers)) for one in frame] for frame in ids]


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (4, 2), (2, 5), (5, 5), (0, 3)])
def test_an_assignment_is_the_cheapest(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(shape))
    for _ in range(20):
        cost = rng.integers(-9, 9, shape) / 10
        pairs = assigned(cost)
        assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == min(shape)
        wide = cost if shape[0] <= shape[1] else cost.T
        orders = permutations(range(wide.shape[1]), wide.shape[0])
        best = min(sum(wide[i, j] for i, j in enumerate(order)) for order in orders)
        assert sum(cost[pair] for pair in pairs) == pytest.approx(best)


def walking(frame: int) -> list[list[float]]:
    """Two who pass each other."""
    return [[10 + 4 * frame, 10, 40 + 4 * frame, 60], [200 - 4 * frame, 70, 230 - 4 * frame, 120]]


def test_a_track_lasts_while_its_box_is_missing_and_ends_in_time() -> None:
    tracker = ConstantVelocity(25)
    for frame in range(20):
        assert tracker.step(np.array(walking(frame))) == [0, 1]
    for _ in range(STALE - 1):
        assert tracker.step(np.array(walking(20)[:0])) == []
    assert tracker.step(np.array(walking(31))) == [0, 1]
    for _ in range(STALE):
        tracker.step(np.array(walking(32)[:0]))
    assert tracker.step(np.array(walking(44))) == [2, 3]


def test_the_order_of_boxes_does_not_matter() -> None:
    tracker = ConstantVelocity(25)
    assert tracker.step(np.array(walking(0))) == [0, 1]
    assert tracker.step(np.array(walking(1)[::-1])) == [1, 0]
