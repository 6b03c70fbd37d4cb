"""Where benchmarks put what they measured: one JSON and one markdown file each, with the machine it was measured on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import passerby

FOLDER = Path(__file__).with_name("results")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A markdown table."""
    lines = [columns, ["---"] * len(columns), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def save(name: str, title: str, body: str, measured: Mapping[str, object], folder: Path = FOLDER) -> None:
    """Write `name`.md and `name`.json into `folder`."""
    machine = describe_machine()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps({"machine": machine, **measured}, indent=1) + "\n")
    made = ", ".join(f"{key} {value}" for key, value in machine.items())
    (folder / f"{name}.md").write_text(f"# {title}\n\n{made}\n\n{body}")


def describe_machine() -> dict[str, str]:
    """What a reader needs to know of where this ran; no name and no path."""
    return {
        "date": date.today().isoformat(),
        "passerby": passerby.__version__,
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
