"""How fast, beside the floor and beside deface, measured in one run.

    python benchmarks/speed.py CLIP... [--quality NAME...] [--repeat 3] [--seconds 30 300] [--deface PATH | --no-deface]

The floor is a pure transcode with the same encoder settings; `nobody` is passerby with a detector that finds nothing at
no cost, below which no detector can bring it. Every tool runs as a process of its own, start-up
included; the repetitions of all tools take turns, so that a busy moment of the machine hits all alike; the fastest of
each counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import measure
import results

from passerby.options.choices import QUALITIES

SCRIPTS = ("floor", "nobody")
"""Tools that are a script beside this one, and print the seconds that they took."""
DEFACE = ("deface==1.5.0", "onnx", "onnxruntime")
COLUMNS = (
    "clip",
    "seconds",
    "tool",
    "frames/s",
    "frames/s without start-up",
    "time, floors",
    "times as fast as deface",
    "CPU s",
    "peak MB",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One tool on one clip."""

    clip: str
    seconds: float
    frames: int
    tool: str
    wall_s: float
    """Of the fastest repetition."""
    inside_s: float | None
    """The same without the start of Python and of its libraries, as the tool tells it; None when it does not."""
    cpu_s: float
    """Of the fastest repetition."""
    peak_mb: float
    """Of the hungriest repetition."""
    walls_s: tuple[float, ...]
    """Of every repetition, in order."""


def main(arguments: Sequence[str]) -> int:
    """0; a tool that fails ends the run."""
    chosen = _parsed(arguments)
    deface = _deface(chosen)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for clip in chosen.clips:
            for seconds in chosen.seconds or [None]:
                measured = clip if seconds is None else looped(clip, seconds, Path(folder))
                rows += compare(measured, tools(measured, Path(folder), chosen, deface), chosen.repeat)
    body = _body(rows, chosen)
    print("\n" + body)
    measured_rows = {"repeat": chosen.repeat, "rows": [asdict(row) for row in rows]}
    results.save(chosen.name, "Speed", body, measured_rows, chosen.results)
    return 0


def tools(clip: Path, folder: Path, chosen: argparse.Namespace, deface: Path | None) -> Mapping[str, Sequence[str]]:
    """The command of every tool for `clip`, each writing into `folder`."""
    encoding = [chosen.encoder, str(chosen.crf), chosen.preset]
    floor, nobody = (
        [sys.executable, str(Path(__file__).with_name(f"{name}.py")), str(clip), str(folder / f"{name}.mp4"), *encoding]
        for name in SCRIPTS
    )
    output = folder / "passerby.mp4"
    passerby = [sys.executable, "-m", "passerby", "anonymize", str(clip), "-o", str(output), "-y", "-q", "--json"]
    passerby += ["--encoder", encoding[0], "--crf", encoding[1], "--preset", encoding[2]]
    commands = {"floor": floor, "nobody": nobody} | {
        quality: [*passerby, "--quality", quality] for quality in chosen.quality
    }
    if deface:
        commands["deface"] = [str(deface), str(clip), "-o", str(folder / "deface.mp4")]
    return commands


def compare(clip: Path, commands: Mapping[str, Sequence[str]], repeat: int) -> list[Row]:
    """Run all `commands` `repeat` times, taking turns."""
    costs = measure.in_turns(clip.name, commands, repeat)
    frames, seconds = _length(clip)
    rows = []
    for tool, runs in costs.items():
        best = min(runs, key=lambda cost: cost.wall_s)
        rows.append(
            Row(
                clip=clip.name,
                seconds=seconds,
                frames=frames,
                tool=tool,
                wall_s=round(best.wall_s, 3),
                inside_s=_inside(tool, best.answer),
                cpu_s=round(best.cpu_s, 2),
                peak_mb=round(max(cost.peak_mb for cost in runs)),
                walls_s=tuple(round(cost.wall_s, 3) for cost in runs),
            )
        )
    return rows


def _inside(tool: str, answer: str) -> float | None:
    """The seconds that a tool says it took."""
    if tool in SCRIPTS:
        return float(answer)
    if tool in QUALITIES:
        return round(float(json.loads(answer)["files"][0]["report"]["seconds"]), 3)
    return None


