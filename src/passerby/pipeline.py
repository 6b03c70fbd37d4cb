"""The only place where stages meet: looking, following, hiding, writing, as one stream with a bounded look-ahead.

    frames → marked (cuts) → scheduled (where to look) → looks (detectors) → followed (tracker, hold) → hidden → sink
             └──────────────────────────── analyze ────────────────────────────────────────────┘ └──── render ────┘

Every arrow is a generator. Decoding, looking, following and painting run in threads of their own (`flow.ahead`), a
few frames ahead of the sink, so memory does not grow with the length of the video. Frames leave in the order in which
they came and nothing depends on which thread is quicker.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.core.plan import Decision, decided
from passerby.core.regions import Region
from passerby.core.stages import Anonymizer, Detector, Sink, Source, Tracker
from passerby.core.stopping import unless_interrupted
from passerby.core.tracks import Origin, Sightings
from passerby.flow import Meter, Stream, ahead, windowed
from passerby.looker import Look, Looker
from passerby.looking import Looking, scheduled
from passerby.mask.shapes import Shape
from passerby.one_thread import one_thread
from passerby.paint.composite import blanked, composite, grey
from passerby.track.cuts import marked
from passerby.track.follow import Follow, Following
from passerby.track.live import RETRY
from passerby.track.refine import settled

FRAMES_AHEAD = 1
"""Frames that one stage may be ahead of the next."""
STALE = 10
"""Frames, at least, after which another look is taken at what no look has found, where it may be small: parts in full
size come round more seldom than the whole."""


@dataclass(slots=True)
class Totals:
    """What a run did, counted as it goes."""

    frames: int = 0
    looks: int = 0
    cuts: list[int] = field(default_factory=list)
    """Frames in which a new shot begins."""
    times: list[int] = field(default_factory=list)
    """Presentation time of every frame, in the source's time base."""
    hidden: int = 0
    """Regions hidden, over all frames."""
    tracks: set[int] = field(default_factory=set)
    origins: Counter[Origin] = field(default_factory=Counter)
    """How the hidden boxes came to be."""
    meter: Meter = field(default_factory=Meter)
    """What each stage cost."""


def run(
    source: Source,
    sink: Sink,
    *,
    detector: Detector,
    effect: Anonymizer,
    shapes: Mapping[str, Shape],
    closer: Detector | None = None,
    tracker: Tracker | None = None,
    looking: Looking | None = None,
    seed: int = 0,
    decisions: Sequence[Decision] = (),
    keep: list[Sightings] | None = None,
    totals: Totals | None = None,
) -> Totals:
    """Hide in `source` what the detectors find, by `effect`, and write the result to `sink`: in one pass.

    Args:
        source, sink: opened; entering and leaving them is the caller's part.
        detector: looks at whole pictures.
        closer: looks at parts of them in full size, for what is too small for `detector`; None does without.
        shapes: the shape that hides each label.
        tracker: follows what is found; by default `track.follow.Follow`.
        looking: how often and where to look; by default every fifth frame.
        seed: whatever is random is drawn from it.
        decisions: who is hidden; without any, everyone.
        keep: all that was found is appended here, for a plan.
        totals: where to count; by default anew.

    Raises:
        StageError: a stage broke its contract. Errors of the source and the sink come through as they are.
    """
    totals = totals or Totals()
    known = _known(source, detector, closer, tracker, looking or Looking(), totals)
    with one_thread(), closing(known):
        _write(hidden(_kept(known, keep), effect, shapes, seed, decisions), sink, totals)
    return totals


def analyze(
    source: Source,
    *,
    detector: Detector,
    keep: list[Sightings],
    closer: Detector | None = None,
    tracker: Tracker | None = None,
    looking: Looking | None = None,
) -> Totals:
    """The first half of `run`: append to `keep` what is where, and write nothing."""
    totals = Totals()
    known = _known(source, detector, closer, tracker, looking or Looking(), totals)
    with one_thread(), closing(known):
        for frame, rows in _kept(known, keep):
            _count(totals, frame, rows)
    return totals


def render(
    source: Source,
    sink: Sink,
    rows: Sightings,
    *,
    effect: Anonymizer,
    shapes: Mapping[str, Shape],
    seed: int = 0,
    decisions: Sequence[Decision] = (),
) -> Totals:
    """The second half of `run`: hide `rows` in the frames of `source`, which are counted from 0."""
    totals = Totals()
    with one_thread(), closing(ahead(source, FRAMES_AHEAD, totals.meter.of("decode"))) as frames:
        _write(hidden(joined(frames, rows), effect, shapes, seed, decisions), sink, totals)
    return totals


