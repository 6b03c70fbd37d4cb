"""A plan from what the pipeline saw, and a source whose frames have to be those of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import passerby
from passerby.core.errors import PlanError
from passerby.core.frame import Frame, MediaInfo
from passerby.core.lent import Lent
from passerby.core.plan import MODEL, Media, Plan
from passerby.core.stages import Source
from passerby.core.tracks import Sightings
from passerby.methods.hiding import rules
from passerby.pipeline import Totals
from passerby.settings import DEFAULTS, Options
from passerby.track.refine import tracks

LOOKING = (
    "hide",
    "models",
    "conf",
    "quality",
    "min_face",
    "keep_zone",
    "only_zone",
    "min_size",
    "keep",
    "only",
    "same_person",
    "recognizer",
    "start",
    "end",
    "fps",
    "salvage",
)
"""The options that decide what is in a plan; what takes the place of the hidden is chosen when it is rendered."""


def recorded(
    path: Path,
    info: MediaInfo,
    options: Options,
    models: Mapping[str, str],
    totals: Totals,
    seen: Sequence[Sightings],
    seed: int,
) -> Plan:
    """The plan of a run, or of an analysis, that has come to its end.

    Args:
        path, info: the file that was read.
        options: how it was read, and who is hidden by rule.
        models: the names of those that decided who is hidden, and the SHA-256 sum of each.
        totals, seen: what the pipeline counted and kept.
        seed: what was random was drawn from it.
    """
    changed = options.changed()
    media = Media(
        name=info.name,
        sha256=info.sha256 or "",
        size=info.size,
        frames=len(totals.times),
        rate=info.rate,
        time_base=info.time_base,
        begins=info.begins,
        start=options.start,
        end=options.end,
        fps=options.fps,
        salvage=options.salvage,
        path=path,
    )
    return Plan(
        media,
        tracks(Sightings.concat(seen)),
        rules(options),
        np.array(totals.cuts, np.int64),
        np.array(totals.times, np.int64),
        seed,
        {"passerby": passerby.__version__}
        | {name: changed[name] for name in LOOKING if name in changed}
        | {MODEL + name: sha256 for name, sha256 in models.items()},
    )


def as_then(plan: Plan, options: Options) -> Options:
    """`options`, except for what was chosen when `plan` was made: how the medium is read, and who is hidden by rule."""
    media = plan.media
    then: dict[str, Any] = {
        "start": media.start,
        "end": media.end,
        "fps": media.fps,
        "salvage": media.salvage,
        "seed": plan.seed,
    }
    others = {name: getattr(DEFAULTS, name) for name in (*LOOKING, "plan") if name not in then}
    return replace(options, **others, **then)


class Replayed(Lent):
    """The frames of `source`, which have to be those that `plan` was made from."""

    def __init__(self, source: Source, plan: Plan) -> None:
        self.source = source
        self.plan = plan

    @property
    def info(self) -> MediaInfo:
        return self.source.info

    def __iter__(self) -> Iterator[Frame]:
        """The frames.

        Raises:
            PlanError: there are more or fewer, or they are shown at other times, than when the plan was made.
        """
        times = self.plan.times
        count = 0
        for frame in self.source:
            if len(times) and (count >= len(times) or times[count] != frame.pts):
                raise _reads_otherwise(self.plan, frame.index)
            count += 1
            yield frame
        if count < self.plan.media.frames:
            raise _reads_otherwise(self.plan, count)


def _reads_otherwise(plan: Plan, frame: int) -> PlanError:
    return PlanError(
        f"{plan.media.name} reads otherwise than when its plan was made, from frame {frame} on "
        "(by another version of FFmpeg?); analyze it again"
    )


def check_same(plan: Plan, info: MediaInfo) -> None:
    """Refuse any other medium than the one that `plan` was made from.

    Raises:
        PlanError: it is another one, or the plan speaks of pictures of another size.
    """
    if info.sha256 != plan.media.sha256:
        raise PlanError(
            f"the plan is for {plan.media.name} ({plan.media.sha256[:8]}), got {info.name} "
            f"({(info.sha256 or 'live')[:8]}); analyze this file, or give the original with --media"
        )
    if info.size != plan.media.size:
        sizes = " and not ".join("x".join(map(str, size)) for size in (info.size, plan.media.size))
        raise PlanError(f"{info.name} has pictures of {sizes}, as its plan says; analyze it again")
