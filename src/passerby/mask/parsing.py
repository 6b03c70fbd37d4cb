"""What persons wear, told by human parsing models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.frame import Frame
from passerby.core.parsing import GROUPS, Group, Parsed
from passerby.core.stages import Segmenter
from passerby.mask import skin
from passerby.mask.parsing_edges import Area, Shares, parsed, refined
from passerby.mask.parsing_families import PARTS, Family, Part
from passerby.mask.parsing_network import Network, opened

AROUND = 0.1
"""Share of a person's box that is seen around it."""
SMALLEST = 48
"""Pixels of the longer side of a box, from which there is enough to see."""
PRESENT = 0.25
"""A person is where the background has less than all but this share."""


class ModelParser:
    """Tells garments by a model. A `Parser` (see `core.stages`)."""

    def __init__(self, model: str | Path, *, outlines: Segmenter | None = None, device: str = "cpu") -> None:
        """Load the model.

        Args:
            model: a file or folder, FAMILY:FILE where it does not tell its family (see `parsing_network.opened`).
            outlines: tells the pixels of one person from another's; without it boxes do.
            device: where PyTorch computes, for files of safetensors.

        Raises:
            OptionError: what reads the file is not installed.
            WeightsError: it is missing, broken, or of no known family.
        """
        self._network = opened(model, device=device)
        self._outlines = outlines

    @property
    def family(self) -> str:
        """The name of the model's family."""
        return self._network.family.name

    def parse(self, frame: Frame, boxes: Boxes) -> Sequence[Parsed | None]:
        """One answer per box (N, 4); None for what is small, outside of the frame, or where no garment is seen.

        Raises:
            StageError: the model failed, or gave something else than its family does.
        """
        answers: list[Parsed | None] = [None] * len(boxes)
        areas = [seen(frame, box) for box in boxes]
        rows = [i for i, area in enumerate(areas) if area is not None]
        shown = [Shown.of(frame, area, self._network) for area in areas if area is not None]
        if not shown:
            return answers
        logits = self._network.run(np.stack([one.picture for one in shown]))
        outlines = self._outlines.segment(frame, boxes[rows]) if self._outlines else [None] * len(rows)
        for row, one, answer, outline in zip(rows, shown, logits, outlines, strict=True):
            person = owned(boxes, row, one.area)
            if outline is not None:
                person &= pixels.placed(outline, one.area) > 0
            answers[row] = _told(one, one.shares(answer), person, self._network.family)
        return answers


def seen(frame: Frame, box: NDArray[np.float32]) -> pixels.Box | None:
    """What a parser looks at for `box` (4,), aligned and inside of the frame; None where that is too little."""
    if max(box[2] - box[0], box[3] - box[1]) < SMALLEST:
        return None
    x0, y0, x1, y1 = bx.grow(box[None], AROUND)[0].tolist()
    area = pixels.aligned(frame, (int(np.floor(x0)), int(np.floor(y0)), int(np.ceil(x1)), int(np.ceil(y1))))
    return area if min(area[2] - area[0], area[3] - area[1]) >= 8 else None


