"""Films whose truth is known: scenes of walking people, and the many ways to store them.

    truth = write(crossing(), path)                                   # H.264 in what the path's suffix says
    truth = write(walking(), path, Coding(pixel_format="yuv420p10le", turn=1))

A scene is a plain value; `SCENES` and `CODINGS` list them for tables of cases. Harder films are in `footage_scenes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import accumulate, cycle, islice
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from passerby.demo import backdrop
from passerby.demo.film import add_sound, encode_sound, tone
from passerby.demo.person import Look, Picture
from passerby.demo.scene import Backdrop, Face, Key, Person, Scene, Shot, Truth

SIZE = (640, 360)
GREEN = Look(mirrored=True, clothes=120, light=0.92)
BLUE = Look(clothes=200)

__all__ = ["CODINGS", "SCENES", "Coding", "Face", "Film", "Scene", "Truth", "draw", "lights", "write"]


class Film(Protocol):
    """Whatever gives pictures with known faces: a `Scene`, or one that a camera adds to."""

    @property
    def shots(self) -> tuple[Shot, ...]: ...
    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def rate(self) -> Fraction: ...
    @property
    def cuts(self) -> tuple[int, ...]: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[tuple[Picture, tuple[Face, ...]]]: ...


def lights(film: Film) -> tuple[float, ...]:
    """The brightness of each frame: 0 is black, 1 is as drawn. `Face.visible` does not count it."""
    return tuple(shot.light(float(index / film.rate)) for shot in film.shots for index in range(shot.frames))


# Scenes


def walking() -> Scene:
    """One person crosses the picture."""
    return _scene(Person(0, (Key(0, 120, 150, 60), Key(1.2, 500, 150, 60)), sway=0.02))


def standing(face_px: float = 60, size: tuple[int, int] = SIZE) -> Scene:
    """Nothing moves."""
    centre = size[0] / 2, size[1] * 0.45
    return _scene(Person(0, (Key(0, *centre, face_px), Key(9, *centre, face_px))), frames=10, size=size)


def sizes() -> Scene:
    """Faces from 12 to 96 pixels side by side, standing still."""
    people = []
    x = 20.0
    for number, face_px in enumerate((12, 16, 24, 32, 48, 64, 96)):
        x += 1.1 * face_px
        people.append(Person(number, (Key(0, x, 120, face_px), Key(9, x, 120, face_px))))
        x += 1.1 * face_px
    return _scene(*people, frames=5, size=(720, 360))


def approaching() -> Scene:
    """From far away to close up: 16 to 160 pixels."""
    return _scene(Person(0, (Key(0, 300, 180, 16), Key(1.6, 330, 165, 160))), frames=40)


def crossing() -> Scene:
    """Two people pass each other; the second hides the first for a moment."""
    return _scene(
        Person(0, (Key(0, 120, 150, 60), Key(1.6, 520, 150, 60)), sway=0.02),
        Person(1, (Key(0, 520, 145, 72), Key(1.6, 120, 145, 72)), GREEN, sway=0.02),
        frames=40,
    )


def occluded() -> Scene:
    """Somebody passes behind a pillar that hides the whole face for a while."""
    person = Person(0, (Key(0, 120, 150, 60), Key(1.6, 520, 150, 60)))
    return Scene((Shot(40, (person,), _with_pillar((275, 365))),))


def entering() -> Scene:
    """One comes in at the left edge, another leaves at the right one."""
    return _scene(
        Person(0, (Key(0, -60, 150, 70), Key(1.2, 240, 150, 70))),
        Person(1, (Key(0, 470, 160, 60), Key(1.2, 710, 160, 60)), GREEN),
    )


def running() -> Scene:
    """A face that moves by more than half its width from one frame to the next."""
    return _scene(Person(0, (Key(0, 60, 150, 56), Key(0.8, 580, 150, 56))), frames=20)


def cut() -> Scene:
    """Two shots; where the first face was there is none in the second."""
    near = Person(0, (Key(0, 170, 150, 80), Key(0.8, 200, 150, 80)))
    other = Person(1, (Key(0, 480, 170, 64), Key(0.8, 450, 170, 64)), GREEN)
    return Scene((Shot(15, (near,), _street()), Shot(15, (other,), _evening())))


def fading() -> Scene:
    """Out of black and back into it."""
    return _scene(_stroller(), light=lambda time_s: float(np.interp(time_s, (0, 0.4, 0.8, 1.16), (0, 1, 1, 0))))


def flashing() -> Scene:
    """Two frames are blown out, as by a photographer's flash."""
    return _scene(_stroller(), light=lambda time_s: 6.0 if 0.55 < time_s < 0.63 else 1.0)


