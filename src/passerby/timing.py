"""`--profile`: what was done when, as a timeline that Perfetto and Chrome's tracing page show.

Every kind of work has a row of its own, so that one sees what went on at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from passerby.core.frame import Frame
from passerby.core.lent import WatchedSink, WatchedSource
from passerby.core.regions import Patch, Region
from passerby.core.stages import Anonymizer, Sink, Source
from passerby.media.commit import committed
from passerby.paint.diffusion.timeline import Span, Timeline, timelines_of

RUN = ("decode", "paint", "encode")
"""What is done to frames, in the order of the rows."""
MODEL: Mapping[str, str] = {"masks": "masks", "encode": "VAE encode", "draw": "U-Net", "decode": "VAE decode"}
"""What a diffusion model does to crops, likewise, and what it is called."""
MICROSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run is made of."""

    source: Source
    sink: Sink
    effect: Anonymizer


@contextmanager
def profiled(path: Path | None, parts: Parts, *, force: bool) -> Iterator[Parts]:
    """The same parts; what they do in the block is written to `path` when it ends well, if there is one."""
    if path is None:
        yield parts
        return
    timeline = Timeline()
    with committed(path, force=force) as file:
        yield Parts(
            WatchedSource(parts.source, partial(timeline.span, "decode")),
            WatchedSink(parts.sink, partial(timeline.span, "encode")),
            _Painting(parts.effect, timeline),
        )
        file.write(json.dumps(trace(timeline, timelines_of(parts.effect)), indent=1).encode())


def trace(run: Timeline, models: Sequence[Timeline] = ()) -> dict[str, Any]:
    """Both as the trace event format has it, which is Chrome's: complete events in microseconds, and names of rows.

    Every device has rows of its own. What a model did before the run began, for another file, is left out.
    """
    devices = list(dict.fromkeys(model.device for model in models)) or [""]
    rows = [*RUN, *(_row(work, device, devices) for device in devices for work in MODEL.values())]
    events: list[dict[str, Any]] = [
        {"ph": "M", "name": "thread_name", "pid": 1, "tid": row, "args": {"name": name}}
        for row, name in enumerate(rows, 1)
    ]
    events += [_event(span, rows.index(span.name) + 1, span.name, "frame", 0) for span in run.spans]
    for model in models:
        later_s = model.began_s - run.began_s
        events += [
            _event(
                span, rows.index(_row(MODEL[span.name], model.device, devices)) + 1, MODEL[span.name], "batch", later_s
            )
            for span in model.spans
            if span.start_s + later_s >= 0
        ]
    return {"traceEvents": events, "displayTimeUnit": "ms"}


def _row(work: str, device: str, devices: Sequence[str]) -> str:
    """What a row is called: by its device where there are several."""
    return f"{work}, {device}" if len(devices) > 1 else work


def _event(span: Span, row: int, name: str, of: str, later_s: float) -> dict[str, Any]:
    start_us, length_us = (span.start_s + later_s) * MICROSECONDS, (span.end_s - span.start_s) * MICROSECONDS
    return {
        "ph": "X", "name": name, "pid": 1, "tid": row, "ts": round(start_us, 1), "dur": round(length_us, 1),
        "args": {of: span.batch},
    }  # fmt: skip


@dataclass(frozen=True)
class _Painting:
    """An effect that tells when it painted, by the first frame of each call."""

    effect: Anonymizer
    timeline: Timeline
    batch: int = field(init=False)
    reach: int = field(init=False)
    blind: bool = field(init=False)
    drawn: bool = field(init=False)

    def __post_init__(self) -> None:
        for name in ("batch", "reach", "blind"):
            object.__setattr__(self, name, getattr(self.effect, name))
        object.__setattr__(self, "drawn", getattr(self.effect, "drawn", False))

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> Sequence[Sequence[Patch]]:
        with self.timeline.span("paint", frames[0].index):
            return self.effect.paint(frames, hidden)
