"""What hiding took, from the report that a run wrote (`passerby anonymize --report`)."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from passerby.core.errors import InputError
from passerby.evaluate.statistics import Figure

NOT_HELD = "the run's report does not hold it"
LATENCIES = {"latency, median": "p50", "latency, 95th percentile": "p95", "latency, longest": "most"}
VRAM = "peak memory of a graphics card"
MEMORIES = {"peak memory": "peak_memory_mb", VRAM: "peak_vram_mb"}


def figures(report: Path) -> list[Figure]:
    """Throughput, time a frame, each stage's share of it, latency and memory of all files that the run finished.

    Throughput is all frames by all seconds, loading models included. Time a frame is its inverse and no latency: stages
    work on several frames at once. Latency is what each frame took from the decoder to the encoder; most of it is
    waiting for those behind it, by which things are followed backwards. Of several files the slowest counts, as
    percentiles do not add up. What the report does not hold is missing.

    Raises:
        InputError: it cannot be read, or is no report of a run.
    """
    runs = finished(report)
    frames = sum(run["frames"] for run in runs)
    on = tuple(dict.fromkeys(f"on {run['machine']}" for run in runs if run.get("machine")))
    measured = [*_throughput(runs, frames), *_latency(runs, frames), *_memory(runs)]
    return [replace(figure, notes=on) for figure in measured]


def _throughput(runs: Sequence[dict[str, Any]], frames: int) -> list[Figure]:
    seconds = sum(run["seconds"] for run in runs)
    missing = "" if frames and seconds else "the report holds no finished file"
    stages = sorted({stage for run in runs for stage in run.get("stages", {})})
    values: list[tuple[str, float | None, str]] = [
        ("throughput", None if missing else frames / seconds, "frames/s"),
        ("time a frame", None if missing else 1000 * seconds / frames, "ms"),
    ]
    for stage in stages if frames else ():
        spent = sum(run.get("stages", {}).get(stage, 0.0) for run in runs)
        values.append((f"time a frame, {stage}", 1000 * spent / frames, "ms"))
    protocol = f"{len(runs)} files of the run, models loaded in it"
    return [
        Figure(name=name, value=value, n=frames, unit=unit, protocol=protocol, missing=missing if value is None else "")
        for name, value, unit in values
    ]


def _latency(runs: Sequence[dict[str, Any]], frames: int) -> list[Figure]:
    answer = []
    for name, key in LATENCIES.items():
        told = [run["latency_ms"][key] for run in runs if key in run.get("latency_ms", {})]
        protocol = "from decoded to handed to the encoder" + (f", the slowest of {len(told)} files" if told[1:] else "")
        answer.append(_largest(name, told, "ms", protocol, frames))
    return answer


def _memory(runs: Sequence[dict[str, Any]]) -> list[Figure]:
    protocol = "of the whole process, models and decoders included"
    return [
        _largest(name, [run[key] for run in runs if run.get(key) is not None], "MiB", protocol, len(runs))
        for name, key in MEMORIES.items()
    ]


def _largest(name: str, told: Sequence[float], unit: str, protocol: str, n: int) -> Figure:
    if not told:
        return Figure(name=name, value=None, n=0, unit=unit, missing=NOT_HELD)
    return Figure(name=name, value=max(told), n=n, unit=unit, protocol=protocol)


def finished(path: Path) -> list[dict[str, Any]]:
    """What the report of a run holds of every file that was written: `report.Report` as JSON.

    Raises:
        InputError: it cannot be read, or is no report of a run.
    """
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        runs = [file["report"] for file in files if file.get("report")]
        if not all(run["frames"] >= 0 and run["seconds"] >= 0 for run in runs):
            raise ValueError("negative times")
        if not all(math.isfinite(took) for run in runs for took in run.get("latency_ms", {}).values()):
            raise ValueError("a latency that is no number")
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise InputError(f"{path} is no report of a run ({error!r}); write one with --report") from error
    return runs
