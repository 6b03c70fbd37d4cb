"""Does a sink keep its contract?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from passerby.core.frame import Frame, MediaInfo
from passerby.core.stages import Sink
from passerby.testing.claims import Stopped, claim, claim_untouched, copies
from passerby.testing.frames import described, drawn


def check_sink(make: Callable[[Path, MediaInfo], Sink], path: Path, frames: Sequence[Frame] | None = None) -> None:
    """Check the sink that `make(path, info)` opens for `frames`, by default drawn ones of 8-bit 4:2:0.

    `path` does not exist, and its folder is empty.

    Raises:
        AssertionError: it breaks the contract of `core.stages.Sink`.
    """
    frames = list(frames) if frames else drawn(count=8)
    info = described(frames)
    folder = path.parent
    claim(not any(folder.iterdir()), f"{folder} is not empty")
    before = copies(frames)
    for written in sorted({0, len(frames) // 2, len(frames)}):
        _check_broken_off(make(path, info), frames[:written])
        claim(not any(folder.iterdir()), f"left by an error after {written} frames, it leaves files in {folder}")
    with make(path, info) as sink:
        for frame in frames:
            sink.write(frame)
        claim(not path.exists(), "the output has its final name before its last frame is in")
    claim(path.is_file() and path.stat().st_size > 0, "left in peace, it leaves no output")
    claim(list(folder.iterdir()) == [path], "it leaves more than its output")
    claim_untouched(frames, before)


def _check_broken_off(sink: Sink, frames: Sequence[Frame]) -> None:
    try:
        with sink:
            for frame in frames:
                sink.write(frame)
            raise Stopped
    except Stopped:
        return
    raise AssertionError("leaving the sink by an error swallowed that error")
