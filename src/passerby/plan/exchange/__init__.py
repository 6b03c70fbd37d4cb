"""Plans for other programs, and back: CVAT's XML, COCO's JSON, and rows as CSV or JSON. See docs/exchange.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from passerby.core.errors import OptionError
from passerby.core.plan import Plan
from passerby.plan.exchange import coco, csv_file, cvat, json_file

__all__ = ["FORMATS", "format_of", "read", "write"]


@dataclass(frozen=True)
class Format:
    """How one kind of file is written and read."""

    write: Callable[[Plan, BinaryIO], None]
    read: Callable[[bytes, Plan], Plan]
    suffix: str


FORMATS: Mapping[str, Format] = {
    "cvat": Format(cvat.write, cvat.read, ".xml"),
    "coco": Format(coco.write, coco.read, ".coco.json"),
    "csv": Format(csv_file.write, csv_file.read, ".csv"),
    "json": Format(json_file.write, json_file.read, ".json"),
}


def format_of(path: Path) -> str:
    """The format that a file's name tells: '.xml' is cvat, '.coco.json' coco, '.csv' csv and '.json' json.

    Raises:
        OptionError: it tells none.
    """
    for name, form in FORMATS.items():
        if path.name.lower().endswith(form.suffix):
            return name
    endings = ", ".join(f"{form.suffix} ({name})" for name, form in FORMATS.items())
    raise OptionError(f"{path.name} does not tell its format; end its name in one of {endings}, or choose a format")


def write(plan: Plan, file: BinaryIO, format: str) -> None:
    """Write `plan` to an open `file` as 'cvat', 'coco', 'csv' or 'json'.

    Raises:
        OptionError: there is no such format.
    """
    _format(format).write(plan, file)


def read(data: bytes, plan: Plan, format: str) -> Plan:
    """`plan` with the tracks that the file's bytes `data` say, and with its decisions where the file tells of any.

    What a file does not tell comes from `plan`: its medium, times, cuts, seed and provenance. Where it tells nothing of
    decisions, those of `plan` on single tracks go, since its numbers may mean others; what is undecided is hidden.

    Raises:
        InputError: it is not such a file, or says what cannot be of this medium.
        OptionError: there is no such format.
    """
    return _format(format).read(data, plan)


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise OptionError(f"no format {name!r}; there is {', '.join(FORMATS)}")
    return FORMATS[name]
