"""A model that looks at one picture at a time: its session, and what its file says of input and outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import StageError, WeightsError
from passerby.detect import onnx_header
from passerby.runtime import Outputs, shared


class Model:
    """An ONNX file that takes a picture (1, 3, H, W). `run` may be called from several threads at once."""

    def __init__(self, path: Path) -> None:
        """Load the file at `path`.

        Raises:
            WeightsError: it cannot be read, or does not take one such picture.
        """
        self._session = shared(path)
        self.header = onnx_header.read(path)
        self.name = path.name
        pictures = [port for port in self.header.inputs if len(port.shape) == 4]
        if len(pictures) != 1 or not pictures[0].dtype.startswith("float"):
            raise WeightsError(f"{path} does not take a picture of floating-point numbers; export it as published")
        self.picture = pictures[0]
        count, channels, height, width = self.picture.shape
        if count not in (1, None) or channels not in (3, None):
            wanted = "(1, 3, height, width)"
            raise WeightsError(f"{path} takes {self.picture.shape}, wanted {wanted}; export it for one RGB picture")
        self.size = None if width is None or height is None else (width, height)
        """(width, height) of the picture; None where it is free."""

    @property
    def runtime(self) -> str:
        """What computes."""
        return self._session.describe().runtime

    def run(self, picture: NDArray[np.float32], **others: NDArray[np.int64]) -> Outputs:
        """Every output, as float32, for a picture (1, 3, H, W) and the `others` by name.

        Raises:
            StageError: the model failed, or gave numbers that are not finite.
        """
        picture = np.ascontiguousarray(picture, self.picture.dtype)
        outputs = self._session.run({self.picture.name: picture, **others})
        if not all(np.isfinite(output).all() for output in outputs):
            raise StageError(f"the model {self.name} gives numbers that are not finite; nothing it says can be trusted")
        return tuple(np.asarray(output, np.float32) for output in outputs)

    def strange(self, outputs: Outputs, wanted: str) -> StageError:
        """The error for outputs of other shapes than those `wanted`, in words."""
        shapes = ", ".join(str(output.shape) for output in outputs)
        return StageError(f"the model {self.name} gives outputs of shapes {shapes}, wanted {wanted}; check its export")
