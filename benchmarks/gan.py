"""How many crops a second each generator draws, and what makes it faster: with random weights, at the published size.

    python benchmarks/gan.py [--generators NAME...] [--ways NAME...] [--batch 1] [--repeat 3] [--seconds 10]
    python benchmarks/gan.py --repeats CLIP...

Every way to compute is a process of its own, and the ways take turns, so that a busy moment of the machine hits all
alike; the fastest turn of each counts. Times are of `draw`, from bytes to colours, after one call to warm up; on a
processor they are its own time, so that what else runs beside it counts little.

With --repeats nothing is drawn: counted is how often a generator of faces would be shown in a clip what it was shown of
the same face a frame before, so that it would draw the same again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import results
import torch

from passerby import quality
from passerby.core.frame import Frame
from passerby.core.lent import Lent
from passerby.media.video import VideoSource
from passerby.methods import hiding
from passerby.paint.gan import published
from passerby.paint.gan.cutting import smoothly
from passerby.paint.gan.effect import SUBJECTS, Generated
from passerby.paint.gan.generator import Generator, Looks, Running
from passerby.paint.gan.layers import fold
from passerby.paint.gan.pasting import Target
from passerby.pipeline import run
from passerby.runtime import VARIABLE
from passerby.settings import Options

KEPT = {"MALLOC_MMAP_THRESHOLD_": str(1 << 33), "MALLOC_TRIM_THRESHOLD_": str(1 << 33), "MALLOC_TOP_PAD_": str(1 << 28)}
"""What makes glibc keep large buffers for the next layer instead of giving them back to the system."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a network computes."""

    running: Mapping[str, Any]
    environment: Mapping[str, str]
    exported: bool = False
    """As an ONNX file (see `passerby.paint.gan.export`)."""
    encoder_kept: bool = False
    """What the encoder made of the first picture is used for all others: the most that keeping it could gain."""


WAYS = {
    "fp32": Way({}, {}),
    "fp32, memory kept": Way({}, KEPT),
    "channels last": Way({"channels_last": True}, KEPT),
    "bf16": Way({"precision": "bf16"}, KEPT),
    "bf16, channels last": Way({"precision": "bf16", "channels_last": True}, KEPT),
    "fp16": Way({"precision": "fp16"}, KEPT),
    "compiled": Way({"compiled": True}, KEPT),
    "compiled, bf16": Way({"compiled": True, "precision": "bf16"}, KEPT),
    "compiled, bf16, channels last": Way({"compiled": True, "precision": "bf16", "channels_last": True}, KEPT),
    "encoder kept": Way({}, {}, encoder_kept=True),
    "exported, onnxruntime": Way({}, {VARIABLE: "onnxruntime"}, exported=True),
    "exported, OpenVINO": Way({}, {VARIABLE: "openvino"}, exported=True),
}
MORE = [name for name, way in WAYS.items() if way.exported]
"""Want the extras `export` and `openvino`."""
ON_A_PROCESSOR = [name for name in WAYS if name not in ("fp16", "encoder kept", *MORE)]
COLUMNS = ("generator", "way", "crops/s", "times as fast as fp32")
SHOWN = ("clip", "drawings", "shown the same", "within 1 level")


@dataclass(frozen=True, slots=True)
class Row:
    """One generator in one way."""

    generator: str
    way: str
    crops_per_s: float
    """Of the fastest turn."""
    ratio: float
    """Over that of the first way."""
    turns: tuple[float, ...]
    """Crops per second of every turn, in order."""


def main(arguments: Sequence[str]) -> int:
    """0; a way that fails ends the run."""
    chosen = _parsed(arguments)
    if chosen.one:
        print(json.dumps(turn(chosen)))
        return 0
    if chosen.repeats:
        rows = []
        for clip in chosen.repeats:
            rows.append(repeats(clip))
            print(rows[-1], flush=True)
        print(results.table(SHOWN, rows))
        return 0
    rows = [row for name in chosen.generators for row in compare(name, chosen)]
    body = results.table(
        COLUMNS, [(row.generator, row.way, f"{row.crops_per_s:.2f}", f"{row.ratio:.2f}") for row in rows]
    )
    body = f"{chosen.threads} threads, {chosen.batch} crops a call, {chosen.device}\n\n{body}"
    print("\n" + body)
    measured = {"torch": torch.__version__, "repeat": chosen.repeat, "rows": [asdict(row) for row in rows]}
    results.save(chosen.name, "Generators", body, measured, chosen.results)
    return 0


def compare(generator: str, chosen: argparse.Namespace) -> list[Row]:
    """All ways with one generator, taking turns."""
    turns: dict[str, list[float]] = {way: [] for way in chosen.ways}
    for number in range(chosen.repeat):
        for way, rates in turns.items():
            rates.append(_in_a_process(generator, way, chosen))
            print(f"{generator} {number + 1}/{chosen.repeat} {way}: {rates[-1]:.2f} crops/s", flush=True)
    first = max(turns[chosen.ways[0]])
    return [
        Row(generator, way, round(max(rates), 3), round(max(rates) / first, 3), tuple(round(rate, 3) for rate in rates))
        for way, rates in turns.items()
    ]


