"""What finds the targets: which models each needs, and how they are put together."""

from __future__ import annotations

from collections.abc import Mapping

from passerby import weights
from passerby.core.stages import Detector
from passerby.detect.classes import PERSONS, VEHICLES
from passerby.detect.compose import Either, Outlined, SecondLook
from passerby.detect.detr import Detr
from passerby.detect.faces import CenterFace
from passerby.detect.portrait import Portrait
from passerby.detect.text import Text
from passerby.detect.yolox import Yolox
from passerby.settings import OUTLINED, Options

DOUBT = 0.5
"""Share of the least score from which another look is worth it."""
STREET: Mapping[str, Mapping[str, str]] = {"person": PERSONS, "vehicle": VEHICLES}
"""The labels that two models of COCO's classes find, whose finds are joined: each misses others."""
MODELS: Mapping[str, tuple[str, ...]] = {
    "face": ("centerface",),
    "person": ("yolox_nano_416", "deimv2_femto_coco"),
    "vehicle": ("yolox_nano_416", "deimv2_femto_coco"),
    "text": ("ppocr_v4_det",),
}
"""The models that find each label, by their names in the registry."""
OUTLINES: Mapping[str, str] = {"person": "prisma_portrait_seg"}
"""The model that tells the pixels of each label, where there is one."""


def models(options: Options) -> tuple[str, ...]:
    """The models that are needed, each once."""
    found_by = [name for label in options.labels() for name in MODELS[label]]
    return tuple(dict.fromkeys([*found_by, *(OUTLINES[label] for label in _outlined(options))]))


def detector(options: Options, shrink: float = 1) -> Detector:
    """What finds everything that is to be hidden, in pictures `shrink` times smaller than the frame where it matters.

    Raises:
        WeightsError: a model is missing; it says how to get it.
    """
    labels = options.labels()
    found_by: list[Detector] = []
    if "face" in labels:
        found_by.append(_faces(options.conf, shrink))
    classes = {name: label for wanted in labels if wanted in STREET for name, label in STREET[wanted].items()}
    if classes:
        yolox = Yolox(weights.find("yolox_nano_416"), classes=classes, conf=options.conf)
        street = yolox, Detr(weights.find("deimv2_femto_coco"), classes=classes, conf=options.conf)
        # What both have found is outlined once.
        outlined = [Outlined(Either(street), Portrait(weights.find(OUTLINES[label]))) for label in _outlined(options)]
        found_by += outlined or street
    if "text" in labels:
        found_by.append(Text(weights.find("ppocr_v4_det")))
    return found_by[0] if len(found_by) == 1 else Either(tuple(found_by))


def _outlined(options: Options) -> tuple[str, ...]:
    """The labels whose pixels are to be known."""
    return tuple(label for label, shape in options.shapes().items() if shape in OUTLINED and label in OUTLINES)


def _faces(conf: float, shrink: float) -> Detector:
    """What finds faces; in a small picture it is told to doubt, and then looks at them in full size."""
    whole = CenterFace(conf=conf)
    return SecondLook(CenterFace(conf=conf * DOUBT, shrink=shrink), whole, conf) if shrink > 1 else whole