def shaking() -> Scene:
    """A camera held in the hand of somebody who runs."""
    phase = np.random.default_rng(5).uniform(0, 2 * np.pi, 4)

    def camera(time_s: float) -> tuple[float, float]:
        x = 14 * np.sin(19 * time_s + phase[0]) + 6 * np.sin(43 * time_s + phase[1])
        y = 10 * np.sin(23 * time_s + phase[2]) + 5 * np.sin(51 * time_s + phase[3])
        return float(x), float(y)

    return _scene(_stroller(), camera=camera)


def empty() -> Scene:
    """A street without people."""
    return _scene()


SCENES: Mapping[str, Callable[[], Scene]] = {
    scene.__name__: scene
    for scene in (
        walking,
        standing,
        sizes,
        approaching,
        crossing,
        occluded,
        entering,
        running,
        cut,
        fading,
        flashing,
        shaking,
        empty,
    )
}


def _scene(*people: Person, frames: int = 30, size: tuple[int, int] = SIZE, **shot: Callable[[float], object]) -> Scene:
    return Scene((Shot(frames, people, _street(size), **shot),), size)  # type: ignore[arg-type]


def _stroller() -> Person:
    return Person(0, (Key(0, 260, 150, 70), Key(1.2, 380, 150, 70)), BLUE)


@cache
def _street(size: tuple[int, int] = SIZE) -> Backdrop:
    return backdrop.street(size)


@cache
def _evening() -> Backdrop:
    return backdrop.evening(SIZE)


def _with_pillar(columns: tuple[int, int]) -> Backdrop:
    street = _street()
    assert street.before is not None
    before = street.before.copy()
    before[:, slice(*columns)] = (96, 90, 84, 255)
    return Backdrop(street.behind, before)


# Storing


@dataclass(frozen=True, kw_only=True)
class Coding:
    """How a scene is stored."""

    codec: str = "libx264"
    options: Mapping[str, str] = field(default_factory=lambda: {"crf": "12", "preset": "ultrafast"})
    pixel_format: str = "yuv420p"
    matrix: Colorspace = Colorspace.ITU709
    color_range: ColorRange = ColorRange.MPEG
    turn: int = 0
    """Quarter turns clockwise that a player has to make; the picture is stored turned the other way."""
    sample_aspect: Fraction = Fraction(1)
    """Width over height of a stored pixel; the picture is stored that much narrower."""
    gaps_ms: tuple[int, ...] = ()
    """Milliseconds from each frame to the next, over and over; empty for an even rate."""
    sound: str | None = None
    """Codec of a sound track, or None."""


CODINGS: Mapping[str, tuple[str, Coding]] = {
    "plain": (".mp4", Coding()),
    "mp4 with sound": (".mp4", Coding(sound="aac")),
    "mov with sound": (".mov", Coding(sound="aac")),
    "mkv with sound": (".mkv", Coding(sound="flac")),
    "ts with sound": (".ts", Coding(sound="aac")),
    "webm with sound": (
        ".webm",
        Coding(codec="libvpx-vp9", options={"crf": "20", "deadline": "realtime", "cpu-used": "8"}, sound="libopus"),
    ),
    # AVI counts frames from 0: sound that begins before 0, as with most codecs, would leave a gap after the first.
    "avi with sound": (".avi", Coding(codec="mpeg4", options={"b": "4M"}, sound="pcm_s16le")),
    "hevc": (
        ".mp4",
        Coding(codec="libx265", options={"crf": "16", "preset": "ultrafast", "x265-params": "log-level=none"}),
    ),
    "10 bit": (".mp4", Coding(pixel_format="yuv420p10le")),
    "4:2:2": (".mp4", Coding(pixel_format="yuv422p")),
    "4:4:4": (".mp4", Coding(pixel_format="yuv444p")),
    "4:2:2 10 bit": (".mov", Coding(pixel_format="yuv422p10le")),
    "BT.601": (".mp4", Coding(matrix=Colorspace.ITU601)),
    "full range": (".mp4", Coding(color_range=ColorRange.JPEG)),
    "turned by 90": (".mp4", Coding(turn=1)),
    "turned by 180": (".mp4", Coding(turn=2)),
    "turned by 270": (".mov", Coding(turn=3)),
    "anamorphic": (".mp4", Coding(sample_aspect=Fraction(4, 3))),
    "variable rate": (".mp4", Coding(gaps_ms=(40, 17, 90, 40, 41, 200))),
    "variable rate in mkv": (".mkv", Coding(gaps_ms=(40, 17, 90, 40, 41, 200))),
    "lossless": (".mkv", Coding(codec="ffv1", options={})),
}


