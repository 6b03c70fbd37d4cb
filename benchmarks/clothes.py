"""How long new clothes for one person take, after parsing, at 1080p on one core.

    python benchmarks/clothes.py [--repeat 100] [--gate]

The person is drawn (`tests/drawn_dressed.py`), some 250 pixels wide and 600 high, and what is worn is told from the
drawing. Counted is the processor time of `Recoloured.paint` with that person alone in a frame. `--gate` ends with 1
when the median is above 6 ms.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.frame import Frame, PixelFormat
from passerby.core.parsing import Garment, Parsed
from passerby.core.regions import Mask, Region
from passerby.paint.clothes.effect import Recoloured
from passerby.paint.effects import Mosaic

# Drawn persons belong to the tests, which have no package.
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import drawn_dressed

WANTED_MS = 6.0
SIZE = (1920, 1080)
YUV420 = PixelFormat("yuv420p", ((1, 1), (2, 2), (2, 2)), 8, "bt709", False)
PEOPLE = {
    "plain": drawn_dressed.Person(at=(0.3, 0.3), height=0.556),
    "checks, long sleeves": drawn_dressed.Person(at=(0.3, 0.3), height=0.556, pattern="checks", sleeves="long"),
    "dress, hat and bag": drawn_dressed.Person(
        at=(0.3, 0.3), height=0.556, dress=True, hat=(90, 20, 80), bag=(30, 90, 90)
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """Milliseconds of processor time for one person."""

    worn: str
    p50: float
    p95: float


class Told:
    """A parser that knows the drawing."""

    def __init__(self, drawn: drawn_dressed.Dressed) -> None:
        x0, y0, x1, y1 = drawn.boxes[0].astype(int).tolist()
        self._told = Parsed(
            tuple(
                Garment(
                    group, Mask(x0 - 20, y0 - 20, np.ascontiguousarray(share[y0 - 20 : y1 + 20, x0 - 20 : x1 + 20]))
                )
                for group, share in drawn.garments.items()
            )
        )

    def parse(self, frame: Frame, boxes: Boxes) -> list[Parsed | None]:
        return [self._told for _ in boxes]


def measured(worn: str, person: drawn_dressed.Person, repeat: int) -> Row:
    drawn = drawn_dressed.dressed(SIZE, [person])
    grid = tuple(np.zeros((SIZE[1] // sy, SIZE[0] // sx), np.uint8) for sx, sy in YUV420.subsampling)
    empty = Frame(grid, YUV420, 0, 0, Fraction(1, 25))
    frame = empty.with_planes(pixels.to_planes(drawn.picture, empty, (0, 0, *SIZE)))
    box = drawn.boxes[0]
    width, height = (box[2:] - box[:2]).astype(int).tolist()
    mask = Mask(int(box[0]), int(box[1]), np.full((height, width), 255, np.uint8))
    region = Region(1, "clothes", box, mask, seed=1)
    effect = Recoloured(Told(drawn), fallback=Mosaic())

    def spent() -> float:
        before = time.process_time()
        effect.paint([frame], [[region]])
        return (time.process_time() - before) * 1000

    spent()
    times = [spent() for _ in range(repeat)]
    return Row(f"{worn}, {width}x{height}", *(float(np.percentile(times, share)) for share in (50, 95)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=100)
    parser.add_argument("--gate", action="store_true")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    rows = [measured(worn, person, arguments.repeat) for worn, person in PEOPLE.items()]
    for row in rows:
        print({name: it if isinstance(it, str) else round(it, 2) for name, it in asdict(row).items()})
    return int(arguments.gate and max(row.p50 for row in rows) > WANTED_MS)


if __name__ == "__main__":
    raise SystemExit(main())
