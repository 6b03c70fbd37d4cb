"""Who is to be seen where in a clip: from a file beside it, or from looking at every frame of it.

A clip `street.mp4` is annotated by a file `street.truth.json` beside it:

    {"size": [1920, 1080], "count": 60, "faces": [
        {"frame": 0, "person": 1, "box": [810.0, 395.5, 901.0, 514.5], "sure": true}, ...]}

`size` is that of the upright picture and `count` the number of frames; a box is x0 y0 x1 y1 in pixels, half-open, from
the fringe to the chin and from ear to ear; a person has one number for the whole clip. Where `sure` is false somebody
may be seen or not (dark, mostly hidden): there it counts neither as hidden nor as leaked.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import reference
from numpy.typing import NDArray

from passerby import demo
from passerby.core import boxes as bx
from passerby.evaluate.people import SURE, joined
from passerby.evaluate.people import Appearances as Faces

# Composed films belong to the tests, which have no package.
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import footage
import footage_scenes

LASTING = 5
"""Frames from which on a face is no flicker of the detector."""
ZOOM = 1.5
"""The second look enlarges by this: small faces are found more surely."""
SAME = 0.4
"""IoU above which two finds of one frame are the same face."""
SEEN, HARDLY = 0.6, 0.1
"""Visible share of a composed face from which it is surely seen, and below which it is not."""
DARK, BLINDING = 0.2, 3.0
"""Brightness of a composed frame below or above which a face may be lost to the eye."""
SHORT = footage_scenes.SHORT
"""Films in which faces are in view for less than the time between looks."""


def annotation(clip: Path) -> Path:
    """The file in which the truth of `clip` is written down, if it is."""
    return clip.with_suffix(".truth.json")


def known(clip: Path, cache: Path) -> Faces:
    """The faces in `clip`: those written down beside it, else those found in every frame."""
    written = annotation(clip)
    return annotated(written) if written.exists() else found(clip, cache)


def annotated(path: Path) -> Faces:
    """The faces written down in a file (see above)."""
    content = json.loads(path.read_text())
    rows = sorted(content["faces"], key=lambda row: int(row["frame"]))
    boxes = np.array([row["box"] for row in rows], np.float32).reshape(-1, 4)
    size = int(content["size"][0]), int(content["size"][1])
    return Faces(
        int(content["count"]),
        size,
        np.array([row["frame"] for row in rows], np.int64),
        np.array([row["person"] for row in rows], np.int64),
        bx.clip(boxes, size),
        np.array([row["sure"] for row in rows], np.bool_),
    )


# Composed


def composed(name: str, cache: Path) -> Path:
    """The film of that name (see `tests/footage_scenes.py` and `tests/footage.py`) with its truth beside it.

    It is kept in a folder named by the code that draws it.
    """
    clip = cache / f"films-{_drawing()}" / f"{name}.mp4"
    if not annotation(clip).exists():
        clip.parent.mkdir(parents=True, exist_ok=True)
        take = takes()[name]
        film = take.film()
        truth = footage.write(film, clip, take.coding)
        # Last, so that it is there only when all is.
        annotation(clip).write_text(json.dumps(_written(truth, footage.lights(film)), indent=0) + "\n")
    return clip


def takes() -> dict[str, footage_scenes.Take]:
    """Every composed film by name; the small clean ones of `footage` are called clean_…"""
    clean = {f"clean_{name}": footage_scenes.Take(scene, footage.Coding()) for name, scene in footage.SCENES.items()}
    return {**footage_scenes.FILMS, **clean, **footage_scenes.SHORT}


def _written(truth: footage.Truth, lights: Sequence[float]) -> dict[str, object]:
    faces = []
    for index, (seen, light) in enumerate(zip(truth.faces, lights, strict=True)):
        for face in seen:
            if face.visible >= HARDLY:
                sure = face.visible >= SEEN and DARK <= light <= BLINDING
                box = [round(side, 2) for side in face.box]
                faces.append({"frame": index, "person": face.person, "box": box, "sure": sure})
    return {"size": list(truth.size), "count": len(truth.times), "faces": faces}


@functools.cache
def _drawing() -> str:
    """Names the code that composed films come from."""
    tests, drawing = (Path(inspect.getfile(module)).parent for module in (footage, demo))
    sources = [*sorted(tests.glob("footage*.py")), *sorted(drawing.glob("*.py"))]
    content = b"".join(source.read_bytes() for source in sources)
    return hashlib.sha256(content + repr((SEEN, HARDLY, DARK, BLINDING)).encode()).hexdigest()[:12]


# Found


def found(clip: Path, cache: Path) -> Faces:
    """The faces that the detector finds in every frame of `clip`, at full size or enlarged."""
    looks = reference.find(clip, cache), reference.find(clip, cache, ZOOM)
    frames = np.concatenate([look.frames for look in looks])
    boxes = np.concatenate([look.boxes for look in looks])
    scores = np.concatenate([look.scores for look in looks])
    kept = np.concatenate([np.empty(0, np.intp), *_distinct(frames, boxes, scores)])
    kept = kept[~_mistaken(boxes[kept], not_faces(clip))]
    frames, boxes, scores = frames[kept], boxes[kept], scores[kept]
    people = joined(frames, boxes)
    lives = np.bincount(people, weights=scores >= SURE, minlength=1)
    sure = (scores >= SURE) & (lives[people] >= LASTING)
    first = next(reference.decoded(clip))
    height, width = reference.upright(np.asarray(first.to_ndarray(format="gray"), np.uint8), first).shape
    return Faces(looks[0].count, (width, height), frames, people, boxes, sure)


def _distinct(frames: NDArray[np.int64], boxes: bx.Boxes, scores: NDArray[np.float32]) -> Iterable[NDArray[np.intp]]:
    """Frame by frame, the rows that stay when of two that overlap the better one does."""
    for frame in np.unique(frames):
        rows = np.flatnonzero(frames == frame)
        yield rows[bx.suppress(boxes[rows], scores[rows], SAME)]


def not_faces(clip: Path) -> bx.Boxes:
    """Boxes (N, 4) in which the detector finds what somebody looked at and is no face, in all frames of `clip`.

    They are listed in `not_faces.json` by the sha256 of the clip, so that they hold for no other.
    """
    listed = json.loads(Path(__file__).with_name("not_faces.json").read_text())
    entry = listed.get(hashlib.sha256(clip.read_bytes()).hexdigest(), {"places": []})
    return np.array([place["box"] for place in entry["places"]], np.float32).reshape(-1, 4)


def _mistaken(boxes: bx.Boxes, places: bx.Boxes) -> NDArray[np.bool_]:
    """Which of `boxes` (N, 4) have their middle in any of `places`, (N,)."""
    middle = bx.centre(boxes)[:, None]
    inside = np.all((places[None, :, :2] <= middle) & (middle < places[None, :, 2:]), axis=2)
    return np.asarray(np.any(inside, axis=1), np.bool_)
