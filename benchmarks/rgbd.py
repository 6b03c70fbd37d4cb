"""How long hiding a face in colour and depth takes, step by step, at 640x480 on one core.

    python benchmarks/rgbd.py [--repeat 200] [--gate]

The pictures are composed: one person or four, before a street, with a head and a wall in depth. Every step is timed on
its own by `FaceMasker.process_arrays`; p50 and p95 are of all pictures. `--gate` ends with 1 when masking, anonymizing
and depth together take more than 2 ms in the median with one face, in any way of hiding.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import results

from passerby.rgbd import FaceMasker, Style

# Composed pictures belong to the tests, which have no package.
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import drawn_depth

WANTED_MS = 2.0
STEPS = ("detect", "mask", "anonymize", "depth")
WAYS: Mapping[str, tuple[bool, Style]] = {
    "box masks, noise": (False, Style()),
    "depth masks, noise": (True, Style()),
    "depth masks, flat depth": (True, Style(depth="flat")),
    "depth masks, fresh noise": (True, Style(noise="fresh")),
}
"""Whether depth shapes the masks, and the style."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way of hiding so many faces; milliseconds."""

    way: str
    faces: int
    p50: Mapping[str, float]
    p95: Mapping[str, float]
    """Of each step, and of 'hiding': all of them but the detection."""
    rate: float
    """Pictures per second, detection included, in the median."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=200, help="pictures of each kind (default: 200)")
    parser.add_argument("--gate", action="store_true", help="end with 1 when it takes too long")
    parser.add_argument("--results", type=Path, default=results.FOLDER, help="folder for the result")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    pictures = {"one": list(drawn_depth.takes(5)), "four": list(drawn_depth.crowd(5))}
    rows = [
        measured(name, hiding, taken, chosen.repeat) for taken in pictures.values() for name, hiding in WAYS.items()
    ]
    shown = [
        (
            row.way,
            row.faces,
            *(f"{row.p50[step]:.2f} / {row.p95[step]:.2f}" for step in (*STEPS, "hiding")),
            round(row.rate, 1),
        )
        for row in rows
    ]
    columns = ("way", "faces", *(f"{step}, p50 / p95 ms" for step in (*STEPS, "hiding")), "pictures/s")
    said = (
        f"{chosen.repeat} pictures of 640x480 a row, on one core. Hiding is mask, anonymize and depth: at most "
        f"{WANTED_MS:g} ms are wanted of it with one face.\n\n"
    )
    body = said + results.table(columns, shown)
    print(body)
    results.save("rgbd", "Faces in colour and depth", body, {"rows": [asdict(row) for row in rows]}, chosen.results)
    slow = [row for row in rows if row.faces == 1 and row.p50["hiding"] > WANTED_MS]
    return 1 if chosen.gate and slow else 0


def measured(way: str, hiding: tuple[bool, Style], pictures: Sequence[drawn_depth.Taken], repeat: int) -> Row:
    """Hide the faces of `pictures`, one after the other, `repeat` times in all."""
    use_depth, style = hiding
    masker = FaceMasker(enable_depth_anon=True, style=style)
    masker.process_arrays(pictures[0].bgr, pictures[0].depth, use_depth)  # what is loaded once is not to count
    spent: dict[str, list[float]] = {step: [] for step in (*STEPS, "total")}
    faces = []
    for i in range(repeat):
        one = pictures[i % len(pictures)]
        masked = masker.process_arrays(one.bgr, one.depth, use_depth)
        faces.append(len(masked.boxes))
        for step, seconds in masked.times.items():
            spent[step].append(1000 * seconds)
    spent["hiding"] = list(np.sum([spent[step] for step in STEPS[1:]], axis=0))
    p50, p95 = (
        {step: round(float(np.percentile(times, share)), 3) for step, times in spent.items()} for share in (50, 95)
    )
    return Row(way, round(float(np.median(faces))), p50, p95, 1000 / p50["total"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
