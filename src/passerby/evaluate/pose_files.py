"""Poses as another program found them, in the form of COCO's results of keypoints.

    [{"image_id": 0, "category_id": 1, "keypoints": [x, y, score] * 17, "score": 0.9}, …]

As pycocotools, mmpose and others write them; `image_id` is the number of the frame from 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import InputError
from passerby.evaluate.coco import SIGMAS, Matchable, oks

SURE = 0.5
"""Score from which a pose in the original counts as there."""


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Those of one frame."""

    points: NDArray[np.float64]
    """(N, 17, 2) x y in pixels."""
    scores: NDArray[np.float64]
    """(N,)"""


NOBODY = Poses(np.zeros((0, len(SIGMAS), 2)), np.zeros(0))


def read(path: Path) -> Mapping[int, Poses]:
    """The poses in `path`, by frame.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        frames = np.array([int(row["image_id"]) for row in rows], np.int64)
        points = np.array([row["keypoints"] for row in rows], np.float64).reshape(-1, len(SIGMAS), 3)[..., :2]
        scores = np.array([row["score"] for row in rows], np.float64)
        if len(points) != len(rows) or not (np.isfinite(points).all() and np.isfinite(scores).all()):
            raise ValueError("other points than 17 of a person, or no finite numbers")
    except (OSError, ValueError, TypeError, LookupError, OverflowError) as error:
        raise InputError(
            f"{path} holds no poses ({type(error).__name__}: {error}); wanted COCO's results, a list of "
            '{"image_id": frame, "keypoints": [x, y, score, …], "score": s}'
        ) from error
    return {int(frame): Poses(points[frames == frame], scores[frames == frame]) for frame in np.unique(frames)}


def compared(found: Poses, true: Poses) -> Matchable:
    """How alike poses are to those that count as true, by OKS; a truth's size is that of the box around its points.

    That is how pycocotools measures results that have no outline.
    """
    low, high = true.points.min(axis=1, initial=np.inf), true.points.max(axis=1, initial=-np.inf)
    visible = np.ones(true.points.shape[:2], bool)
    regular = np.zeros(len(true.points), bool)
    areas = (high - low).prod(axis=1)
    alike = oks(found.points, true.points, visible, areas, np.concatenate([low, high], axis=1))
    return Matchable(alike, found.scores, regular, regular)


def surely(poses: Poses) -> Poses:
    """Those that count as there."""
    return Poses(poses.points[poses.scores >= SURE], poses.scores[poses.scores >= SURE])
