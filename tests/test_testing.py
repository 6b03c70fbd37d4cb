"""The conformance checks notice what they are there to notice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pytest

from passerby.core import pixels
from passerby.core.detections import Detections
from passerby.core.frame import Frame, MediaInfo
from passerby.core.regions import Patch, Region
from passerby.core.tracks import Origin, Sightings
from passerby.testing import check_anonymizer, check_detector, check_sink, check_source, check_tracker, described, drawn

# Detectors


def found(
    box: tuple[float, ...] = (1, 2, 9, 8), score: float = 0.5, label: str = "face", dtype: type = np.float32
) -> Detections:
    return Detections(np.array([box], dtype), np.array([score], np.float32), np.array([label]))


@dataclass
class Finder:
    """Gives every frame the same answer, or whatever `answers` makes of the frames."""

    answer: Detections = field(default_factory=found)
    answers: Callable[[Sequence[Frame]], Any] | None = None
    labels: Any = frozenset({"face"})

    def detect(self, frames: Sequence[Frame]) -> Any:
        return self.answers(frames) if self.answers else [self.answer for _ in frames]


def scribbles(frames: Sequence[Frame]) -> list[Detections]:
    for frame in frames:
        for plane in frame.planes:
            base = plane if plane.base is None else plane.base
            base.flags.writeable = True
            base.fill(7)
    return [found() for _ in frames]


def looks_sideways(frames: Sequence[Frame]) -> list[Detections]:
    return [found((1, 2, 9 + len(frames), 8)) for _ in frames]


def test_a_detector_that_keeps_its_contract_passes() -> None:
    check_detector(Finder())
    check_detector(Finder(Detections.none()))


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (Finder(labels=frozenset()), "labels"),
        (Finder(labels=["face"]), "labels"),
        (Finder(answers=lambda frames: [found()]), "for no frames"),
        (Finder(answers=lambda frames: [found() for _ in frames[1:]]), "got 1 answers"),
        (Finder(answers=lambda frames: [[1, 2, 3, 4] for _ in frames]), "must be Detections"),
        (Finder(found(dtype=np.float64)), "float32"),
        (Finder(found(score=1.5)), "0..1"),
        (Finder(found(label="plate")), "plate"),
        (Finder(found((9, 2, 1, 8))), "empty"),
        (Finder(found((200, 2, 300, 8))), "outside"),
        (Finder(answers=looks_sideways), "another answer"),
        (Finder(answers=scribbles), "pixels changed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_detector_that_does_not_is_told_why(broken: Finder, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_detector(broken)


# Trackers


@dataclass
class Rememberer:
    """Repeats what was found last; `fault` breaks the contract."""

    hold: int
    fault: str = ""
    shot: int = 0
    last: Detections = field(default_factory=Detections.none)

    def cut(self) -> None:
        self.shot += self.fault != "keeps ids"
        if self.fault != "goes on":
            self.last = Detections.none()

    def step(self, frame: Frame, found: Detections | None) -> Any:
        if self.fault == "no sightings":
            return None
        if found is not None and self.fault != "forgets":
            self.last = found
        count = len(self.last)
        index = frame.index + {"ahead": 1, "far back": -self.hold - 1}.get(self.fault, 0)
        boxes = self.last.boxes[:, ::-1] if self.fault == "inside out" else self.last.boxes
        tracks, frames = 10 * self.shot + np.arange(count), np.full(count, index)
        origins = np.full(count, Origin.EXTENDED, np.uint8)
        return Sightings(tracks, frames, boxes, self.last.scores, origins, self.last.labels)


def test_a_tracker_that_keeps_its_contract_passes() -> None:
    check_tracker(Rememberer)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("no sightings", "must be Sightings"),
        ("ahead", r"may speak of 1 to 2 and speaks of \[3\]"),
        ("far back", r"may speak of 1 to 2 and speaks of \[0\]"),
        ("goes on", "nothing was found yet"),
        ("keeps ids", "across a cut"),
        ("forgets", "is not among the sightings"),
        ("inside out", "empty"),
    ],
)
def test_a_tracker_that_does_not_is_told_why(fault: str, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_tracker(lambda hold: Rememberer(hold, fault))


# Anonymizers


def covering(frame: Frame, region: Region) -> Patch:
    """A black patch that fits."""
    box = pixels.aligned(frame, region.mask.box)
    return Patch(box, tuple(np.zeros_like(plane) for plane in pixels.crop(frame, box)))


@dataclass
class Painter:
    """Paints every region by `patch`, or whatever `paints` makes of it all."""

    patch: Callable[[Frame, Region], Patch] = covering
    batch: int = 1
    reach: int = 0
    blind: bool = True
    drawn: bool = False
    paints: Callable[[Sequence[Frame], Sequence[Sequence[Region]]], Any] | None = None

    def paint(self, frames: Sequence[Frame], hidden: Sequence[Sequence[Region]]) -> Any:
        if self.paints:
            return self.paints(frames, hidden)
        return [[self.patch(frame, one) for one in mine] for frame, mine in zip(frames, hidden, strict=True)]


def shifted(frame: Frame, region: Region) -> Patch:
    good = covering(frame, region)
    x0, y0, x1, y1 = good.box
    return Patch((x0 + 1, y0, x1 + 1, y1), good.planes)


def short(frame: Frame, region: Region) -> Patch:
    x0, y0, x1, y1 = covering(frame, region).box
    box = pixels.aligned(frame, (x0, y0, x0 + (x1 - x0) // 2, y1))
    return Patch(box, pixels.crop(frame, box))


def in_8_bits(frame: Frame, region: Region) -> Patch:
    good = covering(frame, region)
    return replace(good, planes=tuple(plane.astype(np.uint8) for plane in good.planes))


def too_bright(frame: Frame, region: Region) -> Patch:
    good = covering(frame, region)
    return replace(good, planes=tuple(np.full_like(plane, np.iinfo(plane.dtype).max) for plane in good.planes))


def seen_through(frame: Frame, region: Region) -> Patch:
    box = pixels.aligned(frame, region.mask.box)
    return Patch(box, pixels.crop(frame, box))


def restless() -> Callable[[Frame, Region], Patch]:
    rng = np.random.default_rng(0)

    def patch(frame: Frame, region: Region) -> Patch:
        good = covering(frame, region)
        return replace(good, planes=tuple(plane + plane.dtype.type(rng.integers(99)) for plane in good.planes))

    return patch


def test_an_anonymizer_that_keeps_its_contract_passes() -> None:
    check_anonymizer(Painter())
    check_anonymizer(Painter(batch=3, reach=1))
    check_anonymizer(Painter(seen_through, blind=False))
    check_anonymizer(Painter(drawn=True))


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (Painter(batch=0), "batch"),
        (Painter(reach=-1), "reach"),
        (Painter(paints=lambda frames, hidden: []), "lists of patches"),
        (Painter(paints=lambda frames, hidden: [[] for _ in frames]), "got 0 patches"),
        (Painter(shifted), "whole colour samples"),
        (Painter(short), "open"),
        (Painter(in_8_bits), "planes"),
        (Painter(too_bright), "10 bits end at 1023"),
        (Painter(restless()), "something else"),
        (Painter(seen_through), "blind"),
        (Painter(seen_through, blind=False, drawn=True), "drawn"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_anonymizer_that_does_not_is_told_why(broken: Painter, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_anonymizer(broken)


# Sources


@dataclass
class Reel:
    """Gives `frames`; the class's own way of leaving is to let errors through."""

    frames: Sequence[Frame] = field(default_factory=drawn)
    swallows: bool = False

    @property
    def info(self) -> MediaInfo:
        return described(drawn())

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool:
        return self.swallows


