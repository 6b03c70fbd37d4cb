"""One pass over a clip that writes nothing: what `overhead.py` measures, in a process of its own.

    python benchmarks/nowhere.py decode|read|passerby CLIP QUALITY

`decode` is FFmpeg alone, as the floor of `speed.py` uses it; `read` is passerby's reader, which checks and counts what
it gives; `passerby` is all of a run but the encoder: decode, look, follow, paint. Frames are thrown away as they come.
Prints a `Pass` as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import av

from passerby import inputs, job, pipeline, quality
from passerby.core.frame import Frame
from passerby.methods import hiding
from passerby.settings import Options


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass did."""

    frames: int
    looks: int = 0
    hidden: int = 0
    """Boxes hidden, over all frames."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Seconds of processor time that Python's threads spent, by stage; see `flow.Meter`."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What it took, without the start of Python and of its libraries."""

    wall_s: float
    """From opening the clip to its last frame, the loading of the detector included."""
    cpu_s: float
    """Of all threads."""


class Nowhere:
    """A `Sink` (see `core.stages`) that keeps nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, frame: Frame) -> None:
        pass


def decode(clip: Path, options: Options) -> Pass:
    """FFmpeg alone, with as many threads as pay."""
    with av.open(str(clip)) as source:
        video = source.streams.video[0]
        video.thread_type = "AUTO"
        video.codec_context.thread_count = (os.cpu_count() or 1) + 2
        return Pass(sum(1 for _ in source.decode(video)))


def read(clip: Path, options: Options) -> Pass:
    """The reader of passerby alone."""
    with inputs.opened(clip, options) as source:
        return Pass(sum(1 for _ in source))


def hide(clip: Path, options: Options) -> Pass:
    """Everything that `passerby anonymize` does before it encodes, with the stages that it chooses."""
    with inputs.opened(clip, options) as source:
        found_by = quality.finders(source.info, options)
        totals = pipeline.run(
            source,
            Nowhere(),
            detector=found_by.detector,
            closer=found_by.closer,
            looking=found_by.looking,
            effect=hiding.effect(options),
            shapes=hiding.shapes(options),
            seed=inputs.chosen_seed(options, source.info),
        )
    return Pass(totals.frames, totals.looks, totals.hidden, totals.meter.seconds)


PASSES: Mapping[str, Callable[[Path, Options], Pass]] = {"decode": decode, "read": read, "passerby": hide}
"""What can be measured, by name."""


def main(name: str, clip: str, level: str) -> None:
    begun, used = time.perf_counter(), time.process_time()
    done = PASSES[name](Path(clip), job.changed(Options(), {"quality": level}))
    spent = Spent(time.perf_counter() - begun, time.process_time() - used)
    print(json.dumps({**asdict(done), **asdict(spent)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
