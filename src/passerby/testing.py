"""Does my plug-in keep its contract? One line in its tests says so.

    from passerby.testing import check_detector

    def test_my_detector():
        check_detector(MyDetector())

Every check raises AssertionError with a sentence on what is broken. The frames are drawn here: small, of 8 bits and
more, with shared and full colour, of odd sizes, turned, and as pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.detections import Detections
from passerby.core.frame import Frame, MediaInfo, PixelFormat, Plane
from passerby.core.regions import Mask, Patch, Region
from passerby.core.stages import Anonymizer, Detector, Sink, Source, Tracker
from passerby.core.tracks import Sightings

SHARED = ((1, 1), (2, 2), (2, 2))
FORMATS = {
    pixel_format.name: pixel_format
    for pixel_format in (
        PixelFormat("yuv420p", SHARED, 8, "bt709", False),
        PixelFormat("yuv420p10le", SHARED, 10, "bt2020", False),
        PixelFormat("yuv422p", ((1, 1), (2, 1), (2, 1)), 8, "bt601", False),
        PixelFormat("yuv444p", ((1, 1),) * 3, 8, "bt601", True),
        PixelFormat("gray", ((1, 1),), 8, "grey", True),
        PixelFormat("rgb24", ((1, 1),), 8, "rgb", True),
        PixelFormat("rgba64le", ((1, 1),), 16, "rgb", True),
    )
}
CASES = (
    ("yuv420p", (64, 48), 0),
    ("yuv420p", (53, 37), 1),
    ("yuv420p10le", (53, 37), 0),
    ("yuv420p10le", (48, 64), 3),
    ("yuv422p", (51, 34), 2),
    ("yuv444p", (41, 33), 3),
    ("gray", (33, 41), 0),
    ("rgb24", (45, 31), 0),
    ("rgba64le", (31, 45), 0),
)
"""(pixel format, (width, height) as stored, quarter turns) of the frames that stages are tried on."""


def drawn(name: str = "yuv420p", size: tuple[int, int] = (64, 48), turn: int = 0, count: int = 4) -> list[Frame]:
    """`count` frames of one of `FORMATS`: a bright square that moves over a gradient, with fixed grain.

    `size` is (width, height) as stored; the frames are turned upright by `turn` quarters clockwise.
    """
    stored = FORMATS[name]
    width, height = size
    grain = np.random.default_rng(0).integers(-8, 9, (height, width))
    frames = []
    for index in range(count):
        light = np.add.outer(np.arange(height), np.arange(width)) % 128 + 48 + grain
        light[8 + index : 20 + index, 10 + index : 22 + index] += 64
        planes = tuple(_sampled(light // (1 + plane), stored, step) for plane, step in enumerate(stored.subsampling))
        views, upright = pixels.upright(planes, stored, turn)
        frames.append(Frame(views, upright, index, 3 * index, Fraction(1, 90), turn))
    return frames


def _sampled(light: NDArray[np.int_], stored: PixelFormat, step: tuple[int, int]) -> Plane:
    """8-bit numbers (H, W) as a plane of `stored`, one sample for every `step` (across, down)."""
    plane = (light[:: step[1], :: step[0]] << (stored.depth - 8)).astype(stored.dtype)
    return np.repeat(plane[..., None], stored.channels, axis=2) if stored.channels > 1 else plane


# Detectors


def check_detector(detector: Detector, frames: Sequence[Frame] | None = None) -> None:
    """Check `detector` on drawn frames, or better on `frames` in which there is something to find.

    Raises:
        AssertionError: it breaks the contract of `core.stages.Detector`.
    """
    labels = detector.labels
    names = isinstance(labels, frozenset) and len(labels) > 0 and all(isinstance(label, str) for label in labels)
    _hold(names, f"labels must be a frozenset of names, is {labels!r}")
    _hold(len(detector.detect([])) == 0, "for no frames there must be no answers")
    groups = [list(frames)] if frames else [drawn(*case, count=2) for case in CASES]
    for group in groups:
        _check_answers(detector, group)


def _check_answers(detector: Detector, frames: list[Frame]) -> None:
    before = _copies(frames)
    together = detector.detect(frames)
    _hold(len(together) == len(frames), f"{len(frames)} frames got {len(together)} answers; one each is needed")
    for frame, found in zip(frames, together, strict=True):
        _check_found(detector, frame, found)
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda frame: detector.detect([frame]), frames * 2))
    for found, [again] in zip([*together, *together], alone, strict=True):
        same = len(found) == len(again) and np.allclose(found.boxes, again.boxes, atol=0.1)
        _hold(same, "a frame looked at alone, in one of several threads, gets another answer than among others")
    _hold_untouched(frames, before)


def _check_found(detector: Detector, frame: Frame, found: Detections) -> None:
    _hold(isinstance(found, Detections), f"an answer must be Detections, is {type(found).__name__}")
    kinds = [str(found.boxes.dtype), str(found.scores.dtype), found.labels.dtype.kind]
    _hold(kinds == ["float32", "float32", "U"], f"boxes, scores, labels must be float32, float32, text; are {kinds}")
    _hold(bool(((found.scores >= 0) & (found.scores <= 1)).all()), "scores must lie in 0..1")
    strange = set(found.labels.tolist()) - detector.labels
    _hold(not strange, f"found {sorted(strange)}, which is not among its labels {sorted(detector.labels)}")
    _hold(bool((found.boxes[:, 2:] > found.boxes[:, :2]).all()), "a box is empty: x0 < x1 and y0 < y1 are needed")
    inside = bx.area(bx.clip(found.boxes, frame.size)) > 0
    _hold(bool(inside.all()), f"a box lies wholly outside of the frame of size {frame.size}")


# Trackers


def check_tracker(make: Callable[[int], Tracker]) -> None:
    """Check the tracker that every call of `make(hold)` begins anew, on two shots of drawn frames.

    Raises:
        AssertionError: it breaks the contract of `core.stages.Tracker`.
    """
    for case in CASES:
        frames = drawn(*case, count=14)
        before = _copies(frames)
        for hold in (1, 3, 30):
            answers, again = (_check_shots(make(hold), frames, hold) for _ in range(2))
            _hold(_equal(answers, again), "begun anew, it says something else of the same frames")
        _hold_untouched(frames, before)


def _check_shots(tracker: Tracker, frames: list[Frame], hold: int) -> list[tuple[Plane, ...]]:
    """What `tracker` says of `frames`, of which the second half is another shot: the columns of every answer."""
    cut = len(frames) // 2
    answers = []
    for frame in frames:
        if frame.index == cut:
            tracker.cut()
        found = _bright_square(frame) if frame.index % cut in (2, 3, 6) else None
        rows = tracker.step(frame, found)
        _check_sightings(rows, frame, max(frame.index - hold, frame.index // cut * cut), found)
        _hold(frame.index % cut >= 2 or not len(rows), "in a shot in which nothing was found yet, it speaks of a track")
        answers.append(rows)
    early, late = (np.concatenate([rows.tracks for rows in half]) for half in (answers[:cut], answers[cut:]))
    _hold(not np.isin(early, late).any(), "a track goes on across a cut")
    return [(rows.tracks, rows.frames, rows.boxes, rows.labels) for rows in answers]


def _bright_square(frame: Frame) -> Detections:
    """The square in a frame of `drawn`, and a second thing, as a detector would tell of them."""
    width, height = frame.size
    boxes = [[10 + frame.index, 8 + frame.index, 22 + frame.index, 20 + frame.index], [0, 0, width / 3, height / 3]]
    return Detections(np.array(boxes, np.float32), np.array([0.9, 0.3], np.float32), np.array(["face", "plate"]))


def _check_sightings(rows: Sightings, frame: Frame, first: int, found: Detections | None) -> None:
    _hold(isinstance(rows, Sightings), f"an answer must be Sightings, is {type(rows).__name__}")
    fits = rows.boxes.dtype == np.float32 and rows.boxes.shape == (len(rows), 4)
    _hold(fits, f"boxes must be float32 ({len(rows)}, 4), are {rows.boxes.dtype} {rows.boxes.shape}")
    sound = np.isfinite(rows.boxes).all() and (rows.boxes[:, 2:] > rows.boxes[:, :2]).all()
    _hold(bool(sound), "a box is empty or no number: x0 < x1 and y0 < y1 are needed")
    strange = sorted(set(rows.frames.tolist()) - set(range(first, frame.index + 1)))
    _hold(not strange, f"in frame {frame.index} it may speak of {first} to {frame.index} and speaks of {strange}")
    now = rows[rows.frames == frame.index]
    for box, label in zip(found.boxes, found.labels, strict=True) if found is not None else ():
        shown = (now.labels == label) & (np.abs(now.boxes - box) < 0.1).all(axis=1)
        _hold(bool(shown.any()), f"a {label} found in frame {frame.index} is not among the sightings of that frame")


# Anonymizers


def check_anonymizer(anonymizer: Anonymizer, label: str = "face") -> None:
    """Check `anonymizer` on drawn frames, with regions of `label` inside, across and beyond their edges.

    Raises:
        AssertionError: it breaks the contract of `core.stages.Anonymizer`.
    """
    _hold(anonymizer.batch >= 1, f"batch is a number of frames from 1 up, is {anonymizer.batch}")
    _hold(anonymizer.reach >= 0, f"reach is a number of frames from 0 up, is {anonymizer.reach}")
    for case in CASES:
        frames = drawn(*case, count=min(anonymizer.batch + 2 * anonymizer.reach, 4))
        hidden = [regions(frame, label) for frame in frames]
        hidden[-1] = hidden[-1] if len(frames) == 1 else []
        _check_painting(anonymizer, frames, hidden)
        _check_painting(anonymizer, frames[:1], [[]])


def regions(frame: Frame, label: str = "face") -> list[Region]:
    """Ovals to hide in `frame`: inside, over it, across two corners, one pixel large, and wholly outside."""
    width, height = frame.size
    places = (
        (width // 4, height // 4, width // 2, height // 2),
        (width // 3, height // 3, width // 2, height // 2),
        (-7, -5, 20, 17),
        (width - 9, height - 11, 21, 23),
        (width - 1, height - 1, 1, 1),
        (width + 5, 3, 10, 10),
    )
    return [
        Region(i, label, np.array([x, y, x + w, y + h], np.float32), Mask(x, y, _oval(w, h)), seed=1000 + i, score=0.5)
        for i, (x, y, w, h) in enumerate(places)
    ]


def _oval(width: int, height: int) -> NDArray[np.uint8]:
    """(height, width): 255 inside an oval, falling to 0 at the corners."""
    x = (np.arange(width) + 0.5) * 2 / width - 1
    y = (np.arange(height) + 0.5) * 2 / height - 1
    return np.clip(255 * (2 - np.hypot(x[None], y[:, None]) / 0.9), 0, 255).astype(np.uint8)


def _check_painting(anonymizer: Anonymizer, frames: list[Frame], hidden: list[list[Region]]) -> None:
    before = _copies(frames)
    painted = anonymizer.paint(frames, hidden)
    _hold(len(painted) == len(frames), f"{len(frames)} frames got {len(painted)} lists of patches; one each is needed")
    for frame, mine, patches in zip(frames, hidden, painted, strict=True):
        _hold(len(patches) == len(mine), f"{len(mine)} regions got {len(patches)} patches; one each is needed")
        for region, patch in zip(mine, patches, strict=True):
            _check_patch(frame, region, patch)
    _hold_untouched(frames, before)
    _hold(_same(painted, anonymizer.paint(frames, hidden)), "painting the same again gives something else")
    if anonymizer.blind:
        others = [_hidden_changed(frame, mine) for frame, mine in zip(frames, hidden, strict=True)]
        same = _same(painted, anonymizer.paint(others, hidden))
        _hold(same, "it says blind, but what is hidden shows in its patches")


def _check_patch(frame: Frame, region: Region, patch: Patch) -> None:
    fits = patch.box == pixels.aligned(frame, patch.box)
    _hold(fits, f"a patch for {patch.box} does not lie on whole colour samples inside the frame; use pixels.aligned")
    x0, y0, x1, y1 = pixels.aligned(frame, region.mask.box)
    covers = patch.box[0] <= x0 and patch.box[1] <= y0 and patch.box[2] >= x1 and patch.box[3] >= y1
    _hold(covers or x0 >= x1 or y0 >= y1, f"a patch for {patch.box} leaves part of its mask {region.mask.box} open")
    wanted = [(plane.shape, plane.dtype) for plane in pixels.crop(frame, patch.box)]
    came = [(plane.shape, plane.dtype) for plane in patch.planes]
    _hold(came == wanted, f"a patch has planes {came}, wanted {wanted}")
    high = max((int(plane.max(initial=0)) for plane in patch.planes), default=0)
    _hold(high <= frame.format.peak, f"a patch holds {high}, and {frame.format.depth} bits end at {frame.format.peak}")


def _hidden_changed(frame: Frame, mine: list[Region]) -> Frame:
    """`frame` with other pixels where it is wholly hidden."""
    whole = (0, 0, *frame.size)
    planes = [plane.copy() for plane in frame.planes]
    for region in mine:
        for plane, alpha in zip(planes, pixels.alphas(frame, region.mask, whole), strict=True):
            plane[alpha == 255] = frame.format.peak // 3
    return frame.with_planes(tuple(planes))


def _same(a: Sequence[Sequence[Patch]], b: Sequence[Sequence[Patch]]) -> bool:
    pairs = [(p, q) for mine, theirs in zip(a, b, strict=True) for p, q in zip(mine, theirs, strict=True)]
    return all(p.box == q.box and all(map(np.array_equal, p.planes, q.planes)) for p, q in pairs)


# Sources


def check_source(make: Callable[[], Source], most: int = 32) -> None:
    """Check the source that every call of `make` opens anew, on its first `most` frames.

    Raises:
        AssertionError: it breaks the contract of `core.stages.Source`.
    """
    with make() as source:
        info = source.info
        frames, before = [], []
        for frame in islice(source, most):
            frames.append(frame)
            before += _copies([frame])
    _hold(bool(frames), "a source gives one frame at least; one with nothing to give raises InputError")
    _hold_untouched(frames, before)
    for index, frame in enumerate(frames):
        _check_frame(frame, index, info)
    for first, second in pairwise(frames):
        _hold(first.time < second.time, f"times must rise; frame {second.index} comes at {second.time} s again")
    with make() as source:
        again = list(islice(source, most))
    _hold(_equal(before, _copies(again)), "opened again, it gives other frames")
    _check_left(make)


def _check_frame(frame: Frame, index: int, info: MediaInfo) -> None:
    _hold(frame.index == index, f"frame {index} calls itself {frame.index}")
    _hold(frame.format == info.format, f"frame {index} has the format {frame.format}, announced was {info.format}")
    _hold(frame.size == info.size, f"frame {index} has the size {frame.size}, announced was {info.size}")
    aspects = frame.sample_aspect, info.sample_aspect
    _hold(aspects[0] == aspects[1] > 0, f"frame {index} has the sample aspect {aspects[0]}, announced was {aspects[1]}")
    _hold(0 <= frame.turn <= 3, f"turn is a number of quarters, 0..3, is {frame.turn}")
    wanted = [(at[0].stop, at[1].stop, frame.format.dtype) for at in pixels.window(frame.format, (0, 0, *frame.size))]
    came = [(*plane.shape[:2], plane.dtype) for plane in frame.planes]
    _hold(came == wanted, f"frame {index} has planes {came}, its format needs {wanted}")
    _hold(not any(plane.flags.writeable for plane in frame.planes), f"the planes of frame {index} can be written to")


class _Stopped(Exception):
    """Raised here on purpose."""


def _check_left(make: Callable[[], Source]) -> None:
    """A source can be left after one frame, and lets an error through."""
    try:
        with make() as source:
            next(iter(source))
            raise _Stopped
    except _Stopped:
        return
    raise AssertionError("leaving the source by an error swallowed that error")


# Sinks


def check_sink(make: Callable[[Path, MediaInfo], Sink], path: Path, frames: Sequence[Frame] | None = None) -> None:
    """Check the sink that `make(path, info)` opens for `frames`, by default drawn ones of 8-bit 4:2:0.

    `path` does not exist, and its folder is empty.

    Raises:
        AssertionError: it breaks the contract of `core.stages.Sink`.
    """
    frames = list(frames) if frames else drawn(count=8)
    info = described(frames)
    folder = path.parent
    _hold(not any(folder.iterdir()), f"{folder} is not empty")
    before = _copies(frames)
    for written in sorted({0, len(frames) // 2, len(frames)}):
        _check_broken_off(make(path, info), frames[:written])
        _hold(not any(folder.iterdir()), f"left by an error after {written} frames, it leaves files in {folder}")
    with make(path, info) as sink:
        for frame in frames:
            sink.write(frame)
        _hold(not path.exists(), "the output has its final name before its last frame is in")
    _hold(path.is_file() and path.stat().st_size > 0, "left in peace, it leaves no output")
    _hold(list(folder.iterdir()) == [path], "it leaves more than its output")
    _hold_untouched(frames, before)


def described(frames: Sequence[Frame]) -> MediaInfo:
    """What a source would say about `frames`."""
    first = frames[0]
    length = frames[-1].time - first.time
    return MediaInfo(
        name="drawn",
        sha256=None,
        container="still" if len(frames) == 1 else "mov",
        size=first.size,
        rotation=90 * first.turn,
        sample_aspect=first.sample_aspect,
        frames=len(frames),
        rate=(len(frames) - 1) / length if length else None,
        time_base=first.time_base,
        duration_s=float(length),
        format=first.format,
    )


def _check_broken_off(sink: Sink, frames: Sequence[Frame]) -> None:
    try:
        with sink:
            for frame in frames:
                sink.write(frame)
            raise _Stopped
    except _Stopped:
        return
    raise AssertionError("leaving the sink by an error swallowed that error")


# What all of them share


def _hold(condition: bool, sentence: str) -> None:
    if not condition:
        raise AssertionError(sentence)


def _copies(frames: Sequence[Frame]) -> list[tuple[Plane, ...]]:
    return [tuple(plane.copy() for plane in frame.planes) for frame in frames]


def _equal(a: Sequence[tuple[Plane, ...]], b: Sequence[tuple[Plane, ...]]) -> bool:
    return len(a) == len(b) and all(all(map(np.array_equal, p, q)) for p, q in zip(a, b, strict=True))


def _hold_untouched(frames: Sequence[Frame], before: Sequence[tuple[Plane, ...]]) -> None:
    _hold(_equal(before, _copies(frames)), "a frame's pixels changed after it was handed over")
