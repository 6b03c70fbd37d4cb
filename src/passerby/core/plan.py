"""The record of what is hidden where: made by looking, kept or reviewed, and painted from.

A `Plan` holds tracks and an ordered list of decisions. Of the decisions that apply to a box in a frame the last one
counts, and where none applies the box is hidden: nobody is seen because nobody decided.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from passerby.core import zones
from passerby.core.errors import OptionError
from passerby.core.plan_checks import check
from passerby.core.tracks import Origin, Sightings, Track, united
from passerby.core.zones import Polygon

MODEL = "model "
"""In `Plan.provenance`, what stands before the name of a model that decided who is hidden."""
Span = tuple[int, int]
"""Frames from the first to before the second."""


@dataclass(frozen=True, slots=True)
class Decision:
    """That something is hidden, or kept visible. What is None does not narrow it."""

    hide: bool
    """Hidden, or left visible."""
    track: int | None = None
    """Its id; None for everyone."""
    frames: Span | None = None
    zone: Polygon | None = None
    """To keep, boxes must lie wholly inside; to hide, they need only touch it."""
    under: float | None = None
    """Only boxes whose longer side is under so many pixels."""
    method: str | None = None
    """What takes the place of the hidden; None is the label's own."""
    reason: str = ""
    by: str = ""
    """'policy', 'user', …: what decided, not a person's name."""

    def __post_init__(self) -> None:
        # Ids and frames come out of arrays as numpy's integers; files hold Python's.
        if self.track is not None:
            object.__setattr__(self, "track", _whole("a track's id", self.track))
        if self.frames is not None:
            first, end = self.frames
            object.__setattr__(self, "frames", (_whole("a frame", first), _whole("a frame", end)))
        if self.frames is not None and not 0 <= self.frames[0] < self.frames[1]:
            raise OptionError(f"a range of frames begins at 0 or later and holds one at least, got {self.frames}")
        if self.zone is not None and (len(self.zone) < 3 or not np.isfinite(self.zone).all()):
            raise OptionError(f"a zone has three corners at least, each an x and a y in pixels, got {self.zone}")
        if self.under is not None and not 0 < self.under < np.inf:
            raise OptionError(f"a size is a number of pixels above 0, got {self.under}")
        if self.method is not None and not self.hide:
            raise OptionError(f"what is kept visible has no method, got {self.method!r}")

    def applies(self, rows: Sightings) -> NDArray[np.bool_]:
        """To which rows, (N,)."""
        chosen = np.ones(len(rows), bool)
        if self.track is not None:
            chosen &= rows.tracks == self.track
        if self.frames is not None:
            chosen &= (rows.frames >= self.frames[0]) & (rows.frames < self.frames[1])
        if self.under is not None and chosen.any():
            chosen &= (rows.boxes[:, 2:] - rows.boxes[:, :2]).max(axis=1) < self.under
        if self.zone is not None and chosen.any():
            inside = zones.touches if self.hide else zones.holds
            chosen[chosen] = inside(self.zone, rows.boxes[chosen])
        return chosen


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did to the tracks of a plan; what is decided on them is kept as a `Decision`."""

    what: str
    """In words: 'track 9 merged into track 4'."""
    reason: str = ""
    by: str = ""
    """As in `Decision`."""


def _whole(what: str, value: SupportsIndex) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise OptionError(f"{what} is a whole number, got {value!r}") from None


def decided(decisions: Sequence[Decision], rows: Sightings) -> tuple[Sightings, NDArray[np.str_]]:
    """The rows that are hidden, in their order, and the method of each (N,): '' is its label's own."""
    if not decisions:
        return rows, np.full(len(rows), "")
    hide = np.ones(len(rows), bool)
    methods = np.full(len(rows), "", object)
    for decision in decisions:
        chosen = decision.applies(rows)
        hide[chosen] = decision.hide
        methods[chosen] = decision.method or ""
    return rows[hide], methods[hide].astype(np.str_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Which medium a plan was made from, and how it was read."""

    name: str
    """File name without its folder."""
    sha256: str
    """Of the file's bytes, 64 hexadecimal digits."""
    size: tuple[int, int]
    """(width, height) of the upright picture."""
    frames: int
    """How many were read."""
    rate: Fraction | None
    """Average frames per second, or None for a still."""
    time_base: Fraction
    """Seconds per unit of `Plan.times`."""
    begins: Fraction | None = None
    """As in `MediaInfo`; None in older plans, whose times count from the first frame."""
    start: Fraction | None = None
    end: Fraction | None = None
    fps: Fraction | None = None
    salvage: bool = False
    """As in `settings.Options`: frames are counted in what was read, so it has to be read in the same way again."""
    path: Path | None = None
    """Where the file lay when the plan was made or opened, or None. Files of plans hold it relative to themselves."""


def _no_frames() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is hidden in one medium. A track that nobody decided on is hidden. Every edit gives a new plan."""

    media: Media
    tracks: tuple[Track, ...]
    """Ids are unique, from 0 up; rising."""
    decisions: tuple[Decision, ...] = ()
    """The last one that applies counts."""
    cuts: NDArray[np.int64] = field(default_factory=_no_frames)
    """(C,) frames in which a new shot begins, rising."""
    times: NDArray[np.int64] = field(default_factory=_no_frames)
    """(media.frames,) presentation time of every frame in units of `media.time_base`, rising; (0,) where not known."""
    seed: int = 0
    """Whatever an effect draws at random is drawn from this and the track's id."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """Versions and options that led to it, as text, and the SHA-256 sums of models: see `models`."""
    changes: tuple[Change, ...] = ()
    """What was done to its tracks since it was made, in order."""

    def __post_init__(self) -> None:
        check(self)

    # Reading

    @property
    def labels(self) -> tuple[str, ...]:
        """What its tracks are: 'face', …"""
        return tuple(sorted({track.label for track in self.tracks}))

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that its decisions name."""
        return tuple(sorted({decision.method for decision in self.decisions if decision.method is not None}))

    @property
    def models(self) -> Mapping[str, str]:
        """The models that decided who is hidden, and the SHA-256 sum of each; none where they were not kept yet."""
        return {name.removeprefix(MODEL): said for name, said in self.provenance.items() if name.startswith(MODEL)}

    def track(self, id: int) -> Track:
        """The track of that id.

        Raises:
            OptionError: there is none.
        """
        for track in self.tracks:
            if track.id == id:
                return track
        known = f"1 to {max(t.id for t in self.tracks)}" if self.tracks else "none"
        raise OptionError(f"there is no track {id}; see `passerby plan show` for those there are ({known})")

    def rows(self) -> Sightings:
        """All boxes of all tracks, by track, then frame."""
        return Sightings.concat([track.rows() for track in self.tracks])

    def seconds(self, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        """When frames (N,) are shown, in seconds on the input's own clock, which begins at 0, (N,) float64."""
        if not len(self.times):
            return np.asarray(frames / float(self.media.rate or 1), np.float64)
        media, ticks = self.media, self.times[frames]
        # What is read from a start on begins at 0; else the file's own clock may begin anywhere.
        if media.start is not None:
            zero = media.start
        elif media.begins is not None:
            zero = -media.begins
        else:
            zero = -int(self.times[0]) * media.time_base
        return np.asarray(ticks * float(media.time_base) + float(zero), np.float64)

    def frame_at(self, time_s: Fraction) -> int:
        """The frame that is shown at `time_s` on the input's own clock.

        Raises:
            OptionError: no frame is shown then.
        """
        shown = self.seconds(np.arange(self.media.frames))
        # A millionth of a second late: the time of a frame, as it is printed, means that frame.
        index = int(np.searchsorted(shown, float(time_s) + 1e-6, side="right")) - 1
        last = shown[-1] + (1 / float(self.media.rate) if self.media.rate else 0) if len(shown) else 0.0
        if index < 0 or float(time_s) > last:
            lasts = f"from {shown[0]:.3f} s to {last:.3f} s" if len(shown) else "no time at all"
            raise OptionError(f"no frame is shown at {float(time_s):g} s; {self.media.name} is shown {lasts}")
        return index

    # Deciding

    def decide(self, decision: Decision) -> Plan:
        """With one more decision, which counts more than all before it."""
        track = None if decision.track is None else self.track(decision.track)
        if decision.frames is not None:
            first, end = decision.frames
            if first >= self.media.frames:
                raise OptionError(f"there is no frame {first}; the last one is {self.media.frames - 1}")
            if track is not None and not ((track.frames >= first) & (track.frames < end)).any():
                raise OptionError(
                    f"track {track.id} is in frames {track.frames[0]} to {track.frames[-1]}, but has no box in "
                    f"{first} to {end - 1}; choose frames in which it is, or extend it to these first"
                )
            decision = replace(decision, frames=(first, min(end, self.media.frames)))
        if decision.zone is not None:
            zones.check_in_picture(decision.zone, self.media.size)
        return replace(self, decisions=(*self.decisions, decision))

    def hide(
        self, track: int, frames: Span | None = None, *, method: str | None = None, reason: str = "", by: str = "user"
    ) -> Plan:
        """With `track` hidden, in some frames or in all."""
        return self.decide(Decision(True, track, frames, method=method, reason=reason, by=by))

    def keep(self, track: int, frames: Span | None = None, *, reason: str = "", by: str = "user") -> Plan:
        """With `track` left visible, in some frames or in all."""
        return self.decide(Decision(False, track, frames, reason=reason, by=by))

    # Changing tracks

    def merge(self, ids: Sequence[int], *, reason: str = "", by: str = "user") -> Plan:
        """With the tracks `ids` made one, which has the first one's id.

        In frames in which several of them are, the box goes around all. What was decided on them stays only if it
        was the same for each of them; else the whole is hidden until somebody decides on it again.
        """
        chosen = [self.track(id) for id in dict.fromkeys(ids)]
        if len(chosen) < 2 or len({track.label for track in chosen}) > 1:
            what = ", ".join(f"{track.id} ({track.label})" for track in chosen) or "none"
            raise OptionError(f"tracks that become one are two at least and of one label, got {what}")
        whole = joined(chosen)
        gone = {track.id for track in chosen}
        sets = [tuple(replace(d, track=whole.id) for d in self.decisions if d.track == id) for id in gone]
        same = len(set(sets)) == 1
        decisions = tuple(d for d in self.decisions if d.track not in gone or (same and d.track == whole.id))
        before, _ = decided(self.decisions, Sightings.concat([track.rows() for track in chosen]))
        after, _ = decided(decisions, whole.rows())
        # What is decided on everyone, before or in between, may say of the whole what it did not say of a part.
        if not same or not np.isin(before.frames, after.frames).all():
            why = reason or "merged from tracks on which different things were decided"
            decisions = (*decisions, Decision(True, whole.id, reason=why, by=by))
        others = [track for track in self.tracks if track.id not in gone]
        what = f"tracks {', '.join(str(track.id) for track in chosen)} merged into track {whole.id}"
        return self._changed(Change(what, reason, by), (*others, whole), decisions)

    def split(self, track: int, frame: int, *, reason: str = "", by: str = "user") -> Plan:
        """With the rest of `track`, from `frame` on, a track of its own, for which the same is decided."""
        old = self.track(track)
        at = int(np.searchsorted(old.frames, frame))
        if not 0 < at < len(old.frames):
            raise OptionError(
                f"track {track} is in frames {old.frames[0]} to {old.frames[-1]} and cannot be split at {frame}; "
                "choose a frame after its first one"
            )
        id = self._next()
        pairs = ((d, replace(d, track=id)) if d.track == track else (d,) for d in self.decisions)
        parts = _part(old, slice(at), old.id), _part(old, slice(at, None), id)
        what = f"track {track} split at frame {frame}, from which on it is track {id}"
        tracks = (*self._others(track), *parts)
        return self._changed(Change(what, reason, by), tracks, tuple(chain.from_iterable(pairs)))

    def extend(self, track: int, frames: Span, *, reason: str = "", by: str = "user") -> Plan:
        """With `track` in all of `frames`: before and after it where it was last, in gaps on the line between."""
        old = self.track(track)
        wanted = np.arange(max(frames[0], 0), min(frames[1], self.media.frames))
        new = np.setdiff1d(wanted, old.frames)
        if not len(wanted):
            last = self.media.frames - 1
            raise OptionError(f"there are frames 0 to {last}, got {frames[0]} to {frames[1] - 1}; choose some of these")
        if not len(new):
            return self
        sides = [np.interp(new, old.frames, old.boxes[:, side]) for side in range(4)]
        within = (new > old.frames[0]) & (new < old.frames[-1])
        added = Track(
            old.id,
            old.label,
            new,
            np.stack(sides, axis=1).astype(np.float32),
            np.full(len(new), np.nan, np.float32),
            np.where(within, Origin.FILLED, Origin.EXTENDED).astype(np.uint8),
        )
        what = f"track {track} extended in frames {wanted[0]} to {wanted[-1]}"
        return self._changed(Change(what, reason, by), (*self._others(track), joined([old, added])), self.decisions)

    def draw(self, label: str, rows: Sightings, *, reason: str = "", by: str = "user") -> Plan:
        """With a new track of the boxes of `rows`, which has the highest id; it is hidden whatever holds for all."""
        if not len(rows):
            raise OptionError("a drawn track needs a box in one frame at least, got none; draw one")
        drawn = joined([Track.of(replace(rows, labels=np.full(len(rows), label)), self._next())])
        what = f"track {drawn.id} ({label}) drawn in frames {drawn.frames[0]} to {drawn.frames[-1]}"
        decisions = (*self.decisions, Decision(True, drawn.id, reason=reason or "drawn", by=by))
        return self._changed(Change(what, reason, by), (*self.tracks, drawn), decisions)

    def delete(self, track: int, *, reason: str = "", by: str = "user") -> Plan:
        """Without `track`, which was a false alarm, and without what was decided on it."""
        old = self.track(track)
        what = f"track {track} ({old.label} in frames {old.frames[0]} to {old.frames[-1]}) deleted"
        decisions = tuple(d for d in self.decisions if d.track != track)
        return self._changed(Change(what, reason, by), self._others(track), decisions)

    def _others(self, id: int) -> list[Track]:
        return [track for track in self.tracks if track.id != id]

    def _changed(self, change: Change, tracks: Sequence[Track], decisions: tuple[Decision, ...]) -> Plan:
        rising = tuple(sorted(tracks, key=lambda track: track.id))
        return replace(self, tracks=rising, decisions=decisions, changes=(*self.changes, change))

    def _next(self) -> int:
        """An id that no track has, and none on which something is decided."""
        taken = [*(track.id for track in self.tracks), *(d.track for d in self.decisions if d.track is not None)]
        return max(taken, default=0) + 1


def joined(parts: Sequence[Track]) -> Track:
    """Tracks of one label as one, with the first one's id: one box per frame, around all that there are.

    Of several boxes the best-founded origin stays (detected before followed, …) and the highest score; their masks are
    put together, unless one of them has none.
    """
    rows = Sightings.concat([part.rows() for part in parts])
    rows = rows[np.lexsort((rows.origins, rows.frames))]
    starts = np.flatnonzero(np.diff(rows.frames, prepend=-1))
    return Track.of(united(rows, starts), parts[0].id)


def _part(track: Track, rows: slice, id: int) -> Track:
    return Track.of(track.rows()[rows], id)
