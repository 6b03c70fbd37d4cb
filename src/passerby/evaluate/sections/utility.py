"""Is the film still good for what it was taken for?"""

from __future__ import annotations

from collections.abc import Sequence

from passerby.core.errors import NotMeasurable
from passerby.evaluate import actions, coco, cost, predictions
from passerby.evaluate.clip import Clip, surely
from passerby.evaluate.findings import Section
from passerby.evaluate.sections.answer import Answer, Asking, noted
from passerby.evaluate.statistics import Figure
from passerby.evaluate.watchers import PERSON, VEHICLE

QUESTION = "Can machines still find people and vehicles, and recognise what is done?"
ITSELF = "nobody says what is there: the surest finds in the originals stand for it, so 'before' is no accuracy"


def utility(clips: Sequence[Clip], asking: Asking) -> Answer:
    """How far a detector of persons and vehicles agrees with itself, and a model of actions with its labels."""
    figures: list[Figure] = []
    missing: list[str] = []
    for label in (PERSON, VEHICLE):
        try:
            figures += _retention(clips, label)
        except NotMeasurable as error:
            missing.append(f"finding {label}s: {error}")
    if asking.predictions is not None:
        before, after = (predictions.read(path) for path in asking.predictions)
        truth = predictions.has_truth(before) or predictions.has_truth(after)
        counts = predictions.paired(before, after)
        figures += actions.figures(counts, truth="labels" if truth else "original")
    else:
        missing.append(
            "actions: no predictions were given; let a model of actions look at both, and give --before and --after"
        )
    if not figures:
        return Answer(None, tuple(missing))
    headline = [one.name for one in figures if one.name.endswith(("after / before", "top-1 after"))]
    return Answer(
        Section(name="utility", question=QUESTION, figures=tuple(figures), headline=tuple(headline)), tuple(missing)
    )


def _retention(clips: Sequence[Clip], label: str) -> list[Figure]:
    """Average precision of one label's finds, before and after, against the surest ones in the originals.

    Raises:
        NotMeasurable: nobody looked for it.
    """
    looked = [clip for clip in clips if label in clip.watchers.models]
    if not looked:
        reasons = [reason for clip in clips for reason in clip.watchers.missing]
        raise NotMeasurable("; ".join(dict.fromkeys(reasons)) or "nobody looked for them")
    names, before, after = [], [], []
    for clip in looked:
        true = surely(clip.before, label)
        finds = ([found[found.labels == label] for found in side] for side in (clip.before, clip.after))
        for there, one, other in zip(true, *finds, strict=True):
            names.append(clip.name)
            before.append(coco.by_label(one, there))
            after.append(coco.by_label(other, there))
    model = looked[0].watchers.models[label]
    found = coco.retention(coco.gathered(before), coco.gathered(after), names, what=label, model=model)
    return list(noted(found, ITSELF))


def costs(clips: Sequence[Clip], asking: Asking) -> Answer:
    """What hiding took, from the run's own report."""
    if asking.run_report is None:
        why = "throughput: no report of the run; hide with --report RUN.json, and give it with --run-report"
        return Answer(None, (why,))
    figures = tuple(cost.figures(asking.run_report))
    question = "How long does hiding take?"
    return Answer(Section(name="cost", question=question, figures=figures, headline=("throughput",)))
