"""How steady generated faces are, frame by frame and held on to: composed films, and generators that never learned.

    python benchmarks/steadiness.py [--films NAME...] [--smooth 0.3 0.6] [--generators NAME...] [--frames 24]

One draws a fixed picture, the other is a stylegan_fdf128 of an eighth of its width with random weights. These are
blots, but how they tremble tells of crops, seams and mixing all the same. Films are composed (see
`tests/footage_scenes.py`), with grain; boxes are the true ones, trembling as detectors' do. Compared are

- frame by frame, as DeepPrivacy2 does it with --track: one look for each track, the crop by each frame's own box;
- passerby without and with `--smooth`.

Of faces: the error after the original's motion (`passerby evaluate temporal`) as a share of that frame by frame; the
least cosine to the first frame (`passerby evaluate drift`), with 16 x 16 grey values for an embedding; and contrast
(the mean gradient) as a share of that frame by frame, for mixing must not blur.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import islice

import cv2
import numpy as np
import results
import torch
import truth
from numpy.typing import NDArray

from passerby.core.frame import Frame, PixelFormat
from passerby.core.regions import Region
from passerby.demo.scene import Face
from passerby.evaluate import drift
from passerby.evaluate.temporal import DisFlow, Steadiness, Vectors
from passerby.mask.shapes import HeadOval
from passerby.paint.composite import composite
from passerby.paint.gan import published
from passerby.paint.gan.effect import SUBJECTS, Generated
from passerby.paint.gan.generator import Generator, Looks
from passerby.paint.gan.layers import fold
from passerby.paint.gan.pasting import Drawer, Picture, Target
from passerby.paint.gan.unet import UnetSize

FILMS = ("crossing", "shaking", "still")
SIZE = (640, 360)
TREMBLE = 0.03
"""Standard deviation of the sides of boxes, as a share of a face's height."""
RGB = PixelFormat("rgb24", ((1, 1),), 8, "rgb", True)
PATCHES = "fixed picture"
GENERATORS = (PATCHES, "random weights")
FACES = SUBJECTS["stylegan_fdf128"]
FIRST, PLAIN = "frame by frame", "passerby"
COLUMNS = ("generator", "film", "way", "error after motion", "least cosine", "contrast")


@dataclass(frozen=True, slots=True)
class Row:
    """One way on one film."""

    generator: str
    film: str
    way: str
    error: float
    """Mean squared error after motion, of 0..1."""
    cosine: float
    contrast: float


class Patches:
    """Draws one picture of random patches, wherever."""

    size = (128, 128)

    def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> NDArray[np.float32]:
        drawn = [np.random.default_rng(seed).integers(0, 255, (8, 8, 3)).repeat(16, 0).repeat(16, 1) for seed in seeds]
        return np.array(drawn, np.float32)


class Once:
    """A `Flow` that looks at each pair of frames once: the original is the same for all ways."""

    def __init__(self) -> None:
        self._flow = DisFlow()
        self.name = self._flow.name
        self._known: dict[tuple[int, int], Vectors] = {}

    def flow(self, first: Picture, second: Picture) -> Vectors:
        pair = id(first), id(second)
        if pair not in self._known:
            self._known[pair] = self._flow.flow(first, second)
        return self._known[pair]


def main(arguments: Sequence[str]) -> int:
    """0."""
    chosen = _parsed(arguments)
    torch.set_num_threads(1)
    rows = [row for name in chosen.generators for film in chosen.films for row in measured(name, film, chosen)]
    body = results.table(COLUMNS, [_told(row, rows) for row in rows])
    print(body)
    results.save("steadiness", "Steadiness of generated faces", body, {"rows": [asdict(row) for row in rows]})
    return 0


