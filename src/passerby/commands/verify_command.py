"""`passerby verify`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from passerby.console import answer, say
from passerby.core.errors import OptionError
from passerby.evaluate import cost
from passerby.job import write_text
from passerby.leftovers.check import Checking, checked
from passerby.leftovers.page import page
from passerby.leftovers.verdict import Verdict
from passerby.media.commit import check_free
from passerby.plan import store
from passerby.progress import Printed, Silent
from passerby.settings import Options


def verify(chosen: argparse.Namespace) -> Sequence[Verdict]:
    """Look at every file, say what is left over, and give what was found."""
    if len(chosen.inputs) > 1 and (chosen.plan or chosen.original):
        raise OptionError(
            f"--plan and --original belong to one file, but there are {len(chosen.inputs)}; give one at a time"
        )
    if chosen.report is not None:
        read = [path for path in (*chosen.inputs, chosen.original, chosen.plan, chosen.run_report) if path]
        if chosen.report.resolve() in {path.resolve() for path in read}:
            raise OptionError(f"--report {chosen.report} is read by this very command; choose another name")
        check_free(chosen.report, force=chosen.force)
    drawn = {} if chosen.run_report is None else _drawn(chosen.run_report, chosen.inputs)
    checking = Checking(
        plan=None if chosen.plan is None else store.load(chosen.plan),
        original=chosen.original,
        every=chosen.every,
        conf=chosen.conf,
        sound=chosen.audio == "keep",
        hidden_by=tuple(chosen.hidden_by),
        options=Options(shape=chosen.shape, grow=chosen.grow),
    )
    verdicts = [
        _one(path, replace(checking, synthetic=chosen.synthetic or bool(drawn.get(path.name))), chosen)
        for path in chosen.inputs
    ]
    if chosen.report is not None:
        write_text(chosen.report, page(verdicts), force=chosen.force)
    if chosen.json:
        answer(json.dumps({"files": [verdict.as_dict() for verdict in verdicts]}, indent=1))
    return verdicts


def _drawn(report: Path, files: Sequence[Path]) -> Mapping[str, Sequence[str]]:
    """What generators drew in each file, by its name and the report of the run that wrote it.

    Raises:
        OptionError: the run did not write one of `files`.
    """
    drawn = {str(run.get("output")): run.get("synthetic", ()) for run in cost.finished(report)}
    for path in files:
        if path.name not in drawn:
            known = ", ".join(drawn) or "nothing"
            raise OptionError(
                f"{report} tells of no {path.name}, but of {known}; give the report of the run that wrote it"
            )
    return drawn


def _one(path: Path, checking: Checking, chosen: argparse.Namespace) -> Verdict:
    shown = Silent() if chosen.quiet else Printed(path.name)
    try:
        verdict = checked(path, checking, shown)
    finally:
        shown.end()
    lines = verdict.lines()
    if not chosen.json:
        answer("\n".join(lines if not chosen.quiet else [line for line in lines if "LEFT" in line]))
    elif not verdict.clean:
        say(lines[0])
    return verdict
