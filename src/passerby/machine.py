"""The machine that a run takes place on, and the memory that it takes there: no time says anything without them."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")
MIB = 1 << 20


def described() -> str:
    """System, processor and cores, and the graphics cards that PyTorch computes on in this process."""
    cards = [library.cuda.get_device_name(card) for library in _with_cards() for card in range(_count(library))]
    return ", ".join([f"{platform.system()} {platform.machine()}", f"{cores()} cores", *cards])


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
    """The most memory in MiB that PyTorch ever held on one graphics card; None where it computed on none.

    What onnxruntime holds besides, and the driver itself, are not in it.
    """
    held = [library.cuda.max_memory_reserved(card) for library in _with_cards() for card in range(_count(library))]
    return round(max(held) / MIB, 1) if held else None


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _with_cards() -> list[Any]:
    """PyTorch, if it is loaded and has a graphics card at work; asking must not start one."""
    library: Any = sys.modules.get("torch")
    return [library] if library is not None and library.cuda.is_initialized() else []


def _count(library: Any) -> int:
    return int(library.cuda.device_count())
