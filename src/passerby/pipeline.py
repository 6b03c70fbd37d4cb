"""The only place where stages meet: looking, following, hiding, writing, as one stream with a bounded look-ahead.

    frames → marked (cuts) → scheduled (where to look) → looked (detector) → followed (tracker, hold) → hidden → sink

Every arrow is a generator. Decoding, looking and painting run in threads of their own (`flow.ahead`), a few frames
ahead of the sink, so memory does not grow with the length of the video. Frames leave in the order in which they came
and nothing depends on which thread is quicker.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from passerby.core.detections import Detections
from passerby.core.errors import OptionError, StageError
from passerby.core.frame import Frame, MediaInfo
from passerby.core.regions import Region
from passerby.core.stages import Anonymizer, Detector, Sink, Source, Tracker
from passerby.core.tracks import Origin, Sightings
from passerby.flow import Stream, ahead, windowed
from passerby.mask.shapes import Shape
from passerby.paint.composite import blanked, composite
from passerby.track.cuts import Marked, marked
from passerby.track.follow import Follow, Following
from passerby.track.refine import settled

FRAMES_AHEAD = 2
"""Frames that one stage may be ahead of the next."""


@dataclass(frozen=True, kw_only=True)
class Looking:
    """How often the detector looks, and how far the pipeline looks ahead."""

    every: int = 4
    """Frames from one look to the next, at most; where the picture changes at once it is looked at as well."""
    interval_s: Fraction = Fraction(3, 20)
    """Seconds after which the next frame is looked at, however few frames that were: rates that files declare lie."""
    hold: int = 30
    """Frames that are kept back until they are painted: how far a find reaches back in time."""
    workers: int = 2
    """Looks at the same time."""

    def __post_init__(self) -> None:
        if not 1 <= self.every <= self.hold or self.workers < 1:
            raise OptionError(f"a look must come at least once within the hold, and need a worker; got {self}")

    @staticmethod
    def at(info: MediaInfo) -> Looking:
        """Sensible numbers for a medium.

        A look every sixth of a second but at least every 5 frames, and a hold of one second but no more than 60
        frames or 40 MB; never less than two looks.
        """
        rate = info.rate or Fraction(1)
        every = min(max(1, int(rate / 6)), 5)
        room = 40_000_000 // _bytes(info)
        return Looking(every=every, hold=max(2 * every, min(max(round(rate), 8), 60, room)))


def _bytes(info: MediaInfo) -> int:
    """Of one frame in memory."""
    samples = sum(1 / (sx * sy) for sx, sy in info.format.subsampling) * info.format.channels
    return max(int(info.size[0] * info.size[1] * samples) * np.dtype(info.format.dtype).itemsize, 1)


@dataclass(slots=True)
class Totals:
    """What a run did, counted as it goes."""

    frames: int = 0
    looks: int = 0
    cuts: int = 0
    hidden: int = 0
    """Regions hidden, over all frames."""
    tracks: set[int] = field(default_factory=set)
    origins: Counter[Origin] = field(default_factory=Counter)
    """How the hidden boxes came to be."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A frame with what a detector found in it; None where it did not look."""

    frame: Frame
    cut: bool
    found: Detections | None


def run(
    source: Source,
    sink: Sink,
    *,
    detector: Detector,
    effect: Anonymizer,
    shapes: Mapping[str, Shape],
    tracker: Tracker | None = None,
    looking: Looking | None = None,
    seed: int = 0,
    keep: list[Sightings] | None = None,
) -> Totals:
    """Hide in `source` what `detector` finds, by `effect`, and write the result to `sink`.

    Args:
        source, sink: opened; entering and leaving them is the caller's part.
        shapes: the shape that hides each label.
        tracker: follows what is found; by default `track.follow.Follow`.
        looking: how often to look; by default what suits the source.
        seed: whatever is random is drawn from it.
        keep: all that was hidden is appended here, for a plan.

    Raises:
        StageError: a stage broke its contract. Errors of the source and the sink come through as they are.
    """
    looking = looking or Looking.at(source.info)
    every = max(2, looking.every)
    tracker = tracker or Follow(Following(hold=looking.hold, doubt=2 * every, linger=every))
    totals = Totals()
    # Closed from the last to the first, so that each thread ends before what it reads from is closed.
    with (
        closing(ahead(source, FRAMES_AHEAD)) as frames,
        closing(looked(scheduled(marked(frames), looking), detector, looking.workers)) as looks,
        closing(ahead(followed(counted(looks, totals), tracker, looking.hold), FRAMES_AHEAD)) as known,
        closing(ahead(hidden(known, effect, shapes, seed), FRAMES_AHEAD)) as done,
    ):
        for frame, rows in done:
            sink.write(frame)
            _count(totals, rows)
            if keep is not None:
                keep.append(rows)
    return totals