def _known(
    source: Source,
    detector: Detector,
    closer: Detector | None,
    tracker: Tracker | None,
    looking: Looking,
    totals: Totals,
) -> Stream[tuple[Frame, Sightings]]:
    """Frames with all that is known of them, each stage in a thread of its own."""
    period = max(2, looking.period)
    following = Following(hold=looking.hold, patience=looking.patience, doubt=period, linger=period // 2)
    if "part" in looking.turns:
        stale = max(period, STALE)
        following = replace(following, doubt=stale + RETRY, stale=stale)
    meter = totals.meter
    # Closed from the last to the first, so that each thread ends before what it reads from is closed.
    with (
        closing(ahead(source, FRAMES_AHEAD, meter.of("decode"))) as frames,
        Looker(detector, closer, looking, meter) as looker,
        closing(looker.looks(scheduled(marked(frames), looking))) as looks,
        closing(_followed(looks, tracker or Follow(following, looker.again), looking, totals)) as known,
    ):
        yield from known


def _followed(
    looks: Iterable[Look], tracker: Tracker, looking: Looking, totals: Totals
) -> Stream[tuple[Frame, Sightings]]:
    """`followed`, in a thread of its own."""
    return ahead(followed(counted(looks, totals), tracker, looking.hold), FRAMES_AHEAD, totals.meter.of("follow"))


def _write(painted: Iterable[tuple[Frame, Sightings]], sink: Sink, totals: Totals) -> None:
    """Write what is `painted`, which is made a few frames ahead of it."""
    with closing(ahead(painted, FRAMES_AHEAD, totals.meter.of("paint"))) as done, totals.meter.of("encode"):
        for frame, rows in done:
            sink.write(frame)
            _count(totals, frame, rows)


def _kept(known: Iterable[tuple[Frame, Sightings]], keep: list[Sightings] | None) -> Stream[tuple[Frame, Sightings]]:
    """The same, with what is known appended to `keep`."""
    for frame, rows in known:
        if keep is not None:
            keep.append(rows)
        yield frame, rows


def joined(frames: Iterable[Frame], rows: Sightings) -> Stream[tuple[Frame, Sightings]]:
    """Every frame with the rows that speak of it."""
    rows = settled(rows)
    rows = rows[np.argsort(rows.frames, kind="stable")]
    for frame in frames:
        first, end = np.searchsorted(rows.frames, [frame.index, frame.index + 1])
        yield frame, rows[first:end]


def counted(looks: Iterable[Look], totals: Totals) -> Stream[Look]:
    """The same, counting looks and cuts."""
    for look in looks:
        totals.looks += look.found is not None
        if look.cut:
            totals.cuts.append(look.frame.index)
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
    known: Iterable[tuple[Frame, Sightings]],
    effect: Anonymizer,
    shapes: Mapping[str, Shape],
    seed: int,
    decisions: Sequence[Decision] = (),
) -> Stream[tuple[Frame, Sightings]]:
    """Frames with everything known hidden by `effect`, but for what `decisions` keep visible; and what was hidden."""
    stream = _chosen(known, shapes, seed, decisions)
    for context, body in windowed(stream, effect.batch, effect.reach):
        painted = effect.paint(
            [_shown(effect, frame, mine) for frame, _, mine in context], [mine for _, _, mine in context]
        )
        if len(painted) != len(context):
            raise StageError(f"the effect painted {len(painted)} frames of {len(context)}")
        for (frame, rows, mine), patches in zip(context[body], painted[body], strict=True):
            yield composite(frame, mine, patches), rows


def _shown(effect: Anonymizer, frame: Frame, mine: Sequence[Region]) -> Frame:
    """What `effect` may see of a frame in which those regions are hidden."""
    if not effect.blind:
        return frame
    return grey(frame) if getattr(effect, "drawn", False) else blanked(frame, mine)


def _chosen(
    known: Iterable[tuple[Frame, Sightings]], shapes: Mapping[str, Shape], seed: int, decisions: Sequence[Decision]
) -> Stream[tuple[Frame, Sightings, list[Region]]]:
    for frame, rows in known:
        kept, methods = decided(decisions, rows)
        yield frame, kept, regions(frame, kept, shapes, seed, methods)


def regions(
    frame: Frame,
    rows: Sightings,
    shapes: Mapping[str, Shape],
    seed: int,
    methods: Sequence[str] | NDArray[np.str_] | None = None,
) -> list[Region]:
    """What to hide in `frame`, by the method of each row; '' or None is its label's own."""
    methods = [""] * len(rows) if methods is None else methods
    # A box far outside the picture is as good as one at its edge, and cannot ask for a mask of any size.
    size = np.tile(np.array(frame.size, np.float32), 2)
    boxes = np.clip(rows.boxes, -size, 2 * size)
    masks = repeat(None, len(rows)) if rows.masks is None else rows.masks
    return [
        Region(
            int(track),
            str(label),
            box,
            shapes[str(label)].mask(box, frame.size, pixels),
            _seed(seed, int(track)),
            float(score),
            str(method),
        )
        for track, label, box, pixels, score, method in zip(
            rows.tracks, rows.labels, boxes, masks, rows.scores, methods, strict=True
        )
    ]


def _seed(seed: int, track: int) -> int:
    """64 bits. The lower half counts on from track to track: whatever is chosen by it is never chosen for two of them,
    and of a few choices no two tracks that follow each other get the same.
    """
    return _digest(f"{seed}:{track}") << 32 | (_digest(f"{seed}") + track) % 2**32


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())


def _count(totals: Totals, frame: Frame, rows: Sightings) -> None:
    """Count a frame that is done, which is where the main thread comes by again and again."""
    unless_interrupted()
    totals.frames += 1
    totals.times.append(frame.pts)
    totals.hidden += len(rows)
    totals.tracks.update(rows.tracks.tolist())
    totals.origins.update(Origin(int(origin)) for origin in rows.origins)