def looped(clip: Path, seconds: float, folder: Path) -> Path:
    """`clip` repeated, or cut off, to last `seconds`; the packets are copied, sound is left out."""
    target = folder / f"{clip.stem}_{seconds:g}s{clip.suffix}"
    with av.open(str(target), "w") as out:
        written = None
        shift = 0
        while True:
            with av.open(str(clip)) as source:
                read = source.streams.video[0]
                written = written or out.add_stream_from_template(read)
                # Read before writing: writing changes a packet's times.
                packets = [(packet, packet.pts, packet.dts) for packet in source.demux(read) if packet.size]
            first = min(pts or 0 for _, pts, _ in packets)
            end = max((pts or 0) + (packet.duration or 0) for packet, pts, _ in packets)
            for packet, pts, dts in packets:
                packet.pts, packet.dts, packet.stream = (pts or 0) + shift, (dts or 0) + shift, written
                if (packet.pts - first) * packet.time_base >= seconds:
                    return target
                out.mux(packet)
            shift += end - first


def _length(clip: Path) -> tuple[int, float]:
    """Frames and seconds of the first video."""
    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        times = [packet.pts * packet.time_base for packet in container.demux(video) if packet.pts is not None]
    return len(times), round(float((max(times) - min(times)) * len(times) / max(len(times) - 1, 1)), 2)


def _deface(chosen: argparse.Namespace) -> Path | None:
    """Its executable, in an environment of its own that is made once; None when it is not wanted or cannot be had."""
    if chosen.no_deface:
        return None
    if chosen.deface:
        return Path(chosen.deface)
    folder: Path = chosen.cache
    python, deface = folder / "bin" / "python", folder / "bin" / "deface"
    if not deface.exists():
        venv.create(folder, with_pip=True)
        install = subprocess.run([python, "-m", "pip", "install", "-q", *DEFACE], capture_output=True, text=True)
        if install.returncode != 0:
            print(f"deface is left out: it cannot be installed ({install.stderr.strip().splitlines()[-1]})")
            return None
    return deface


def _body(rows: Sequence[Row], chosen: argparse.Namespace) -> str:
    wall = {(row.clip, row.tool): row.wall_s for row in rows}
    cells = [_cells(row, wall[row.clip, "floor"], wall.get((row.clip, "deface"))) for row in rows]
    said = (
        f"Fastest of {chosen.repeat}, taking turns. Floor and passerby encode with {chosen.encoder}, crf {chosen.crf}, "
        f"preset {chosen.preset}; deface has its defaults. Times include start-up, but for the column that says "
        "otherwise; memory is that of all processes of a tool together, at its highest.\n\n"
    )
    return said + results.table(COLUMNS, cells)


def _cells(row: Row, floor_s: float, deface_s: float | None) -> Sequence[object]:
    """What `COLUMNS` holds for one row."""
    return (
        row.clip,
        row.seconds,
        row.tool,
        round(row.frames / row.wall_s, 1),
        round(row.frames / row.inside_s, 1) if row.inside_s else "",
        round(row.wall_s / floor_s, 2),
        round(deface_s / row.wall_s, 1) if deface_s else "",
        row.cpu_s,
        round(row.peak_mb),
    )


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each tool (default: 3)")
    parser.add_argument("--seconds", type=float, nargs="+", metavar="S", help="loop or cut each clip to these lengths")
    parser.add_argument("--quality", nargs="+", default=["balanced"], choices=QUALITIES, help="of passerby")
    parser.add_argument("--encoder", default="libx264", help="of floor and passerby (default: libx264)")
    parser.add_argument("--crf", type=float, default=20, help="of floor and passerby (default: 20)")
    parser.add_argument("--preset", default="veryfast", help="of floor and passerby (default: veryfast)")
    cache = Path(tempfile.gettempdir()) / "passerby-deface"
    parser.add_argument("--deface", type=Path, metavar="PATH", help="an executable that is there already")
    parser.add_argument("--cache", type=Path, default=cache, help="folder for an environment with deface in it")
    parser.add_argument("--no-deface", action="store_true", help="leave deface out")
    parser.add_argument("--results", type=Path, default=results.FOLDER, help="folder for the result")
    parser.add_argument("--name", default="speed", help="file name of the result")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
