"""Which family of models a file is of, told by what it takes and gives, and the detector that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from passerby.core.errors import OptionError, WeightsError
from passerby.core.stages import Detector
from passerby.detect import classes as cl
from passerby.detect import detr, nanodet, retinaface, yolox
from passerby.detect.detr import Detr
from passerby.detect.dsfd import DSFD
from passerby.detect.faces import CenterFace
from passerby.detect.maskrcnn import MaskRCNN
from passerby.detect.model import Model
from passerby.detect.nanodet import NanoDet
from passerby.detect.plates import PlatesYolo9, PlatesYunet
from passerby.detect.retinaface import RetinaFace
from passerby.detect.scrfd import SCRFD
from passerby.detect.text import Text
from passerby.detect.yolo import Yolo
from passerby.detect.yolox import Yolox
from passerby.detect.yunet import YuNet
from passerby.runtime import cards


@dataclass(frozen=True, slots=True)
class Use:
    """What a model is to find, and how."""

    path: Path
    labels: tuple[str, ...]
    conf: float
    """Scores above this count."""
    shrink: float
    """How many times smaller than the frame the picture is, for a model that takes any size."""


@dataclass(frozen=True, slots=True)
class Family:
    """Models that are read by the same code."""

    finds: frozenset[str] | None
    """The labels of what it can find; None where that is up to the model's classes."""
    fits: Callable[[Model], bool] | None
    """Whether an ONNX file is of this family; None of files of another format, whose family has to be said."""
    make: Callable[[Use], Detector]
    outlines: Callable[[Path], bool] = lambda path: False
    """Whether what a file of this family finds has masks."""


def recognised(path: Path, labels: Iterable[str]) -> str:
    """The name of the family that the file at `path` is of, among those that can find all of `labels`.

    Raises:
        WeightsError: it is of none, or cannot be read.
    """
    model = Model(path)
    for name, family in FAMILIES.items():
        if (family.finds is None or family.finds >= set(labels)) and family.fits and family.fits(model):
            return name
    given = ", ".join(f"{port.name} {port.shape}" for port in model.outputs)
    raise WeightsError(
        f"{path} gives {given}, as no model does that finds {' or '.join(labels)} and that passerby reads; "
        f"if it is one of {', '.join(FAMILIES)}, write CLASS=FAMILY:{path.name}"
    )


def detector(name: str, use: Use) -> Detector:
    """A detector of the family called `name`.

    Raises:
        OptionError: it, or the model, does not find what it is to find.
        WeightsError: the file is missing, broken, or of another family.
    """
    family = FAMILIES[name]
    if family.finds is not None and not family.finds >= set(use.labels):
        raise OptionError(
            f"{name} finds {', '.join(sorted(family.finds))}, not {', '.join(use.labels)}; choose another model"
        )
    return family.make(use)


def outlines(name: str, path: Path) -> bool:
    """Whether the file at `path`, of the family called `name`, tells the pixels of what it finds.

    Raises:
        WeightsError: the file is missing or broken.
    """
    return FAMILIES[name].outlines(path)


# What files of a family look like


def _ends(model: Model) -> list[int | None]:
    """The last side of every output, sorted; None where it is open."""
    ends = [port.shape[-1] if port.shape else None for port in model.outputs]
    return sorted(ends, key=lambda end: end or 0)


def _is_centerface(model: Model) -> bool:
    return [port.shape[1:2] for port in model.outputs] == [(1,), (2,), (2,), (10,)]


def _is_scrfd(model: Model) -> bool:
    return len(model.outputs) in (6, 9) and all(end in (1, 4, 10, None) for end in _ends(model))


def _is_yunet(model: Model) -> bool:
    return len(model.outputs) == 12 and all(end in (1, 4, 10, None) for end in _ends(model))


def _is_retinaface(model: Model) -> bool:
    rows = [port.shape[1] for port in model.outputs if len(port.shape) == 3 and model.size]
    kinds = [len(kind.boxes(model.size)) for kind in (retinaface.RETINAFACE, retinaface.DSFD)] if model.size else []
    return _ends(model) in ([2, 4], [2, 4, 10]) and all(count is None or count in kinds for count in rows)


