"""`anonymize --verify`: an output takes its final name only when nothing is left over in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from passerby.core.errors import LeftoversFound, OutputError, WeightsError
from passerby.core.plan import Plan
from passerby.core.tracks import Origin, Sightings
from passerby.job import Job
from passerby.leftovers.check import Checking, Seek, checked
from passerby.leftovers.seekers import seekers, sums
from passerby.leftovers.verdict import Leftover, Verdict
from passerby.media.commit import check_free, committed
from passerby.media.mark import no_room
from passerby.plan import store
from passerby.progress import Progress
from passerby.quality import Look, finders
from passerby.record import as_then
from passerby.report import Report
from passerby.targets import deciding

ROUNDS = 2
"""How often what is left over is hidden again, at most."""
MARGIN = 6
"""Frames before and after a leftover in which it is hidden as well: whoever is found was there a little longer."""


def proven(job: Job, progress: Progress | None = None, look: Look = finders, seek: Seek = seekers) -> Report:
    """Do `job` under a temporary name, look at what came of it, and let it take its name when nothing is left over.

    What is left over is hidden again first, where the options say so.

    Raises:
        LeftoversFound: something is left over; there is no output.
        WeightsError: nobody but the models that hide could look.
    """
    job.check()
    _check_seekers(job, seek)
    with ExitStack() as stack:
        folder = stack.enter_context(_aside(job.output))
        output, plan_file = folder / job.output.name, folder / "its.plan"
        draft = Job(job.input, output, replace(job.options, plan=plan_file))
        report = draft.run(progress, look)
        plan = store.load(plan_file)
        verdict = _looked_at(job, output, plan, progress, seek, marked=_marked(job, report))
        for _ in range(ROUNDS if job.options.verify == "fix" else 0):
            if verdict.carried or not verdict.leftovers:
                break
            plan = hidden_again(plan, verdict.leftovers)
            report = _looked_as(report, _rendered(job, output, plan, verdict, progress))
            verdict = _looked_at(job, output, plan, progress, seek, marked=_marked(job, report))
        if not verdict.clean:
            raise LeftoversFound("\n".join([f"{job.input.name}: no output was written", *verdict.lines()]))
        _commit(job, output, plan)
    return replace(report, notes=[*report.notes, f"verified: nothing is left over; {verdict.looking}"])


@contextmanager
def _aside(output: Path) -> Iterator[Path]:
    """A folder for what is not proven yet, which goes with all that is in it when the block ends.

    It is where the output will be: nowhere else is sure to have room, or to be as private.
    """
    check_free(output, force=True)
    try:
        folder = tempfile.TemporaryDirectory(prefix=".passerby-", dir=output.parent)
    except OSError as error:
        raise OutputError(
            f"cannot write in {output.parent}: {error.strerror}; choose another folder with -o"
        ) from error
    with folder as name:
        yield Path(name)


def _check_seekers(job: Job, seek: Seek) -> None:
    """Raise WeightsError before the work where nobody could look for what is hidden."""
    for reason in seek({"face", *job.options.labels()}, sums(_hid(job))).unchecked:
        raise WeightsError(f"--verify cannot look for {reason}")


def _marked(job: Job, report: Report) -> bool:
    """Whether the output has to say that generators drew in it; kinds of files without room for that are told of."""
    return bool(report.synthetic) and job.options.mark != "none" and no_room(job.output) not in report.notes


def _looked_at(job: Job, output: Path, plan: Plan, progress: Progress | None, seek: Seek, *, marked: bool) -> Verdict:
    checking = Checking(
        plan=plan,
        original=job.input,
        sound=job.options.audio == "keep",
        synthetic=marked,
        hidden_by=_hid(job),
        options=job.options,
    )
    return checked(output, checking, progress, seek)


def _hid(job: Job) -> tuple[str, ...]:
    """The models that hide, by their names in the registry or their files: they do not judge themselves."""
    return tuple(chosen.source for chosen in deciding(job.options))


def _rendered(job: Job, output: Path, plan: Plan, verdict: Verdict, progress: Progress | None) -> Report:
    """The output of `plan`, in place of the one before."""
    options = replace(as_then(plan, job.options), force=True)
    report = Job(job.input, output, options).render(plan, progress)
    number = len(verdict.leftovers)
    note = f"{number} leftover{'s were' if number > 1 else ' was'} found and hidden again"
    return replace(report, notes=[*report.notes, note])


def _looked_as(before: Report, after: Report) -> Report:
    """The report `after` hiding again, with what it does not know of who looked `before`."""
    return replace(
        after,
        looks=before.looks,
        cuts=before.cuts,
        bound=before.bound,
        runtime=before.runtime,
        models=before.models,
        recognized=before.recognized,
    )


def hidden_again(plan: Plan, leftovers: Sequence[Leftover]) -> Plan:
    """`plan` with a track for each of `leftovers`, without gaps and a little longer than it was seen."""
    for leftover in leftovers:
        finds = leftover.finds
        frames = np.array([find.frame for find in finds], np.int64)
        rows = Sightings(
            np.zeros(len(finds), np.int64),
            frames,
            np.array([find.box for find in finds], np.float32),
            np.array([find.score for find in finds], np.float32),
            np.full(len(finds), Origin.DETECTED, np.uint8),
            np.full(len(finds), leftover.best.label),
        )
        plan = plan.draw(leftover.best.label, rows)
        span = int(frames[0]) - MARGIN, int(frames[-1]) + MARGIN + 1
        plan = plan.extend(plan.tracks[-1].id, span)
    return plan


def _commit(job: Job, output: Path, plan: Plan) -> None:
    """Give the output, and the plan if it is wanted, their names."""
    with ExitStack() as stack:
        if job.options.plan is not None:
            file = stack.enter_context(committed(job.options.plan, force=job.options.force))
            store.save(plan, file, job.options.plan.parent)
        target = stack.enter_context(committed(job.output, force=job.options.force))
        with output.open("rb") as whole:
            shutil.copyfileobj(whole, target)
