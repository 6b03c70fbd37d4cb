"""Every question about an original and what was made of it, or about two folders of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2

from passerby import weights
from passerby.core.errors import InputError, OptionError, PasserbyError
from passerby.core.plan import Plan
from passerby.evaluate import media_pair
from passerby.evaluate.clip import Clip, watched
from passerby.evaluate.findings import Evaluation
from passerby.evaluate.media_pair import Named
from passerby.evaluate.sections import attack, drift, faces, leaks, plates, quality, reid, temporal, tracking, utility
from passerby.evaluate.sections.answer import Answer, Asking
from passerby.evaluate.watchers import FACE, PERSON, VEHICLE, Watchers, hid, watchers
from passerby.plan import store

Place = str | Path
Watch = Callable[[Collection[str], Collection[str], Mapping[str, str]], Watchers]
"""Chooses who looks for which labels, by the sha256 sums of the models that hid, and by what the user wants."""


@dataclass(frozen=True, slots=True)
class Part:
    """One question, and the labels that have to be looked for to answer it."""

    ask: Callable[[Sequence[Clip], Asking], Answer]
    labels: frozenset[str] = frozenset()


PARTS: Mapping[str, Part] = {
    "leaks": Part(leaks.leaks, frozenset({FACE})),
    "reid": Part(reid.reidentification, frozenset({FACE, PERSON})),
    "faces": Part(faces.faces, frozenset({FACE})),
    "attack": Part(attack.attacks, frozenset({FACE})),
    "drift": Part(drift.identity_drift, frozenset({FACE, PERSON})),
    "quality": Part(quality.quality, frozenset({FACE, PERSON, VEHICLE})),
    "temporal": Part(temporal.temporal),
    "utility": Part(utility.utility, frozenset({PERSON, VEHICLE})),
    "plates": Part(plates.readable),
    "tracking": Part(tracking.tracks),
    "cost": Part(utility.costs),
}
"""In the order of the report."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known beside the files; folders where the files are in folders."""

    plan: Plan | Path | None = None
    truth: Path | None = None
    hidden_by: tuple[str, ...] = ()
    """Models that did the hiding besides passerby's own, by name or file."""
    every: int = 1
    detectors: Mapping[str, str] = field(default_factory=dict)
    """Who looks for faces, persons and vehicles, by label, if not the registry's models: see `watchers`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What all questions came to, and what of the input could not be used."""

    evaluation: Evaluation
    clips: tuple[Clip, ...]
    left_out: tuple[str, ...]


def evaluation(
    original: Place,
    anonymized: Place,
    *,
    parts: Collection[str] = tuple(PARTS),
    plan: Plan | Place | None = None,
    truth: Place | None = None,
    hidden_by: Collection[str] = (),
    every: int = 1,
    detectors: Mapping[str, str] | None = None,
    asking: Asking | None = None,
) -> Evaluation:
    """Ask everything, or some `parts` of it, of two files or two folders of files of the same names.

        found = passerby.evaluation("street.mp4", "street_anonymized.mp4", plan="street.plan")
        for section in found.sections: ...

    Args:
        original: a video or picture, or a folder of them.
        anonymized: what was made of it, by passerby or any other tool.
        parts: of `PARTS`.
        plan: what was hidden where, if passerby did it; of a folder, a folder of plans.
        truth: who is where: a plan, CVAT's .xml, .coco.json, .csv or .json as `passerby plan export` writes them, or
            .txt in MOT's format; of a folder, a folder of them.
        hidden_by: models that did the hiding, by name or file, if other than passerby's own; they do not measure.
        every: look at every so manieth frame.
        detectors: who looks, by label ('face', 'person', 'vehicle'), if not the registry's models: FAMILY:FILE.onnx.
        asking: what some questions need besides.

    Raises:
        PasserbyError: see `core.errors`. What cannot be measured raises nothing: it is among `Evaluation.missing`.
    """
    told = Told(
        plan if isinstance(plan, Plan) or plan is None else Path(plan),
        None if truth is None else Path(truth),
        tuple(hidden_by),
        every,
        detectors or {},
    )
    return asked(Path(original), Path(anonymized), parts, told, asking or Asking()).evaluation


