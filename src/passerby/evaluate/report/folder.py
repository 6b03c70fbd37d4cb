"""A report as a folder: report.html, report.json, and its curves as files of their own."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

from passerby.core.errors import OutputError
from passerby.evaluate.findings import Curve, Evaluation
from passerby.evaluate.report import chart, plots
from passerby.evaluate.report.page import page
from passerby.evaluate.report.record import record
from passerby.evaluate.report.shareable import shareable
from passerby.media.commit import check_free, committed

PAGE, RECORD, CURVES = "report.html", "report.json", "curves"


def check(folder: Path, *, force: bool) -> None:
    """Raise OutputError where `write` would before it begins: better before the work than after it."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; name a folder for the report with -o")
    if not folder.parent.is_dir():
        raise OutputError(f"the folder {folder.parent} does not exist; make it first")
    if folder.is_dir():
        for name in (PAGE, RECORD):
            check_free(folder / name, force=force)


def write(evaluation: Evaluation, folder: Path, *, force: bool) -> None:
    """Write `evaluation` down in `folder`, which is made where it is missing; the page gets its name last.

    Curves are SVG, and PNG as well where matplotlib is installed. What is written names no folder of this machine.

    Raises:
        OutputError: there is a report already and `force` is not given, or `folder` cannot be written in.
    """
    check(folder, force=force)
    told = shareable(evaluation)
    names = _names(told)
    files = {PAGE: page(told).encode(), RECORD: record(told, names)}
    for curve, paths in names.items():
        files |= {path: _drawn(curve, path) for path in paths}
    try:
        (folder / CURVES if names else folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}; choose another with -o") from error
    with ExitStack() as stack:
        # All take their names at the end, the last first; so a page that is there has all beside it.
        for name, data in files.items():
            stack.enter_context(committed(folder / name, force=force)).write(data)


def _names(evaluation: Evaluation) -> dict[Curve, list[str]]:
    """The files of each curve, in the folder: numbered, since two may have one title."""
    curves = [(section.name, curve) for section in evaluation.sections for curve in section.curves]
    endings = ("svg", "png") if plots.available() else ("svg",)
    return {
        curve: [f"{CURVES}/{place:02d}-{_plain(section)}-{_plain(curve.title)}.{ending}" for ending in endings]
        for place, (section, curve) in enumerate(curves, 1)
    }


def _plain(said: str) -> str:
    """What of `said` any file system takes."""
    return re.sub(r"[^a-z0-9]+", "-", said.lower()).strip("-")[:40] or "curve"


def _drawn(curve: Curve, path: str) -> bytes:
    return plots.png(curve) if path.endswith(".png") else chart.file(curve)
