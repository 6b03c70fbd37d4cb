"""Who looks at both files of a pair: never the models that hid."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from passerby import targets, weights
from passerby.core.errors import WeightsError
from passerby.core.plan import MODEL, Plan
from passerby.core.stages import Detector
from passerby.detect import families
from passerby.detect.classes import PERSONS, VEHICLES
from passerby.detect.compose import Either
from passerby.detect.detr import Detr
from passerby.detect.families import Use
from passerby.detect.nanodet import NanoDet
from passerby.detect.yolox import Yolox
from passerby.evaluate import independence
from passerby.evaluate.model_files import fingerprint
from passerby.leftovers.seekers import seekers, sums
from passerby.targets import Chosen

FACE, PERSON, VEHICLE = "face", "person", "vehicle"
CONF = 0.6
"""Least score of a face: many scales and turns are looked at, and lower ones find faces in leaves and sleeves."""
STREET_CONF = 0.3
"""Of persons and vehicles; retention needs the doubtful ones as well."""
_CLASSES = {PERSON: PERSONS, VEHICLE: VEHICLES}
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")

Maker = Callable[[tuple[int, int]], Detector]
"""From a size (width, height) of frames to what looks at them."""


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who looks for what."""

    models: Mapping[str, str] = field(default_factory=dict)
    """By label: the model's file and sha256."""
    makers: tuple[Maker, ...] = ()
    missing: tuple[str, ...] = ()
    """What nobody here can look for, and what to do about it."""

    def detector(self, size: tuple[int, int]) -> Detector | None:
        """What looks at frames of a size (width, height); None where nobody can look for anything."""
        return Either(tuple(make(size) for make in self.makers)) if self.makers else None


def hid(plan: Plan | None, also: Collection[str] = ()) -> dict[str, str]:
    """The models that did the hiding as far as is known, sha256 by name.

    They are those that the plan names, or where it names none those that passerby finds its labels with (faces, without
    a plan); and `also`: names of the registry or files.

    Raises:
        WeightsError: one of `also` is neither.
    """
    told = plan.provenance.items() if plan is not None else ()
    answer = {key.removeprefix(MODEL): sha256 for key, said in told for sha256 in _SHA256.findall(said)}
    answer = answer or {name: weights.entry(name).sha256 for name in _usual(plan)}
    return answer | {Path(model).name: sha256 for model in also for sha256 in sums([model])}


def excluded(plan: Plan | None) -> frozenset[str]:
    """The sha256 sums of models that do not measure, whoever hid: those that passerby finds the plan's labels with."""
    names = _usual(plan)
    # The same network as it was published, before it was rewritten for other sizes.
    names += [f"{name}_published" for name in names if f"{name}_published" in weights.TABLE]
    return frozenset(weights.entry(name).sha256 for name in names)


def _usual(plan: Plan | None) -> list[str]:
    labels = plan.labels if plan is not None and plan.labels else (FACE,)
    return sorted(targets.usual(labels))


def watchers(
    labels: Collection[str], hidden_by: Collection[str], brought: Mapping[str, str] = MappingProxyType({})
) -> Watchers:
    """Who can look for each of `labels` in what models with the sha256 sums `hidden_by` have hidden.

    `brought` are the user's own, by label, as `targets.Chosen` reads them: FAMILY:FILE.onnx, or a name or file alone.

    Raises:
        OptionError: one that was brought hid, or does not find what it is to find.
        WeightsError: one that was brought is missing or broken.
    """
    models: dict[str, str] = {}
    makers: list[Maker] = []
    missing: list[str] = []
    for label in sorted(set(labels) & set(brought)):
        models[label], make = _own(label, Chosen(brought[label]), hidden_by)
        makers.append(make)
    labels = set(labels) - set(brought)
    if FACE in labels:
        found_by = seekers([FACE], hidden_by)
        missing += found_by.unchecked
        if found_by.detector is not None:
            seek = found_by.detector
            models[FACE] = ", ".join(found_by.models)
            makers.append(lambda size: seek(size, CONF))
    street = [label for label in _CLASSES if label in labels]
    if street:
        try:
            model, make = _street(street, hidden_by)
            models |= dict.fromkeys(street, model)
            makers.append(make)
        except WeightsError as error:
            missing.append(f"{' and '.join(street)}s: {error}")
    return Watchers(models, tuple(makers), tuple(missing))


def _own(label: str, chosen: Chosen, hidden_by: Collection[str]) -> tuple[str, Maker]:
    path = chosen.path()
    independence.check([fingerprint(path)], hidden_by)
    family = chosen.family or families.recognised(path, [label])
    detector = families.detector(family, Use(path, (label,), CONF if label == FACE else STREET_CONF, 1))
    return fingerprint(path), lambda size: detector


def _street(labels: Collection[str], hidden_by: Collection[str]) -> tuple[str, Maker]:
    """The first model of COCO's classes that is here and hid nothing.

    Raises:
        WeightsError: there is none; it says how to get the first.
    """
    classes = {name: label for wanted in labels for name, label in _CLASSES[wanted].items()}
    makers: Mapping[str, Callable[[Path], Detector]] = {
        "yolox_nano_416": lambda path: Yolox(path, classes=classes, conf=STREET_CONF),
        "deimv2_femto_coco": lambda path: Detr(path, classes=classes, conf=STREET_CONF),
        # Where the first two hid, as they do by default.
        "nanodet_m_416": lambda path: NanoDet(path, classes=classes, conf=STREET_CONF),
    }
    others = [name for name in makers if weights.entry(name).sha256 not in hidden_by]
    here = [name for name in others if weights.lies(weights.entry(name)) is not None]
    if not others:
        raise WeightsError(f"{', '.join(makers)} hid them, and one does not judge oneself; give --truth")
    path = weights.find((here or others)[0])
    detector = makers[(here or others)[0]](path)
    return fingerprint(path), lambda size: detector
