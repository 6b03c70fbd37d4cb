"""Every detector that comes with passerby keeps the contract."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from pathlib import Path

import footage
import numpy as np
import pytest

from passerby.core.frame import Frame
from passerby.core.stages import Detector
from passerby.detect.compose import Either, SecondLook, Sure, Tiled
from passerby.detect.faces import CenterFace
from passerby.detect.heads import Heads
from passerby.detect.rotated import Rotated
from passerby.detect.yunet import YuNet
from passerby.testing import FORMATS, check_detector

MODELS = Path(__file__).resolve().parents[2] / "../shared/models"


def real(name: str) -> Path:
    """A model file that does not come along."""
    if not (MODELS / name).exists():
        pytest.skip("no ../shared/models beside the repository")
    return MODELS / name


DETECTORS: dict[str, Callable[[], Detector]] = {
    "CenterFace": CenterFace,
    "CenterFace on a small picture": lambda: CenterFace(shrink=2),
    "Tiled": lambda: Tiled(CenterFace(), tile=(256, 224), overlap=96),
    "Either": lambda: Either((CenterFace(shrink=2), Tiled(CenterFace(), tile=(320, 320)))),
    "Rotated": lambda: Rotated(CenterFace(shrink=2), (1, 3)),
    "SecondLook": lambda: SecondLook(CenterFace(conf=0.1, shrink=2), CenterFace(), 0.2),
    "Sure": lambda: Sure(CenterFace(conf=0.1), {"face": 0.2}),
    "Heads": lambda: Heads(CenterFace(), CenterFace(shrink=2)),
    "YuNet": lambda: YuNet(real("yunet_n_dynamic.onnx")),
}


@pytest.fixture(params=DETECTORS)
def detector(request: pytest.FixtureRequest) -> Detector:
    return DETECTORS[request.param]()


def test_on_drawn_frames_of_every_kind(detector: Detector) -> None:
    check_detector(detector)


def test_on_pictures_with_faces(detector: Detector) -> None:
    frames = []
    for scene in (footage.sizes(), footage.crossing()):
        for picture, _ in islice(scene, 2):
            plane = np.array(picture, np.uint8)
            plane.flags.writeable = False
            frames.append(Frame((plane,), FORMATS["rgb24"], len(frames), len(frames), Fraction(1, 25)))
    assert all(len(found) for found in detector.detect(frames))
    check_detector(detector, frames)
