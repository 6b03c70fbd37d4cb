"""What hiding took."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from drawn_pictures import drawn, saved

from passerby.cli import main
from passerby.core.errors import InputError
from passerby.evaluate import cost


def written(path: Path, *runs: dict[str, Any] | None) -> Path:
    path.write_text(json.dumps({"files": [{"input": "x", "report": run} for run in runs]}))
    return path


def test_frames_and_seconds_are_added_up(tmp_path: Path) -> None:
    runs = {"frames": 80, "seconds": 3, "stages": {"look": 1.0}}, {"frames": 20, "seconds": 2, "stages": {"paint": 0.5}}
    figures = {figure.name: figure for figure in cost.figures(written(tmp_path / "r.json", *runs, None))}
    assert figures["throughput"].value == 20
    assert figures["time a frame"].value == 50
    assert figures["time a frame, look"].value == 10
    assert figures["time a frame, paint"].value == 5
    assert figures["throughput"].n == 100


def test_of_several_files_the_slowest_counts(tmp_path: Path) -> None:
    """Percentiles do not add up, and a mean of them would be one of nothing."""
    slow = {"frames": 20, "seconds": 2, "latency_ms": {"p50": 80, "p95": 90, "most": 95}, "peak_memory_mb": 300}
    quick = {"frames": 80, "seconds": 2, "latency_ms": {"p50": 40, "p95": 99, "most": 120}, "peak_memory_mb": 310}
    figures = {figure.name: figure for figure in cost.figures(written(tmp_path / "r.json", slow, quick))}
    assert [figures[name].value for name in cost.LATENCIES] == [80, 99, 120]
    assert figures["peak memory"].value == 310
    assert figures["peak memory of the CUDA device"].missing == cost.NOT_HELD


def test_a_run_that_took_no_time_has_no_throughput(tmp_path: Path) -> None:
    path = written(tmp_path / "r.json", {"frames": 3, "seconds": 0, "stages": {"look": 0}})
    assert {figure.name: figure.value for figure in cost.figures(path)}["throughput"] is None


def test_what_the_report_does_not_hold_is_missing(tmp_path: Path) -> None:
    figures = {figure.name: figure for figure in cost.figures(written(tmp_path / "r.json", None))}
    assert {name: figure.value for name, figure in figures.items()} == dict.fromkeys(
        ["throughput", "time a frame", *cost.LATENCIES, *cost.MEMORIES]
    )


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"files": [{"report": {"frames": 3}}]}',
        '{"files": [3]}',
        '{"files": [{"report": {"frames": 1, "seconds": 1, "latency_ms": {"p50": NaN}}}]}',
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(InputError, match="--report"):
        cost.figures(tmp_path / "r.json")


def test_the_report_of_a_real_run_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(saved(drawn(), "PNG"))
    report = tmp_path / "r.json"
    assert (
        main(["anonymize", str(tmp_path / "a.png"), "-o", str(tmp_path / "b.png"), "--report", str(report), "-q"]) == 0
    )
    figures = {figure.name: figure.value for figure in cost.figures(report)}
    assert all(figures[name] for name in ("throughput", *cost.LATENCIES, "peak memory"))
