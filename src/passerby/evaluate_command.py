"""`passerby evaluate` and its parts."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection
from pathlib import Path

from passerby.console import answer, say
from passerby.core.errors import OptionError
from passerby.evaluate import ask, report
from passerby.evaluate.ask import PARTS, Told
from passerby.evaluate.findings import Evaluation
from passerby.evaluate.sections.answer import Asking
from passerby.evaluate.sections.masks import mask_section
from passerby.evaluate.sections.reid import organize
from passerby.evaluate.sequences import Window, read_environments
from passerby.media.commit import check_free
from passerby.progress import Printed, Progress, Silent
from passerby.settings import Options

DONE, FAILED, SOME_FAILED = 0, 1, 4


def evaluate(chosen: argparse.Namespace) -> int:
    """Ask all questions, or one; the exit code."""
    parts = tuple(PARTS) if chosen.command == "evaluate" else (chosen.command.removeprefix("evaluate "),)
    told = Told(chosen.plan, chosen.truth, tuple(chosen.hidden_by), chosen.every)
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
    before, after = getattr(chosen, "before", None), getattr(chosen, "after", None)
    if (before is None) != (after is None):
        raise OptionError("--before and --after belong together; give what a model saw in both")

    def progress(name: str) -> Progress:
        return Silent() if chosen.quiet else Printed(name)

    return Asking(
        progress=progress,
        options=Options(shape=chosen.shape, grow=chosen.grow),
        run_report=chosen.run_report,
        predictions=None if before is None or after is None else (before, after),
        features=chosen.features,
        masks=_mask_folders(chosen),
    )


def _mask_folders(chosen: argparse.Namespace) -> tuple[Path, Path] | None:
    ours, truth = getattr(chosen, "masks", None), getattr(chosen, "truth_masks", None)
    if (ours is None) != (truth is None):
        raise OptionError(
            "--masks and --truth-masks belong together; give folders of masks as found and as they should be"
        )
    return None if ours is None or truth is None else (ours, truth)


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
