"""How surely faces are told apart: persons on several photographs, and strangers on one.

    python benchmarks/recognition.py PEOPLE STRANGERS [--recognizer mobilefacenet]

PEOPLE is a folder of folders, one for each person, with photographs that show one face each. STRANGERS is a folder of
pictures on each of which every face is another person's, and none is one of PEOPLE's. The first table is of pairs of
photographs: one as it is, the other as if the face had been small or out of focus. The second is of pairs of strangers,
by how much their faces have to be enlarged, and last of those that passerby takes for faces that show well who it is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import results
from numpy.typing import NDArray

from passerby.core.frame import Frame
from passerby.detect.faces import CenterFace
from passerby.media.stills import StillSource, is_still
from passerby.recognition import closely
from passerby.recognize.align import aligned, similarity
from passerby.recognize.embedder import LARGEST_SCALE, MOST_OFF_PX, FaceEmbedder
from passerby.recognize.families import FAMILIES, embedder

Picture = NDArray[np.uint8]
ENLARGED = (0.0, 1.0, 1.5, 2.0, 2.5, 3.5, np.inf)
"""Where one row of the table of strangers ends and the next begins."""


def smaller(times: float) -> Callable[[Picture], Picture]:
    """As if the face had been so many times smaller in the film."""
    side = round(112 / times)
    return lambda face: np.asarray(
        cv2.resize(cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA), (112, 112)), np.uint8
    )


def blurred(sigma: float) -> Callable[[Picture], Picture]:
    """As if it had been out of focus, by so many pixels of the aligned face."""
    return lambda face: np.asarray(cv2.GaussianBlur(face, (0, 0), sigma), np.uint8)


WORN: Mapping[str, Callable[[Picture], Picture]] = {
    "as it is": lambda face: face,
    "2 times smaller": smaller(2),
    "4 times smaller": smaller(4),
    "blurred by 2": blurred(2),
    "blurred by 4": blurred(4),
}


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One face of a picture."""

    whose: str
    face: Picture
    """Aligned."""
    scale: float
    off_px: float


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path, metavar="PEOPLE")
    parser.add_argument("strangers", type=Path, metavar="STRANGERS")
    parser.add_argument("--recognizer", default="mobilefacenet", metavar="NAME[=FILE]")
    parser.add_argument("--results", type=Path, default=results.FOLDER, help="folder for the result")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    model, family = embedder(chosen.recognizer), FAMILIES[chosen.recognizer.partition("=")[0]]
    people = [
        Seen(folder.name, one.face, one.scale, one.off_px)
        for folder in sorted(chosen.people.iterdir())
        for path in sorted(folder.iterdir())
        if is_still(path) and len(seen := list(faces(path))) == 1
        for one in seen
    ]
    strangers = [one for path in sorted(chosen.strangers.iterdir()) if is_still(path) for one in faces(path)]
    pairs = [of_people(name, worn, people, model, family.clear) for name, worn in WORN.items()]
    apart = list(of_strangers(strangers, model, family.clear))
    body = (
        f"{family.name}: the same person from {family.same} on, not the same below {family.other}; a face is clear "
        f"when the model's answer is {family.clear:g} long or more.\n\n"
        f"{len(people)} photographs of {len({one.whose for one in people})} persons; cosines.\n\n"
        + results.table(tuple(pairs[0]), [tuple(row.values()) for row in pairs])
        + f"\n{len(strangers)} faces of strangers; cosines of every two.\n\n"
        + results.table(tuple(apart[0]), [tuple(row.values()) for row in apart])
    )
    print(body)
    results.save("recognition", "Faces told apart", body, {"people": pairs, "strangers": apart}, chosen.results)
    return 0


def faces(path: Path) -> Iterator[Seen]:
    """Every face of a picture that is surely one."""
    with StillSource(path) as source:
        frame: Frame = next(iter(source))
    [found] = CenterFace(conf=0.5, shrink=max(max(frame.size) / 1280, 1)).detect([frame])
    for box in found.boxes:
        near = closely(frame, box)
        if near.landmarks is not None and len(near):
            fit = similarity(near.landmarks[0])
            yield Seen(path.name, aligned(frame, fit), fit.scale, fit.off_px)


def of_people(
    name: str, worn: Callable[[Picture], Picture], people: Sequence[Seen], model: FaceEmbedder, clear: float
) -> dict[str, object]:
    """One row: the second photograph of every pair is `worn`."""
    good, length = embedded([one.face for one in people], model)
    bad, worn_length = embedded([worn(one.face) for one in people], model)
    cosines = good @ bad.T
    whose = np.array([one.whose for one in people])
    same = (whose[:, None] == whose) & ~np.eye(len(whose), dtype=bool)
    other = whose[:, None] != whose
    return {
        "second face": name,
        "clear": f"{int((worn_length >= clear).sum())} of {len(length)}",
        "pairs of one person": int(same.sum()),
        "least": round(float(cosines[same].min()), 2),
        "middle": round(float(np.median(cosines[same])), 2),
        "pairs of two persons": int(other.sum()),
        "most": round(float(cosines[other].max()), 2),
    }


def of_strangers(seen: Sequence[Seen], model: FaceEmbedder, clear: float) -> Iterator[dict[str, object]]:
    """One row for each enlargement, and one of all that show well who it is."""
    embeddings, length = embedded([one.face for one in seen], model)
    scale, off_px = np.array([one.scale for one in seen]), np.array([one.off_px for one in seen])
    for low, high in pairwise(ENLARGED):
        rows = (scale >= low) & (scale < high)
        yield row(f"enlarged {low:g} to {high:g} times", embeddings[rows])
    straight = (scale <= LARGEST_SCALE) & (off_px <= MOST_OFF_PX)
    yield row(f"up to {LARGEST_SCALE:g} times, frontal", embeddings[straight])
    yield row("and clear", embeddings[straight & (length >= clear)])


def row(name: str, embeddings: NDArray[np.float32]) -> dict[str, object]:
    cosines = (embeddings @ embeddings.T)[np.triu_indices(len(embeddings), 1)]
    numbers = [cosines.mean(), np.quantile(cosines, 0.999), cosines.max()] if len(cosines) else [np.nan] * 3
    mean, most, worst = (round(float(number), 2) for number in numbers)
    return {
        "faces": name,
        "count": len(embeddings),
        "pairs": len(cosines),
        "mean": mean,
        "1 in 1000": most,
        "most": worst,
    }


def embedded(faces: Sequence[Picture], model: FaceEmbedder) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Unit vectors (N, D), and how long the model's answers were, (N,)."""
    answers = np.stack([model.answer(face) for face in faces])
    length = np.linalg.norm(answers, axis=1)
    return answers / length[:, None], length


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
