"""How light falls on a garment, told apart from what is printed on it.

Light changes slowly over a cloth, prints and stripes change at once: the steps of a small picture of the garment are
kept where they are gentle and of one colour, and what remains is put together again. That is Retinex (Land and McCann,
"Lightness and Retinex Theory", JOSA 1971), solved as a Poisson equation with cosines (Horn, 1974).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.paint.clothes import oklab

SIDE = 48
"""Pixels across and down of the small picture of a garment."""
GENTLE = 0.09
"""A step of light from one small pixel to the next, in logarithms, of which half is kept; steeper ones are prints."""
SAME = 0.025
"""A step of colour, in OKLab, at which half a step of light is kept."""
DARK = 0.1
"""Lightness that is added before logarithms are taken: in black cloth all is noise."""
PLAIN, PATTERNED = 0.08, 0.16
"""Standard deviation of colours, in OKLab, up to which a garment is of one, and from which it is of several."""
NEARLY = 0.02
"""Share of small pixels that may be lighter than what counts as the brightest."""
SOLID = 0.5
"""Share of a small pixel that is garment from which on it counts."""
FEW = 0.1
"""Share of a small pixel below which its colour is taken from around: it was rounded."""
COARSE = 4
"""Small pixels across and down in which what is missing is looked for, and then those around."""

LITTLE = 0.25
"""Sum, of 255 for each small pixel, from which there is a colour."""
# What steps of lightness, a and b are counted in.
_COUNTED = (1 / np.array([GENTLE, SAME, SAME], np.float32))[:, None, None]
_AROUND = np.ones((3, 3), np.uint8)

Floats = NDArray[np.float32]
NEIGHBOURS = (
    ((slice(1, None), slice(None)), (slice(None, -1), slice(None))),
    ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
)
"""Every pixel and the one above it, every pixel and the one on its left."""
_ANGLES = np.pi * np.arange(SIDE) / SIDE
_COSINES: Floats = (np.cos(_ANGLES[:, None] * (np.arange(SIDE) + 0.5)) * np.sqrt(2 / SIDE)).astype(np.float32)
_COSINES[0] *= np.sqrt(0.5)
_STEPS = 2 - 2 * np.cos(_ANGLES)
_WAVES: Floats = -(_STEPS[None] + _STEPS[:, None]).astype(np.float32)
_WAVES[0, 0] = -np.inf
"""What the differences between neighbours make of each wave; the level of all is not among them."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A garment as it is, in a picture of SIDE × SIDE pixels."""

    colour: Floats
    """(S, S, 3) of the garment, as 8-bit sRGB, and around it what is nearest."""
    behind: Floats
    """The same of what is not garment."""
    light: Floats
    """(S, S) logarithm of the light that falls on it, times that of its mean colour."""
    level: float
    """Median of `light`."""
    mean: Floats
    """(3,) its mean colour in OKLab."""
    brightest: float
    """Lightness that nearly nothing in the picture has more of, in [0, 1]."""
    plain: float
    """In [0, 1]: 1 where all of it is of one colour, 0 where it has patterns."""


