"""Models that tell people apart by their face or their whole figure, for measuring.

Weights are those of the registry (`passerby models list`), or any file of the family. A model that chose who is hidden
must not measure it: see `independence.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby import weights
from passerby.core.errors import StageError, WeightsError
from passerby.evaluate.model_files import fingerprint
from passerby.runtime import shared

Crop = NDArray[np.uint8]
"""A cut-out picture, RGB (h, w, 3)."""

# Means and deviations of ImageNet's RGB in 0..1, which most published networks are fed with.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


class CropEmbedder(Protocol):
    """Turns pictures of people into directions: those of one person lie close together."""

    @property
    def model(self) -> str:
        """The file's name and sha256, for figures."""
        ...

    def embed(self, crops: Sequence[Crop]) -> NDArray[np.float32]:
        """One row for each of `crops`, in order, (N, D); of any length, compared by cosine.

        Raises:
            StageError: the model failed, or gave something that is no embedding.
        """
        ...


def imagenet(crop: Crop, size: tuple[int, int]) -> NDArray[np.float32]:
    """`crop` at `size` (width, height) as (RGB / 255 - mean) / deviation of ImageNet, (3, H, W)."""
    picture = (_resized(crop, size).astype(np.float32) / 255 - _MEAN) / _DEVIATION
    return np.ascontiguousarray(picture.transpose(2, 0, 1))


def plain_bgr(crop: Crop, size: tuple[int, int]) -> NDArray[np.float32]:
    """`crop` at `size` (width, height) as BGR from 0 to 255, (H, W, 3)."""
    return np.ascontiguousarray(_resized(crop, size)[..., ::-1], np.float32)


def plain_rgb(crop: Crop, size: tuple[int, int]) -> NDArray[np.float32]:
    """`crop` at `size` (width, height) as RGB from -1 to 1, (3, H, W)."""
    return np.ascontiguousarray((_resized(crop, size).astype(np.float32) / 127.5 - 1).transpose(2, 0, 1))


def _resized(crop: Crop, size: tuple[int, int]) -> Crop:
    """The whole of `crop`, stretched as is usual; averaged where it shrinks, as Pillow does in most loaders."""
    if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8 or not crop.size:
        raise ValueError(f"a crop is {crop.dtype} {crop.shape}, wanted RGB uint8 (h, w, 3) with a pixel at least")
    shrinks = crop.shape[1] >= size[0] and crop.shape[0] >= size[1]
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR), np.uint8)


@dataclass(frozen=True, slots=True)
class Family:
    """What models of one kind take, and what they look at."""

    name: str
    of: str
    """'face' or 'body'."""
    size: tuple[int, int]
    """(width, height) of their input."""
    numbers: Callable[[Crop, tuple[int, int]], NDArray[np.float32]]
    """From a crop to the numbers that they take."""


FAMILIES = {
    family.name: family
    for family in (
        # foamliu/MobileFaceNet; trained on faces aligned by landmarks: crops by boxes alone cost it some of its skill.
        Family("mobilefacenet", "face", (112, 112), imagenet),
        # ArcFace as insightface exports it; trained on aligned faces, too.
        Family("arcface", "face", (112, 112), plain_rgb),
        # KaiyangZhou/deep-person-reid.
        Family("osnet", "body", (128, 256), imagenet),
        # Open Model Zoo, person-reidentification-retail-0287 and -0288, as PINTO_model_zoo exports them (NHWC).
        Family("person_reid_retail", "body", (128, 256), plain_bgr),
    )
}
FAMILY_OF = {
    "mobilefacenet": FAMILIES["mobilefacenet"],
    "osnet_x0_25_msmt17": FAMILIES["osnet"],
    "person_reid_retail_0287": FAMILIES["person_reid_retail"],
    "person_reid_retail_0288": FAMILIES["person_reid_retail"],
}
"""The registry's models by name."""


def registered(name: str, explicit: Path | None = None) -> OnnxEmbedder:
    """The embedder of the registry called `name`, one of `FAMILY_OF`; `explicit` is a path to use instead of its own.

    Raises:
        WeightsError: there is no embedder of that name, or no file for it.
    """
    if name not in FAMILY_OF:
        raise WeightsError(f"{name!r} is no model that tells people apart; name one of {', '.join(FAMILY_OF)}")
    return OnnxEmbedder(weights.find(name, explicit), FAMILY_OF[name])


class OnnxEmbedder:
    """An ONNX file as a `CropEmbedder`: one picture in, one row of numbers out."""

    def __init__(self, path: Path, family: Family) -> None:
        """Load the file at `path`, whose input is that of `family`.

        Raises:
            WeightsError: it cannot be read, or takes something else.
        """
        self.family = family
        self.model = fingerprint(path)
        self._session = shared(path)
        wanted = (None, *family.numbers(np.zeros((8, 8, 3), np.uint8), family.size).shape)
        inputs = self._session.inputs
        if len(inputs) != 1 or not _fits(inputs[0].shape, wanted):
            shapes = ", ".join(str(port.shape) for port in inputs)
            raise WeightsError(f"{path} takes {shapes}, wanted {wanted} for {family.name}; name its family, or another")
        self._input = inputs[0]
        self._batch = inputs[0].shape[0] or 16

    def embed(self, crops: Sequence[Crop]) -> NDArray[np.float32]:
        """See `CropEmbedder`."""
        parts = []
        for first in range(0, len(crops), self._batch):
            group = [self.family.numbers(crop, self.family.size) for crop in crops[first : first + self._batch]]
            # A model of a fixed batch gets the last group filled up; what is over is dropped again.
            fill = [group[-1]] * (self._batch - len(group)) if self._input.shape[0] else []
            outputs = self._session.run({self._input.name: np.stack(group + fill)})
            if len(outputs) != 1 or len(outputs[0]) != len(group + fill):
                shapes = ", ".join(str(output.shape) for output in outputs)
                raise StageError(f"{self.model} gives {shapes} for {len(group + fill)} pictures, wanted one row each")
            parts.append(outputs[0].reshape(len(group + fill), -1)[: len(group)])
        rows = np.concatenate(parts) if parts else np.empty((0, 1), np.float32)
        if not np.isfinite(rows).all():
            raise StageError(f"{self.model} gives numbers that are not finite; nothing it says can be trusted")
        return np.asarray(rows, np.float32)


def _fits(shape: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> bool:
    sides = zip(shape, wanted, strict=True) if len(shape) == len(wanted) else [(0, 1)]
    return all(side is None or want is None or side == want for side, want in sides)
