"""What number plates say and where they are, from a file that somebody wrote who can read them.

    {"tracks": [{"text": "34A-368.37", "frames": [{"i": 0, "box": [450.7, 646.7, 579.7, 703.0]}, …]}, …]}

`i` counts the frames of the original from 0, and boxes are x0 y0 x1 y1 in pixels. Other keys do not count.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from passerby.core.errors import InputError
from passerby.evaluate.plates import plain


@dataclass(frozen=True, slots=True)
class Plate:
    """One plate through a clip."""

    text: str
    boxes: dict[int, tuple[float, float, float, float]]
    """By frame."""


def read(path: Path) -> list[Plate]:
    """The plates in `path`.

    Raises:
        InputError: it cannot be read, has another form, or a plate without a letter or digit.
    """
    try:
        tracks = json.loads(path.read_text(encoding="utf-8"))["tracks"]
        plates = [
            Plate(str(track["text"]), {int(at["i"]): _box(at["box"]) for at in track["frames"]}) for track in tracks
        ]
        if not all(plain(plate.text) for plate in plates):
            raise ValueError("a plate without a letter or digit")
    except (OSError, ValueError, TypeError, LookupError, OverflowError) as error:
        raise InputError(
            f"{path} tells of no plates ({type(error).__name__}: {error}); wanted "
            '{"tracks": [{"text": "AB123", "frames": [{"i": 0, "box": [x0, y0, x1, y1]}]}]}'
        ) from error
    return plates


def _box(sides: list[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(side) for side in sides)
    if not (math.isfinite(x0 + y0 + x1 + y1) and x0 < x1 and y0 < y1):
        raise ValueError(f"{sides} is no box")
    return x0, y0, x1, y1