def asked(
    original: Path, anonymized: Path, parts: Collection[str], told: Told, asking: Asking, watch: Watch = watchers
) -> Asked:
    """`evaluation`, with who looks chosen by `watch`."""
    unknown = [name for name in parts if name not in PARTS]
    if unknown or not parts:
        raise OptionError(f"there is no question {', '.join(unknown) or 'at all'}; choose of {', '.join(PARTS)}")
    cv2.setNumThreads(1)
    pairs, alone = media_pair.named(original, anonymized)
    left_out = [f"{name}: there is no file of that name in {anonymized}" for name in alone]
    labels = frozenset().union(*(PARTS[name].labels for name in parts))
    clips: list[Clip] = []
    took_part: dict[str, str] = {}
    for pair in pairs:
        try:
            clip, models = _clip(pair, original.is_dir(), labels, told, asking, watch)
        except PasserbyError as error:
            if len(pairs) == 1:
                raise
            left_out.append(f"{pair.name}: {error}")
            continue
        clips.append(clip)
        took_part |= models
    if not clips:
        raise InputError(f"not one of {len(pairs)} pairs can be compared; the first: {left_out[0]}")
    answers = _answers(clips, parts, replace(asking, hid=tuple(took_part.values())))
    missing = [line for clip in clips for line in clip.watchers.missing]
    missing += [line for answer in answers for line in answer.missing]
    found = Evaluation(
        pairs=tuple(clip.media for clip in clips),
        sections=tuple(answer.section for answer in answers if answer.section is not None),
        missing=tuple(dict.fromkeys([*left_out, *missing])),
        hidden_by=tuple(_named(took_part, assumed=any(clip.plan is None for clip in clips))),
    )
    return Asked(found, tuple(clips), tuple(left_out))


def _answers(clips: Sequence[Clip], parts: Collection[str], asking: Asking) -> list[Answer]:
    return [one.ask(clips, asking) for name, one in PARTS.items() if name in parts]


def _clip(
    pair: Named, in_folder: bool, labels: Collection[str], told: Told, asking: Asking, watch: Watch
) -> tuple[Clip, dict[str, str]]:
    """A pair as it was read once, and the models that hid in it."""
    plan = _plan(pair, in_folder, told)
    truth = _beside(pair, told.truth, TRUTHS) if in_folder and told.truth is not None else told.truth
    models = hid(plan, told.hidden_by)
    opened = media_pair.opened(pair, plan, told.every)
    progress = asking.progress(f"{pair.name}, looking")
    found_by = watch(labels, frozenset(models.values()), told.detectors) if labels else Watchers()
    return watched(opened, found_by, plan=plan, truth=truth, progress=progress), models


def _plan(pair: Named, in_folder: bool, told: Told) -> Plan | None:
    if not isinstance(told.plan, Path):
        return told.plan
    path = _beside(pair, told.plan, (".plan",)) if in_folder else told.plan
    return None if path is None else store.load(path)


TRUTHS = (".plan", ".xml", ".coco.json", ".csv", ".json", ".txt")
"""Endings of what can be read as truth."""


def _beside(pair: Named, folder: Path, endings: Sequence[str]) -> Path | None:
    """The file of `folder` that belongs to a pair, by its name; None where there is none.

    Raises:
        InputError: `folder` is none.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder, but the files are in folders; give a folder of the same names")
    base = folder / Path(pair.name).with_suffix("")
    return next((path for end in endings if (path := base.with_name(base.name + end)).is_file()), None)


def _named(models: Mapping[str, str], *, assumed: bool) -> list[str]:
    """The models that hid, for people; passerby's own are a guess where no plan says so."""
    guess = " (assumed: without a plan the files do not say)" if assumed else ""
    return [f"{name} sha256 {sha256}{guess if name in weights.TABLE else ''}" for name, sha256 in models.items()]
