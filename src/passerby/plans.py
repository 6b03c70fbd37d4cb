"""From a file to its plan, and from a plan to its output: `anonymize` in two halves, with a review in between."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from passerby.analysis import analysis
from passerby.core.errors import InputError, OptionError, PlanError
from passerby.core.plan import Plan
from passerby.job import Job, beside, changed
from passerby.media.commit import check_free, committed
from passerby.options.choices import HIDING
from passerby.plan import store
from passerby.progress import Progress, Silent
from passerby.quality import Look, finders
from passerby.record import as_then
from passerby.report import Report
from passerby.settings import Options

SUFFIX = ".plan"


def analyze(source: str | Path, plan: str | Path | None = None, options: Options | None = None, **changes: Any) -> Plan:
    """Look for people in one video or picture, and hide nobody yet.

        plan = passerby.analyze("street.mp4")                         # in memory only
        plan = passerby.analyze("street.mp4", "street.plan")          # and as a file
        passerby.render(plan.keep(3), "street_anonymized.mp4")

    Args:
        source: the file to read.
        plan: the plan's file; None writes none.
        options: what can be chosen (see `settings.Options`); how things are hidden is chosen when it is rendered.
        changes: single options by name, on top of `options`.

    Raises:
        PasserbyError: see `core.errors`. Whatever is raised, no file is there.
    """
    chosen = changed(options or Options(), changes)
    return analyzed(Path(source), None if plan is None else Path(plan), chosen)


def analyzed(
    path: Path, target: Path | None, options: Options, progress: Progress | None = None, look: Look = finders
) -> Plan:
    """`analyze`, finding people by `look`."""
    if not path.is_file():
        raise InputError(f"{path} does not exist or is no file; check the name")
    if target is not None:
        check_apart(target, path)
        check_free(target, force=options.force)
    with ExitStack() as stack:
        file = target and stack.enter_context(committed(target, force=options.force))
        plan = analysis(path, options, progress or Silent(), look).plan
        if file and target:
            store.save(plan, file, target.parent)
    return plan


def render(
    plan: Plan | str | Path,
    output: str | Path | None = None,
    options: Options | None = None,
    *,
    media: str | Path | None = None,
    **changes: Any,
) -> Report:
    """Write a video or picture in which everything is hidden that a plan says.

    Args:
        plan: a plan, or its file.
        output: the file to write; None is NAME_anonymized.EXT beside the medium.
        options: how things are hidden and written; what was chosen when the plan was made stays as it was.
        media: the medium, if it does not lie where the plan says.
        changes: single options by name, on top of `options`.

    Raises:
        PasserbyError: see `core.errors`. Whatever is raised, no output file is there.
    """
    read = plan if isinstance(plan, Plan) else store.load(Path(plan))
    path = medium(read, None if media is None else Path(media))
    chosen = changed(options or Options(), changes)
    return rendering(read, path, Path(output) if output else beside(path), chosen).render(read)


def rendering(plan: Plan, path: Path, output: Path, options: Options) -> Job:
    """The job that renders `plan`, made from the file `path`.

    Raises:
        PlanError: the plan asks for a method that there is not.
        OptionError: it asks for the method 'image', and `options` name no picture.
    """
    unknown = [method for method in plan.methods if method not in HIDING]
    if unknown:
        raise PlanError(f"the plan hides by {unknown[0]!r}, which does not hide; choose from {', '.join(HIDING)}")
    if "image" in plan.methods and options.image is None:
        raise OptionError("the plan hides by a picture; give the one to put over faces with --image FILE")
    return Job(path, output, as_then(plan, options))


def medium(plan: Plan, named: Path | None = None) -> Path:
    """The file that `plan` was made from: the `named` one, else where the plan says.

    Raises:
        PlanError: it is not there.
    """
    path = named or plan.media.path
    if path is None or not path.is_file():
        where = "the plan does not say where it lies" if path is None else f"it is not at {path}"
        raise PlanError(f"{plan.media.name}, which the plan was made from, is needed: {where}; give it with --media")
    return path


def load_plan(path: str | Path) -> Plan:
    """The plan in a file.

    Raises:
        PlanError: it cannot be read, is none, is damaged, or is newer than this passerby.
    """
    return store.load(Path(path))


def save_plan(plan: Plan, path: str | Path, *, force: bool = False) -> None:
    """Write `plan` to a file, which appears whole or not at all; an existing one is replaced only with `force`.

    Raises:
        OutputError: it cannot be written.
    """
    with committed(Path(path), force=force) as file:
        store.save(plan, file, Path(path).parent)


def beside_plan(path: Path) -> Path:
    """A plan's default name: NAME.plan beside the input."""
    return path.with_suffix(SUFFIX)


def check_apart(target: Path, path: Path) -> None:
    """Refuse to write a plan over its own medium.

    Raises:
        OptionError: `target` is `path`.
    """
    if target.exists() and target.samefile(path):
        raise OptionError(f"the plan {target} is the input itself; choose another name with -o")