class OneBuffer(Reel):
    """Decodes every frame into the same memory."""

    def __iter__(self) -> Iterator[Frame]:
        memory = [np.array(plane) for plane in self.frames[0].planes]
        views = tuple(plane.view() for plane in memory)
        for view in views:
            view.flags.writeable = False
        for frame in self.frames:
            for target, plane in zip(memory, frame.planes, strict=True):
                target[:] = plane
            yield frame.with_planes(views)


def changed(index: int, **values: Any) -> list[Frame]:
    frames = drawn()
    frames[index] = replace(frames[index], **values)
    return frames


def test_a_source_that_keeps_its_contract_passes() -> None:
    check_source(Reel)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (lambda: Reel([]), "one frame at least"),
        (lambda: Reel(drawn()[1:]), "calls itself 1"),
        (lambda: Reel(changed(2, pts=3)), "times must rise"),
        (lambda: Reel(changed(1, planes=drawn()[1].planes[:1])), "its format needs"),
        (lambda: Reel(changed(1, planes=tuple(plane.copy() for plane in drawn()[1].planes))), "written to"),
        (lambda: Reel(changed(1, sample_aspect=Fraction(4, 3))), "sample aspect"),
        (lambda: Reel(drawn(size=(32, 48))), "size"),
        (lambda: Reel(drawn("yuv444p")), "format"),
        (lambda: Reel(swallows=True), "swallowed"),
        (OneBuffer, "pixels changed"),
    ],
)
def test_a_source_that_does_not_is_told_why(broken: Callable[[], Reel], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_source(broken)


def test_a_source_that_gives_other_frames_the_second_time_is_told() -> None:
    lengths = itertools.count(2)
    with pytest.raises(AssertionError, match="opened again"):
        check_source(lambda: Reel(drawn(count=next(lengths))))


# Sinks


@dataclass
class Drain:
    """Keeps frames as a file of bytes; `early` and `messy` break the contract."""

    path: Path
    early: bool = False
    leaves_parts: bool = False
    commits_nothing: bool = False
    commits_always: bool = False
    swallows: bool = False
    scribbles: bool = False

    def __enter__(self) -> Self:
        self.content = b""
        if self.early:
            self.path.touch()
        if self.leaves_parts:
            self.path.with_suffix(".part").touch()
        return self

    def write(self, frame: Frame) -> None:
        self.content += frame.planes[0].tobytes()
        if self.scribbles:
            scribbles([frame])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool:
        if (error is None or self.commits_always) and not self.commits_nothing:
            self.path.write_bytes(self.content)
        elif self.early:
            self.path.unlink()
        return self.swallows


def test_a_sink_that_keeps_its_contract_passes(tmp_path: Path) -> None:
    check_sink(lambda path, info: Drain(path), tmp_path / "out")


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("early", "final name"),
        ("leaves_parts", "leaves files"),
        ("commits_nothing", "no output"),
        ("commits_always", "leaves files"),
        ("swallows", "swallowed"),
        ("scribbles", "pixels changed"),
    ],
)
def test_a_sink_that_does_not_is_told_why(tmp_path: Path, fault: str, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_sink(lambda path, info: Drain(path, **{fault: True}), tmp_path / "out")
