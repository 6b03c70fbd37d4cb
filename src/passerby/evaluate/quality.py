"""How much of the picture is as it was: PSNR, SSIM, LPIPS, of the whole frame, inside and outside of what is hidden.

They compare with the original, so hiding a face must lower them inside of the mask. Outside of it they show what
the tool spoils on its way. Neither says how well anybody is hidden.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable
from passerby.evaluate.figures import of_clips
from passerby.evaluate.statistics import Figure

Picture = NDArray[Any]
"""(H, W) or (H, W, C), any real type; 0..`peak`."""
Area = NDArray[np.bool_]
"""(H, W), the pixels that count."""
Floats = NDArray[np.float64]

PEAK = 255.0
"""L, the range of 8-bit pictures: 255, not the largest value that happens to be in them."""
WHOLE = "whole frame"
WINDOW, SIGMA = 11, 1.5
"""Side in pixels and standard deviation of SSIM's Gaussian."""
K1, K2 = 0.01, 0.03


# One pair of pictures


def squared_error(original: Picture, other: Picture, area: Area | None = None) -> float:
    """The mean of (original - other)² over all pixels of `area` (of the picture without one) and all channels.

    In float64: the difference of two uint8 arrays wraps round at 256.

    Raises:
        ValueError: the shapes differ.
        NotMeasurable: there is no pixel in `area`.
    """
    return _mean(squared_errors(original, other), area)


def squared_errors(original: Picture, other: Picture) -> Floats:
    """(original - other)² of each pixel, (H, W) float64; of colour pictures the mean of the channels.

    Raises:
        ValueError: the shapes differ.
    """
    if original.shape != other.shape:
        raise ValueError(f"pictures have shapes {original.shape} and {other.shape}; compare two of one shape")
    errors = np.square(original.astype(np.float64) - other.astype(np.float64))
    return errors if errors.ndim == 2 else np.asarray(errors.mean(axis=2), np.float64)


def psnr(original: Picture, other: Picture, *, peak: float = PEAK, area: Area | None = None) -> float:
    """Peak signal-to-noise ratio, 10 log10(`peak`² / MSE), in dB; `math.inf` where the two are equal.

    Of colour pictures: one MSE over all channels of RGB. Figures of the luma alone (usual for codecs) are higher.
    """
    return decibels(squared_error(original, other, area), peak)


def decibels(mse: float, peak: float = PEAK) -> float:
    """The PSNR in dB that belongs to a mean squared error; `math.inf` for 0."""
    if peak <= 0:
        raise ValueError(f"the peak is the largest value a pixel can have, got {peak}; give 255 for 8 bits, 1 for 0..1")
    return math.inf if mse == 0 else 10 * math.log10(peak * peak / mse)


def mean_psnr(errors: Sequence[float], peak: float = PEAK) -> float:
    """The mean of the PSNRs in dB of pictures with these mean squared `errors`; `math.inf` if one of them is 0.

    One equal frame makes it infinite and nearly equal ones rule it: say how many those were, or use `pooled_psnr`.
    """
    return _mean(np.array([decibels(error, peak) for error in errors]), None)


def pooled_psnr(errors: Sequence[float], peak: float = PEAK) -> float:
    """The PSNR in dB of the mean of the mean squared `errors`: of all pictures as if they were one.

    Never above `mean_psnr` (Jensen); the two are often confused and may lie ten dB apart.
    """
    return decibels(_mean(np.asarray(errors, np.float64), None), peak)


