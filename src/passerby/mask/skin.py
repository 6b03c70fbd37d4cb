"""Somebody's skin, told by the colour of that person's own face.

No range of colours holds all skin and nothing else. One person's skin, in one light, is a small cloud of colours, and
the face shows where it lies. Shade makes it darker and hardly changes the proportions of red, green and blue light, so
these count, and lightness little.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.uint8]
"""(h, w, 3) RGB."""
Area = NDArray[np.bool_]
"""(h, w)."""
Features = NDArray[np.float32]
"""(..., 3): logarithms of red over green, of blue over green, and of the light, all of linear light."""

ALIKE = 11.0
"""Squared Mahalanobis distance up to which a colour is that of the skin: 97 of 100 of a normal cloud of three sides."""
NARROWEST = (0.1, 0.1, 0.65)
"""Deviations that a cloud has at least, as shade and noise go."""
WIDEST = (0.2, 0.25, 0.9)
"""And at most: what varies more holds something else than skin."""
FEWEST = 12
"""Pixels from which a colour can be told."""
_DARK = 0.01
"""Added to linear light: the colour of what is nearly black is noise."""
_VALUES = np.arange(256) / 255
_LINEAR = np.where(_VALUES <= 0.04045, _VALUES / 12.92, ((_VALUES + 0.055) / 1.055) ** 2.4).astype(np.float32)
"""Of sRGB (IEC 61966-2-1)."""


def features(colours: Colours) -> Features:
    """What the colours of a picture are compared by; its noise is smoothed over 3x3 pixels."""
    light = cv2.blur(_LINEAR[colours], (3, 3)) + np.float32(_DARK)
    red, green, blue = (np.log(light[..., i]) for i in range(3))
    bright = np.log(light @ np.array([0.2126, 0.7152, 0.0722], np.float32))
    return np.stack([red - green, blue - green, bright], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Colours around one."""

    middle: NDArray[np.float64]
    """(3,)"""
    inverse: NDArray[np.float64]
    """(3, 3) of their covariance."""

    def distance(self, of: Features) -> NDArray[np.float32]:
        """The squared Mahalanobis distance of each colour (..., 3)."""
        root = np.linalg.cholesky(self.inverse).astype(np.float32)
        away = (of - self.middle.astype(np.float32)) @ root
        return np.asarray(np.einsum("...i,...i->...", away, away), np.float32)

    def alike(self, of: Features) -> Area:
        """Which colours (h, w, 3) are those of the cloud."""
        return np.asarray(self.distance(of) <= ALIKE, np.bool_)


def cloud(samples: Features) -> Cloud | None:
    """The cloud that most of `samples` (N, 3) are in: eyes, lips, beards and glasses are not; None where too few are.

    Median and median deviation first, then mean and covariance of what lies within three deviations.
    """
    for _ in range(3):
        if len(samples) < FEWEST:
            return None
        middle = np.median(samples, axis=0)
        spread = 1.4826 * np.median(np.abs(samples - middle), axis=0)
        near = np.all(np.abs(samples - middle) <= 3 * np.clip(spread, NARROWEST, WIDEST), axis=1)
        samples = samples[near]
        if near.all():
            break
    if len(samples) < FEWEST:
        return None
    covariance = np.cov(samples, rowvar=False)
    sides = np.sqrt(np.maximum(np.diag(covariance), 1e-9))
    scale = np.clip(sides, NARROWEST, WIDEST)
    # Together they are never as narrow as a needle: another light turns the cloud.
    correlation = covariance / np.outer(sides, sides) * 0.5 + np.eye(3) * 0.5
    return Cloud(samples.mean(axis=0), np.linalg.inv(correlation * np.outer(scale, scale)))


ANYBODY = Cloud(
    np.array([0.5, -0.5, -1.9]), np.linalg.inv(np.array([[0.09, -0.05, 0], [-0.05, 0.12, 0], [0, 0, 1.44]]))
)
"""The skin of anybody in any usual light: wide, and full of things that are none."""


def alike(colours: Colours, face: Area) -> Area:
    """The pixels (h, w) that look like the skin of a `face` (h, w); none where too little is seen of it."""
    of = features(colours)
    skin = cloud(of[face])
    return skin.alike(of) if skin else np.zeros(face.shape, np.bool_)
