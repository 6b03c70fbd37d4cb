"""The families of recognition models: how each is shown a face, and from which cosine on two faces are one person's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby import weights
from passerby.core.errors import OptionError
from passerby.recognize.embedder import FaceEmbedder, Family

_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
"""Of the colours of ImageNet, red, green and blue in [0, 1]."""


def _as_imagenet(face: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray((face.astype(np.float32) / 255 - _MEAN) / _SPREAD, np.float32)


def _as_it_is(face: NDArray[np.uint8]) -> NDArray[np.float32]:
    return face.astype(np.float32)


def _around_zero(face: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray((face.astype(np.float32) - 127.5) / 127.5, np.float32)


# The numbers of MobileFaceNet are measured (benchmarks/recognition.py). Those of the others are set above what their
# publishers and users take for the same person (SFace: .363), and could not be measured for want of the weights.
_FAMILIES = (
    Family("mobilefacenet", _as_imagenet, same=0.5, other=0.25, clear=10),
    Family("sface", _as_it_is, same=0.5, other=0.2),
    Family("arcface", _around_zero, same=0.5, other=0.2),
)
FAMILIES: Mapping[str, Family] = {family.name: family for family in _FAMILIES}
"""By name: foamliu's MobileFaceNet, OpenCV's SFace, insightface's ArcFace (w600k_r50, w600k_mbf, …)."""
LISTED = ("mobilefacenet",)
"""The families of which the registry of weights has a file."""


def embedder(recognizer: str) -> FaceEmbedder:
    """The model that `recognizer` names: 'mobilefacenet', or FAMILY=FILE.

    Raises:
        OptionError: it names no family, or one that needs a file and none is given.
        WeightsError: the file is missing or broken.
    """
    name, given, file = recognizer.partition("=")
    if name not in FAMILIES:
        raise OptionError(
            f"--recognizer {name!r} is not known; choose from {', '.join(FAMILIES)}, as in sface=FILE.onnx"
        )
    if not file and (given or name not in LISTED):
        raise OptionError(f"--recognizer {name} needs a file; give it as in {name}=FILE.onnx")
    return FaceEmbedder(FAMILIES[name], Path(file) if file else weights.find(name))
