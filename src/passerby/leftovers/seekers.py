"""Who looks at a finished file: never the models that hid what was in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from passerby import weights
from passerby.choices import NAMES
from passerby.core.errors import WeightsError
from passerby.core.stages import Detector
from passerby.detect.compose import Either, Rotated
from passerby.detect.scrfd import SCRFD
from passerby.detect.yunet import YuNet

SMALL, MIDDLE, LARGEST = 640, 1280, 1920
"""Longest sides in pixels of the pictures that are looked at."""
MULTIPLE = 32
SURER = 0.8
"""Least score in pictures that are turned or enlarged: hands and sleeves look like faces there."""


class _Maker(Protocol):
    def __call__(
        self, model: Path, *, conf: float, size: tuple[int, int] | None = None, shrink: float = 1
    ) -> Detector: ...


CANDIDATES: Mapping[str, tuple[tuple[str, _Maker], ...]] = {
    "face": (("yunet_n_dynamic", YuNet), ("scrfd_500m_bnkps", SCRFD)),
}
"""What can look for each label, by its name in the registry, the first choice first."""


@dataclass(frozen=True)
class Seekers:
    """Who looks for what."""

    detector: Callable[[tuple[int, int], float], Detector] | None
    """For frames of a size (width, height) and scores above a number; None where nobody can look for anything."""
    models: Sequence[str] = ()
    """What they are called, with the first digits of their SHA-256."""
    unchecked: Sequence[str] = ()
    """Labels that nobody here can look for, and what to do about it."""


def seekers(labels: Collection[str], hidden_by: Collection[str]) -> Seekers:
    """Who can look for each of `labels` in what models with the SHA-256 sums `hidden_by` have hidden."""
    makers: list[tuple[_Maker, Path]] = []
    models, unchecked = [], []
    for label in sorted(labels):
        try:
            name, make = _chosen(label, hidden_by)
            path = weights.find(name)
        except WeightsError as error:
            unchecked.append(f"{NAMES[label]}: {error}")
            continue
        makers.append((make, path))
        models.append(f"{name} ({weights.entry(name).sha256[:12]})")

    def detector(size: tuple[int, int], conf: float) -> Detector:
        return Either(tuple(_several(make, path, size, conf) for make, path in makers))

    return Seekers(detector if makers else None, models, unchecked)


def _chosen(label: str, hidden_by: Collection[str]) -> tuple[str, _Maker]:
    """The first candidate that is here and hid nothing; of those that are not here, the first.

    Raises:
        WeightsError: there is none but those that hid.
    """
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


def _several(make: _Maker, path: Path, size: tuple[int, int], conf: float) -> Detector:
    """A detector at several scales of frames of `size`, turned every way at the smallest."""
    longest, surer = max(size), max(conf, SURER)
    small = max(longest / SMALL, 1)
    looks: list[Detector] = [make(path, conf=conf, shrink=small), Rotated(make(path, conf=surer, shrink=small))]
    looks += [make(path, conf=conf, shrink=longest / side) for side in (MIDDLE, LARGEST) if longest > side]
    if SMALL < longest <= LARGEST:
        looks.append(make(path, conf=conf))
    if longest <= SMALL:
        # No model sees faces of a few pixels.
        wide, high = (-(-2 * side // MULTIPLE) * MULTIPLE for side in size)
        looks.append(make(path, conf=surer, size=(wide, high)))
    return Either(tuple(looks))