def seen(picture: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> Seen | None:
    """What a garment is like.

    Args:
        picture: (H, W, 3) sRGB around it.
        alpha: (H, W) 255 = the garment, 0 = not.

    Returns:
        None where no pixel is surely the garment.
    """
    picture, alpha = halved(picture, alpha)
    colour, share = gathered(picture, alpha == 255)
    if not (share > 0).any():
        return None
    behind, _ = gathered(picture, alpha == 0)
    lab = oklab.from_picture(np.asarray(cv2.convertScaleAbs(colour), np.uint8))
    solid = share >= min(SOLID, float(share.max()))
    light = _light(lab, solid)
    mean, deviation = (np.asarray(of, np.float32)[:, 0] for of in cv2.meanStdDev(lab, mask=solid.view(np.uint8)))
    spread = float(np.linalg.norm(deviation))
    # Every other pixel, and every other row, tell that as well.
    around = oklab.from_picture(np.asarray(cv2.convertScaleAbs(behind[::2, ::2]), np.uint8))
    lightness = np.concatenate([lab[::2, ::2, 0], around[..., 0]], axis=None)
    nearly = round(NEARLY * lightness.size)
    brightest = float(np.partition(lightness, -nearly)[-nearly])
    plain = min(max((PATTERNED - spread) / (PATTERNED - PLAIN), 0.0), 1.0)
    return Seen(colour, behind, light, float(np.median(light[solid])), mean, brightest, plain)


def halved(picture: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A picture and a mask made half as large, where that still is more than is looked at: twice as fast in all."""
    height, width = alpha.shape
    if min(height, width) < 2 * SIDE:
        return picture, alpha
    half = width // 2, height // 2
    even = slice(half[1] * 2), slice(half[0] * 2)
    small = (cv2.resize(whole[even], half, interpolation=cv2.INTER_AREA) for whole in (picture, alpha))
    first, second = (np.asarray(one, np.uint8) for one in small)
    return first, second


def gathered(picture: NDArray[np.uint8], where: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """A small picture (S, S, 3) of `picture` (H, W, 3) `where` it is chosen, and how much of each pixel (S, S) that is.

    Where it is not, it is what there is nearby.
    """
    whole = cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)
    chosen = cv2.bitwise_and(whole, whole, mask=where.view(np.uint8))
    sums = _shrunk(np.asarray(chosen, np.uint8)).astype(np.float32)
    share = np.asarray(cv2.extractChannel(sums, 3), np.float32) * np.float32(1 / 255)
    near = np.asarray(cv2.blur(sums, (3, 3), borderType=cv2.BORDER_CONSTANT), np.float32)
    far = _far(sums)
    cv2.copyTo(near, (share < FEW).view(np.uint8), sums)
    means = _ratio(sums)
    cv2.copyTo(far, (sums[..., 3] <= LITTLE).view(np.uint8), means)
    return np.asarray(cv2.cvtColor(means, cv2.COLOR_RGBA2RGB), np.float32), share


def _far(sums: Floats) -> Floats:
    """Colours (S, S, 4) of what there is within some small pixels, or anywhere, of sums (S, S, 4)."""
    coarse = cv2.resize(sums, (SIDE // COARSE, SIDE // COARSE), interpolation=cv2.INTER_AREA)
    anywhere = np.array(cv2.mean(coarse), np.float32) * np.float32(1e-3)
    around = np.asarray(cv2.blur(coarse, (3, 3), borderType=cv2.BORDER_CONSTANT), np.float32) + anywhere
    return np.asarray(cv2.resize(_ratio(around), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.float32)


def _shrunk(whole: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (H, W, 4) at SIDE × SIDE: by halves first, which cost next to nothing."""
    while max(whole.shape[:2]) >= 3 * SIDE:
        height, width = (side // 2 if side >= 3 * SIDE else side for side in whole.shape[:2])
        even = whole[: whole.shape[0] // height * height, : whole.shape[1] // width * width]
        whole = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    return np.asarray(cv2.resize(whole, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)


def _ratio(sums: Floats) -> Floats:
    """Colours (H, W, 4) of sums of colours and, last, of 255 for each of them."""
    shares = np.maximum(cv2.extractChannel(sums, 3), np.float32(1e-6)) * np.float32(1 / 255)
    return np.asarray(cv2.divide(sums, cv2.merge([shares] * 4)), np.float32)


def _light(lab: Floats, solid: NDArray[np.bool_]) -> Floats:
    """The logarithm of the light on a garment, (S, S), on the mean as its own; it goes on smoothly around it."""
    planes = lab.transpose(2, 0, 1).copy()
    logs = planes[0] = np.log(planes[0] + np.float32(DARK))
    gentle = _gentle(planes, solid.astype(np.float32))
    flow = np.zeros((SIDE, SIDE), np.float32)
    for one, other in NEIGHBOURS:
        kept = (logs[one] - logs[other]) * np.minimum(gentle[one], gentle[other])
        flow[other] += kept
        flow[one] -= kept
    waves = _COSINES @ flow @ _COSINES.T / _WAVES
    light = _COSINES.T @ waves @ _COSINES
    return np.asarray(light + (logs - light)[solid].mean(), np.float32)


def _gentle(planes: Floats, solid: Floats) -> Floats:
    """(S, S) in [0, 1]: how much of the steps from each pixel is light. None is where nothing is garment.

    Args:
        planes: (3, S, S) the logarithm of lightness, a and b.
        solid: (S, S) 1 where the garment is, 0 elsewhere.
    """
    counted = planes * _COUNTED
    steep = np.zeros((SIDE, SIDE), np.float32)
    for one, other in NEIGHBOURS:
        steps = counted[:, *one] - counted[:, *other]
        steps *= steps
        printed = (steps[0] ** 2 + (steps[1] + steps[2]) ** 2) * (solid[one] * solid[other])
        steep[one], steep[other] = np.maximum(steep[one], printed), np.maximum(steep[other], printed)
    # A pixel beside an edge has a little of what is beyond it: that step is gentle, and of no light either.
    around = cv2.dilate(steep, _AROUND)
    return np.asarray(solid / (1 + around), np.float32)
