"""What a run takes: time, of the whole and of each frame on its way, and memory."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from passerby.core.frame import Frame, MediaInfo
from passerby.core.lent import Lent
from passerby.core.stages import Source

STATUS = Path("/proc/self/status")
MIB = 1 << 20


class Clock:
    """Runs from when it is made. Frames come in one thread and leave in another."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._came: dict[int, float] = {}
        self._took: list[float] = []

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def came(self, index: int) -> None:
        """Frame `index` is decoded."""
        self._came[index] = self.seconds

    def left(self, index: int) -> None:
        """And written."""
        self._took.append(self.seconds - self._came.pop(index))

    def latency_ms(self) -> Mapping[str, float]:
        """How long frames were on their way, from decoded to handed to the encoder: 'p50', 'p95', 'most'; or nothing.

        Most of it is waiting: what follows people looks a second ahead.
        """
        if not self._took:
            return {}
        values = np.quantile(self._took, [0.5, 0.95, 1]) * 1000
        return {name: round(float(value), 1) for name, value in zip(("p50", "p95", "most"), values, strict=True)}


class Coming(Lent):
    """A source whose frames are noted by a clock as they come."""

    def __init__(self, source: Source, clock: Clock) -> None:
        self.source = source
        self.clock = clock

    @property
    def info(self) -> MediaInfo:
        return self.source.info

    def __iter__(self) -> Iterator[Frame]:
        for frame in self.source:
            self.clock.came(frame.index)
            yield frame


def peak_memory_mb() -> float | None:
    """The most memory in MiB that this process had at any time; None where the system does not tell."""
    if STATUS.is_file():
        # getrusage would count what the process was before it became this program.
        told = dict(line.split(":", 1) for line in STATUS.read_text().splitlines() if ":" in line)
        return round(int(told["VmHWM"].split()[0]) * 1024 / MIB, 1) if "VmHWM" in told else None
    try:
        import resource  # which Windows has not
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most * (1 if sys.platform == "darwin" else 1024) / MIB, 1)


def peak_vram_mb() -> float | None:
    """The most memory in MiB that PyTorch held on a CUDA device; None where it computed nothing there.

    ONNX Runtime does not tell what it holds.
    """
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return None
    most = max(torch.cuda.max_memory_reserved(device) for device in range(torch.cuda.device_count()))
    return round(float(most) / MIB, 1)
