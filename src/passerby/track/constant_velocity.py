"""The tracker of the original DeepPrivacy2: boxes that move at a constant speed, by a Kalman filter for each.

It gives the ids that motpy (https://github.com/wmuron/motpy) gives with its defaults, from boxes alone. passerby's own
tracker is `follow.Follower`, which looks at the pictures as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ACCELERATION = 70.0
"""Variance of what moves the middle of a box, in pixels per second squared, squared."""
GROWTH = 10.0
"""Variance that a frame adds to width and height, in pixels squared."""
UNKNOWN = 1000.0
"""Variance of everything about a box that is new."""
LEAST_IOU = 0.1
"""Of a box and where it was expected."""
FRESHER, STALE = 3, 12
"""How much a match takes off a track's staleness, and with how much it goes. A frame without a match adds one."""

Numbers = NDArray[np.float64]
SEEN = np.array([[1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1]], np.float64)
"""What a box shows of a state x, its speed, y, its speed, width, height."""


@dataclass(slots=True, eq=False)
class _Track:
    id: int
    state: Numbers
    spread: Numbers
    """Covariance of the state."""
    staleness: int = 0

    def predict(self, step: Numbers, noise: Numbers) -> None:
        self.state = step @ self.state
        self.spread = step @ self.spread @ step.T + noise

    def update(self, measured: Numbers) -> None:
        gain = self.spread @ SEEN.T @ np.linalg.inv(SEEN @ self.spread @ SEEN.T + np.eye(4))
        self.state = self.state + gain @ (measured - SEEN @ self.state)
        rest = np.eye(6) - gain @ SEEN
        self.spread = rest @ self.spread @ rest.T + gain @ gain.T  # Joseph's form, which stays symmetric
        self.staleness = max(self.staleness - FRESHER, 0)


class ConstantVelocity:
    """Gives every box of every frame the id of its track."""

    def __init__(self, rate: float) -> None:
        """`rate`: frames per second that are looked at."""
        dt = 1 / rate
        moves = np.array([[1, dt], [0, 1]])
        jolt = ACCELERATION * np.array([[dt**4 / 4, dt**3 / 2], [dt**3 / 2, dt**2]])
        self._step, self._noise = np.eye(6), GROWTH * np.eye(6)
        for at in (slice(0, 2), slice(2, 4)):
            self._step[at, at], self._noise[at, at] = moves, jolt
        self._tracks: list[_Track] = []
        self._next = 0

    def step(self, boxes: Numbers) -> list[int]:
        """The track of each of `boxes` (N, 4) x0 y0 x1 y1 of the next frame; numbers rise from 0 as tracks appear."""
        boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        for track in self._tracks:
            track.predict(self._step, self._noise)
        measured = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)
        ids = [-1] * len(boxes)
        matched = self._matched(boxes)
        for row, column in matched:
            self._tracks[row].update(measured[column])
            ids[column] = self._tracks[row].id
        kept = {row for row, _ in matched}
        for column in (i for i, track in enumerate(ids) if track < 0):
            ids[column] = self._begin(measured[column])
        for row, track in enumerate(self._tracks):
            track.staleness += row not in kept
        self._tracks = [track for track in self._tracks if track.staleness < STALE]
        return ids

    def _begin(self, measured: Numbers) -> int:
        self._tracks.append(_Track(self._next, SEEN.T @ measured, UNKNOWN * np.eye(6)))
        self._next += 1
        return self._next - 1

    def _matched(self, boxes: Numbers) -> list[tuple[int, int]]:
        """Pairs (track, box), such that the sum of their IoU is as large as it can be."""
        if not self._tracks or not len(boxes):
            return []
        seen = np.array([SEEN @ track.state for track in self._tracks])
        expected = np.concatenate([seen[:, :2] - seen[:, 2:] / 2, seen[:, :2] + seen[:, 2:] / 2], axis=1)
        iou = _iou(expected, boxes)
        return [(row, column) for row, column in assigned(-iou) if iou[row, column] >= LEAST_IOU]


def _iou(a: Numbers, b: Numbers) -> Numbers:
    """IoU of every pair, in 64 bits: a match at the limit must not turn on rounding."""
    sides = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    shared = np.maximum(sides, 0).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (a, b)]
    return np.asarray(shared / (areas[0][:, None] + areas[1] - shared + 1e-7))


def assigned(cost: Numbers) -> list[tuple[int, int]]:
    """Pairs (row, column) of `cost` (N, M), min(N, M) of them, whose sum is the smallest.

    Shortest augmenting paths, as by Jonker and Volgenant (https://doi.org/10.1007/BF02278710).
    """
    if cost.shape[0] > cost.shape[1]:
        return [(row, column) for column, row in assigned(cost.T)]
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    owner = np.full(columns, -1)
    for start in range(rows):
        distance, came_from, done = np.full(columns, np.inf), np.full(columns, -1), np.zeros(columns, bool)
        row, column, length = start, -1, 0.0
        visited = [(start, 0.0)]
        while True:
            through = length + cost[row] - row_price[row] - column_price
            shorter = ~done & (through < distance)
            distance[shorter], came_from[shorter] = through[shorter], row
            column = int(np.where(done, np.inf, distance).argmin())
            length, done[column] = float(distance[column]), True
            if owner[column] < 0:
                break
            row = int(owner[column])
            visited.append((row, length))
        for other, reached in visited:
            row_price[other] += length - reached
        column_price[done] += distance[done] - length
        while column >= 0:  # hand the columns on along the path, back to where it started
            row = int(came_from[column])
            held = np.flatnonzero(owner == row)
            owner[column] = row
            if row == start:
                break
            column = int(held[0])
    return sorted((int(owner[column]), int(column)) for column in np.flatnonzero(owner >= 0))
