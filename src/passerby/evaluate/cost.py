"""What hiding took, from the report that a run wrote (`passerby anonymize --report`)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from passerby.core.errors import InputError
from passerby.evaluate.statistics import Figure


def figures(report: Path) -> list[Figure]:
    """Throughput, time a frame, and each stage's share of it, of all files that the run finished; latency and memory.

    Throughput is all frames by all seconds, loading models included. Time a frame is its inverse and no latency: stages
    work on several frames at once, and a frame waits for those behind it. What the report does not hold is missing.

    Raises:
        InputError: it cannot be read, or is no report of a run.
    """
    runs = _runs(report)
    frames = sum(run["frames"] for run in runs)
    seconds = sum(run["seconds"] for run in runs)
    missing = "" if frames and seconds else "the report holds no finished file"
    protocol = f"{len(runs)} files of the run, models loaded in it"
    stages = sorted({stage for run in runs for stage in run.get("stages", {})})
    values: list[tuple[str, float | None, str]] = [
        ("throughput", None if missing else frames / seconds, "frames/s"),
        ("time a frame", None if missing else 1000 * seconds / frames, "ms"),
    ]
    for stage in stages if frames else ():
        spent = sum(run.get("stages", {}).get(stage, 0.0) for run in runs)
        values.append((f"time a frame, {stage}", 1000 * spent / frames, "ms"))
    held = [run["graphics_memory_mb"] for run in runs if run.get("graphics_memory_mb")]
    latency = Figure(name="latency", value=None, n=0, unit="ms", missing="the run's report does not hold it")
    memory = Figure(
        name="memory",
        value=max(held, default=None),
        n=len(held),
        unit="MB",
        protocol="most on one graphics card, by PyTorch",
        missing="" if held else "no generator of the run computed on a graphics card",
    )
    machines = tuple(f"on {run['machine']}" for run in runs if run.get("machine"))
    measured = [
        Figure(name=name, value=value, n=frames, unit=unit, protocol=protocol, missing=missing if value is None else "")
        for name, value, unit in values
    ]
    return [replace(figure, notes=tuple(dict.fromkeys(machines))) for figure in (*measured, latency, memory)]


def _runs(path: Path) -> list[dict[str, Any]]:
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        runs = [file["report"] for file in files if file.get("report")]
        if not all(run["frames"] >= 0 and run["seconds"] >= 0 for run in runs):
            raise ValueError("negative times")
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise InputError(f"{path} is no report of a run ({error!r}); write one with --report") from error
    return runs
