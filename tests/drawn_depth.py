"""A person before a wall, in colour and in depth, drawn so that everything about them is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import footage
import numpy as np
from numpy.typing import NDArray

from passerby.demo.person import Look
from passerby.demo.scene import Key, Person, Scene, Shot

SIZE = (640, 480)
HEAD_M, WALL_M = 1.2, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """One picture of each kind."""

    bgr: NDArray[np.uint8]
    """(H, W, 3)"""
    depth: NDArray[np.uint16]
    """(H, W) millimetres."""
    box: NDArray[np.float32]
    """(4,) of the face."""


def takes(frames: int = 1, face_px: float = 150) -> Iterator[Taken]:
    """Somebody walks slowly to the right."""
    person = Person(0, (Key(0, 260, 200, face_px), Key(2, 380, 200, face_px)), Look())
    street = footage.standing(face_px, SIZE).shots[0].backdrop
    for picture, faces in Scene((Shot(frames, (person,), street),), SIZE):
        bgr = np.ascontiguousarray(np.asarray(picture, np.uint8)[..., ::-1])
        yield Taken(bgr, head_depth(faces[0].box), np.asarray(faces[0].box, np.float32))


def crowd(frames: int = 1, face_px: float = 100) -> Iterator[Taken]:
    """Four people side by side, who walk slowly to the right. The box is that of the first."""
    people = tuple(
        Person(i, (Key(0, x, 180, face_px), Key(2, x + 60, 180, face_px)), Look(mirrored=bool(i % 2)))
        for i, x in enumerate((80, 220, 360, 500))
    )
    street = footage.standing(face_px, SIZE).shots[0].backdrop
    for picture, faces in Scene((Shot(frames, people, street),), SIZE):
        bgr = np.ascontiguousarray(np.asarray(picture, np.uint8)[..., ::-1])
        depth = np.minimum.reduce([head_depth(face.box) for face in faces])
        yield Taken(bgr, depth, np.asarray(faces[0].box, np.float32))


def head_depth(box: Any) -> NDArray[np.uint16]:
    """A wall, and before it a head that is rounder than it is flat, with a few readings missing."""
    depth = np.full(SIZE[::-1], round(WALL_M * 1000), np.uint16)
    x0, y0, x1, y1 = (float(side) for side in box)
    centre, half = ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) * 0.55, (y1 - y0) * 0.6)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    away = ((x - centre[0]) / half[0]) ** 2 + ((y - centre[1]) / half[1]) ** 2
    head = away < 1
    depth[head] = (1000 * (HEAD_M + 0.12 * away[head])).astype(np.uint16)
    shoulders = np.zeros(depth.shape, np.uint8)
    cv2.rectangle(shoulders, (int(x0 - (x1 - x0)), int(y1 + 0.15 * (y1 - y0))), (int(2 * x1 - x0), SIZE[1]), 1, -1)
    depth[(shoulders > 0) & ~head] = round(1000 * HEAD_M)
    depth[np.random.default_rng(3).random(depth.shape) < 0.02] = 0
    return depth