def write(scene: Film, path: Path, coding: Coding | None = None) -> Truth:
    """Store `scene` at `path`, in the container that the suffix names, and say what it shows."""
    coding = coding or Coding()
    size = round(scene.size[0] / coding.sample_aspect), scene.size[1]
    times = _times(scene, coding.gaps_ms)
    faces = []
    with av.open(str(path), "w") as out:
        video = _video_stream(out, coding, size, scene.rate)
        sound = add_sound(out, coding.sound) if coding.sound else None
        for (picture, seen), time in zip(scene, times, strict=True):
            frame = _frame(np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8), coding)
            frame.time_base = video.codec_context.time_base
            frame.pts = round(time / frame.time_base)
            out.mux(video.encode(frame))
            faces.append(tuple(_squeezed(face, size[0] / scene.size[0]) for face in seen))
        out.mux(video.encode())
        if sound is not None:
            encode_sound(out, sound, tone(float(times[-1] + 1 / scene.rate)))
    return Truth(size, times, tuple(faces), scene.cuts)


def draw(scene: Film, path: Path, index: int = 0) -> tuple[Face, ...]:
    """Store frame `index` of `scene` as a picture, in the format that the suffix names, and say who is in it."""
    picture, faces = next(islice(iter(scene), index, None))
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return faces


def _times(scene: Film, gaps_ms: tuple[int, ...]) -> tuple[Fraction, ...]:
    if not gaps_ms:
        return tuple(index / scene.rate for index in range(len(scene)))
    gaps = islice(cycle(gaps_ms), len(scene) - 1)
    return tuple(Fraction(ms, 1000) for ms in accumulate(gaps, initial=0))


def _video_stream(
    out: av.container.OutputContainer, coding: Coding, size: tuple[int, int], rate: Fraction
) -> av.VideoStream:
    video = out.add_stream(coding.codec, rate=rate, options=dict(coding.options))
    assert isinstance(video, av.VideoStream)
    video.width, video.height = size if coding.turn % 2 == 0 else size[::-1]
    video.pix_fmt = coding.pixel_format
    context = video.codec_context
    context.sample_aspect_ratio = coding.sample_aspect if coding.turn % 2 == 0 else 1 / coding.sample_aspect
    context.colorspace, context.color_range = coding.matrix, coding.color_range
    if coding.gaps_ms:
        # Otherwise times are rounded to the frame rate.
        context.time_base = Fraction(1, 90_000)
    else:
        context.time_base = 1 / rate
    if coding.turn:
        video.set_display_rotation(-90 * coding.turn)
    return video


def _frame(picture: NDArray[np.uint8], coding: Coding) -> av.VideoFrame:
    """`picture` as it is stored."""
    stored = np.ascontiguousarray(np.rot90(picture, coding.turn))
    frame = av.VideoFrame.from_ndarray(stored, "rgb24")
    return frame.reformat(format=coding.pixel_format, dst_colorspace=coding.matrix, dst_color_range=coding.color_range)


def _squeezed(face: Face, share: float) -> Face:
    x0, y0, x1, y1 = face.box
    return Face(face.person, (x0 * share, y0, x1 * share, y1), face.visible)
