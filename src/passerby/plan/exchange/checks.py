"""What a file may not say: each function refuses one thing that no plan of the medium can hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from passerby.core.boxes import Boxes
from passerby.core.errors import InputError, LimitExceeded
from passerby.core.plan import Plan
from passerby.core.plan_checks import FARTHEST
from passerby.plan.exchange.words import short

MAX_ROWS = 20_000_000
"""Boxes that a file may hold."""
MAX_TEXT = 100
"""Characters that a label may have: rows hold it at full length."""
LARGEST_ID = 2**53
"""Track ids stay below what every program's numbers hold exactly."""


def check_id(track: int) -> None:
    """Refuse ids that no plan can hold."""
    if not 0 <= track < LARGEST_ID:
        raise InputError(f"a track has the number {short(track)}; number tracks with whole numbers from 0 up")


def check_label(label: str) -> None:
    """Refuse texts that are no labels."""
    if not 0 < len(label) <= MAX_TEXT:
        raise InputError(f"a label is {short(label)}; give every row one of 1 to {MAX_TEXT} characters, as 'face'")


def check_count(count: int) -> None:
    """Refuse more rows than anybody's film has."""
    if count > MAX_ROWS:
        raise LimitExceeded(f"the file says more than {MAX_ROWS} boxes; split it into smaller ones")


def check_frame(frame: int, plan: Plan) -> None:
    """Refuse frames that the medium does not have."""
    if not 0 <= frame < plan.media.frames:
        have = f"frames 0 to {plan.media.frames - 1}"
        raise InputError(f"there is a box in frame {short(frame)}, but {plan.media.name} has {have}; check the file")


def check_size(width: int, height: int, plan: Plan) -> None:
    """Refuse boxes in pixels of another picture."""
    if (width, height) != plan.media.size:
        wanted = "x".join(map(str, plan.media.size))
        raise InputError(
            f"the file is about pictures of {short(width)}x{short(height)}, but {plan.media.name} has {wanted}; "
            "choose the file that was made from this medium"
        )


def check_sides(box: Sequence[float]) -> None:
    """Refuse coordinates so far away that numbers might overflow."""
    if not all(abs(side) <= FARTHEST for side in box):
        sides = ", ".join(f"{side:g}" for side in box)
        raise InputError(f"a box is at {sides}; its sides are to be numbers of pixels up to {FARTHEST:.0f}")


def as_boxes(values: NDArray[np.float64]) -> Boxes:
    """Box coordinates (N, 4) as they are held, once they are known to be numbers of sensible size."""
    wrong = ~(np.abs(values) <= FARTHEST).all(axis=1)
    if wrong.any():
        check_sides(values[wrong][0])
    return values.astype(np.float32)