def measured(generator: str, film: str, chosen: argparse.Namespace) -> Iterator[Row]:
    """All ways on one film."""
    drawer = drawn_by(generator)
    shots = list(islice(filmed(film), chosen.frames))
    flow = Once()
    for way in (FIRST, PLAIN, *(f"--smooth {share:g}" for share in chosen.smooth)):
        steadiness, faces = Steadiness(flow), defaultdict[int, list[tuple[int, Picture]]](list)
        effect = Generated(drawer, FACES, smooth=_share(way))
        contrasts = []
        for frame, hidden, seen in shots:
            if way == FIRST:  # whoever remembers nothing goes by each frame alone
                effect = Generated(drawer, FACES)
            [patches] = effect.paint([frame], [hidden])
            came, area = composite(frame, hidden, patches).planes[0], np.zeros(SIZE[::-1], np.bool_)
            for face in seen:
                x0, y0, x1, y1 = np.clip(np.rint(face.box).astype(int), 0, np.tile(SIZE, 2)).tolist()
                area[y0:y1, x0:x1] = True
                faces[face.person].append((frame.index, came[y0:y1, x0:x1]))
            steadiness.add(film, frame.planes[0], came, area)
            contrasts.append(_contrast(came, area))
        errors = [step.inside for step in steadiness.steps if step.inside is not None]
        cosines = [_cosine(seen) for seen in faces.values()]
        row = Row(generator, film, way, float(np.mean(errors)), float(np.mean(cosines)), float(np.mean(contrasts)))
        print(row, flush=True)
        yield row


def filmed(film: str) -> Iterator[tuple[Frame, list[Region], list[Face]]]:
    """The frames of a film, what is hidden in each, and the faces themselves."""
    tremble = np.random.default_rng(7)
    for index, (picture, faces) in enumerate(truth.takes()[film].film(SIZE)):
        frame = Frame((picture,), RGB, index, index, Fraction(1, 25))
        seen = [face for face in faces if face.visible > truth.SEEN]
        hidden = []
        for face in seen:
            noise = tremble.normal(0, TREMBLE * (face.box[3] - face.box[1]), 4)
            box = np.array(face.box + noise, np.float32)
            hidden.append(Region(face.person, "face", box, HeadOval().mask(box), seed=face.person))
        yield frame, hidden, seen


def drawn_by(generator: str) -> Drawer:
    """One that never learned."""
    if generator == PATCHES:
        return Patches()
    torch.manual_seed(0)
    net = published.build(UnetSize(imsize=(128, 128), cnum=16, max_cnum_mul=4))
    fold(net)
    return Generator(net, looks=Looks(truncation=0.5))


def _share(way: str) -> float:
    return float(way.partition(" ")[2]) if way.startswith("--smooth") else 0


def _contrast(picture: Picture, area: NDArray[np.bool_]) -> float:
    down, across = np.gradient(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32))
    return float(np.hypot(down, across)[area].mean()) if area.any() else float("nan")


def _cosine(seen: Sequence[tuple[int, Picture]]) -> float:
    small = [cv2.resize(face, (16, 16), interpolation=cv2.INTER_AREA) for _, face in seen]
    rows = np.array([cv2.cvtColor(face, cv2.COLOR_RGB2GRAY) for face in small], np.float64).reshape(len(small), -1)
    return drift.along(0, [index for index, _ in seen], rows - rows.mean(1, keepdims=True)).lowest


def _told(row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    [first] = [it for it in rows if (it.generator, it.film, it.way) == (row.generator, row.film, FIRST)]
    shares = f"{row.error / first.error:.2f}", f"{row.cosine:.2f}", f"{row.contrast / first.contrast:.2f}"
    return (row.generator, row.film, row.way, *shares)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", nargs="+", choices=truth.takes(), default=list(FILMS))
    parser.add_argument("--generators", nargs="+", choices=GENERATORS, default=list(GENERATORS))
    parser.add_argument("--smooth", nargs="+", type=float, default=[0.3, 0.6])
    parser.add_argument("--frames", type=int, default=24, help="of each film, at most (default: 24)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
