"""What a ControlNet of depth or of normals is shown of a person, told by an ONNX model that the user brings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import StageError, WeightsError
from passerby.paint.diffusion.choice import Relief
from passerby.paint.gan.tellers import opened, run

SIDE = 384
"""Pixels of a picture for a model that takes any, where nothing is said beside it."""
BESIDE = "preprocessor_config.json"
"""What says how pictures are shown to models that are published with it."""
EMPTY: dict[Relief, tuple[int, int, int]] = {"depth": (0, 0, 0), "normal": (128, 128, 255)}
"""Where nobody is: far away, and a wall that is looked at straight."""

Picture = NDArray[np.uint8]
"""RGB (H, W, 3)."""


@dataclass(frozen=True, slots=True)
class Showing:
    """How a model is shown a picture."""

    mean: tuple[float, ...] = (0, 0, 0)
    """Of red, green and blue in 0..1. ONNX files of MiDaS 2.1 know their own; others are published with it."""
    deviation: tuple[float, ...] = (1, 1, 1)
    size: tuple[int, int] = (SIDE, SIDE)
    """(width, height), where the file leaves it open."""


class Estimator:
    """Makes of a picture of one person what a ControlNet is shown, of the same size; for `controls.Shapes`.

    Depth as in MiDaS (Ranftl et al., 2020): (1, H, W) or (1, 1, H, W) of any scale, larger is nearer; what is nearest
    is white. Normals as in Bae et al., 2021: (1, 3 or more, H, W), of which the first are x, y and z in -1..1, becoming
    red, green and blue.
    """

    def __init__(self, path: Path, kind: Relief) -> None:
        """A model at `path` that takes one RGB picture (1, 3, H, W).

        Raises:
            WeightsError: it is missing or takes something else, or what lies beside it cannot be read.
        """
        self._path, self._kind = path, kind
        self._showing = showing(path)
        self._session, (height, width) = opened(path)
        self._size = width or self._showing.size[0], height or self._showing.size[1]

    def __call__(self, person: Picture) -> Picture:
        """What is shown of `person`, RGB (H, W, 3).

        Raises:
            StageError: the model fails, or gives something else.
        """
        smaller = person.shape[1] > self._size[0]
        at = cv2.resize(person, self._size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
        shown = (at / 255 - np.array(self._showing.mean)) / np.array(self._showing.deviation)
        told = run(self._session, self._path, shown.astype(np.float32))[0]
        size = person.shape[1], person.shape[0]
        return _grey(self._plane(told), size) if self._kind == "depth" else _coloured(self._vectors(told), size)

    def _plane(self, told: NDArray[Any]) -> NDArray[np.float32]:
        height, width = told.shape[-2:] if told.ndim > 1 else (0, 0)
        if not told.size or told.size != height * width:
            raise StageError(f"{self._path.name} gives {told.shape}, wanted of depth is (1, H, W); use another model")
        return np.asarray(told.reshape(height, width), np.float32)

    def _vectors(self, told: NDArray[Any]) -> NDArray[np.float32]:
        if told.ndim != 4 or told.shape[0] != 1 or told.shape[1] < 3 or not told.size:
            raise StageError(
                f"{self._path.name} gives {told.shape}, wanted of normals is (1, 3, H, W); use another model"
            )
        return np.ascontiguousarray(told[0, :3].transpose(1, 2, 0), np.float32)


def showing(path: Path) -> Showing:
    """What is said beside a model, or in the folder above where it lies in one called onnx, as such are published.

    Raises:
        WeightsError: it cannot be read.
    """
    folders = [path.parent, *([path.parent.parent] if path.parent.name == "onnx" else [])]
    said = next((folder / BESIDE for folder in folders if (folder / BESIDE).is_file()), None)
    if said is None:
        return Showing()
    try:
        table = json.loads(said.read_text(encoding="utf-8"))
        mean, deviation = (tuple(map(float, table[name])) for name in ("image_mean", "image_std"))
        sides = table.get("size", SIDE)  # one number in older files
        size = (sides, sides) if isinstance(sides, int) else (int(sides["width"]), int(sides["height"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise WeightsError(
            f"{said} does not say image_mean, image_std, and width and height of size ({error!r}); get it again"
        ) from error
    if not (len(mean) == len(deviation) == 3 and min(deviation) > 0 and min(size) > 0):
        raise WeightsError(
            f"{said} has image_mean {mean}, image_std {deviation} and size {size}; wanted are three numbers, three "
            "above 0, and two sides"
        )
    return Showing(mean, deviation, size)


def _grey(depth: NDArray[np.float32], size: tuple[int, int]) -> Picture:
    """Depth at `size` (width, height), farthest black and nearest white; all black where all is as far."""
    whole = cv2.resize(depth, size, interpolation=cv2.INTER_LINEAR)
    far, near = float(whole.min()), float(whole.max())
    level = np.rint((whole - far) * (255 / max(near - far, 1e-9))).astype(np.uint8)
    return np.repeat(level[..., None], 3, axis=2)


def _coloured(vectors: NDArray[np.float32], size: tuple[int, int]) -> Picture:
    """Normals at `size` (width, height), each made as long as 1."""
    whole = cv2.resize(vectors, size, interpolation=cv2.INTER_LINEAR)
    length = np.maximum(np.linalg.norm(whole, axis=2, keepdims=True), 1e-6)
    return np.asarray(np.rint((whole / length + 1) * 127.5).clip(0, 255), np.uint8)
