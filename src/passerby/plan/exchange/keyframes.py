"""From keyframes to a box in every frame, as CVAT draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import InputError
from passerby.core.tracks import Origin, Sightings
from passerby.plan.exchange.checks import as_boxes, check_count


@dataclass(slots=True)
class Key:
    """A box at a keyframe."""

    frame: int
    box: tuple[float, float, float, float]
    """x0 y0 x1 y1, before it is turned."""
    degrees: float
    """By which it is turned about its middle, clockwise."""
    outside: bool
    """Nothing is there from this frame on."""
    score: float = np.nan
    origin: int = Origin.DRAWN
    verdict: int = 0
    """What is decided on it, as an index of the reader's own."""


def filled(label: str, keys: Sequence[Key], frames: int, before: int) -> tuple[Sightings, NDArray[np.int64]]:
    """A track's rows, numbered 0, and the verdict of each, from its `keys` in a film of so many `frames`.

    A box goes on to the next keyframe, or to the end of the film. Where the next one is `outside`, versions of CVAT
    differ in whether the box moves towards that one or stays: here it goes around both.

    Raises:
        InputError: two keys are of one frame.
        LimitExceeded: with the `before` rows read so far these are too many.
    """
    keys = sorted(keys, key=lambda key: key.frame)
    at = np.array([key.frame for key in keys], np.int64)
    if (np.diff(at) == 0).any():
        twice = at[:-1][np.diff(at) == 0][0]
        raise InputError(f"a track has two boxes in frame {twice}; give one of them a track of its own")
    outside = np.array([key.outside for key in keys], bool)
    lasting = np.where(outside, 0, np.minimum(np.append(at[1:], frames), frames) - at)
    check_count(before + int(lasting.sum()))

    left = np.repeat(np.arange(len(keys)), lasting)
    right = np.minimum(left + 1, len(keys) - 1)
    steps = np.arange(len(left)) - np.repeat(np.cumsum(lasting) - lasting, lasting)
    share = np.where(right > left, steps / np.maximum(at[right] - at[left], 1), 0.0)[:, None]

    boxes = np.array([key.box for key in keys], np.float64).reshape(-1, 4)
    degrees = np.array([key.degrees for key in keys], np.float64)
    turning = (degrees[right] - degrees[left] + 180) % 360 - 180  # the shorter way round
    moved = enclosing(boxes[left] + (boxes[right] - boxes[left]) * share, degrees[left] + turning * share[:, 0])
    still = enclosing(boxes[left], degrees[left])
    ends = outside[right, None]
    low = np.where(ends, np.minimum(moved[:, :2], still[:, :2]), moved[:, :2])
    high = np.where(ends, np.maximum(moved[:, 2:], still[:, 2:]), moved[:, 2:])

    between = steps > 0
    scores = np.array([key.score for key in keys], np.float32)[left]
    origins = np.array([key.origin for key in keys], np.uint8)[left]
    rows = Sightings(
        np.zeros(len(left), np.int64),
        at[left] + steps,
        as_boxes(np.concatenate([low, high], axis=1)),
        np.where(between, np.float32(np.nan), scores),
        np.where(between, np.uint8(Origin.FILLED), origins),
        np.full(len(left), label),
    )
    return rows, np.array([key.verdict for key in keys], np.int64)[left]


def enclosing(boxes: NDArray[np.float64], degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """The upright boxes around `boxes` (N, 4) that are turned by `degrees` (N,) about their middles."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) / 2
    across, up = np.abs(np.cos(np.radians(degrees))), np.abs(np.sin(np.radians(degrees)))
    reach = np.stack([half[:, 0] * across + half[:, 1] * up, half[:, 0] * up + half[:, 1] * across], axis=1)
    turned = np.concatenate([middle - reach, middle + reach], axis=1)
    return np.where(degrees[:, None] == 0, boxes, turned)