def _is_yolox(model: Model) -> bool:
    shapes = [port.shape for port in model.outputs]
    if len(shapes) != 1 or len(shapes[0]) != 3 or model.size is None or "task" in model.metadata:
        return False
    return shapes[0][1] is not None and len(yolox.grid(model.size, shapes[0][1])[0]) > 0


def _is_yolo(model: Model) -> bool:
    shapes = [port.shape for port in model.outputs]
    if len(shapes) not in (1, 2) or len(shapes[0]) != 3:
        return False
    places = model.size is not None and shapes[0][2] is not None and len(yolox.grid(model.size, shapes[0][2])[0]) > 0
    return "task" in model.metadata or places


def _has_prototypes(path: Path) -> bool:
    return len(Model(path).outputs) == 2


def _is_detr(model: Model) -> bool:
    names = {port.name for port in model.outputs}
    return {"labels", "boxes", "scores"} <= names or bool(names & set(detr.BOXES) and names & set(detr.LOGITS))


def _is_nanodet(model: Model) -> bool:
    return any(port.name.startswith(nanodet.SIDES) for port in model.outputs)


def _is_plates_yolo9(model: Model) -> bool:
    return len(model.outputs) == 1 and len(model.outputs[0].shape) == 2 and _ends(model) == [7]


def _is_plates_yunet(model: Model) -> bool:
    return {port.name for port in model.outputs} == {"loc", "conf", "iou"}


def _is_text(model: Model) -> bool:
    return len(model.outputs) == 1 and model.outputs[0].shape[1:2] == (1,) and len(model.outputs[0].shape) == 4


# The detectors


def _face(kind: type[SCRFD] | type[YuNet] | type[RetinaFace]) -> Callable[[Use], Detector]:
    def make(use: Use) -> Detector:
        return kind(use.path, conf=use.conf, shrink=1 if Model(use.path).size else use.shrink)

    return make


def _dsfd(use: Use) -> Detector:
    return DSFD(use.path, conf=use.conf, shrink=use.shrink, device=cards.first())


def _maskrcnn(use: Use) -> Detector:
    classes = cl.standing_for(use.labels, cl.COCO_NUMBERS)
    return MaskRCNN(use.path, conf=use.conf, classes=classes, device=cards.first())


def _by_class(kind: Callable[..., Detector], columns: tuple[int, int] | None) -> Callable[[Use], Detector]:
    """Makes detectors of models whose first output has `columns`: on which side, and how many before the classes."""

    def make(use: Use) -> Detector:
        model = Model(use.path)
        single = columns is not None and model.outputs[0].shape[columns[0]] == columns[1] + 1
        names = list(use.labels) if single and len(use.labels) == 1 and "names" not in model.metadata else None
        known = cl.names_of(model.metadata, names, None)
        return kind(use.path, conf=use.conf, names=names, classes=cl.standing_for(use.labels, known))

    return make


FACE, PLATE = frozenset({"face"}), frozenset({"plate"})

FAMILIES: Mapping[str, Family] = {
    "centerface": Family(
        FACE, _is_centerface, lambda use: CenterFace(model=use.path, conf=use.conf, shrink=use.shrink)
    ),
    "yunet": Family(FACE, _is_yunet, _face(YuNet)),
    "scrfd": Family(FACE, _is_scrfd, _face(SCRFD)),
    "retinaface": Family(FACE, _is_retinaface, _face(RetinaFace)),
    "dsfd": Family(FACE, None, _dsfd),
    "plates-yolo9": Family(PLATE, _is_plates_yolo9, lambda use: PlatesYolo9(use.path, conf=use.conf)),
    "plates-yunet": Family(PLATE, _is_plates_yunet, lambda use: PlatesYunet(use.path, conf=use.conf)),
    "text": Family(
        frozenset({"text", "plate"}), _is_text, lambda use: Text(use.path, conf=use.conf, labels=use.labels)
    ),
    "detr": Family(None, _is_detr, _by_class(Detr, None)),
    "nanodet": Family(None, _is_nanodet, _by_class(NanoDet, None)),
    "yolox": Family(None, _is_yolox, _by_class(Yolox, (2, 5))),
    "maskrcnn": Family(None, None, _maskrcnn, lambda path: True),
    "yolo": Family(None, _is_yolo, _by_class(Yolo, (1, 4)), _has_prototypes),
}
"""By name, in the order in which a file is compared with them."""
