"""Is the film still good for what it was taken for?"""

from __future__ import annotations

from collections.abc import Sequence

from passerby.core.errors import NotMeasurable
from passerby.evaluate import actions, coco, cost, pose_files, predictions
from passerby.evaluate.clip import Clip, surely
from passerby.evaluate.findings import Section
from passerby.evaluate.sections import videos
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
    for ask in (_actions, _poses):
        try:
            figures += ask(clips, asking)
        except NotMeasurable as error:
            missing.append(str(error))
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


def _actions(clips: Sequence[Clip], asking: Asking) -> list[Figure]:
    """By a network that was brought, or by what a model of actions wrote.

    Raises:
        NotMeasurable: neither was given.
    """
    files, network = asking.brought.predictions, asking.brought.action_network(asking.hid)
    if network is not None:
        found = actions.figures(videos.acted(clips, network, asking), model=network.model, truth="original")
        return list(noted(found, "each file is one clip"))
    if files is None:
        raise NotMeasurable(
            "actions: no model was given; give an ONNX network of clips with --action-model, or what another program "
            "saw in both with --before and --after"
        )
    before, after = (predictions.read(path) for path in files)
    truth = predictions.has_truth(before) or predictions.has_truth(after)
    return actions.figures(predictions.paired(before, after), truth="labels" if truth else "original")


def _poses(clips: Sequence[Clip], asking: Asking) -> list[Figure]:
    """How far a model of poses agrees with itself.

    Raises:
        NotMeasurable: nothing was given, or it is not of one clip.
    """
    files = asking.brought.poses
    if files is None:
        raise NotMeasurable(
            "poses: none were given; let a model of poses look at both files, and give COCO's results with "
            "--poses-before and --poses-after"
        )
    if len(clips) > 1:
        raise NotMeasurable("poses: COCO's results tell no files apart; give one pair of files")
    before, after = (pose_files.read(path) for path in files)
    sides_of = zip((before, after), clips[0].numbers.T.tolist(), strict=True)
    one, other = ([side.get(frame, pose_files.NOBODY) for frame in frames] for side, frames in sides_of)
    true = [pose_files.surely(poses) for poses in one]
    sides = [{"person": [*map(pose_files.compared, found, true)]} for found in (one, other)]
    names = [clips[0].name] * len(true)
    found = coco.retention(sides[0], sides[1], names, what="pose", most=coco.MOST_POSES)
    return list(noted(found, ITSELF))


def costs(clips: Sequence[Clip], asking: Asking) -> Answer:
    """What hiding took, from the run's own report."""
    if asking.run_report is None:
        why = "throughput: no report of the run; hide with --report RUN.json, and give it with --run-report"
        return Answer(None, (why,))
    figures = tuple(cost.figures(asking.run_report))
    question = "How long does hiding take, and how much memory?"
    headline = ("throughput", "latency, 95th percentile", "peak memory")
    return Answer(Section(name="cost", question=question, figures=figures, headline=headline))
