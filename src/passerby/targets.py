"""What finds the targets: which models each needs, and how they are put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from passerby import weights
from passerby.core.stages import Detector
from passerby.detect import families
from passerby.detect.compose import Either, Outlined, SecondLook, Sure
from passerby.detect.families import FAMILIES, Use
from passerby.detect.heads import Heads
from passerby.detect.portrait import Portrait
from passerby.detect.wearers import Wearers
from passerby.methods import clothing
from passerby.options.choices import OUTLINED, PARTS, WORN
from passerby.settings import Options

STREET = ("yolox_nano_416", "deimv2_femto_coco")
"""Two models of COCO's classes, whose finds are joined: each misses others."""
MODELS: Mapping[str, tuple[str, ...]] = {
    "face": ("centerface",),
    "person": STREET,
    "plate": ("ppocr_v4_det",),
    "vehicle": STREET,
    "text": ("ppocr_v4_det",),
    WORN: STREET,
}
"""The models that find each label unless others are chosen, by their names in the registry. What has letters on it may
be a plate: of plates alone, no model is known here whose licence lets it be passed on."""
OUTLINES: Mapping[str, str] = {"person": "prisma_portrait_seg"}
"""The model that tells the pixels of each label, where there is one and those that find it do not."""
DOUBT = 0.5
"""Share of the least score from which a small picture may show a face."""
LANDMARKS = "centerface"
"""The model that finds the landmarks by which faces are recognized, whichever finds the faces."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model as it is written: its name in the registry or the path of a file, perhaps behind a family's name."""

    written: str

    @property
    def family(self) -> str | None:
        """The family, where it is said."""
        before, colon, _ = self.written.partition(":")
        return before if (colon or before in weights.BROUGHT) and before in FAMILIES else None

    @property
    def source(self) -> str:
        """The name or path."""
        return self.written.partition(":")[2] or self.written if self.family else self.written

    @property
    def name(self) -> str:
        """For reports: the name, or the name of the file without its folder."""
        return self.source if self.named else Path(self.source).name

    @property
    def named(self) -> bool:
        """It is in the registry, rather than a file of one's own."""
        return self.source in weights.TABLE

    def path(self) -> Path:
        """Where it lies.

        Raises:
            WeightsError: it is missing, or not the file that it should be.
        """
        if self.source in weights.BROUGHT:
            return weights.brought(self.source)
        path = Path(self.source)
        # What looks like no file is a name that is misspelt.
        looks_like_one = path.suffix or len(path.parts) > 1 or path.exists()
        return weights.find(path.stem, path) if looks_like_one and not self.named else weights.find(self.source)


def usual(labels: Iterable[str]) -> frozenset[str]:
    """The names of the models that find `labels` unless others are chosen; of heads, those of their parts."""
    parts = {part for label in labels for part in (PARTS if label == "head" else (label,))}
    return frozenset(name for part in parts for name in MODELS.get(part, ()))


def models(options: Options) -> tuple[str, ...]:
    """The names of the models that are needed, each once."""
    return tuple(dict.fromkeys(chosen.name for label in options.labels() for chosen in _all(label, options)))


def deciding(options: Options) -> tuple[Chosen, ...]:
    """The models that decide who is hidden: those that look, and those that recognize where somebody is to be."""
    name, _, file = options.recognizer.partition("=")
    recognizing = (Chosen(LANDMARKS), Chosen(file or name)) if options.recognizes else ()
    return (*(chosen for label in options.labels() for chosen in _all(label, options)), *recognizing)


def checksums(options: Options) -> Mapping[str, str]:
    """The names of the models that decide who is hidden, and the sha256 of each file.

    Another file of the same name has the first digits of its sum behind it.

    Raises:
        WeightsError: a file cannot be read.
    """
    sums: dict[str, str] = {}
    for chosen in deciding(options):
        found = _sha256(chosen)
        name = chosen.name if sums.get(chosen.name, found) == found else f"{chosen.name} {found[:8]}"
        sums[name] = found
    return sums


