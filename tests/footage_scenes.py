"""Hard films whose truth is known, for measuring leaks: what a camera adds to a drawn scene, and scenes to fail on.

    truth = write(FILMS["crowd"].film(), path, FILMS["crowd"].coding)

`footage.SCENES` are small, clean and quick; these are as noisy, blurred, large and compressed as real footage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, partial

import cv2
import numpy as np
from footage import Coding, Film

from passerby.demo import backdrop
from passerby.demo.person import Look, Picture
from passerby.demo.scene import Backdrop, Face, Key, Person, Scene, Shot, daylight

HD, FULL_HD, SMALL = (1280, 720), (1920, 1080), (640, 360)
SUBFRAMES = 8
"""Moments per frame that a moving picture is drawn at."""
LOOKS = (
    Look(),
    Look(mirrored=True, clothes=120, light=0.92),
    Look(clothes=200),
    Look(mirrored=True, clothes=260, light=0.85),
    Look(clothes=60, light=0.9),
    Look(mirrored=True, clothes=310),
)
COMPRESSED = Coding(options={"crf": "23", "preset": "veryfast"})
"""As most video on the net is."""
POOR = Coding(options={"crf": "30", "preset": "veryfast"})
UNEVEN = replace(COMPRESSED, gaps_ms=(40, 17, 90, 40, 41, 200, 33, 33))
"""Variable frame rate, as phones write it."""


# What a camera adds


@dataclass(frozen=True, kw_only=True)
class Camera:
    """What a camera adds to what it sees."""

    grain: float = 2.5
    """Standard deviation of the noise in each colour, in grey levels."""
    shutter: float = 0.0
    """Share of the time from frame to frame in which light falls in, 0..1: what moves is smeared along its way."""
    seed: int = 1


@dataclass(frozen=True)
class Filmed:
    """A scene as a camera sees it. Boxes are those of the middle of the time in which the shutter is open."""

    scene: Scene
    camera: Camera = field(default_factory=Camera)

    @property
    def shots(self) -> tuple[Shot, ...]:
        return self.scene.shots

    @property
    def size(self) -> tuple[int, int]:
        return self.scene.size

    @property
    def rate(self) -> Fraction:
        return self.scene.rate

    @property
    def cuts(self) -> tuple[int, ...]:
        return self.scene.cuts

    def __len__(self) -> int:
        return len(self.scene)

    def __iter__(self) -> Iterator[tuple[Picture, tuple[Face, ...]]]:
        """Every frame as RGB (H, W, 3), with the faces in it; the same each time."""
        for index, (picture, faces) in enumerate(self._exposed()):
            rng = np.random.default_rng((self.camera.seed, index))
            noise = rng.standard_normal(picture.shape, np.float32) * np.float32(self.camera.grain)
            yield np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8), faces

    def _exposed(self) -> Iterator[tuple[Picture, tuple[Face, ...]]]:
        lit = round(self.camera.shutter * SUBFRAMES)
        if lit < 2:
            yield from self.scene
            return
        shots = tuple(replace(shot, frames=shot.frames * SUBFRAMES) for shot in self.scene.shots)
        moments: list[tuple[Picture, tuple[Face, ...]]] = []
        for moment in replace(self.scene, shots=shots, rate=self.scene.rate * SUBFRAMES):
            moments.append(moment)
            if len(moments) == SUBFRAMES:
                smeared = np.mean([picture for picture, _ in moments[:lit]], axis=0, dtype=np.float32)
                yield np.rint(smeared).astype(np.uint8), moments[lit // 2][1]
                moments.clear()


@dataclass(frozen=True)
class Take:
    """A film and how it is stored."""

    film: Callable[[], Film]
    coding: Coding = COMPRESSED


# Scenes


def occluded(size: tuple[int, int] = FULL_HD) -> Film:
    """Two people pass behind a pillar, one of them twice."""
    to_and_fro = (_key(0, 0.3, 0.4, 0.11, size), _key(1.2, 0.7, 0.4, 0.11, size), _key(2.4, 0.3, 0.4, 0.11, size))
    once = (_key(0, 0.8, 0.45, 0.07, size), _key(2.4, 0.35, 0.45, 0.07, size))
    people = Person(1, once, LOOKS[1], sway=0.02), Person(0, to_and_fro, LOOKS[0], sway=0.02)
    return _filmed(60, people, size, _with_pillar(size), shutter=0.25)


def crossing(size: tuple[int, int] = FULL_HD) -> Film:
    """Four people pass each other, at several distances."""
    paths = ((0.08, 0.92, 0.44, 0.06), (0.95, 0.1, 0.43, 0.075), (0.15, 0.75, 0.42, 0.10), (0.85, 0.2, 0.40, 0.13))
    people = tuple(
        Person(i, (_key(0, a, y, h, size), _key(2.4, b, y, h, size)), LOOKS[i], sway=0.025)
        for i, (a, b, y, h) in enumerate(paths)
    )
    return _filmed(60, people, size, shutter=0.25)


def dashing(size: tuple[int, int] = HD) -> Film:
    """Runners, smeared by the open shutter, that move by half a face and more from frame to frame."""
    fast = Person(0, (_key(0.2, -0.05, 0.4, 0.12, size), _key(1.4, 1.05, 0.42, 0.12, size)), LOOKS[2], sway=0.05)
    faster = Person(1, (_key(0.9, 1.05, 0.45, 0.1, size), _key(1.6, -0.05, 0.45, 0.1, size)), LOOKS[3], sway=0.05)
    return _filmed(45, (fast, faster), size, shutter=0.5)


def approaching(size: tuple[int, int] = FULL_HD) -> Film:
    """From far away to close up: 12 to 400 pixels at 1080p."""
    high = [side / size[1] for side in np.geomspace(12, 400, 8) * size[1] / 1080]
    keys = tuple(_key(0.4 * i, 0.55 - 0.01 * i, 0.5 - 0.012 * i, share, size) for i, share in enumerate(high))
    return _filmed(70, (Person(0, keys, LOOKS[0]),), size, backdrop.evening(size), shutter=0.25)


def edges(size: tuple[int, int] = FULL_HD) -> Film:
    """People come in over each edge of the picture, and go out again over another one."""
    ways = (
        ((-0.06, 0.40), (0.30, 0.42), (-0.06, 0.44)),
        ((1.06, 0.45), (0.72, 0.45), (1.06, 0.40)),
        ((0.42, -0.15), (0.45, 0.30), (0.42, -0.15)),
        ((0.60, 1.15), (0.60, 0.55), (0.62, 1.15)),
    )
    people = tuple(
        Person(i, tuple(_key(t, x, y, 0.1, size) for t, (x, y) in zip((0, 1.2, 2.4), way, strict=True)), LOOKS[i])
        for i, way in enumerate(ways)
    )
    return _filmed(60, people, size, backdrop.evening(size), shutter=0.25)


def shaking(size: tuple[int, int] = HD) -> Film:
    """A camera in the hand of somebody who runs; whatever is still is smeared."""
    phase = np.random.default_rng(5).uniform(0, 2 * np.pi, 4)
    far = 0.022 * size[0]

    def camera(time_s: float) -> tuple[float, float]:
        x = far * (np.sin(19 * time_s + phase[0]) + 0.4 * np.sin(43 * time_s + phase[1]))
        y = far * (0.7 * np.sin(23 * time_s + phase[2]) + 0.35 * np.sin(51 * time_s + phase[3]))
        return float(x), float(y)

    people = _standing(((0.3, 0.42, 0.08), (0.6, 0.40, 0.12), (0.8, 0.45, 0.045)), size)
    return _filmed(50, people, size, shutter=0.5, camera=camera)


def cuts(size: tuple[int, int] = HD) -> Film:
    """Shots of half a second and less: an interview cut with the people who listen."""
    street, evening = backdrop.street(size), backdrop.evening(size)
    lengths = (14, 9, 5, 13, 3, 11)
    people = _standing(
        (
            (0.3, 0.45, 0.3),
            (0.7, 0.42, 0.14),
            (0.45, 0.44, 0.1),
            (0.6, 0.45, 0.26),
            (0.25, 0.4, 0.12),
            (0.5, 0.45, 0.2),
        ),
        size,
    )
    shots = (
        Shot(length, (person,), evening if i % 2 else street)
        for i, (length, person) in enumerate(zip(lengths, people, strict=True))
    )
    return Filmed(Scene(tuple(shots), size))


def fading(size: tuple[int, int] = HD) -> Film:
    """Out of black and back into it, twice."""
    people = _standing(((0.3, 0.42, 0.09), (0.65, 0.4, 0.16)), size)

    def light(time_s: float) -> float:
        return float(np.interp(time_s, (0, 0.6, 1.0, 1.2, 1.4, 1.8, 2.2), (0, 1, 1, 0, 0, 1, 0)))

    return _filmed(56, people, size, light=light)


def flashing(size: tuple[int, int] = HD) -> Film:
    """A strobe in a dark room, then the flashes of photographers."""
    rng = np.random.default_rng(8)
    times = rng.uniform(1.0, 2.2, 5)
    people = (
        Person(0, (_key(0, 0.2, 0.4, 0.12, size), _key(2.4, 0.5, 0.4, 0.12, size)), LOOKS[1], sway=0.02),
        *_standing(((0.75, 0.43, 0.08),), size, first=1),
    )

    def light(time_s: float) -> float:
        if time_s < 0.9:
            return 1.3 if int(time_s * 25) % 4 == 0 else 0.35
        return 5.0 if np.abs(times - time_s).min() < 0.02 else 0.8

    return _filmed(55, people, size, light=light)


def dusk(size: tuple[int, int] = HD) -> Film:
    """Little light and much noise."""
    people = (
        Person(0, (_key(0, 0.2, 0.4, 0.1, size), _key(2, 0.45, 0.4, 0.1, size)), LOOKS[3], sway=0.02),
        Person(1, (_key(0, 0.85, 0.43, 0.06, size), _key(2, 0.6, 0.43, 0.06, size)), LOOKS[2], sway=0.02),
    )
    scene = Scene((Shot(45, people, backdrop.evening(size), light=lambda _: 0.4),), size)
    return Filmed(scene, Camera(grain=9, shutter=0.5))


def sizes(size: tuple[int, int] = FULL_HD) -> Film:
    """Faces of 12 to 600 pixels at 1080p, shot by shot."""
    shots = []
    for row in ((600,), (320, 170), (96, 64, 48), (40, 32, 24, 20), (18, 16, 14, 12)):
        people = []
        for i, high in enumerate(row):
            x, share = (i + 0.6) / (len(row) + 0.2), high / 1080
            keys = _key(0, x - 0.01, 0.46, share, size), _key(0.6, x + 0.01, 0.46, share, size)
            people.append(Person(high, keys, LOOKS[i]))
        shots.append(Shot(12, tuple(people), backdrop.evening(size)))
    return Filmed(Scene(tuple(shots), size))


def crowd(size: tuple[int, int] = FULL_HD) -> Film:
    """Fifty people in five rows, 20 to 52 pixels at 1080p, who stroll to and fro behind each other."""
    rng = np.random.default_rng(3)
    people = []
    for row, (y, high) in enumerate(((455, 20), (500, 26), (553, 33), (612, 42), (670, 52))):
        for column in range(10):
            x = (column + (0.25, 0.75)[row % 2] + rng.uniform(-0.12, 0.12)) / 10
            way, rise = rng.uniform(-0.035, 0.035), rng.uniform(-0.008, 0.008)
            keys = (_key(0, x, y / 1080, high / 1080, size), _key(2, x + way, y / 1080 + rise, high / 1080, size))
            people.append(Person(10 * row + column, keys, LOOKS[rng.integers(len(LOOKS))], sway=0.04))
    return _filmed(40, tuple(people), size)


def still(size: tuple[int, int] = FULL_HD) -> Film:
    """One picture, over and over, as in a slide show; no noise."""
    people = _standing(((0.2, 0.44, 0.03), (0.45, 0.42, 0.08), (0.75, 0.42, 0.2)), size)
    return Filmed(Scene((Shot(40, people, backdrop.street(size)),), size), Camera(grain=0))


def appearing(lasting: int, size: tuple[int, int] = HD, high: float = 0.1) -> Film:
    """Faces come up in mid-picture, in turn and each elsewhere, for `lasting` frames; `high` shares of the picture.

    Their first frames lie differently against any regular rhythm of looks.
    """
    people = []
    start = 7
    for number, (x, y) in enumerate(((0.3, 0.42), (0.7, 0.4), (0.5, 0.45), (0.2, 0.4), (0.8, 0.44), (0.4, 0.4))):
        # Half a frame of slack on both sides: times are floats.
        first, last = (start - 0.5) / 25, (start + lasting - 0.5) / 25
        people.append(Person(number, (_key(first, x, y, high, size), _key(last, x, y, high, size)), LOOKS[number]))
        start += lasting + 4 + number % 3
    return _filmed(start, tuple(people), size)


FILMS: Mapping[str, Take] = {
    "occluded": Take(occluded),
    "occluded_360p": Take(lambda: occluded(SMALL), POOR),
    "crossing": Take(crossing),
    "crossing_360p": Take(lambda: crossing(SMALL), POOR),
    "dashing": Take(dashing),
    "dashing_360p": Take(lambda: dashing(SMALL), POOR),
    "approaching": Take(approaching),
    "edges": Take(edges),
    "edges_360p": Take(lambda: edges(SMALL), POOR),
    "shaking": Take(shaking),
    "shaking_360p": Take(lambda: shaking(SMALL), POOR),
    "cuts": Take(cuts),
    "fading": Take(fading),
    "flashing": Take(flashing),
    "dusk": Take(dusk),
    "sizes": Take(sizes),
    "crowd": Take(crowd),
    "crowd_poor": Take(crowd, POOR),
    "still": Take(still),
    "variable_rate": Take(crossing, UNEVEN),
    "appearing_5": Take(lambda: appearing(5)),
}
"""Films on which nobody may leak whom a look at every frame would find."""

SHORT: Mapping[str, Take] = {f"appearing_{lasting}": Take(partial(appearing, lasting)) for lasting in (1, 2, 3)}
"""Films of faces that are in view for less time than passes between looks."""


def _key(time_s: float, x: float, y: float, high: float, size: tuple[int, int]) -> Key:
    """A face of `high` at `x`, `y`, all as shares of the picture's sides."""
    return Key(time_s, x * size[0], y * size[1], high * size[1])