def owned(boxes: Boxes, row: int, area: pixels.Box) -> Area:
    """The pixels of `area` (h, w) that are not another person's: those nearer to the middle of its box.

    Distances are counted in halves of each box's own sides, so a child before a grown-up keeps its place.
    """
    x = np.arange(area[0], area[2], dtype=np.float32)[None] + 0.5
    y = np.arange(area[1], area[3], dtype=np.float32)[:, None] + 0.5

    def away(box: NDArray[np.float32]) -> Shares:
        sides = np.maximum(box[2:] - box[:2], 1e-3) / 2
        middle = (box[:2] + box[2:]) / 2
        return np.asarray(np.maximum(abs(x - middle[0]) / sides[0], abs(y - middle[1]) / sides[1]), np.float32)

    mine = away(boxes[row])
    free = np.ones(mine.shape, np.bool_)
    for i, other in enumerate(boxes):
        far = away(other)
        if i != row:
            free &= (mine < far) | ((mine == far) & (row < i))
    return free


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One person as a model is shown it."""

    area: pixels.Box
    """Of the frame, aligned."""
    colours: NDArray[np.uint8]
    """(h, w, 3) RGB, every pixel of the area."""
    picture: NDArray[np.float32]
    """(3, H, W) as the family wants it."""
    family: Family
    placed: tuple[int, int, int, int]
    """x0 y0 x1 y1 of the area in the picture; what is around it is black."""

    @staticmethod
    def of(frame: Frame, area: pixels.Box, network: Network) -> Shown:
        """What `network` is shown of an aligned `area`."""
        family, (width, height) = network.family, network.size
        part = pixels.cut(frame, area)
        inside = (0, 0, width, height)
        if family.square:
            scale = min(width / part.size[0], height / part.size[1])
            wide, high = (max(round(side * scale), 1) for side in part.size)
            left, top = (width - wide) // 2, (height - high) // 2
            inside = (left, top, left + wide, top + high)
        canvas = np.zeros((height, width, 3), np.uint8)
        size = inside[2] - inside[0], inside[3] - inside[1]
        canvas[inside[1] : inside[3], inside[0] : inside[2]] = pixels.rgb(part, size)
        mean, spread = (np.array(values, np.float32) for values in family.colours)
        picture = (canvas.astype(np.float32) / 255 - mean) / spread
        ordered = picture[..., ::-1] if family.bgr else picture
        return Shown(area, pixels.rgb(part), np.ascontiguousarray(ordered.transpose(2, 0, 1)), family, inside)

    @property
    def light(self) -> Shares:
        """(h, w) in [0, 1]."""
        return np.asarray(cv2.cvtColor(self.colours, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)

    def shares(self, answer: NDArray[np.float32]) -> dict[Part, Shares]:
        """What every pixel of the area is, from a model's `answer` (classes, h, w).

        Numbers that are not shares yet are scaled up first, and become shares by softmax then.
        """
        done = answer.min() >= 0 and np.abs(answer.sum(axis=0) - 1).max() < 0.01
        large = np.stack([self._spread(channel) for channel in answer])
        large = np.maximum(large, 0) if done else np.exp(large - large.max(axis=0))
        large /= np.maximum(large.sum(axis=0), 1e-6)
        parts = self.family.parts
        return {
            part: np.asarray(large[[i for i, of in enumerate(parts) if of == part]].sum(axis=0), np.float32)
            for part in PARTS
            if part in parts
        }

    def _spread(self, channel: NDArray[np.float32]) -> NDArray[np.float32]:
        """One class's answer (h, w) at every pixel of the area."""
        high, wide = self.picture.shape[1:]
        steps, starts = [], []
        sides = (self.area[2] - self.area[0], self.area[3] - self.area[1])
        for axis, (model, coarse) in enumerate(((wide, channel.shape[1]), (high, channel.shape[0]))):
            scale = (self.placed[axis + 2] - self.placed[axis]) / sides[axis]
            start = self.placed[axis] + 0.5 * scale - 0.5
            per = (coarse - 1) / max(model - 1, 1) if self.family.corners else coarse / model
            steps.append(scale * per)
            starts.append(start * per if self.family.corners else (start + 0.5) * per - 0.5)
        back = np.array([[steps[0], 0, starts[0]], [0, steps[1], starts[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(np.ascontiguousarray(channel), back, sides, flags=flags, borderMode=cv2.BORDER_REPLICATE),
            np.float32,
        )


def _told(one: Shown, shares: dict[Part, Shares], person: Area, family: Family) -> Parsed | None:
    """What one person wears, of whom a model says `shares`, among the pixels that are the `person`'s."""
    person = person & (shares["background"] < 1 - PRESENT)
    worn: dict[Group, Shares] = {group: shares[group] for group in GROUPS if group in shares}
    bare = np.asarray(
        sum((shares[part] for part in ("skin", "hair") if part in shares), np.zeros(person.shape, np.float32)),
        np.float32,
    )
    off = bare >= np.maximum(np.sum(list(worn.values()), axis=0), shares["background"])
    if family.bodily:
        off |= skin.alike(one.colours, bare > 0.5)
    return parsed(refined(worn, one.light, person, off), one.area[:2], exact=not family.bodily)