@cache
def _sha256(chosen: Chosen) -> str:
    return weights.TABLE[chosen.source].sha256 if chosen.named else weights.sha256(chosen.path())


def detector(options: Options, shrink: float = 1, again: int = 0) -> Detector:
    """What finds everything that is to be hidden, in pictures `shrink` times smaller than the frame where it matters.

    So many of the faces that such a picture hardly shows are looked `again` at in full size, at most, each time.

    Raises:
        OptionError: a chosen model does not find what it is chosen for, or a class is named that is not hidden.
        WeightsError: a model is missing; it says how to get it.
    """
    options.check_classes()
    conf = options.thresholds()
    found_by = [_one(chosen, labels, conf, shrink, again) for chosen, labels in _shared(options, conf).items()]
    if "head" in conf and not options.models_of("head"):
        faces, persons = (
            _either(_one(chosen, [part], {part: conf["head"]}, shrink, again) for chosen in _of(part, options))
            for part in PARTS
        )
        found_by.append(Heads(faces, persons))
    if WORN in conf:
        least = {"person": conf[WORN]}
        found_by.append(
            Wearers(_either(_one(chosen, ["person"], least, shrink, again) for chosen in _of(WORN, options)))
        )
    for label in _outlined(options):
        # What several have found is outlined once.
        finders = _either(one for one in found_by if label in one.labels)
        found_by = [one for one in found_by if label not in one.labels]
        found_by.append(Outlined(finders, Portrait(weights.find(OUTLINES[label]))))
    return _either(found_by)


def _shared(options: Options, labels: Iterable[str]) -> Mapping[Chosen, list[str]]:
    """What each model finds; one that finds several things looks once for all of them."""
    finds: dict[Chosen, list[str]] = {}
    for label in labels:
        for chosen in _of(label, options) if label != WORN else ():
            finds.setdefault(chosen, []).append(label)
    return finds


def _of(label: str, options: Options) -> tuple[Chosen, ...]:
    chosen = options.models_of(label) or (options.models_of("person") if label == WORN else ())
    return tuple(map(Chosen, chosen or MODELS.get(label, ())))


def _all(label: str, options: Options) -> tuple[Chosen, ...]:
    """Those for the parts of heads included, and those that tell its pixels, or clothes."""
    outlines: tuple[Chosen, ...] = (Chosen(OUTLINES[label]),) if label in _outlined(options) else ()
    outlines += tuple(map(Chosen, clothing.models(options))) if label == WORN else ()
    return (_of(label, options) or tuple(chosen for part in PARTS for chosen in _of(part, options))) + outlines


def _outlined(options: Options) -> tuple[str, ...]:
    """The labels whose pixels are to be known, and that are not found with them."""
    wanted = (label for label, shape in options.shapes().items() if shape in OUTLINED and label in OUTLINES)
    return tuple(label for label in wanted if not all(_outlines(chosen, label) for chosen in _of(label, options)))


def _outlines(chosen: Chosen, label: str) -> bool:
    """Whether a model tells the pixels of what it finds. None of the registry does."""
    return not chosen.named and families.outlines(_family(chosen, [label]), chosen.path())


def _family(chosen: Chosen, labels: list[str]) -> str:
    return chosen.family or families.recognised(chosen.path(), labels)


def _one(chosen: Chosen, labels: list[str], conf: Mapping[str, float], shrink: float, again: int) -> Detector:
    path, family = chosen.path(), _family(chosen, labels)
    least = min(conf[label] for label in labels)
    use = Use(path, tuple(labels), least, shrink)
    if labels == ["face"] and shrink > 1 and again:
        doubting = families.detector(family, replace(use, conf=least * DOUBT))
        return SecondLook(doubting, families.detector(family, replace(use, shrink=1)), least, shrink, again)
    one = families.detector(family, use)
    return one if all(conf[label] == least for label in labels) else Sure(one, conf)


def _either(detectors: Iterable[Detector]) -> Detector:
    all_of_them = tuple(detectors)
    return all_of_them[0] if len(all_of_them) == 1 else Either(all_of_them)
