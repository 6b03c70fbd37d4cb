"""The demo's film: a few seconds of real faces, composed on the spot, so that the tool can be tried without a video.

One public-domain portrait (see astronaut.txt) plays everybody. Two people cross in a street while a third comes
from far away; then, after a cut, one walks up to the camera at dusk while another passes behind.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from passerby.demo.backdrop import evening, street
from passerby.demo.film import write
from passerby.demo.person import Look
from passerby.demo.scene import Face, Key, Person, Scene, Shot, Truth

__all__ = ["Face", "Truth", "compose", "film"]


def compose(path: Path) -> Truth:
    """Write the film to `path` (an .mp4) and say where every face in it is."""
    return write(film(), path)


def film() -> Scene:
    """Seven seconds at 1280x720 and 25 frames per second."""
    size = (1280, 720)
    in_green, in_blue, in_violet = Look(True, 120, 0.92), Look(False, 200, 1.0), Look(True, 260, 0.85)
    comes_from_afar = Person(0, (Key(0, 900, 408, 30), Key(4, 830, 300, 120)), in_violet, sway=0.03)
    to_the_right = Person(1, (Key(0, -40, 290, 150), Key(4, 1240, 280, 165)), Look(), sway=0.025)
    to_the_left = Person(2, (Key(0, 1320, 280, 175), Key(4, 60, 285, 190)), in_green, sway=0.025)
    passes_behind = Person(3, (Key(0, 1400, 352, 120), Key(3, 100, 356, 114)), in_blue, sway=0.03)
    walks_up = Person(4, (Key(0, 520, 420, 150), Key(2.4, 600, 400, 330), Key(3, 606, 398, 340)), Look(), sway=0.012)
    return Scene(
        shots=(
            Shot(100, (comes_from_afar, to_the_right, to_the_left), street((1480, 720)), _pan),
            Shot(75, (passes_behind, walks_up), evening(size)),
        ),
        size=size,
    )


def _pan(time_s: float) -> tuple[float, float]:
    """A slow turn to the right that begins and ends softly."""
    # Whole pixels, so that no frame has to be resampled.
    return round(100 - 100 * float(np.cos(np.pi * min(time_s / 4, 1)))), 0
