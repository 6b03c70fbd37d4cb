"""Many inputs: which output belongs to which, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from passerby.core.errors import OptionError, OutputError, PasserbyError
from passerby.core.stages import Detector
from passerby.job import Job, beside
from passerby.media.container import VIDEO_SUFFIXES, output_suffix
from passerby.media.stills import STILL_SUFFIXES
from passerby.progress import Progress
from passerby.report import Outcome
from passerby.settings import Options

Planned = Job | Outcome
"""Something to do, or why it is not done."""


def assign(inputs: Sequence[Path], output: Path | None, options: Options) -> list[Planned]:
    """What each input, and each file of each folder among them, becomes; no two outputs share a name.

    `output` is a file for a single file, else a folder. A folder is walked to its end and mirrored, by default in
    NAME_anonymized beside it; what is neither video nor picture in it is skipped.
    """
    into = output is not None and (len(inputs) > 1 or inputs[0].is_dir() or output.is_dir())
    taken: set[Path] = set()
    planned: list[Planned] = []
    for path in inputs:
        if path.is_dir():
            mirror = output if output is not None else path.with_name(f"{path.resolve().name}_anonymized")
            planned += _folder(path, mirror, options, taken)
        elif into and output is not None:
            target = output / path.with_suffix(beside(path).suffix).name
            planned.append(Job(path, _free(target, taken, path), options))
        else:
            planned.append(Job(path, output or _free(beside(path), taken, path), options))
    if options.plan is not None and len(planned) > 1:
        raise OptionError(f"--plan names one file, but there are {len(planned)} inputs; give them one at a time")
    return planned


def _folder(folder: Path, mirror: Path, options: Options, taken: set[Path]) -> Iterator[Planned]:
    """One entry per file under `folder`, in the order of their names."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir() or path.resolve().is_relative_to(mirror.resolve()):
            continue
        suffix = path.suffix.lower()
        if suffix in STILL_SUFFIXES or suffix in VIDEO_SUFFIXES:
            new = path.suffix if suffix in STILL_SUFFIXES else output_suffix(path)
            target = mirror / path.relative_to(folder).with_suffix(new)
            yield Job(path, _free(target, taken, path), options)
        else:
            yield Outcome(input=path, status="skipped", message="neither a video nor a picture")


def _free(target: Path, taken: set[Path], path: Path) -> Path:
    """`target`, or a name beside it that no other input of this run has, and that is not the input itself."""
    candidate, number = target, 1
    while candidate.resolve() in taken or candidate.resolve() == path.resolve():
        number += 1
        candidate = target.with_name(f"{target.stem}-{number}{target.suffix}")
    taken.add(candidate.resolve())
    return candidate


def run(
    planned: Sequence[Planned],
    detector: Detector,
    progress: Callable[[Path], Progress],
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    """Do everything in turn; a failure of one input does not keep the others from being done."""
    outcomes = []
    for item in planned:
        outcome = _one(item, detector, progress) if isinstance(item, Job) else item
        done(outcome)
        outcomes.append(outcome)
    return outcomes


def rehearse(planned: Sequence[Planned]) -> list[Outcome]:
    """What `run` would do, as far as that can be told without doing it; writes nothing."""
    outcomes = []
    for item in planned:
        if isinstance(item, Outcome):
            outcomes.append(item)
            continue
        try:
            item.check()
            outcomes.append(Outcome(input=item.input, status="planned", message="", output=item.output))
        except PasserbyError as error:
            outcomes.append(Outcome(input=item.input, status="failed", message=str(error)))
    return outcomes


def _one(job: Job, detector: Detector, progress: Callable[[Path], Progress]) -> Outcome:
    shown = progress(job.input)
    try:
        with _folder_for(job.output):
            report = job.run(detector, shown)
    except OptionError:
        raise  # it would be the same for every input
    except PasserbyError as error:
        return Outcome(input=job.input, status="failed", message=str(error))
    finally:
        shown.end()
    return Outcome(input=job.input, status="done", message="", output=job.output, report=report)


@contextmanager
def _folder_for(output: Path) -> Iterator[None]:
    """The folder of `output` exists in the block; folders made for it go again when it does not come about."""
    made = [folder for folder in output.parents if not folder.exists()]
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {output.parent}: {error.strerror}") from error
    try:
        yield
    finally:
        for folder in made:
            with suppress(OSError):  # not empty: something else lies in it by now
                folder.rmdir()
