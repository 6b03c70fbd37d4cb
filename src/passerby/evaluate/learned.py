"""Undoing what is not known: the linear filter that best turns hidden pictures into the originals, learned from pairs.

Whoever has originals and what became of them learns of each spatial frequency how much of it is left, and gives it
back: Wiener's filter, from cross spectra of pairs instead of from a model (Wiener 1949). Of a blur it is the
deconvolution, of noise the best smoothing, of a mosaic the best way to smooth its cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.evaluate.embedders import Crop

ROUNDING = 1 / 12
"""Variance of what 8 bits round away: a frequency with less than that has nothing to give back."""


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """From hidden pictures (H, W, 3) to what they may have been."""

    gain: NDArray[np.complex128]
    """(2H, 2W, 3) of each frequency and colour."""
    hidden: NDArray[np.float64]
    """(H, W, 3) the mean of the hidden pictures."""
    original: NDArray[np.float64]
    """And of the originals."""

    def undone(self, picture: NDArray[np.float64]) -> Crop:
        """`picture` (H, W, 3), 0..255, with everything given back."""
        height, width = picture.shape[:2]
        whole = np.fft.ifft2(self.gain * _spectrum(picture - self.hidden), axes=(0, 1)).real
        restored = self.original + whole[:height, :width]
        return np.asarray(np.clip(np.rint(restored), 0, 255), np.uint8)


def learned(hidden: Sequence[Crop], originals: Sequence[Crop]) -> Filter:
    """The filter with the least squared error over pairs of crops, all of one size.

    Per frequency: Σ conj(Y) X / Σ (|Y|² + 4 H W / 12), Y and X the spectra of hidden and original pictures less their
    means, and of their mirror images.
    """
    seen, true = np.array(hidden, np.float64), np.array(originals, np.float64)
    means = seen.mean(axis=0), true.mean(axis=0)
    shared: NDArray[np.complex128] | float = 0.0
    energy: NDArray[np.float64] | float = 0.0
    for one, other in zip(seen - means[0], true - means[1], strict=True):
        y, x = _spectrum(one), _spectrum(other)
        shared = shared + y.conj() * x
        energy = energy + np.abs(y) ** 2 + ROUNDING * y[..., 0].size
    return Filter(np.asarray(shared / energy, np.complex128), *means)


def _spectrum(picture: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Of a picture (H, W, 3) and its mirror images: without them its edges would be steps, and rule the spectrum."""
    height, width = picture.shape[:2]
    mirrored = np.pad(picture, ((0, height), (0, width), (0, 0)), mode="symmetric")
    return np.fft.fft2(mirrored, axes=(0, 1))
