"""A live run over some minutes: latency, what is left out, and whether memory grows. Reads /proc, so it needs Linux.

    python benchmarks/live.py [CLIP] [--minutes 5] [--latency 2000] [--quality NAME]

CLIP is played in real time, again and again; without one, a 1080p film is composed. What comes out is encoded and
thrown away.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import overhead
import results
from av.video.frame import VideoFrame

from passerby.live.clock import WallClock
from passerby.live.run import Living, Surroundings, live
from passerby.live.sink import LiveSink
from passerby.live.sinks import Encoded
from passerby.live.sources import Film, Picture
from passerby.live.statistics import Statistics, summary
from passerby.options.choices import QUALITIES
from passerby.settings import Options

EVERY_S = 5.0
WARM = 1 / 4
"""Share of the run after which memory should have stopped growing."""
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Looped:
    """A film that begins again at its end, as a cut in one long film."""

    film: Film
    ends: bool = False

    @property
    def name(self) -> str:
        return self.film.name

    def pictures(self) -> Generator[Picture]:
        while not self.film.stopped():
            yield from self.film.pictures()


class Discarded:
    """An outlet that encodes for nobody, and notes memory and latency now and then."""

    def __init__(self, clock: WallClock, statistics: Statistics) -> None:
        self.rows: list[tuple[float, float, float, float]] = []
        self._clock = clock
        self._statistics = statistics
        self._encoded: Encoded | None = None

    def open(self, size: tuple[int, int], rate: Fraction) -> None:
        self._encoded = Encoded(f"file:{os.devnull}", "mpegts", {}, size, rate)

    def write(self, picture: VideoFrame, ticks: int) -> None:
        assert self._encoded is not None
        self._encoded.write(picture, ticks)
        now = self._clock.now()
        if not self.rows or now - self.rows[-1][0] >= EVERY_S:
            told = self._statistics
            self.rows.append((now, resident_mb(), told.latency_ms(0.5), told.latency_ms(0.95)))

    def close(self, error: BaseException | None) -> None:
        if self._encoded is not None:
            self._encoded.finish()


def resident_mb() -> float:
    """10^6 bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


def main(arguments: Sequence[str]) -> int:
    """0; what was measured is written down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", nargs="?", type=Path)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--latency", type=float, default=2000, metavar="MS")
    parser.add_argument("--quality", default="balanced", choices=QUALITIES)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        clip = chosen.clip
        if clip is None:
            clip = overhead.composed(Path(folder))
        clock, statistics = WallClock(), Statistics()

        def stopped() -> bool:
            return clock.now() > 60 * chosen.minutes

        outlet = Discarded(clock, statistics)
        living = Living(latency_s=chosen.latency / 1000)
        sink = LiveSink([outlet], latency_s=living.latency_s, late="cover", clock=clock, statistics=statistics)
        around = Surroundings(clock, statistics, stopped, lambda line: print(f"{line}, {resident_mb():.0f} MB"))
        feed = Looped(Film(clip, statistics, clock, stopped))
        live(feed, sink, Options(quality=chosen.quality), living, around)
    report(clip.name, chosen, outlet, statistics)
    return 0


def report(name: str, chosen: argparse.Namespace, outlet: Discarded, statistics: Statistics) -> None:
    """Write down what was measured."""
    seconds, memory, middle, high = np.array(outlet.rows).T
    warm = seconds > 60 * chosen.minutes * WARM
    growth = float(np.polyfit(seconds[warm] / 3600, memory[warm], 1)[0]) if warm.sum() > 2 else float("nan")
    columns = ("clip", "minutes", "latency p50/p95 ms", "frames", "dropped", "late", "peak MB", "MB per hour")
    row = (
        name,
        f"{chosen.minutes:g}",
        f"{np.nanmedian(middle):.0f}/{np.nanmax(high):.0f}",
        statistics.shown,
        statistics.dropped,
        statistics.late,
        f"{memory.max():.0f}",
        f"{growth:.1f}",
    )
    body = results.table(columns, [row])
    print(body, summary(statistics), sep="\n")
    results.save("live", "A live run", body, {"rows": outlet.rows, "row": row})


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
