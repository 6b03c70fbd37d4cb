"""What a command costs: time on the clock, time of processors, memory. Reads /proc, so it needs Linux."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EVERY_S = 0.02
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    wall_s: float
    """From start to end, start-up included."""
    cpu_s: float
    """Of all processors, user and system, the command's children included."""
    peak_mb: float
    """Most resident memory of the command and its children together, in 10^6 bytes, looked at every 20 ms."""
    answer: str
    """What it wrote to standard output."""


def run(command: Sequence[str]) -> Cost:
    """Run `command` to its end.

    Raises:
        SystemExit: it failed; with the last of what it said.
    """
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=answer, stderr=said)
        watch = _Watch(process.pid)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
        watch.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            tail = said.read().decode(errors="replace")[-2000:]
            raise SystemExit(f"{command[0]} ended with {process.returncode}:\n{tail}")
        answer.seek(0)
        text = answer.read().decode(errors="replace")
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, watch.peak / 1e6, text)


def in_turns(clip: str, commands: Mapping[str, Sequence[str]], repeat: int) -> dict[str, list[Cost]]:
    """What each of `commands` costs in `repeat` runs, in which they take turns; progress is printed under `clip`."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(repeat):
        for name, command in commands.items():
            cost = run(command)
            costs[name].append(cost)
            print(f"{clip} {turn + 1}/{repeat} {name}: {cost.wall_s:.1f} s, {cost.peak_mb:.0f} MB", flush=True)
    return costs


class _Watch(threading.Thread):
    """Looks at the memory of a process and all below it until stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._pid = pid
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.peak = max(self.peak, sum(_resident(pid) for pid in _tree(self._pid)))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _tree(pid: int) -> list[int]:
    """`pid` and every process below it."""
    children: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += [int(child) for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        # It has ended in the meantime.
        return []
    return [pid, *(below for child in children for below in _tree(child))]


def _resident(pid: int) -> int:
    """Bytes of resident memory."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (FileNotFoundError, ProcessLookupError):
        return 0
