"""Optical flow by a network of RAFT's kind, from an ONNX file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from passerby.core.errors import OptionError, StageError
from passerby.evaluate.model_files import fingerprint
from passerby.evaluate.temporal import Picture, Vectors
from passerby.runtime import Session

MULTIPLE = 8
"""RAFT works on eighths of the picture."""


class OnnxFlow:
    """A network of two pictures (1, 3, H, W), the first and the second, whose last output is the flow (1, 2, H, W).

    As torchvision's RAFT is exported: RGB, black -1 and white 1, the flow in pixels to the right and down. A network of
    fixed size gets the pictures scaled to it, and its flow is scaled back; one of any size gets them as they are,
    continued at the right and below up to multiples of 8.
    """

    def __init__(self, path: Path, *, low: float = -1.0, high: float = 1.0) -> None:
        """Load `path`, to which black is `low` and white is `high`.

        Raises:
            WeightsError: it does not load.
            OptionError: it does not take two pictures.
        """
        self._session = Session(path)
        shapes = [port.shape for port in self._session.inputs]
        if len(shapes) != 2 or shapes[0] != shapes[1] or len(shapes[0]) != 4:
            raise OptionError(f"{path.name} takes {shapes}, wanted two pictures (1, 3, H, W); export it so")
        self.name = fingerprint(path)
        self._fixed = shapes[0][2:]
        self._low, self._high = low, high

    def flow(self, first: Picture, second: Picture) -> Vectors:
        """How the pixels of `first` moved to `second`, both RGB (H, W, 3).

        Raises:
            StageError: the network's answer is no flow of that size.
        """
        height, width = first.shape[:2]
        tall, wide = (
            side or length + -length % MULTIPLE for side, length in zip(self._fixed, (height, width), strict=True)
        )
        scaled = any(self._fixed)
        arrays = [self._array(picture, (wide, tall), scaled) for picture in (first, second)]
        names = [port.name for port in self._session.inputs]
        answer = self._session.run(dict(zip(names, arrays, strict=True)))[-1]
        if answer.shape != (1, 2, tall, wide) or not np.isfinite(answer).all():
            raise StageError(f"{self.name} gave {answer.shape}, wanted a finite flow (1, 2, {tall}, {wide})")
        vectors = np.ascontiguousarray(answer[0].transpose(1, 2, 0))
        if not scaled:
            return np.asarray(vectors[:height, :width], np.float32)
        back = np.array([width / wide, height / tall], np.float32)
        return np.asarray(cv2.resize(vectors, (width, height)) * back, np.float32)

    def _array(self, picture: Picture, size: tuple[int, int], scaled: bool) -> Vectors:
        height, width = picture.shape[:2]
        if scaled:
            whole = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        else:
            whole = np.pad(picture, ((0, size[1] - height), (0, size[0] - width), (0, 0)), mode="edge")
        values = whole.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
        return np.ascontiguousarray(values * np.float32(self._high - self._low) + np.float32(self._low), np.float32)
