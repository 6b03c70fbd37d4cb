"""What was done to one file, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import passerby
from passerby.media.reading import Gap
from passerby.recognize.vote import Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was done to one file."""

    input: str
    output: str
    input_sha256: str | None
    size: tuple[int, int]
    """(width, height) of the upright picture in pixels."""
    frames: int
    looks: int
    """Frames in which the detector looked."""
    cuts: int
    hidden: int
    """Things hidden, summed over all frames."""
    tracks: int
    origins: Mapping[str, int]
    """How the hidden boxes came to be: detected, followed, filled, extended."""
    methods: Mapping[str, str]
    synthetic: Sequence[str] = ()
    """The labels that generators drew: that is said in the file, too, where it has room for it."""
    audio: str
    """What happened to the sound."""
    removed: Sequence[str]
    """Streams of the input that are not in the output."""
    missing: Sequence[Gap] = ()
    """What of the input could not be decoded, and so is not in the output."""
    notes: Sequence[str] = ()
    recognized: Sequence[Vote] = ()
    """What the faces of each track say, where somebody was to be recognized."""
    bound: str = ""
    """For how long a face can be there, at most, and yet fall into no look."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Seconds of processor time of each stage; what decoders and encoders do in threads of their own is not in it."""
    seconds: float
    """Time it took."""
    frames_per_second: float
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    """How long frames were on their way from decoder to encoder: 'p50', 'p95' and 'most'."""
    peak_memory_mb: float | None = None
    """The most memory in MiB that the process had until then, files done before included; None where nobody tells."""
    peak_vram_mb: float | None = None
    """The same of what PyTorch held on a CUDA device; None where it held nothing."""
    detector: str
    """The names of the models that look."""
    models: Mapping[str, str] = field(default_factory=dict)
    """The sha256 of each, and of those that recognize, where something was looked for."""
    runtime: str = ""
    """What computed the detector's answers, such as "openvino bf16"; empty where nothing was looked for."""
    seed: int
    options: Mapping[str, str] = field(default_factory=dict)
    """The options that differ from their defaults."""
    version: str = passerby.__version__

    def as_dict(self) -> dict[str, Any]:
        """Plain lists, strings and numbers, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one input among several."""

    input: Path
    status: str
    """'done', 'failed', 'leftovers' (by --verify, and so not written), 'skipped' or 'planned' (a dry run)."""
    message: str
    output: Path | None = None
    report: Report | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "input": str(self.input),
            "status": self.status,
            "message": self.message,
            "output": None if self.output is None else str(self.output),
            "report": None if self.report is None else self.report.as_dict(),
        }


def summary(outcomes: Sequence[Outcome]) -> str:
    """All outcomes as one JSON object, in plain ASCII: any console can show it, and any file name fits in."""
    files = [outcome.as_dict() for outcome in outcomes]
    return json.dumps({"passerby": passerby.__version__, "files": files}, indent=1)
