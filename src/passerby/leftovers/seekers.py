"""Who looks at a finished file: never the models that hid what was in it, unless there is no other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from passerby import weights
from passerby.core.errors import WeightsError
from passerby.core.stages import Detector
from passerby.detect.compose import Either
from passerby.detect.detr import Detr
from passerby.detect.nanodet import NanoDet
from passerby.detect.scrfd import SCRFD
from passerby.detect.yolox import Yolox
from passerby.detect.yunet import YuNet
from passerby.leftovers import scales
from passerby.leftovers.scales import Looks
from passerby.options.choices import NAMES

_STREET: tuple[tuple[str, Looks], ...] = (
    ("nanodet_m_416", scales.street(NanoDet)),
    ("deimv2_atto_coco", scales.street(Detr)),
    ("yolox_nano_416", scales.street(Yolox)),
    ("deimv2_femto_coco", scales.street(Detr)),
)
CANDIDATES: Mapping[str, tuple[tuple[str, Looks], ...]] = {
    "face": (("yunet_n_dynamic", scales.faces(YuNet)), ("scrfd_500m_bnkps", scales.faces(SCRFD))),
    "person": _STREET,
    "vehicle": _STREET,
    "head": tuple((name, scales.upper_parts(looks)) for name, looks in _STREET),
}
"""What can look for each label, by its name in the registry, the first choice first."""
AGAIN: Mapping[str, tuple[str, Looks]] = {
    "plate": ("ppocr_v4_det", scales.text),
    "text": ("ppocr_v4_det", scales.text),
}
"""For labels of which one model alone is known: it may look at what it hid, at other sizes, and that is said."""


@dataclass(frozen=True)
class Seekers:
    """Who looks for what."""

    detector: Callable[[tuple[int, int], float], Detector] | None
    """For frames of a size (width, height) and scores above a number; None where nobody can look for anything."""
    models: Sequence[str] = ()
    """What they are called, with the first digits of their SHA-256."""
    unchecked: Sequence[str] = ()
    """Labels that nobody here can look for, and what to do about it."""
    doubts: Sequence[str] = ()
    """What the looks cannot see for being those of a model that hid, one line each."""


def seekers(labels: Collection[str], hidden_by: Collection[str]) -> Seekers:
    """Who can look for each of `labels` in what models with the SHA-256 sums `hidden_by` have hidden."""
    wanted: dict[tuple[str, Looks], list[str]] = {}
    unchecked, doubts = [], []
    for label in sorted(labels):
        try:
            name, looks = _chosen(label, hidden_by)
            weights.find(name)
        except WeightsError as error:
            unchecked.append(f"{NAMES[label]}: {error}")
            continue
        wanted.setdefault((name, looks), []).append(label)
        if weights.entry(name).sha256 in hidden_by:
            doubts.append(f"{label}s that {name} never sees: it hid them, and looked again at other sizes alone")

    def detector(size: tuple[int, int], conf: float) -> Detector:
        return Either(tuple(looks(weights.find(name), mine, size, conf) for (name, looks), mine in wanted.items()))

    models = [f"{name} ({weights.entry(name).sha256[:12]})" for name in dict.fromkeys(name for name, _ in wanted)]
    return Seekers(detector if wanted else None, models, unchecked, doubts)


def _chosen(label: str, hidden_by: Collection[str]) -> tuple[str, Looks]:
    """The first candidate that is here and hid nothing; of those that are not here, the first.

    Raises:
        WeightsError: there is none but those that hid.
    """
    if label in AGAIN:
        return AGAIN[label]
    others = [each for each in CANDIDATES.get(label, ()) if weights.entry(each[0]).sha256 not in hidden_by]
    here = [each for each in others if weights.lies(weights.entry(each[0])) is not None]
    if others:
        return (*here, *others)[0]
    known = ", ".join(name for name, _ in CANDIDATES.get(label, ()))
    why = f"{known} hid them, and one does not judge oneself" if known else "no second model for them is known here"
    raise WeightsError(f"{why}; look at the file yourself")


def sums(models: Collection[str]) -> frozenset[str]:
    """The SHA-256 sums of models, by their names in the registry or their files.

    Raises:
        WeightsError: one is neither.
    """
    return frozenset(
        weights.sha256(Path(model)) if Path(model).is_file() else weights.entry(model).sha256 for model in models
    )
