"""What the face detectors that take a model file have in common: the file, what it is shown, what is made of it."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.errors import OptionError, StageError
from passerby.core.frame import Frame
from passerby.detect import finds
from passerby.detect.letterbox import Letterbox, Size, fitted, shrunk
from passerby.detect.model import Model, PerFrame
from passerby.runtime import Outputs


class FaceDetector(PerFrame):
    """A `Detector` with the ONNX file of a family; a family says what a picture and the model's answer are made of."""

    labels = frozenset({"face"})
    usual_conf = 0.3
    """Misses few faces."""
    multiple = 1
    """The sides of a picture are multiples of this."""

    def __init__(self, model: Path, *, conf: float | None = None, size: Size | None = None, shrink: float = 1) -> None:
        """Load the model.

        Args:
            model: the ONNX file.
            conf: scores above this count, in (0, 1); None is `usual_conf`.
            size: (width, height) of the picture that frames are fitted into; None shows them in their own size,
                or in the one size that the model takes.
            shrink: how many times smaller than the frame the picture is, from 1 up, where there is no `size`.

        Raises:
            OptionError: an argument makes no sense, or the model takes another size.
            WeightsError: the file is missing or broken, or no model of pictures.
        """
        self._conf = finds.checked_share("conf", self.usual_conf if conf is None else conf)
        if not 1 <= shrink < math.inf:
            raise OptionError(f"shrink is 1 or more, got {shrink}; 2 suits most videos")
        self._model = Model(model)
        self._size = _size(model.name, size, self._model.size, self.multiple)
        if self._size and shrink != 1:
            raise OptionError(f"{model.name} is shown pictures of {self._size}, whatever shrink is; leave shrink out")
        self._shrink = shrink

    def letterbox(self, frame: Frame) -> Letterbox:
        """How `frame` is shown."""
        return fitted(frame, self._size) if self._size else shrunk(frame, self._shrink, self.multiple)


def _size(name: str, wanted: Size | None, own: Size | None, multiple: int) -> Size | None:
    """The one size of pictures, if there is one: the model's `own`, or the one `wanted`."""
    if wanted and own and wanted != own:
        raise OptionError(f"{name} takes pictures of {own} only, got size {wanted}; leave size out")
    if wanted and not own and (min(wanted) < multiple or any(side % multiple for side in wanted)):
        raise OptionError(f"size is (width, height) in steps of {multiple} pixels, got {wanted}; (640, 640) is usual")
    return own or wanted


def by_width(outputs: Outputs, *widths: int) -> tuple[list[NDArray[np.float32]], ...]:
    """The outputs whose rows have each of the `widths`, as (N, width), longest first, with or without a batch."""
    tables = sorted(
        (output.reshape(-1, output.shape[-1]) for output in outputs if output.ndim >= 2 and output.size), key=len
    )
    return tuple(
        [table.astype(np.float32, copy=False) for table in reversed(tables) if table.shape[1] == width]
        for width in widths
    )


@lru_cache(maxsize=16)
def cells(size: Size, strides: tuple[int, ...], each: int = 1) -> NDArray[np.float32]:
    """The cells of all maps of a picture of `size`, row by row, every one `each` times: (N, 3) x y stride.

    x and y are those of the cell's upper left corner, in pixels.
    """
    maps = []
    for stride in strides:
        rows, columns = np.mgrid[: -(-size[1] // stride), : -(-size[0] // stride)].reshape(2, -1)
        one = np.stack([columns * stride, rows * stride, np.full(len(rows), stride)], axis=1)
        maps.append(np.repeat(one, each, axis=0))
    return np.concatenate(maps).astype(np.float32)


def shapes(outputs: Outputs) -> str:
    """For an error."""
    return ", ".join(str(output.shape) for output in outputs)


def faces(
    boxes: Boxes, scores: NDArray[np.float32], landmarks: NDArray[np.float32] | None, overlap: float
) -> Detections:
    """The best of candidates (N, 4), (N,), (N, 5, 2), best first: of two whose IoU is above `overlap` the better one.

    Raises:
        StageError: a score does not lie in [0, 1].
    """
    if len(scores) and not (scores.min() >= 0 and scores.max() <= 1):
        raise StageError(f"the face model gives the score {scores.max()}; use a file whose scores lie in 0..1")
    kept = finds.distinct(boxes, scores, overlap)
    labels = np.full(len(kept), "face")
    return Detections(boxes[kept], scores[kept], labels, None if landmarks is None else landmarks[kept])
