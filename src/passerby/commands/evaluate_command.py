"""`passerby evaluate` and its parts."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from passerby.console import answer, say
from passerby.core.errors import OptionError
from passerby.evaluate import ask, report
from passerby.evaluate.ask import PARTS, Told
from passerby.evaluate.brought import Brought, Files
from passerby.evaluate.findings import Evaluation
from passerby.evaluate.sections.answer import Asking
from passerby.evaluate.sections.masks import mask_section
from passerby.evaluate.sections.reid import organize
from passerby.evaluate.sequences import Window, read_environments
from passerby.evaluate.watchers import FACE, PERSON, VEHICLE
from passerby.media.commit import check_free
from passerby.progress import Printed, Progress, Silent
from passerby.settings import Options

DONE, FAILED, SOME_FAILED = 0, 1, 4


def evaluate(chosen: argparse.Namespace) -> int:
    """Ask all questions, or one; the exit code."""
    parts = tuple(PARTS) if chosen.command == "evaluate" else (chosen.command.removeprefix("evaluate "),)
    told = Told(chosen.plan, chosen.truth, tuple(chosen.hidden_by), chosen.every, _detectors(chosen.detector))
    _check_output(chosen, (chosen.original, chosen.anonymized, chosen.plan, chosen.truth))
    folder: Path | None = getattr(chosen, "organize", None)
    if folder is not None:
        check_free(folder, force=False)
    if chosen.models is not None:
        if not chosen.models.is_dir():
            raise OptionError(f"--models {chosen.models} is no folder; give the folder of the model files")
        # As if the user had set it for this run: the registry looks there first.
        os.environ["PASSERBY_MODELS"] = str(chosen.models)
    asking = _asking(chosen)
    found = ask.asked(chosen.original, chosen.anonymized, parts, told, asking)
    if folder is not None:
        people = organize(found.clips, folder, asking)
        say(f"{folder}: crops of {people} people, originals in bounding_box_test and anonymized ones in query")
    _tell(found.evaluation, chosen, report.targets if parts == ("clothes",) else report.summary)
    if not found.evaluation.sections or not found.evaluation.valid:
        return FAILED
    return SOME_FAILED if found.left_out else DONE


def masks(chosen: argparse.Namespace) -> int:
    """Compare two folders of masks; the exit code."""
    _check_output(chosen, (chosen.ours, chosen.reference, chosen.environments))
    window = Window(
        start=chosen.first, stop=None if chosen.last is None else chosen.last + 1, max_shift=chosen.max_shift
    )
    environments = None if chosen.environments is None else read_environments(chosen.environments)
    section = mask_section(chosen.ours, chosen.reference, environments=environments, window=window)
    _tell(Evaluation(pairs=(), sections=(section,)), chosen, report.summary)
    return DONE


def _asking(chosen: argparse.Namespace) -> Asking:
    def progress(name: str) -> Progress:
        return Silent() if chosen.quiet else Printed(name)

    return Asking(
        progress=progress,
        options=Options(shape=chosen.shape, grow=chosen.grow),
        run_report=getattr(chosen, "run_report", None),
        undo=getattr(chosen, "undo", None) or "",
        brought=_brought(chosen),
        masks=_both(vars(chosen), "masks", "truth_masks"),
    )


def _brought(chosen: argparse.Namespace) -> Brought:
    """The files that were given; each command knows only those that it can use."""
    told = vars(chosen)
    return Brought(
        face_model=told.get("face_model") or "",
        body_model=told.get("body_model") or "",
        features=told.get("features"),
        flow=told.get("flow"),
        video_features=told.get("video_features"),
        actions=told.get("action_model"),
        predictions=_both(told, "before", "after"),
        poses=_both(told, "poses_before", "poses_after"),
        plates=told.get("plates"),
    )


def _both(told: dict[str, Any], one: str, other: str) -> Files | None:
    before, after = told.get(one), told.get(other)
    if (before is None) != (after is None):
        options = " and ".join(f"--{name.replace('_', '-')}" for name in (one, other))
        raise OptionError(f"{options} belong together; give what a model saw in both")
    return None if before is None or after is None else (before, after)


def _detectors(written: Collection[str]) -> dict[str, str]:
    answer: dict[str, str] = {}
    for one in written:
        label, _, model = one.partition("=")
        if label not in (FACE, PERSON, VEHICLE) or not model:
            raise OptionError(f"--detector {one} is no LABEL=MODEL; write person=yolo:FILE.onnx, or face=, or vehicle=")
        answer[label] = model
    return answer


def _check_output(chosen: argparse.Namespace, read: Collection[Path | None]) -> None:
    """Better before the work than after it."""
    if chosen.output is None:
        return
    target = chosen.output.resolve()
    for path in read:
        if path is not None and (path.resolve() == target or path.resolve().is_relative_to(target)):
            raise OptionError(f"-o {chosen.output} is or holds {path}, which is read; choose another folder")
    report.check(chosen.output, force=chosen.force)


def _tell(evaluation: Evaluation, chosen: argparse.Namespace, lines: Callable[[Evaluation], list[str]]) -> None:
    if chosen.output is not None:
        report.write(evaluation, chosen.output, force=chosen.force)
    answer("\n".join(lines(evaluation)))