def ssim_map(original: Picture, other: Picture, *, peak: float = PEAK) -> Floats:
    """SSIM around each pixel, (H, W) float64 in [-1, 1], the mean of the channels where there are several.

    (2μxμy + C1)(2σxy + C2) / ((μx² + μy² + C1)(σx² + σy² + C2)), C1 = (0.01 L)², C2 = (0.03 L)², L = `peak`, with
    moments under an 11x11 Gaussian of sigma 1.5 whose weights sum to 1 (no sample correction): Wang et al., "Image
    quality assessment: from error visibility to structural similarity", IEEE TIP 13 (2004), without the shrinking to
    256 pixels that the authors' later code does first. Pictures are mirrored at their edges.

    Raises:
        ValueError: the shapes differ, or a side is shorter than the window.
    """
    if original.shape != other.shape:
        raise ValueError(f"pictures have shapes {original.shape} and {other.shape}; compare two of one shape")
    if min(original.shape[:2]) < WINDOW:
        raise ValueError(f"SSIM looks through {WINDOW}x{WINDOW} pixels, got {original.shape[:2]}; give larger pictures")
    x, y = original.astype(np.float64), other.astype(np.float64)
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    mean_x, mean_y = _smoothed(x), _smoothed(y)
    var_x, var_y = _smoothed(x * x) - mean_x**2, _smoothed(y * y) - mean_y**2
    covariance = _smoothed(x * y) - mean_x * mean_y
    above = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    below = (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    ratio: Floats = above / below
    return ratio if ratio.ndim == 2 else ratio.mean(axis=2)


def ssim(original: Picture, other: Picture, *, peak: float = PEAK, area: Area | None = None) -> float:
    """The mean of `ssim_map` where the window lies wholly in the picture, in [-1, 1]; 1 where the two are equal.

    With an `area`, the mean over its pixels; their windows see 5 pixels beyond it.

    Raises:
        NotMeasurable: no pixel of `area` is 5 pixels or more from the edge.
    """
    inner = (slice(WINDOW // 2, -(WINDOW // 2)),) * 2
    return _mean(ssim_map(original, other, peak=peak)[inner], None if area is None else area[inner])


def _smoothed(picture: Floats) -> Floats:
    kernel = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_64F)
    return np.asarray(cv2.sepFilter2D(picture, cv2.CV_64F, kernel, kernel, borderType=cv2.BORDER_REFLECT), np.float64)


def _mean(values: Floats, area: Area | None) -> float:
    chosen = values if area is None else values[area]
    if not chosen.size:
        raise NotMeasurable("there is no pixel to compare; choose an area with one in it")
    mean = float(chosen.mean())
    if math.isnan(mean):
        raise NotMeasurable("a pixel is not a number; compare pictures that were decoded")
    return mean


# All frames


class Perception(Protocol):
    """How far apart two pictures look; see `lpips.py`."""

    name: str
    model: str
    """Files and sha256."""

    def distance(self, original: NDArray[np.uint8], other: NDArray[np.uint8]) -> float: ...

    def map(self, original: NDArray[np.uint8], other: NDArray[np.uint8]) -> Floats: ...


@dataclass(frozen=True, slots=True)
class Compared:
    """What one area of one frame came to."""

    clip: str
    mse: float
    pixels: int
    hidden: int | None
    """How many of its pixels the mask covers; None where there is no mask."""
    ssim: float | None
    """None where the area is too near to the frame's edge, or the frame too small."""
    distance: float | None = None
    """None without a network."""


@dataclass(slots=True)
class Fidelity:
    """Takes pairs of frames one by one and remembers numbers alone; any number of clips.

    Areas are 'whole frame', every class by its name, 'inside' and 'outside' of what is hidden, and of each class what
    lies 'CLASS, inside' and 'CLASS, outside'.
    """

    peak: float = PEAK
    perception: Perception | None = None
    """Without one, LPIPS is said to be missing. It needs frames of uint8, and `lpips.LEAST` pixels on a side."""
    areas: dict[str, list[Compared]] = field(default_factory=dict)

    def add(
        self,
        clip: str,
        original: Picture,
        other: Picture,
        *,
        hidden: Area | None = None,
        classes: Mapping[str, Area] | None = None,
    ) -> None:
        """One frame of `clip` before and after, (H, W, 3) of one shape; `hidden`: what the mask covers.

        An area without a pixel in this frame does not count in it.
        """
        everywhere = np.ones(original.shape[:2], bool)
        parts = _crossed(classes or {}, hidden)
        errors = squared_errors(original, other)
        similar = ssim_map(original, other, peak=self.peak) if min(original.shape[:2]) >= WINDOW else None
        apart = self.perception.map(original, other) if self.perception and parts else None
        for name, area in {WHOLE: everywhere, **parts}.items():
            if not area.any():
                continue
            distance = None if apart is None else _mean(apart, area)
            if area is everywhere and self.perception:
                distance = self.perception.distance(original, other)
            covered = None if hidden is None else int((area & hidden).sum())
            row = Compared(clip, _mean(errors, area), int(area.sum()), covered, _inner_mean(similar, area), distance)
            self.areas.setdefault(name, []).append(row)

    def figures(self) -> list[Figure]:
        """'PSNR, mean of frames', 'PSNR, pooled', 'SSIM' and 'LPIPS' of each area; parts have ', <area>' behind.

        Where there are masks also 'part hidden' of the frame and of each class, by which to read the others. Pooled
        over pixels, so that a large frame counts for more; the means over frames. Intervals come from drawing clips
        again, where there are two or more.
        """
        return [figure for name, rows in self.areas.items() for figure in (*_hidden(name, rows), *self._of(name, rows))]

    def _of(self, area: str, rows: list[Compared]) -> list[Figure]:
        ending = _ending(area)
        beyond = "; windows see 5 pixels beyond the area" if ending else ""
        scale = f"L = {self.peak:g}"
        differing = [row for row in rows if row.mse > 0]
        equal = len(rows) - len(differing)
        infinite = f"infinite: all {len(rows)} frames are equal"
        left_out = (f"{equal} of {len(rows)} frames are equal (infinite) and left out",) if equal else ()
        seen = [row for row in rows if row.ssim is not None]
        unseen = len(rows) - len(seen)
        near = (f"{unseen} of {len(rows)} frames left out: all of it within 5 pixels of the edge",) if unseen else ()
        levels = np.array([decibels(row.mse, self.peak) for row in differing], np.float64)
        errors = np.array([row.mse * row.pixels for row in rows], np.float64)
        pixels = np.array([row.pixels for row in rows], np.float64)
        similarity = np.array([row.ssim for row in seen], np.float64)
        return [
            of_clips(
                f"PSNR, mean of frames{ending}",
                [row.clip for row in differing],
                lambda picked: float(levels[picked].mean()),
                protocol=f"mean of the frames' PSNRs, RGB, {scale}",
                unit="dB",
                notes=left_out,
                missing=infinite,
            ),
            of_clips(
                f"PSNR, pooled{ending}",
                [row.clip for row in rows] if differing else [],
                lambda picked: decibels(float(errors[picked].sum() / pixels[picked].sum()), self.peak),
                protocol=f"PSNR of the mean squared error of all pixels, RGB, {scale}",
                unit="dB",
                missing=infinite,
            ),
            of_clips(
                f"SSIM{ending}",
                [row.clip for row in seen],
                lambda picked: float(similarity[picked].mean()),
                protocol=f"Gaussian 11x11, sigma 1.5, mean of R, G, B, {scale}{beyond}",
                notes=near,
                missing="no frame has a pixel of it 5 pixels or more from the edge",
            ),
            self._distance(area, ending, rows),
        ]

    def _distance(self, area: str, ending: str, rows: list[Compared]) -> Figure:
        seen = [(row.clip, row.distance) for row in rows if row.distance is not None]
        distances = np.array([distance for _, distance in seen], np.float64)
        place = ", mean of its map over the area" if ending else ""
        return of_clips(
            f"LPIPS{ending}",
            [clip for clip, _ in seen],
            lambda picked: float(distances[picked].mean()),
            protocol=f"{self.perception.name}, RGB in -1..1{place}" if self.perception else "LPIPS",
            model=self.perception.model if self.perception else "",
            missing="no network was given; it takes torchvision's weights and the heads of LPIPS 0.1",
        )


def _crossed(classes: Mapping[str, Area], hidden: Area | None) -> dict[str, Area]:
    """Every class, both sides of the mask, and every class on each side."""
    sides = {} if hidden is None else {"inside": hidden, "outside": ~hidden}
    crossed = {f"{name}, {side}": area & where for name, area in classes.items() for side, where in sides.items()}
    return {**classes, **sides, **crossed}


def _ending(area: str) -> str:
    """What stands behind the names of an area's figures."""
    return "" if area == WHOLE else f", {area}"


def _hidden(area: str, rows: list[Compared]) -> list[Figure]:
    """How much of an area is hidden: of the frame and of a class, as it is known of either side."""
    if area.split(", ")[-1] in ("inside", "outside") or any(row.hidden is None for row in rows):
        return []
    hidden = np.array([row.hidden for row in rows], np.float64)
    pixels = np.array([row.pixels for row in rows], np.float64)
    return [
        of_clips(
            f"part hidden{_ending(area)}",
            [row.clip for row in rows],
            lambda picked: float(hidden[picked].sum() / pixels[picked].sum()),
            protocol="pixels of the area that the mask covers, of all frames together",
            unit="share of pixels",
        )
    ]


def _inner_mean(similar: Floats | None, area: Area) -> float | None:
    inner = (slice(WINDOW // 2, -(WINDOW // 2)),) * 2
    if similar is None or not area[inner].any():
        return None
    return _mean(similar[inner], area[inner])
