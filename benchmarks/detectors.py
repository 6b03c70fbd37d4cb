"""How long a look at a frame takes with each model of the registry that is here, beside CenterFace in the same run.

    python benchmarks/detectors.py CLIP [--models FOLDER] [--repeat 20]

Every model in turn looks at every frame, everything included: the picture made small, the model, what is made of its
answer. The time is the median; a ratio is the median of those of single frames, since the machine is not equally quick
at all times. Models of faces look as `balanced` does at a whole picture: made 960 pixels long for those that take any
size, and again, in full size, at what they doubt.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import results

from passerby import weights
from passerby.core.frame import Frame
from passerby.core.stages import Detector
from passerby.media.video import VideoSource
from passerby.options.choices import TARGETS
from passerby.runtime import choice
from passerby.settings import Options
from passerby.targets import detector

REFERENCE = "centerface"
LONGEST = 960
MODELS: Mapping[str, str] = {
    REFERENCE: "faces",
    "yunet_n_dynamic": "faces",
    "yunet_n_640": "faces",
    "yunet_s_640": "faces",
    "scrfd_500m_bnkps": "faces",
    "light_person_detector": "persons",
    "yolox_nano_416": "persons,vehicles",
    "deimv2_atto_coco": "persons,vehicles",
    "deimv2_femto_coco": "persons,vehicles",
    "ppocr_v4_det": "text",
}
"""Models that passerby reads, and what they look for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model."""

    model: str
    targets: str
    licence: str
    input: str
    ms: float
    """Of a look, in the median."""
    ratio: float
    """To one of `REFERENCE` at the same frame, in the median."""
    found: int
    """In all frames."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path, help="a video, 1080p to compare with others' figures")
    parser.add_argument("--models", type=Path, help="where models lie (default: where passerby looks for them)")
    parser.add_argument("--repeat", type=int, default=20, help="frames, evenly over the first of them (default: 20)")
    parser.add_argument("--results", type=Path, default=results.FOLDER, help="folder for the result")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    with VideoSource(chosen.clip) as source:
        size = source.info.size
        frames = list(islice(source, 0, 3 * chosen.repeat, 3))
    here = {name: path for name in MODELS if (path := _file(name, chosen.models)) is not None}
    rows = measured({name: _detector(name, path, size) for name, path in here.items()}, frames)
    columns = ("target", "model", "licence", "input", "ms a frame", "in looks of CenterFace", "finds, right or wrong")
    shown = [
        (row.targets, f"`{row.model}`", row.licence, row.input, f"{row.ms:.1f}", f"{row.ratio:.2f}", row.found)
        for row in rows
    ]
    missing = ", ".join(name for name in MODELS if name not in here) or "none"
    said = f"{len(frames)} frames of {size[0]}x{size[1]}, on one core, by {choice().name}. Not here: {missing}.\n\n"
    body = said + results.table(columns, shown)
    print(body)
    results.save("detectors", "A look with each model", body, {"rows": [asdict(row) for row in rows]}, chosen.results)
    return 0


def measured(detectors: Mapping[str, Detector], frames: Sequence[Frame]) -> list[Row]:
    """Every one of `detectors`, by the names of their models, at all of `frames`."""
    spent: dict[str, list[float]] = {name: [] for name in detectors}
    found = dict.fromkeys(detectors, 0)
    for one in detectors.values():
        one.detect(frames[:1])  # what is loaded once is not to count
    for frame in frames:
        for name, one in detectors.items():
            started = time.perf_counter()
            [answer] = one.detect([frame])
            spent[name].append(1000 * (time.perf_counter() - started))
            found[name] += len(answer)
    known = {name: weights.entry(name) for name in detectors}
    return [
        Row(
            model=name,
            targets=MODELS[name].replace(",", ", "),
            licence=known[name].licence + ("" if known[name].commercial else ", no commercial use"),
            input=known[name].input_size,
            ms=float(np.median(times)),
            ratio=float(np.median(np.divide(times, spent[REFERENCE]))),
            found=found[name],
        )
        for name, times in spent.items()
    ]


def _file(name: str, folder: Path | None) -> Path | None:
    """The file of the model called `name`, verified; None where it is not here."""
    entry = weights.entry(name)
    if folder is None or name == REFERENCE:
        return weights.find(name) if weights.lies(entry) else None
    path = folder / entry.file
    if not path.is_file():
        return None
    weights.verify(path, entry.sha256)
    return path


def _detector(name: str, path: Path, size: tuple[int, int]) -> Detector:
    """The detector of a model, and of nothing else, as a run would make it."""
    targets = MODELS[name].split(",")
    options = Options(hide=MODELS[name], models=[f"{TARGETS[target]}={path}" for target in targets])
    return detector(options, shrink=max(max(size) / LONGEST, 1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