def _in_a_process(generator: str, way: str, chosen: argparse.Namespace) -> float:
    command = [sys.executable, __file__, "--one", generator, way]
    for option in ("batch", "seconds", "threads", "device"):
        command += [f"--{option}", str(getattr(chosen, option))]
    environment = {**os.environ, **WAYS[way].environment}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def turn(chosen: argparse.Namespace) -> float:
    """Crops per second of one generator in one way."""
    name, way = chosen.one
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    net = published.build(published.SIZES[name])
    fold(net)
    if WAYS[way].encoder_kept:
        net.encoder = torch.nn.ModuleList(_Kept(block) for block in net.encoder)
    with TemporaryDirectory() as folder:
        graph = _exported(net, Path(folder)) if WAYS[way].exported else None
        running = Running(device=chosen.device, batch=chosen.batch, graph=graph, **WAYS[way].running)
        drawer = Generator(net, looks=Looks(truncation=0.5), running=running)
    pictures, targets = made_up(drawer.size, chosen.batch)
    seeds = list(range(chosen.batch))
    drawer.draw(pictures, targets, seeds)
    clock = time.process_time if chosen.device == "cpu" else time.perf_counter
    start, calls = clock(), 0
    while not calls or clock() - start < chosen.seconds:
        drawer.draw(pictures, targets, seeds)
        calls += 1
    return calls * chosen.batch / (clock() - start)


class _Kept(torch.nn.Module):
    """A block of an encoder that computes once."""

    def __init__(self, block: torch.nn.Module) -> None:
        super().__init__()
        self.block = block
        self.first: torch.Tensor | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.first is None:
            self.first = self.block(x)
        return self.first


def _exported(net: torch.nn.Module, folder: Path) -> Path:
    from passerby.paint.gan.export import exported

    net.eval().requires_grad_(False)
    file = folder / "graph.onnx"
    file.write_bytes(exported(net)[0])
    return file


class Watched:
    """Draws nothing, and counts what it is shown."""

    size = (256, 256)

    def __init__(self) -> None:
        self.drawings, self.same, self.near = 0, 0, 0
        self._last: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def draw(self, pictures: Sequence[np.ndarray], targets: Sequence[Target], seeds: Sequence[int]) -> np.ndarray:
        for picture, target, seed in zip(pictures, targets, seeds, strict=True):
            shown = np.where(target.known[..., None], picture, 0)
            before, known = self._last.get(seed, (shown, ~target.known))
            off = np.abs(shown.astype(int) - before)
            alike = np.array_equal(known, target.known)
            self.drawings += 1
            self.same += alike and not off.any()
            self.near += alike and off.sum() <= 3 * np.count_nonzero(known)
            self._last[seed] = shown, target.known
        return np.zeros((len(pictures), *self.size, 3), np.float32)


class _Nowhere(Lent):
    """A sink that keeps nothing."""

    def write(self, frame: Frame) -> None:
        pass


def repeats(clip: Path) -> tuple[str, int, str, str]:
    """A clip, the faces that are drawn in it, and the shares that need not be."""
    watched, options = Watched(), Options()
    with VideoSource(clip) as source:
        finders = quality.finders(source.info, options)
        run(
            source,
            _Nowhere(),
            detector=finders.detector,
            closer=finders.closer,
            looking=finders.looking,
            effect=Generated(watched, SUBJECTS["stylegan"]),
            shapes=hiding.shapes(options),
        )
    shares = [f"{count / max(watched.drawings, 1):.1%}" for count in (watched.same, watched.near)]
    return clip.name, watched.drawings, shares[0], shares[1]


def made_up(size: tuple[int, int], count: int) -> tuple[list[np.ndarray], list[Target]]:
    """Noise, of which the middle is to be drawn."""
    height, width = size
    rng = np.random.default_rng(0)
    known = np.ones(size, bool)
    known[height // 4 : -height // 4, width // 4 : -width // 4] = False
    target = Target(
        box=(0, 0, width, height),
        known=known,
        rule=smoothly,
        keypoints=np.float32(rng.random((7, 2) if height == width else (17, 3))),
        body_known=known,
        embedding=np.float32(rng.normal(size=(*size, 16))),
        embedding_known=~known,
    )
    return [rng.integers(0, 256, (*size, 3)).astype(np.uint8) for _ in range(count)], [target] * count


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generators", nargs="+", choices=published.SIZES, default=list(published.SIZES))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=ON_A_PROCESSOR)
    parser.add_argument("--repeats", nargs="+", type=Path, metavar="CLIP", help="count what repeats in these instead")
    parser.add_argument("--batch", type=int, default=1, help="crops a call (default: 1)")
    parser.add_argument("--repeat", type=int, default=3, help="turns of each way (default: 3)")
    parser.add_argument("--seconds", type=float, default=10, help="that a turn lasts, at least (default: 10)")
    parser.add_argument("--threads", type=int, default=1, help="that PyTorch computes in (default: 1)")
    parser.add_argument("--device", default="cpu", help="as PyTorch names it (default: cpu)")
    parser.add_argument("--name", default="gan", help="of the files with the results (default: gan)")
    parser.add_argument("--results", type=results.Path, default=results.FOLDER, help="the folder that they go to")
    parser.add_argument("--one", nargs=2, metavar=("GENERATOR", "WAY"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
