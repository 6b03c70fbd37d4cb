"""Looking at one file: what is where, and who of them is recognized."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from passerby import pipeline, recognition, targets
from passerby.core.lent import WatchedSource
from passerby.core.plan import Plan
from passerby.core.tracks import Sightings
from passerby.inputs import chosen_seed, expected, opened
from passerby.pipeline import Totals
from passerby.progress import Progress, counting
from passerby.quality import Finders, Look
from passerby.recognize.vote import Vote
from passerby.record import Replayed, check_same, recorded
from passerby.settings import Options


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What is known of a file."""

    plan: Plan
    votes: tuple[Vote, ...]
    """What the faces of each track say, where somebody is to be recognized."""
    totals: Totals
    finders: Finders
    """Who looked."""


def analysis(path: Path, options: Options, progress: Progress, look: Look) -> Analysis:
    """Look at the file at `path`, finding people by `look`; once more from its beginning to recognize some of them.

    A decision on a track takes all of its faces, and so the whole film: it cannot be made while it is painted.
    """
    who = recognition.recognizer(options) if options.recognizes else None
    source = opened(path, options)
    total = expected(source.info, options)
    found_by = look(source.info, options)
    models = targets.checksums(options)
    seen: list[Sightings] = []
    with source:
        totals = pipeline.analyze(
            WatchedSource(source, counting(progress, total)),
            detector=found_by.detector,
            closer=found_by.closer,
            looking=found_by.looking,
            keep=seen,
        )
    plan = recorded(path, source.info, options, models, totals, seen, chosen_seed(options, source.info))
    if who is None:
        return Analysis(plan, (), totals, found_by)
    again = opened(path, options)
    check_same(plan, again.info)
    with again, totals.meter.of("recognize"):
        film = WatchedSource(Replayed(again, plan), counting(progress, plan.media.frames))
        plan, votes = recognition.recognized(plan, film, who)
    return Analysis(plan, votes, totals, found_by)
