"""Scenes: people walking before a backdrop, drawn frame by frame, with the place of every face known exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.demo.person import Box, Look, Picture, Placed, place


@dataclass(frozen=True, slots=True)
class Key:
    """Where a face is at one moment; between two moments it moves straight and evenly."""

    time_s: float
    """Since the shot's start."""
    x: float
    y: float
    """Middle of the face, in pixels of the backdrop."""
    face_px: float
    """Height of the face."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a shot; there from the first key to the last one, both included."""

    id: int
    keys: tuple[Key, ...]
    look: Look = field(default_factory=Look)
    sway: float = 0.0
    """How far the head goes up and down in walking, as a share of the face's height."""

    def at(self, time_s: float) -> Key | None:
        """Where the face is then, or None when the person is not there."""
        times = [key.time_s for key in self.keys]
        if not times[0] <= time_s <= times[-1]:
            return None
        x, y, face_px = (
            float(np.interp(time_s, times, [getattr(key, name) for key in self.keys])) for name in ("x", "y", "face_px")
        )
        steps_per_s = 1.8
        return Key(time_s, x, y + self.sway * face_px * float(np.sin(2 * np.pi * steps_per_s * time_s)), face_px)


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """What does not walk: a picture behind the people and one before them."""

    behind: Picture
    """(H, W, 3) RGB; at least as large as the frame."""
    before: Picture | None = None
    """(H, W, 4) RGBA of the same size, or None."""


def steady(time_s: float) -> tuple[float, float]:
    """A camera on a tripod."""
    return 0.0, 0.0


def daylight(time_s: float) -> float:
    """Light that does not change."""
    return 1.0


@dataclass(frozen=True, slots=True)
class Shot:
    """An unbroken take; the later in `people` are nearer and hide the earlier."""

    frames: int
    people: tuple[Person, ...]
    backdrop: Backdrop
    camera: Callable[[float], tuple[float, float]] = steady
    """The backdrop's pixel (x, y) in the frame's top-left corner, by seconds since the shot's start."""
    light: Callable[[float], float] = daylight
    """Brightness by seconds since the shot's start: 0 is black, 1 is as drawn."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face that is in a frame, though maybe hidden there."""

    person: int
    box: Box
    """x0 y0 x1 y1 in pixels of the frame; may reach over its edges."""
    visible: float
    """Share of the face, in [0, 1], that is inside the frame and behind nothing. Darkness is not counted."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a written scene shows."""

    size: tuple[int, int]
    """(width, height) of the upright picture in stored pixels: `Face.box` is in these."""
    times: tuple[Fraction, ...]
    """When each frame is shown, in seconds after the first one."""
    faces: tuple[tuple[Face, ...], ...]
    """Per frame, everybody in it."""
    cuts: tuple[int, ...]
    """The first frame of every shot but the first."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Shots, one after the other."""

    shots: tuple[Shot, ...]
    size: tuple[int, int] = (640, 360)
    """(width, height) in pixels."""
    rate: Fraction = Fraction(25)
    """Frames per second."""

    def __len__(self) -> int:
        return sum(shot.frames for shot in self.shots)

    def __iter__(self) -> Iterator[tuple[Picture, tuple[Face, ...]]]:
        """Every frame as RGB (H, W, 3), with the faces in it."""
        for shot in self.shots:
            for index in range(shot.frames):
                yield _drawn(shot, float(index / self.rate), self.size)

    @property
    def cuts(self) -> tuple[int, ...]:
        """The first frame of every shot but the first."""
        return tuple(int(start) for start in np.cumsum([shot.frames for shot in self.shots])[:-1])


def _drawn(shot: Shot, time_s: float, size: tuple[int, int]) -> tuple[Picture, tuple[Face, ...]]:
    """One frame of `size` at `time_s`."""
    corner = shot.camera(time_s)
    canvas = _view(shot.backdrop.behind, corner, size).copy()
    owner = np.zeros(canvas.shape[:2], np.uint8)
    seen: list[tuple[int, Box]] = []
    for person in shot.people:
        key = person.at(time_s)
        if key is not None:
            placed = place(person.look, (key.x - corner[0], key.y - corner[1]), key.face_px, size)
            seen.append((person.id, placed.face))
            _lay(placed, canvas, owner, len(seen))
    if shot.backdrop.before is not None:
        front = _view(shot.backdrop.before, corner, size)
        solid = (front[..., 3] > 127).view(np.uint8)
        cv2.copyTo(front[..., :3], solid, canvas)
        owner[solid > 0] = 0
    faces = tuple(Face(id_, box, _share(owner, number, box)) for number, (id_, box) in enumerate(seen, start=1))
    return _lit(canvas, shot.light(time_s)), faces


def _view(picture: Picture, corner: tuple[float, float], size: tuple[int, int]) -> Picture:
    """The part of `picture` that begins at `corner`; what lies outside repeats the border."""
    x, y = corner
    if x == int(x) and y == int(y) and 0 <= x <= picture.shape[1] - size[0] and 0 <= y <= picture.shape[0] - size[1]:
        return picture[int(y) : int(y) + size[1], int(x) : int(x) + size[0]]
    shift = np.array([[1, 0, -x], [0, 1, -y]], np.float64)
    return np.asarray(cv2.warpAffine(picture, shift, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _lay(placed: Placed, canvas: Picture, owner: NDArray[np.uint8], number: int) -> None:
    """Draw a person over `canvas` and write their number into the pixels that are theirs in `owner`."""
    height, width = placed.picture.shape[:2]
    window = slice(placed.y, placed.y + height), slice(placed.x, placed.x + width)
    alpha = placed.picture[..., 3]
    if alpha.size:
        rest = cv2.multiply(canvas[window], cv2.merge([255 - alpha] * 3), scale=1 / 255)
        canvas[window] = cv2.add(placed.picture[..., :3], rest)
        owner[window][alpha > 127] = number


def _share(owner: NDArray[np.uint8], number: int, face: Box) -> float:
    """The share of the oval in `face` whose pixels hold `number` in `owner` (H, W).

    Its outermost tenth is left out: beside the jaw it is no face.
    """
    x0, y0, x1, y1 = face
    xs, ys = np.arange(int(np.floor(x0)), int(np.ceil(x1))), np.arange(int(np.floor(y0)), int(np.ceil(y1)))
    across = (xs + 0.5 - (x0 + x1) / 2) / ((x1 - x0) / 2)
    down = (ys + 0.5 - (y0 + y1) / 2) / ((y1 - y0) / 2)
    oval = across[None] ** 2 + down[:, None] ** 2 <= 0.9**2
    xs_in, ys_in = (xs >= 0) & (xs < owner.shape[1]), (ys >= 0) & (ys < owner.shape[0])
    mine = owner[np.ix_(ys[ys_in], xs[xs_in])] == number
    return float((mine & oval[np.ix_(ys_in, xs_in)]).sum() / max(oval.sum(), 1))


def _lit(picture: Picture, light: float) -> Picture:
    return picture if light == 1 else np.asarray(cv2.convertScaleAbs(picture, alpha=light), np.uint8)