def _standing(
    places: tuple[tuple[float, float, float], ...], size: tuple[int, int], first: int = 0
) -> tuple[Person, ...]:
    """People who stand at (x, y) and are so high, numbered from `first`."""
    return tuple(
        Person(i, (_key(0, x, y, high, size), _key(60, x, y, high, size)), LOOKS[i % len(LOOKS)])
        for i, (x, y, high) in enumerate(places, start=first)
    )


def _filmed(
    frames: int,
    people: tuple[Person, ...],
    size: tuple[int, int],
    behind: Backdrop | None = None,
    *,
    shutter: float = 0.0,
    light: Callable[[float], float] = daylight,
    camera: Callable[[float], tuple[float, float]] = lambda _: (0.0, 0.0),
) -> Filmed:
    """One shot, by a camera with some grain."""
    shot = Shot(frames, people, behind or _street(size), camera, light)
    return Filmed(Scene((shot,), size), Camera(shutter=shutter))


@cache
def _street(size: tuple[int, int]) -> Backdrop:
    return backdrop.street(size)


@cache
def _with_pillar(size: tuple[int, int]) -> Backdrop:
    """The street, with a stone pillar before the people that hides a face of a tenth of the picture's height."""
    street = _street(size)
    assert street.before is not None
    before = street.before.copy()
    x0, x1 = round(0.45 * size[0]), round(0.55 * size[0])
    grey = np.linspace(70, 130, x1 - x0)[None, :, None] * np.array((1.0, 0.95, 0.88))
    grain = np.random.default_rng(4).normal(0, 8, (size[1], 1, 1))
    before[:, x0:x1, :3] = cv2.GaussianBlur(np.clip(grey + grain, 0, 255).astype(np.uint8), (0, 0), 1)
    before[:, x0:x1, 3] = 255
    return Backdrop(street.behind, before)
