"""Every question about an original and what was made of it, or about two folders of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import cv2

from passerby import weights
from passerby.core.errors import InputError, OptionError, PasserbyError
from passerby.core.plan import Plan
from passerby.evaluate import media_pair
from passerby.evaluate.clip import Clip, watched
from passerby.evaluate.findings import Evaluation
from passerby.evaluate.media_pair import Named, Pair
from passerby.evaluate.sections import (
    attack,
    clothes,
    drift,
    faces,
    leaks,
    plates,
    quality,
    reid,
    temporal,
    tracking,
    utility,
)
from passerby.evaluate.sections.answer import Answer, Asking
from passerby.evaluate.watchers import FACE, PERSON, VEHICLE, Watchers, excluded, hid, watchers
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
ALONE: Mapping[str, Part] = {"clothes": Part(clothes.clothes, frozenset({PERSON}))}
"""Those that are answered only where they are asked by name: what they say of pictures, others say as well."""


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
        parts: of `PARTS` and `ALONE`.
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
    questions = {**PARTS, **ALONE}
    unknown = [name for name in parts if name not in questions]
    if unknown or not parts:
        raise OptionError(f"there is no question {', '.join(unknown) or 'at all'}; choose of {', '.join(questions)}")
    cv2.setNumThreads(1)
    pairs, left_out = media_pair.named(original, anonymized)
    labels = frozenset().union(*(questions[name].labels for name in parts))
    openings = _all_that_go(pairs, left_out, lambda pair: _opening(pair, original.is_dir(), told))
    # Who hid in one file measures in none: figures of all of them together are of one model.
    models = dict.fromkeys(model for one in openings for model in hid(one.plan, told.hidden_by).items())
    no_part = frozenset(sha256 for _, sha256 in models).union(*(excluded(one.plan) for one in openings))
    clips = _all_that_go(openings, left_out, lambda one: _clip(one, labels, no_part, told, asking, watch))
    answers = _answers(clips, parts, replace(asking, hid=tuple(sorted(no_part))))
    missing = [line for clip in clips for line in (*clip.doubts, *clip.watchers.missing)]
    missing += [line for answer in answers for line in answer.missing]
    found = Evaluation(
        pairs=tuple(clip.media for clip in clips),
        sections=tuple(answer.section for answer in answers if answer.section is not None),
        missing=tuple(dict.fromkeys([*left_out, *missing])),
        compared=tuple(line for clip in clips for line in clip.compared),
        hidden_by=tuple(_named(models, assumed=any(clip.plan is None for clip in clips))),
    )
    return Asked(found, tuple(clips), tuple(left_out))


def _answers(clips: Sequence[Clip], parts: Collection[str], asking: Asking) -> list[Answer]:
    return [one.ask(clips, asking) for name, one in {**PARTS, **ALONE}.items() if name in parts]


@dataclass(frozen=True, slots=True)
class _Opening:
    """A pair before anybody looked at it, and what is known of it."""

    pair: Pair
    plan: Plan | None
    truth: Path | None

    @property
    def name(self) -> str:
        return self.pair.name


_Pair = TypeVar("_Pair", Named, _Opening)
_Result = TypeVar("_Result")


def _all_that_go(pairs: Sequence[_Pair], left_out: list[str], do: Callable[[_Pair], _Result]) -> list[_Result]:
    """What `do` makes of each of several `pairs`; those that do not go are told in `left_out`.

    Raises:
        InputError: not one of them goes.
        PasserbyError: there is one alone, and it does not.
    """
    done, reasons = [], []
    for pair in pairs:
        try:
            done.append(do(pair))
        except PasserbyError as error:
            if len(pairs) == 1:
                raise
            reasons.append(f"{pair.name}: {error}")
    if not done:
        raise InputError(f"not one of {len(pairs)} pairs can be compared; the first: {reasons[0]}")
    left_out += reasons
    return done


def _opening(pair: Named, in_folder: bool, told: Told) -> _Opening:
    plan = _plan(pair, in_folder, told)
    truth = _beside(pair, told.truth, TRUTHS) if in_folder and told.truth is not None else told.truth
    return _Opening(media_pair.opened(pair, plan, told.every), plan, truth)


def _clip(
    one: _Opening, labels: Collection[str], no_part: frozenset[str], told: Told, asking: Asking, watch: Watch
) -> Clip:
    """A pair as it was read once, looked at by who took no part in hiding."""
    progress = asking.progress(f"{one.name}, looking")
    found_by = watch(labels, no_part, told.detectors) if labels else Watchers()
    return watched(one.pair, found_by, plan=one.plan, truth=one.truth, progress=progress)


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


def _named(models: Iterable[tuple[str, str]], *, assumed: bool) -> list[str]:
    """The models that hid, by name and sha256, for people; passerby's own are a guess where no plan says so."""
    guess = " (assumed: without a plan the files do not say)" if assumed else ""
    return [f"{name} sha256 {sha256}{guess if name in weights.TABLE else ''}" for name, sha256 in models]
