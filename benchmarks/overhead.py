"""How much passerby adds to decoding, with no encoder in the way.

    python benchmarks/overhead.py [CLIP...] [--quality NAME...] [--repeat 3]

Without a CLIP, a film is composed: 1080p, one person who strolls before a camera that has noise. Each pass (see
`nowhere.py`) runs as a process of its own; the repetitions of all passes take turns, so that a busy moment of the
machine hits all alike; the fastest of each counts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import measure
import nowhere
import results

from passerby.demo import backdrop
from passerby.demo.scene import Key, Person, Scene, Shot
from passerby.options.choices import QUALITIES

# Composed films belong to the tests, which have no package.
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import footage
import footage_scenes

WANTED = 150
"""Frames per second that `balanced` is to reach on the composed film on two cores."""
FRAMES = 400
STAGES = ("look", "follow", "paint", "decode", "encode")
COLUMNS = (
    "clip",
    "pass",
    "frames/s",
    "frames/s without start-up",
    "time, decodings",
    "CPU ms a frame",
    *STAGES[:3],
    "decoders' threads and the rest",
    "looks",
    "hidden a frame",
    "peak MB",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One pass over one clip: the fastest of its repetitions."""

    clip: str
    name: str
    frames: int
    looks: int
    hidden: int
    wall_s: float
    """Of the whole process."""
    inside_s: float
    """Without the start of Python and of its libraries."""
    cpu_s: float
    """Without it as well."""
    stages: Mapping[str, float]
    """CPU seconds of each stage of the pipeline."""
    peak_mb: float
    """Of the hungriest repetition."""
    insides_s: tuple[float, ...]
    """`inside_s` of every repetition, in order."""


def main(arguments: Sequence[str]) -> int:
    """0; a pass that fails ends the run."""
    chosen = _parsed(arguments)
    with tempfile.TemporaryDirectory() as folder:
        clips = chosen.clips or [composed(Path(folder))]
        rows = [row for clip in clips for row in compare(clip, passes(clip, chosen.quality), chosen.repeat)]
    body = _body(rows, chosen.repeat)
    print("\n" + body)
    kept = {"repeat": chosen.repeat, "rows": [asdict(row) for row in rows]}
    results.save(chosen.name, "Overhead without encoding", body, kept, chosen.results)
    return 0


def composed(folder: Path, frames: int = FRAMES, size: tuple[int, int] = (1920, 1080)) -> Path:
    """A film of one person in the street, compressed as most video on the net is."""
    width, height = size
    seconds = frames / 25
    to_and_fro = ((0, 0.2, 0.1), (seconds / 2, 0.8, 0.13), (seconds, 0.25, 0.1))
    keys = tuple(Key(time_s, x * width, 0.42 * height, share * height) for time_s, x, share in to_and_fro)
    shot = Shot(frames, (Person(0, keys, sway=0.025),), backdrop.street(size))
    clip = folder / f"one_face_{height}p.mp4"
    footage.write(footage_scenes.Filmed(Scene((shot,), size)), clip, footage_scenes.COMPRESSED)
    return clip


def passes(clip: Path, levels: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The command of every pass over `clip`, by name."""
    script = [sys.executable, nowhere.__file__]
    plain = {name: [*script, name, str(clip), levels[0]] for name in ("decode", "read")}
    return plain | {f"passerby, {level}": [*script, "passerby", str(clip), level] for level in levels}


def compare(clip: Path, commands: Mapping[str, Sequence[str]], repeat: int) -> list[Row]:
    """Run all `commands` `repeat` times, taking turns."""
    costs = measure.in_turns(clip.name, commands, repeat)
    return [_row(clip, name, runs) for name, runs in costs.items()]


def _row(clip: Path, name: str, runs: Sequence[measure.Cost]) -> Row:
    told = [json.loads(cost.answer) for cost in runs]
    best = min(range(len(runs)), key=lambda i: float(told[i]["wall_s"]))
    return Row(
        clip=clip.name,
        name=name,
        frames=told[best]["frames"],
        looks=told[best]["looks"],
        hidden=told[best]["hidden"],
        wall_s=round(runs[best].wall_s, 3),
        inside_s=round(told[best]["wall_s"], 3),
        cpu_s=round(told[best]["cpu_s"], 3),
        stages={stage: round(spent, 3) for stage, spent in told[best]["stages"].items()},
        peak_mb=round(max(cost.peak_mb for cost in runs)),
        insides_s=tuple(round(answer["wall_s"], 3) for answer in told),
    )


def _body(rows: Sequence[Row], repeat: int) -> str:
    decoding = {row.clip: row.inside_s for row in rows if row.name == "decode"}
    said = (
        f"Fastest of {repeat}, taking turns. Nothing is encoded or written. decode is FFmpeg alone, read is passerby's "
        "reader alone. Start-up is that of Python and of its libraries; the loading of the detector counts. Stages "
        "are CPU milliseconds a frame; what decoders do in threads of their own is in the last of them. On two cores, "
        f"{WANTED} frames/s without start-up are wanted of balanced at 1080p with one face.\n\n"
    )
    return said + results.table(COLUMNS, [_cells(row, decoding[row.clip]) for row in rows])


def _cells(row: Row, decoding_s: float) -> Sequence[object]:
    """What `COLUMNS` holds for one row."""
    each = {stage: 1000 * row.stages.get(stage, 0) / row.frames for stage in STAGES}
    shown = STAGES[:3]
    every = 1000 * row.cpu_s / row.frames
    return (
        row.clip,
        row.name,
        round(row.frames / row.wall_s, 1),
        round(row.frames / row.inside_s, 1),
        round(row.inside_s / decoding_s, 2),
        f"{every:.2f}",
        *(f"{each[stage]:.2f}" if row.stages else "" for stage in shown),
        f"{every - sum(each[stage] for stage in shown):.2f}",
        row.looks or "",
        f"{row.hidden / row.frames:.2f}" if row.looks else "",
        round(row.peak_mb),
    )


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", type=Path, metavar="CLIP")
    parser.add_argument("--quality", nargs="+", default=["balanced"], choices=QUALITIES, help="(default: balanced)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each pass (default: 3)")
    parser.add_argument("--results", type=Path, default=results.FOLDER, help="folder for the result")
    parser.add_argument("--name", default="overhead", help="file name of the result")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
