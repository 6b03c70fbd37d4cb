"""Pairs of tiny films: people are squares of a pattern of their own, and what became of them is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.evaluate.watchers import Watchers

SIZE = (160, 96)
SIDE = 32
RATE = 25
Picture = np.ndarray[Any, Any]
Hide = Callable[[Picture], Picture]
"""From a face (SIDE, SIDE, 3) to what is painted over it."""


def left(face: Picture) -> Picture:
    return face


def filled(face: Picture) -> Picture:
    return np.full_like(face, 90)


@dataclass(frozen=True)
class Film:
    """What to draw: everyone stands still, side by side."""

    people: int = 3
    frames: int = 12
    size: tuple[int, int] = SIZE
    rate: int = RATE
    hide: Hide = filled
    bare: Sequence[tuple[int, int]] = ()
    """(frame, person) who is not hidden."""
    seed: int = 0
    places: Sequence[tuple[int, int]] = field(default=((8, 20), (64, 40), (120, 20)))


def tiled(seed: int = 0) -> Film:
    """People from edge to edge, of whom one is hidden."""
    everywhere = [(x, y) for x in range(0, SIZE[0], SIDE) for y in range(0, SIZE[1], SIDE)]
    bare = [(frame, person) for frame in range(12) for person in range(1, len(everywhere))]
    return Film(people=len(everywhere), places=everywhere, bare=bare, seed=seed)


def boxes(film: Film) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array([(x, y, x + SIDE, y + SIDE) for x, y in film.places[: film.people]], np.float32).reshape(-1, 4)


def face(film: Film, person: int) -> Picture:
    """A pattern of 8 by 8 colours, smooth enough for an encoder to keep it."""
    random = np.random.default_rng(film.seed * 100 + person)
    cells = random.integers(0, 256, (8, 8, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(cells, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))


def picture(film: Film, frame: int, *, hidden: bool) -> Picture:
    width, height = film.size
    shade = np.linspace(60, 200, width).astype(np.uint8)
    answer = np.repeat(np.repeat(shade[None, :, None], height, 0), 3, 2).copy()
    for person, (x, y) in enumerate(film.places[: film.people]):
        look = face(film, person)
        if hidden and (frame, person) not in film.bare:
            look = film.hide(look)
        answer[y : y + SIDE, x : x + SIDE] = look
    return answer


def write(film: Film, path: Path, *, hidden: bool, reshape: Hide = left, step: int = 1) -> Path:
    """A file of every `step`th frame at its own time, each as `reshape` makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = reshape(picture(film, 0, hidden=hidden)).shape[:2]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=Fraction(film.rate, step), options={"crf": "8"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, film.rate)
        for index in range(0, film.frames, step):
            frame = VideoFrame.from_ndarray(reshape(picture(film, index, hidden=hidden)), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, film.rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def pair(film: Film, folder: Path, name: str = "film.mp4") -> tuple[Path, Path]:
    """The original and what became of it."""
    return (
        write(film, folder / "original" / name, hidden=False),
        write(film, folder / "anonymized" / name, hidden=True),
    )


def truth(film: Film, path: Path, label: str = "face") -> Path:
    """Who is where, as CSV."""
    rows = ["track,label,frame,x0,y0,x1,y1"]
    for person, box in enumerate(boxes(film).tolist()):
        rows += [f"{person},{label},{frame},{','.join(map(str, box))}" for frame in range(film.frames)]
    path.write_text("\n".join(rows) + "\n")
    return path


class Seeing:
    """A detector that knows where faces are, and sees the coloured ones alone: grey ones are hidden."""

    labels = frozenset({"face"})

    def __init__(self, film: Film) -> None:
        self._boxes = boxes(film)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        from passerby.core import pixels

        answer = []
        for frame in frames:
            rgb = pixels.rgb(frame).astype(int)
            colourful = [
                bool(np.ptp(rgb[int(y) : int(b), int(x) : int(r)], axis=2).mean() > 20) for x, y, r, b in self._boxes
            ]
            found = self._boxes[np.array(colourful, bool)] if len(self._boxes) else self._boxes
            answer.append(Detections(found, np.full(len(found), 0.9, np.float32), np.full(len(found), "face")))
        return answer


def seen(film: Film) -> Callable[..., Watchers]:
    """Who looks, in place of the registry's models."""
    return lambda labels, hidden_by, brought: Watchers({"face": "drawn sha256 none"}, (lambda size: Seeing(film),))


def nobody(labels: object, hidden_by: object, brought: object) -> Watchers:
    return Watchers(missing=("faces: no model is here; get it with: passerby models pull yunet_n_dynamic",))


class Colours:
    """An embedder that sees 8 by 8 colours."""

    model = "colours sha256 none"

    def embed(self, crops: Sequence[Picture]) -> np.ndarray[Any, np.dtype[np.float32]]:
        small = [cv2.resize(crop, (8, 8), interpolation=cv2.INTER_AREA).reshape(-1) for crop in crops]
        return np.append(np.array(small, np.float32) - 128, np.ones((len(small), 1), np.float32), axis=1)