def scheduled(frames: Iterable[Marked], looking: Looking) -> Stream[tuple[Marked, bool]]:
    """Frames with whether to look: every so often, at both ends of a shot, and wherever the picture changes at once."""
    held: Marked | None = None
    last: Frame | None = None
    for item in frames:
        if held is not None:
            look = held.changed or item.cut or _due(held.frame, last, looking)
            yield held, look
            last = held.frame if look else last
        held = item
    if held is not None:
        yield held, True


def _due(frame: Frame, last: Frame | None, looking: Looking) -> bool:
    if last is None:
        return True
    return frame.index - last.index >= looking.every or frame.time - last.time >= looking.interval_s


def looked(frames: Iterable[tuple[Marked, bool]], detector: Detector, workers: int) -> Stream[Look]:
    """Frames with what `detector` finds in those to look at, in order; several looks run at a time."""
    waiting: deque[tuple[Frame, bool, Future[Detections] | None]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="passerby look")
    try:
        for item, look in frames:
            waiting.append((item.frame, item.cut, pool.submit(_look, detector, item.frame) if look else None))
            while sum(future is not None for _, _, future in waiting) > workers:
                yield _answer(*waiting.popleft())
        while waiting:
            yield _answer(*waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _answer(frame: Frame, cut: bool, future: Future[Detections] | None) -> Look:
    return Look(frame, cut, None if future is None else future.result())


def _look(detector: Detector, frame: Frame) -> Detections:
    answers = detector.detect([frame])
    if len(answers) != 1:
        raise StageError(f"the detector gave {len(answers)} answers for 1 frame (frame {frame.index})")
    strange = set(answers[0].labels.tolist()) - detector.labels
    if strange:
        raise StageError(f"the detector found {', '.join(sorted(strange))}, which is not among its labels")
    return answers[0]


def counted(looks: Iterable[Look], totals: Totals) -> Stream[Look]:
    """The same, counting looks and cuts."""
    for look in looks:
        totals.looks += look.found is not None
        totals.cuts += look.cut
        yield look


def followed(looks: Iterable[Look], tracker: Tracker, hold: int) -> Stream[tuple[Frame, Sightings]]:
    """Frames, `hold` frames later, with all that became known of them in the meantime."""
    window: deque[Frame] = deque()
    known: dict[int, list[Sightings]] = {}
    for look in looks:
        if look.cut:
            tracker.cut()
        window.append(look.frame)
        known[look.frame.index] = []
        rows = tracker.step(look.frame, look.found)
        for index in np.unique(rows.frames):
            if int(index) not in known:
                raise StageError(f"the tracker spoke of frame {index}, which is not within its hold of {hold} frames")
            known[int(index)].append(rows[rows.frames == index])
        if len(window) > hold:
            frame = window.popleft()
            yield frame, settled(Sightings.concat(known.pop(frame.index)))
    for frame in window:
        yield frame, settled(Sightings.concat(known.pop(frame.index)))


def hidden(
    known: Iterable[tuple[Frame, Sightings]], effect: Anonymizer, shapes: Mapping[str, Shape], seed: int
) -> Stream[tuple[Frame, Sightings]]:
    """Frames with everything known hidden by `effect`, and what that was."""
    stream = ((frame, rows, regions(frame, rows, shapes, seed)) for frame, rows in known)
    for context, body in windowed(stream, effect.batch, effect.reach):
        shown = [blanked(frame, mine) if effect.blind else frame for frame, _, mine in context]
        painted = effect.paint(shown, [mine for _, _, mine in context])
        if len(painted) != len(context):
            raise StageError(f"the effect painted {len(painted)} frames of {len(context)}")
        for (frame, rows, mine), patches in zip(context[body], painted[body], strict=True):
            yield composite(frame, mine, patches), rows


def regions(frame: Frame, rows: Sightings, shapes: Mapping[str, Shape], seed: int) -> list[Region]:
    """What to hide in `frame`."""
    # A box far outside the picture is as good as one at its edge, and cannot ask for a mask of any size.
    size = np.tile(np.array(frame.size, np.float32), 2)
    boxes = np.clip(rows.boxes, -size, 2 * size)
    return [
        Region(
            int(track), str(label), box, shapes[str(label)].mask(box, frame.size), _seed(seed, int(track)), float(score)
        )
        for track, label, box, score in zip(rows.tracks, rows.labels, boxes, rows.scores, strict=True)
    ]


def _seed(seed: int, track: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}:{track}".encode(), digest_size=8).digest())


def _count(totals: Totals, rows: Sightings) -> None:
    totals.frames += 1
    totals.hidden += len(rows)
    totals.tracks.update(rows.tracks.tolist())
    totals.origins.update(Origin(int(origin)) for origin in rows.origins)
