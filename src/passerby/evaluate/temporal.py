"""How steady a video is: what changes from frame to frame that does not move in the original.

Without a flow, flicker and motion cannot be told apart; see `consecutive.py`.

Pixels are shares of white (uint8 / 255), so errors are of 0..1. Flow and occlusion always come from the original: a
flow of what was hidden would follow the mosaic instead of the people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable
from passerby.evaluate.figures import of_clips
from passerby.evaluate.statistics import Figure

Picture = NDArray[np.uint8]
"""(H, W) or (H, W, 3)."""
Area = NDArray[np.bool_]
"""(H, W)."""
Vectors = NDArray[np.float32]
"""(H, W, 2) pixels to the right and down: what is at p in the first frame is at p + flow[p] in the second."""


NO_PAIR = "there is no pair of frames in which it could be followed"


class Flow(Protocol):
    """Anything that sees how a picture moves: DIS, or a network such as RAFT."""

    name: str
    """With its version or weights, for the report."""

    def flow(self, first: Picture, second: Picture) -> Vectors:
        """How the pixels of `first` moved to `second`, both RGB (H, W, 3)."""
        ...


class DisFlow:
    """Dense inverse search (Kroeger et al., "Fast optical flow using dense inverse search", 2016), as in OpenCV."""

    name = f"DIS, medium, OpenCV {cv2.__version__}"

    def __init__(self) -> None:
        self._dis: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def flow(self, first: Picture, second: Picture) -> Vectors:
        """On the luma of both; sides of 12 pixels or more."""
        one, other = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (first, second))
        return np.asarray(self._dis.calc(one, other, None), np.float32)


# One pair of frames


def raw_error(first: Picture, second: Picture, area: Area | None = None) -> float:
    """The mean of (second - first)², pixels and channels: motion and flicker alike.

    Raises:
        NotMeasurable: there is no pixel in `area`.
    """
    return _mean_squared(_light(second) - _light(first), area)


def warped_error(first: Picture, second: Picture, flow: Vectors, visible: Area) -> float:
    """The mean of (second[p + flow[p]] - first[p])² over the pixels p of `first` that are `visible` in both.

    Lai et al., "Learning blind video temporal consistency", 2018, E_warp of one pair. `visible` may be cut to a part of
    the picture, such as what is hidden.

    Raises:
        NotMeasurable: no pixel is visible.
    """
    # Bytes would be rounded wherever the flow leads between pixels, and that would count as flicker.
    return _mean_squared(warped(_light(second), flow) - _light(first), visible)


def warped(second: NDArray[Any], flow: Vectors) -> NDArray[Any]:
    """`second` fetched to where it was in the first frame: bilinear; beyond the edges, the edge."""
    y, x = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    return cv2.remap(second, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def visible(forward: Vectors, backward: Vectors) -> Area:
    """The pixels (H, W) of the first frame that can be found in the second.

    Not those that lead out of the frame, nor those from which going there and back ends elsewhere,
    |f + b|² > 0.01 (|f|² + |b|²) + 0.5, nor those on the edge of a motion, |∇u|² + |∇v|² > 0.01 |f|² + 0.002: Sundaram
    et al., "Dense point trajectories by GPU-accelerated large displacement optical flow", 2010, as in Ruder et al.,
    "Artistic style transfer for videos", 2016.
    """
    height, width = forward.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    to_x, to_y = x + forward[..., 0], y + forward[..., 1]
    inside = (to_x >= 0) & (to_x <= width - 1) & (to_y >= 0) & (to_y <= height - 1)
    back = warped(backward, forward)
    length = np.square(forward).sum(axis=2)
    apart = np.square(forward + back).sum(axis=2)
    lost = apart > 0.01 * (length + np.square(back).sum(axis=2)) + 0.5
    steps = sum(np.square(step).sum(axis=2) for step in np.gradient(forward, axis=(0, 1)))
    edge = steps > 0.01 * length + 0.002
    return np.asarray(inside & ~lost & ~edge, np.bool_)


def mask_change(first: Area, second: Area) -> float | None:
    """1 - IoU of the mask in two frames, in [0, 1]; None where both are empty.

    Moved with the original's flow first (`warped_mask`), what is left is flicker; without, it holds motion as well.
    """
    union = int(np.count_nonzero(first | second))
    return np.count_nonzero(first ^ second) / union if union else None


def warped_mask(second: Area, flow: Vectors) -> Area:
    """`second` fetched to where it was in the first frame: what is covered by half there is set."""
    return np.asarray(warped(second.astype(np.float32), flow) >= 0.5, np.bool_)


def _light(picture: NDArray[Any]) -> NDArray[np.float64]:
    return picture.astype(np.float64) / 255


def _mean_squared(difference: NDArray[np.float64], area: Area | None) -> float:
    squares = np.square(difference)
    chosen = squares if area is None else squares[area]
    if not chosen.size:
        raise NotMeasurable("no pixel can be followed from frame to frame; choose a larger area or another flow")
    return float(chosen.mean())


# In a report


@dataclass(frozen=True, slots=True)
class Step:
    """What one pair of frames came to."""

    clip: str
    raw: float
    warped: float
    own: float
    """`warped` of the original."""
    inside: float | None = None
    """`warped` of what is hidden in the first frame; None where nothing is."""
    mask: float | None = None
    """`mask_change` after the flow; None where there is no mask in either frame."""


@dataclass(slots=True)
class Steadiness:
    """Takes frames in order, clip after clip, and remembers numbers alone."""

    flow: Flow = field(default_factory=DisFlow)
    steps: list[Step] = field(default_factory=list)
    skipped: int = 0
    """Pairs in which nothing could be followed."""
    _last: tuple[str, Picture, Picture, Area | None] | None = None

    def begin(self) -> None:
        """The next frame is no neighbour of the one before."""
        self._last = None

    def add(self, clip: str, original: Picture, other: Picture, hidden: Area | None = None) -> None:
        """The next frame of `clip` before and after, RGB (H, W, 3) of one shape, and what the mask covers."""
        if original.shape != other.shape:
            raise ValueError(f"frames have shapes {original.shape} and {other.shape}; compare two of one shape")
        last, self._last = self._last, (clip, original, other, hidden)
        if last is None or last[0] != clip or last[1].shape != original.shape:
            return
        _, original_before, before, hidden_before = last
        forward = self.flow.flow(original_before, original)
        seen = visible(forward, self.flow.flow(original, original_before))
        if not seen.any():
            self.skipped += 1
            return
        inside = mask = None
        if hidden is not None and hidden_before is not None:
            covered = hidden_before & seen
            inside = warped_error(before, other, forward, covered) if covered.any() else None
            mask = mask_change(covered, warped_mask(hidden, forward) & seen)
        error = warped_error(before, other, forward, seen)
        own = warped_error(original_before, original, forward, seen)
        self.steps.append(Step(clip, raw_error(before, other), error, own, inside, mask))

    def figures(self) -> list[Figure]:
        """The raw and the flow-warped error, the latter's ratio to the original's own, and the mask's flicker."""
        errors = np.array([(step.warped, step.own) for step in self.steps]).reshape(-1, 2)
        still = len(errors) > 0 and not errors[:, 1].any()
        return [
            self._mean("raw frame difference", [step.raw for step in self.steps]),
            self._mean("flow-warped error", [step.warped for step in self.steps]),
            self._mean("flow-warped error, inside", [step.inside for step in self.steps]),
            of_clips(
                "flow-warped error, times the original's own",
                [] if still else [step.clip for step in self.steps],
                lambda rows: _ratio(*errors[rows].sum(axis=0)),
                protocol=self._protocol,
                notes=("1 is as steady as the original",),
                missing="the original's own error is 0" if still else NO_PAIR,
            ),
            self._mean("mask flicker", [step.mask for step in self.steps]),
        ]

    @property
    def _protocol(self) -> str:
        return f"flow and occlusion from the original: {self.flow.name}"

    def _mean(self, name: str, values: Sequence[float | None]) -> Figure:
        kept = [(step.clip, value) for step, value in zip(self.steps, values, strict=True) if value is not None]
        numbers = np.array([value for _, value in kept], np.float64)
        without = self.skipped + len(values) - len(kept)
        return of_clips(
            name,
            [clip for clip, _ in kept],
            lambda rows: float(numbers[rows].mean()),
            protocol=self._protocol,
            notes=(f"{without} pairs of frames left out: nothing in them to follow",) if without else (),
            missing=NO_PAIR,
        )


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.inf
