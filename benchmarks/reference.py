"""The judge's view: what the face detector finds in every frame of a clip, at full size, decoded on its own.

Nothing here goes through passerby's reader, pipeline or tracker, so that their faults cannot hide themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from numpy.typing import NDArray

from passerby.core import boxes
from passerby.core.frame import Frame, PixelFormat
from passerby.detect.faces import CenterFace
from passerby.weights import TABLE

FLOOR = 0.2
"""Scores above this are kept, so that a cached answer serves every threshold from here up."""
LINK_IOU = 0.3
"""Boxes of neighbouring frames that overlap by more belong to the same face."""
LINK_GAP = 3
"""A face may go unfound for fewer frames than this and still be the same one."""

RGB = PixelFormat("rgb24", ((1, 1),), 8, "rgb", True)


@dataclass(frozen=True, slots=True, eq=False)
class Finds:
    """Everything found in a clip; row i of every array is one face in one frame, frames rising."""

    count: int
    """Frames in the clip."""
    frames: NDArray[np.int64]
    boxes: boxes.Boxes
    """(N, 4) in pixels of the upright frame, cut to it."""
    scores: NDArray[np.float32]

    def above(self, threshold: float) -> Finds:
        """The rows with a score of at least `threshold`."""
        kept = self.scores >= threshold
        return Finds(self.count, self.frames[kept], self.boxes[kept], self.scores[kept])


def find(clip: Path, cache: Path, zoom: float = 1.0) -> Finds:
    """What the detector finds in `clip` enlarged by `zoom`; looked up in the folder `cache`, or found and put there."""
    entry = cache / f"{_key(clip, zoom)}.json"
    if not entry.exists():
        found = _found(clip, zoom)
        cache.mkdir(parents=True, exist_ok=True)
        part = entry.with_suffix(".part")
        part.write_text(
            json.dumps(
                {
                    "clip": clip.name,
                    "count": found.count,
                    "frames": found.frames.tolist(),
                    "boxes": found.boxes.tolist(),
                    "scores": found.scores.tolist(),
                }
            )
        )
        part.replace(entry)
    kept = json.loads(entry.read_text())
    return Finds(
        kept["count"],
        np.array(kept["frames"], np.int64),
        np.array(kept["boxes"], np.float32).reshape(-1, 4),
        np.array(kept["scores"], np.float32),
    )


def lives(found: Finds) -> NDArray[np.int64]:
    """Which face each row belongs to, by overlap from frame to frame, (N,)."""
    faces = np.arange(len(found.frames), dtype=np.int64)
    for frame in np.unique(found.frames):
        now = np.flatnonzero(found.frames == frame)
        before = np.flatnonzero((found.frames < frame) & (found.frames >= frame - LINK_GAP))
        overlaps = boxes.iou(found.boxes[now], found.boxes[before])
        taken: set[int] = set()
        for row, column in zip(*np.unravel_index(np.argsort(-overlaps, axis=None), overlaps.shape), strict=True):
            if overlaps[row, column] < LINK_IOU:
                break
            face = int(faces[before[column]])
            if faces[now[row]] == now[row] and face not in taken:
                faces[now[row]] = face
                taken.add(face)
    return faces


def decoded(clip: Path) -> Iterator[av.VideoFrame]:
    """The frames of the first video of `clip` that is shown, as stored."""
    with av.open(str(clip)) as container:
        yield from container.decode(_shown(container))


def upright(samples: NDArray[np.uint8], frame: av.VideoFrame) -> NDArray[np.uint8]:
    """`samples` (H, W, …) of a stored `frame`, turned as it is shown."""
    return np.ascontiguousarray(np.rot90(samples, round(frame.rotation / 90)))


def _found(clip: Path, zoom: float) -> Finds:
    detector = CenterFace(conf=FLOOR)
    with av.open(str(clip)) as container:
        aspect = _shown(container).sample_aspect_ratio or Fraction(1)
    answers = []
    for index, picture in enumerate(decoded(clip)):
        rgb = upright(np.asarray(picture.to_ndarray(format="rgb24"), np.uint8), picture)
        shown_aspect = 1 / aspect if picture.rotation % 180 else aspect
        height, width = rgb.shape[:2]
        if zoom != 1:
            larger = round(width * zoom), round(height * zoom)
            rgb = np.asarray(cv2.resize(rgb, larger, interpolation=cv2.INTER_LINEAR), np.uint8)
        frame = Frame((rgb,), RGB, index, index, Fraction(1), sample_aspect=shown_aspect)
        [answer] = detector.detect([frame])
        scale = np.tile(np.divide((width, height), frame.size, dtype=np.float32), 2)
        answers.append((boxes.clip(answer.boxes * scale, (width, height)), answer.scores))
    return Finds(
        len(answers),
        np.repeat(np.arange(len(answers)), [len(scores) for _, scores in answers]),
        np.concatenate([found for found, _ in answers]),
        np.concatenate([scores for _, scores in answers]),
    )


def _shown(container: InputContainer) -> av.VideoStream:
    return next(stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic)


def _key(clip: Path, zoom: float) -> str:
    """Names what the answer depends on: the file's bytes, the detector, the floor and the zoom."""
    content = hashlib.sha256(clip.read_bytes())
    content.update(f"{TABLE['centerface'].sha256} {FLOOR}{'' if zoom == 1 else f' {zoom:g}'}".encode())
    return content.hexdigest()[:32]
