"""Many inputs: which output belongs to which, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from passerby.core.errors import LeftoversFound, OptionError, OutputError, PasserbyError
from passerby.core.stopping import unless_interrupted
from passerby.job import Job, beside
from passerby.media.commit import led_to
from passerby.media.container import VIDEO_SUFFIXES, output_suffix
from passerby.media.stills import STILL_SUFFIXES, is_still
from passerby.methods import generating
from passerby.progress import Progress
from passerby.report import Outcome
from passerby.settings import Options

Planned = Job | Outcome
"""Something to do, or why it is not done."""


def assign(inputs: Sequence[Path], output: Path | None, options: Options, report: Path | None = None) -> list[Planned]:
    """What each input, and each file of each folder among them, becomes.

    `output` is a file for a single file, else a folder. A folder is walked to its end and mirrored, by default in
    NAME_anonymized beside it; what is neither video nor picture in it is skipped. No two outputs share a name, and
    nothing that is written (`report` and the plan as well) takes the place of an input.

    Raises:
        OptionError: an output, plan or report would take the place of an input or of another one.
    """
    into = output is not None and (len(inputs) > 1 or inputs[0].is_dir() or output.is_dir())
    names = _Names({led_to(path) for path in inputs if not path.is_dir()})
    planned: list[Planned] = []
    for path in inputs:
        if path.is_dir():
            mirror = output if output is not None else _beside(path)
            planned += _folder(path, mirror, options, names)
        elif into and output is not None:
            planned.append(Job(path, names.free(output / path.with_suffix(beside(path).suffix).name), options))
        else:
            planned.append(Job(path, output or names.free(beside(path)), options))
    for option, extra in (("--plan", options.plan), ("--profile", options.profile)):
        if extra is not None and len(planned) > 1:
            raise OptionError(f"{option} names one file, but there are {len(planned)} inputs; give them one at a time")
    for option, extra in (("--plan", options.plan), ("--profile", options.profile), ("--report", report)):
        _check_apart(option, extra, planned)
    if report is not None and options.plan is not None and led_to(report) == led_to(options.plan):
        raise OptionError(f"--plan and --report both name {report}; give them two names")
    return planned


def _beside(folder: Path) -> Path:
    """NAME_anonymized beside a folder, however it is called: `.` and `..` are folders with names, too."""
    named = folder if folder.name not in ("", "..") else led_to(folder)
    if not named.name:
        raise OptionError(f"{folder} has no name to call its output by; choose a folder with -o")
    return named.with_name(f"{led_to(folder).name}_anonymized")


def _folder(folder: Path, mirror: Path, options: Options, names: _Names) -> Iterator[Planned]:
    """One entry per file under `folder`, in the order of their names."""
    if led_to(folder).is_relative_to(led_to(mirror)):
        raise OptionError(f"{mirror} holds {folder} itself; choose another folder with -o")
    files = [path for path in sorted(folder.rglob("*")) if not path.is_dir()]
    files = [path for path in files if not led_to(path).is_relative_to(led_to(mirror))]
    if not files:
        raise OptionError(f"the folder {folder} holds no files; nothing to do")
    names.taken |= {led_to(path) for path in files}
    for path in files:
        suffix = path.suffix.lower()
        if suffix in STILL_SUFFIXES or suffix in VIDEO_SUFFIXES or is_still(path):
            video = suffix in VIDEO_SUFFIXES
            target = mirror / path.relative_to(folder).with_suffix(output_suffix(path) if video else path.suffix)
            yield Job(path, names.free(target), options)
        else:
            yield Outcome(input=path, status="skipped", message="neither a video nor a picture")


class _Names:
    """Files that nothing may be written over in this run: inputs, and outputs that others have."""

    def __init__(self, taken: set[Path]) -> None:
        self.taken = taken

    def free(self, target: Path) -> Path:
        """`target`, or the next name beside it that is not taken; taken from now on."""
        candidate, number = target, 1
        while led_to(candidate) in self.taken:
            number += 1
            candidate = target.with_name(f"{target.stem}-{number}{target.suffix}")
        self.taken.add(led_to(candidate))
        return candidate


def _check_apart(option: str, extra: Path | None, planned: Sequence[Planned]) -> None:
    if extra is None:
        return
    outputs = {led_to(item.output) for item in planned if item.output is not None}
    if led_to(extra) in outputs | {led_to(item.input) for item in planned}:
        raise OptionError(f"{option} {extra} is an input or output of this run; choose another name")


def run(
    planned: Sequence[Planned],
    progress: Callable[[Path], Progress],
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    """Do everything in turn; a failure of one input does not keep the others from being done.

    Raises:
        OptionError: the options do not suit the only input there is.
    """
    outcomes = []
    for item in planned:
        outcome = _one(item, progress, alone=len(planned) == 1) if isinstance(item, Job) else item
        unless_interrupted()
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
            generating.check(item.options)
            generating.check_files(item.options)
            outcomes.append(Outcome(input=item.input, status="planned", message="", output=item.output))
        except PasserbyError as error:
            outcomes.append(Outcome(input=item.input, status="failed", message=str(error)))
    return outcomes


def _one(job: Job, progress: Callable[[Path], Progress], *, alone: bool) -> Outcome:
    shown = progress(job.input)
    try:
        with _folder_for(job.output):
            report = job.perform(shown)
    except LeftoversFound as error:
        return Outcome(input=job.input, status="leftovers", message=str(error))
    except PasserbyError as error:
        if alone and isinstance(error, OptionError):
            raise
        return Outcome(input=job.input, status="failed", message=str(error))
    except Exception as error:  # noqa: BLE001  the sink has rolled back; the other inputs are still to be done
        what = f"{job.input.name}: unexpected {type(error).__name__}: {error}; please report it with `passerby doctor`"
        return Outcome(input=job.input, status="failed", message=" ".join(what.split()))
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
        raise OutputError(
            f"cannot make the folder {output.parent}: {error.strerror}; choose another one with -o"
        ) from error
    try:
        yield
    finally:
        for folder in made:
            with suppress(OSError):  # not empty: something else lies in it by now
                folder.rmdir()
