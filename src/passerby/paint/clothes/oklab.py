"""OKLab: a space of colours in which equal distances look equally large.

The matrices are those of Björn Ottosson, "A perceptual color space for image processing" (2020),
https://bottosson.github.io/posts/oklab/; sRGB's curve is that of IEC 61966-2-1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_CONES, _FROM_LAB = np.linalg.inv(_TO_CONES), np.linalg.inv(_TO_LAB)
_ROWS_TO_CONES, _ROWS_TO_LAB = _TO_CONES.T.astype(np.float32), _TO_LAB.T.astype(np.float32)

_SHARES = np.arange(256) / 255
LINEAR: Floats = np.where(_SHARES <= 0.04045, _SHARES / 12.92, ((_SHARES + 0.055) / 1.055) ** 2.4).astype(np.float32)
"""(256,) the light in [0, 1] of every 8-bit number of sRGB."""
FINEST = (1 << 16) - 1
"""Steps of light from none to all of it, in which it is looked up: the darkest number of sRGB has some 20."""
_STEPS = np.linspace(0, 1, FINEST + 1)
_CURVE = np.where(_STEPS <= 0.0031308, _STEPS * 12.92, 1.055 * _STEPS ** (1 / 2.4) - 0.055)
_ENCODED = np.rint(_CURVE * 255).astype(np.uint8)


def linear(picture: NDArray[np.uint8]) -> Floats:
    """The light of an sRGB `picture` uint8 (…), float32 in [0, 1]."""
    return LINEAR.take(picture)


def encoded(light: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Light (…) as 8-bit numbers of sRGB; what lies outside of [0, 1] is cut off. The inverse of `linear`."""
    at = np.minimum(np.maximum(light, 0), 1) * np.float32(FINEST) + np.float32(0.5)
    return np.asarray(_ENCODED.take(at.astype(np.intp)), np.uint8)


def from_light(light: NDArray[np.floating]) -> Floats:
    """OKLab of light (…, 3), red green blue in [0, 1]: L in [0, 1], a and b about [-0.4, 0.4]."""
    cones = np.cbrt(np.maximum(np.asarray(light, np.float32) @ _ROWS_TO_CONES, 0))
    return np.asarray(cones @ _ROWS_TO_LAB, np.float32)


def to_light(lab: NDArray[np.floating]) -> Floats:
    """Light (…, 3) of OKLab (…, 3); outside of [0, 1] where no screen can show the colour."""
    cones = np.asarray(lab, np.float32) @ _FROM_LAB.T.astype(np.float32)
    return np.asarray(cones**3 @ _FROM_CONES.T.astype(np.float32), np.float32)


def from_picture(picture: NDArray[np.uint8]) -> Floats:
    """OKLab (H, W, 3) of an sRGB `picture` uint8 (H, W, 3)."""
    return from_light(linear(picture))


def shown(lab: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which of colours (…, 3) a screen can show."""
    light = to_light(lab)
    return np.asarray(((light >= -1e-4) & (light <= 1 + 1e-4)).all(axis=-1))


def ramp(colour: NDArray[np.floating], steps: int, most: float) -> NDArray[np.uint8]:
    """A cloth of one colour in all lights: sRGB uint8 (steps, 3), from none to `most` times the lightness of `colour`.

    Less light makes all of L, a and b smaller in one measure, as on a real cloth. Where no screen can show the colour,
    it loses chroma and keeps its lightness.
    """
    shares = np.linspace(0, most, steps, dtype=np.float32)[:, None]
    lab = np.asarray(colour, np.float32) * shares
    lab[:, 0] = np.minimum(lab[:, 0], 1)
    low, high = np.zeros((steps, 1), np.float32), np.ones((steps, 1), np.float32)
    for _ in range(10):
        middle = (low + high) / 2
        fits = shown(np.concatenate([lab[:, :1], lab[:, 1:] * middle], axis=1))[:, None]
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    chroma = np.where(shown(lab)[:, None], 1, low)
    return encoded(to_light(np.concatenate([lab[:, :1], lab[:, 1:] * chroma], axis=1)))


def distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> Floats:
    """How far colours (…, 3) are apart."""
    return np.asarray(np.linalg.norm(np.subtract(a, b), axis=-1), np.float32)
