"""Other clothes for everybody, from Python: frame by frame, on arrays as OpenCV reads them.

    anonymizer = ClothesAnonymizer()
    frame = anonymizer.anonymize_clothes(frame, style="casual")

Files are better given to `passerby.anonymize(..., hide="faces,clothes")`, which also looks back: who is found late is
hidden from where they came in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice
from operator import index
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from passerby import targets
from passerby.core.detections import Detections
from passerby.core.frame import Frame, PixelFormat
from passerby.core.pixels import placed
from passerby.core.stages import Anonymizer, Detector, Parser
from passerby.mask.shapes import Shape
from passerby.methods import clothing, hiding
from passerby.options.choices import WORN
from passerby.paint.composite import composite
from passerby.paint.effects import Mosaic
from passerby.paint.several import ByLabel
from passerby.pipeline import regions
from passerby.runtime import VARIABLE
from passerby.settings import Options
from passerby.track.follow import Follow, Following

Picture = NDArray[np.uint8]
_RGB = PixelFormat("rgb24", ((1, 1),), 8, "rgb", True)


class ClothesAnonymizer:
    """Gives everybody in frames clothes of other colours, and hides their faces.

    Frames are arrays as OpenCV has them: uint8 (H, W, 3), blue green red. They are taken to follow one another: people
    are followed from call to call, and keep their new clothes. Numbers and boxes may be of any integer type of NumPy.
    """

    def __init__(
        self,
        device: str | None = None,
        *,
        hide_faces: bool = True,
        seed: SupportsIndex = 0,
        detector: Detector | None = None,
        parser: Parser | str = "",
    ) -> None:
        """Load the models.

        Args:
            device: what computes, as `--device` has it, from now on in this process; None is the best there is.
            hide_faces: hide faces by a mosaic as well. Other clothes alone hide nobody.
            seed: the new clothes are drawn from it, and from the numbers of the tracks.
            detector: finds 'clothes', which are persons, and 'face' where faces are hidden; None is passerby's own.
            parser: tells what persons wear, or a model for that, 'FILE' or 'FAMILY:FILE'; '' is an approximation.

        Raises:
            OptionError: the device cannot be had here.
            WeightsError: a model is missing; it says how to get it.
        """
        if device is not None:
            os.environ[VARIABLE] = device
        options = Options(hide="faces,clothes" if hide_faces else "clothes")
        self._detector = detector or targets.detector(options)
        self._parser = clothing.parser(parser) if isinstance(parser, str) else parser
        self._shapes: dict[str, Shape] = hiding.shapes(options)
        self._seed = index(seed)
        self._effects: dict[str, Anonymizer] = {}
        self._follow = Follow(Following(hold=1))
        self._frames = 0
        self._size = (0, 0)

    def anonymize_clothes(self, frame: Picture, style: str = "random", *, boxes: ArrayLike | None = None) -> Picture:
        """A copy of `frame` with everybody in other clothes.

        Args:
            frame: uint8 (H, W, 3), blue green red.
            style: random, formal, sport or casual.
            boxes: (N, 4) x0 y0 x1 y1 in pixels, of the persons; None looks for them.

        Raises:
            OptionError: there is no such style.
            ValueError: the frame or the boxes are of another shape or type.
        """
        shown = self._shown(frame)
        [found] = self._detector.detect([shown])
        return self._changed(shown, found if boxes is None else _placed(found, boxes), style)

    def process_video_batch(
        self, frames: Iterable[Picture], batch_size: SupportsIndex = 4, style: str = "random"
    ) -> list[Picture]:
        """`anonymize_clothes` of frames that follow one another; so many at a time are looked at together."""
        return list(self.process_video(frames, batch_size, style))

    def process_video(
        self, frames: Iterable[Picture], batch_size: SupportsIndex = 4, style: str = "random"
    ) -> Iterator[Picture]:
        """The same for a video of any length: one frame after the other, of which no more than a batch is held."""
        size = index(batch_size)
        if size < 1:
            raise ValueError(f"a batch has one frame or more, got {size}")
        coming = iter(frames)
        while batch := [self._shown(frame, later) for later, frame in enumerate(islice(coming, size))]:
            for one, found in zip(batch, self._detector.detect(batch), strict=True):
                yield self._changed(one, found, style)

    def segment_person_clothes(self, frame: Picture, *, boxes: ArrayLike | None = None) -> NDArray[np.bool_]:
        """(N, H, W) the pixels of what each person wears; all of the box of whom nobody can tell.

        The arguments and errors are those of `anonymize_clothes`.
        """
        shown = self._shown(frame)
        [found] = self._detector.detect([shown])
        found = found if boxes is None else _placed(found, boxes)
        persons = found.boxes[found.labels == WORN]
        masks = np.zeros((len(persons), *frame.shape[:2]), np.bool_)
        for mask, box, parsed in zip(masks, persons, self._parser.parse(shown, persons), strict=True):
            if parsed is None:
                x0, y0, x1, y1 = np.clip(np.rint(box), 0, None).astype(int).tolist()
                mask[y0:y1, x0:x1] = True
                continue
            for garment in parsed.garments:
                mask |= placed(garment.mask, (0, 0, *shown.size)) > 127
        return masks

    def _shown(self, frame: Picture, later: int = 0) -> Frame:
        """The frame that comes next, or so many later."""
        if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            came = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else type(frame).__name__
            raise ValueError(f"a frame is uint8 (H, W, 3), blue green red, as cv2.VideoCapture reads it; got {came}")
        if not frame.size:
            raise ValueError(f"a frame has pixels, got {frame.shape}; was it read to the end?")
        rgb = np.ascontiguousarray(frame[..., ::-1])
        rgb.flags.writeable = False
        number = self._frames + later
        return Frame((rgb,), _RGB, number, number, Fraction(1, 25))

    def _changed(self, frame: Frame, found: Detections, style: str) -> Picture:
        if frame.size != self._size:
            self._follow.cut()
            self._size = frame.size
        self._frames += 1
        rows = self._follow.step(frame, found[np.isin(found.labels, list(self._shapes))])
        rows = rows[rows.frames == frame.index]
        hidden = regions(frame, rows, self._shapes, self._seed)
        [patches] = self._effect(style).paint([frame], [hidden])
        [plane] = composite(frame, hidden, patches).planes
        return np.ascontiguousarray(plane[..., ::-1])

    def _effect(self, style: str) -> Anonymizer:
        """What paints in a style; each remembers who wears what."""
        if style not in self._effects:
            worn = clothing.recoloured(self._parser, style, Mosaic())
            self._effects[style] = ByLabel({"face": Mosaic(), WORN: worn})
        return self._effects[style]


CUDAClothesAnonymizer = ClothesAnonymizer
"""The name under which it was first drafted."""


def _placed(found: Detections, boxes: ArrayLike) -> Detections:
    """What was `found`, with persons in these boxes instead."""
    given = np.asarray(boxes, np.float32)
    if given.size == 0:
        given = given.reshape(0, 4)
    if given.ndim != 2 or given.shape[1] != 4:
        raise ValueError(f"boxes are (N, 4) x0 y0 x1 y1 in pixels, got {given.shape}")
    wrong = given[~((given[:, :2] < given[:, 2:]).all(axis=1) & np.isfinite(given).all(axis=1))]
    if len(wrong):
        raise ValueError(f"boxes are x0 y0 x1 y1, corners and not width and height; got {wrong[0].tolist()}")
    others = found[found.labels != WORN]
    return Detections(
        np.concatenate([others.boxes, given]),
        np.concatenate([others.scores, np.ones(len(given), np.float32)]),
        np.concatenate([others.labels, np.full(len(given), WORN)]),
    )
