"""The tracker: looks are rare, so everything found is followed through time, forwards and backwards.

Between two looks a track is carried on from picture to picture by what it looks like (`motion`). When a look finds
it again, the gap is followed once more from its far end, and what neither direction is sure of is filled with the
line between. What a look finds for the first time is followed back to where it came in. Where following is in doubt,
or breaks off, the tracker asks for another look, at that place only; or everywhere, when most is lost at once. Ends are
extended. All of this adds sightings; nothing takes one away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.detections import Detections
from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.core.tracks import Origin, Sightings
from passerby.track.associate import match
from passerby.track.live import RETRY, Box, Glimpse, Live, Rows, Seen, shifted, swept
from passerby.track.motion import follow
from passerby.track.refine import between

SAME_PLACE = 0.5
"""IoU from which two boxes of one frame are taken for the same thing."""
MOSTLY = 0.7
"""Share of a box that lies in another one, from which it needs no track of its own."""
SMALLER = 0.75
"""Share of its area before, under which what is found may be a part of the thing only."""
CLEAR = 0.75
"""Likeness below which a thing may well be elsewhere."""
CROWDED = 0.3
"""Share of a box that lies in another one, from which the one may be taken for the other."""
TRIES = 3
"""Looks at past frames while a new track is followed back, at most."""
AT_ONCE = 2
"""Tracks in doubt that are looked at in one frame, at most."""
SEVERAL = 2
"""Tracks that go astray at once, from which it is the camera that was thrown about."""
OFTEN = 3
"""Looks that find a thing in doubt, from which it is sure: what is nothing is seldom found over and over."""
TOGETHER = 3
"""Frames that two tracks are in the same place, from which they are the same thing."""

_Step = tuple[int, Box, float]
"""A frame, where a thing was in it, and how much it looked the same; not a number where that is only supposed."""
Again = Callable[[Frame, Box, str], Detections]
"""Another look at a frame, around one box only, for things of one label."""


@dataclass(frozen=True, kw_only=True)
class Following:
    """How long and how surely tracks go on."""

    hold: int = 30
    """Frames that a new track is followed back, at most."""
    patience: int = 60
    """Frames that a track goes on without being found again."""
    sure: float = 0.5
    """Score from which a detection is no doubt a face, in 0..1."""
    doubt: int = 10
    """Frames that stand in for `hold` and `patience` while a track has no sure detection."""
    stale: int = 60
    """Frames after which another look is taken at what no look has found."""
    linger: int = 6
    """Frames that the ends of a track are extended where it cannot be followed."""
    likeness: float = 0.55
    """Cross-correlation from which two pictures show the same thing, in -1..1."""
    longest: int = 960
    """Longest side of the pictures that are followed in, in pixels."""

    def __post_init__(self) -> None:
        if self.hold < 1 or self.doubt < 1 or self.linger < 0:
            raise OptionError(f"tracks need a hold and a doubt from 1 frame up and a linger from 0 up, got {self}")


class Follow:
    """A `Tracker` (see `core.stages`).

    Each frame carries every live track one step further. A look then tells which of them are there: the gaps since they
    were last found are closed, and what is new begins a track, which is traced back through the frames that are held.
    Where nobody looked, the tracks in doubt may be looked at again. In the end those go that nobody expects any more.
    """

    def __init__(self, following: Following | None = None, again: Again | None = None) -> None:
        """`again`: takes another look where following is in doubt; None does without."""
        self.following = following or Following()
        self._again = again
        self._live: list[Live] = []
        self._past: deque[Glimpse] = deque(maxlen=self.following.hold + 1)
        """The frames that are held, the newest last."""
        self._next_id = 1
        self._scale = 1
        """How many times smaller the pictures are that are followed in."""
        self._searched = -RETRY
        """Frame in which it was last looked everywhere because most tracks were lost."""

    def cut(self) -> None:
        self._live.clear()
        self._past.clear()
        self._searched = -RETRY

    def step(self, frame: Frame, found: Detections | None) -> Sightings:
        light, self._scale = pixels.light(frame, self.following.longest)
        now = Glimpse(frame, light)
        rows = Rows()
        if self._past:
            self._carry_on(now, rows)
        self._past.append(now)
        if found is not None:
            self._meet(frame.index, found, rows)
        elif self._again is not None:
            self._look_again(frame, self._again, rows)
        self._retire(frame)
        return rows.sightings()

    # Forwards: every live track, from each frame to the next

    def _carry_on(self, now: Glimpse, rows: Rows) -> None:
        """Every live track, one frame further."""
        for track in self._live:
            steps = track.lost + 1
            guess = shifted(track.box, track.speed * steps)
            box, track.likeness = self._followed(track.looked, now.luma, track.box, guess)
            if track.likeness >= self.following.likeness:
                if track.likeness < CLEAR or _strays(box, guess):
                    rows.add(track, now.index, guess, np.nan, Origin.EXTENDED, track.seen_as)
                track.speed = np.asarray((box - track.box)[:2] / steps, np.float32)
                track.box, track.looked, track.lost = box, now.luma, 0
                now.seen.append((track, box))
                rows.add(track, now.index, box, track.likeness, Origin.FOLLOWED, track.seen_as)
            else:
                # It may have stopped, or gone on behind something: it is looked for as it was when last seen.
                track.lost = steps
                rows.add(track, now.index, swept(track.box, track.speed * steps), np.nan, Origin.EXTENDED)

    def _followed(self, before: NDArray[np.uint8], now: NDArray[np.uint8], box: Box, guess: Box) -> tuple[Box, float]:
        """Where the thing in `box` of one picture is in another, and how alike the two look."""
        scale = np.float32(self._scale)
        shift, likeness = follow(before, now, box / scale, guess / scale)
        return shifted(box, shift * scale), likeness

    def _retire(self, frame: Frame) -> None:
        """End the tracks that left the picture, that were not found for `patience` frames, or cannot be followed."""

        def goes_on(track: Live) -> bool:
            inside = bx.area(bx.clip(track.box[None], frame.size))[0] > 0
            patience = self._reach(track, self.following.patience)
            waits = frame.index - track.seen < patience and track.lost < self.following.linger
            return bool(inside) and waits

        self._live = [track for track in self._live if goes_on(track)]

    def _reach(self, track: Live, frames: int) -> int:
        """Frames that `track` reaches beyond its detections, of at most so many."""
        return frames if track.sure else min(self.following.doubt, frames)

    # Looks: what was found, and where to look again

    def _meet(self, index: int, found: Detections, rows: Rows) -> None:
        """What a look found: tracks seen again, and new ones."""
        known = list(self._live)
        at = np.stack([track.box for track in known]) if known else np.empty((0, 4), np.float32)
        pairs = match(at, np.array([track.label for track in known], np.str_), found.boxes, found.labels)
        seen = _seen(found, self._past[-1].frame)
        tracks = {i: known[row] for row, i in pairs}
        for i, track in tracks.items():
            self._close_gap(track, index, seen[i], rows)
        for i in sorted(set(range(len(found))) - set(tracks)):
            tracks[i] = self._begun(str(found.labels[i]), seen[i])
        # All of them take their places before any is traced back, or one could be taken for another that is here too.
        surer = [self._put(track, index, seen[i], float(found.scores[i])) for i, track in tracks.items()]
        for track, traced in zip(tracks.values(), surer, strict=True):
            if traced:
                self._trace_back(track, rows)
        for i, track in tracks.items():
            rows.add(track, index, found.boxes[i], float(found.scores[i]), Origin.DETECTED, seen[i])
        self._drop_covered(index, found)

    def _put(self, track: Live, index: int, seen: Seen, score: float) -> bool:
        """Let `track` be where it was `seen` in the frame looked at. True if it is to be traced back from there."""
        track.times += 1
        new, sure = track.seen < 0, score >= self.following.sure or track.times >= OFTEN
        surer = sure and not track.sure
        # What comes out from behind something is found too small at first, and followed back so.
        larger = not new and _shrinks(track.traced, seen.box)
        track.box, track.seen_as = seen.box, seen
        track.looked = self._past[-1].luma
        track.seen, track.lost, track.likeness, track.sure = index, 0, 1.0, track.sure or sure
        self._past[-1].seen.append((track, seen.box))
        if new or surer or larger:
            track.traced = seen.box
        return new or surer or larger

    def _begun(self, label: str, seen: Seen) -> Live:
        """A new track."""
        track = Live(self._next_id, label, seen.box, -1, seen, self._past[-1].luma)
        self._next_id += 1
        self._live.append(track)
        return track

    def _drop_covered(self, index: int, found: Detections) -> None:
        """End the tracks that went astray onto something that was found just now, and so is hidden anyway."""
        if not len(found):
            return

        def astray(track: Live) -> bool:
            same = found.boxes[found.labels == track.label]
            inside = bx.intersection(track.box[None], same) / max(float(bx.area(track.box[None])[0]), 1e-6)
            return track.seen < index and bool((inside >= MOSTLY).any())

        self._live = [track for track in self._live if not astray(track)]

    def _look_again(self, frame: Frame, again: Again, rows: Rows) -> None:
        """Another look: around some of the tracks in doubt, or everywhere if those are most of them."""
        if self._at_sea(frame.index):
            self._searched = frame.index
            everywhere = np.array([0, 0, *frame.size], np.float32)
            for label in sorted({track.label for track in self._live if track.sure}):
                self._meet(frame.index, again(frame, everywhere, label), rows)
            return
        for track in self._in_doubt(frame.index)[:AT_ONCE]:
            if track.seen < frame.index and track in self._live:
                track.tried = frame.index
                self._meet(frame.index, again(frame, shifted(track.box, track.speed * track.lost), track.label), rows)

    def _at_sea(self, index: int) -> bool:
        """Whether the camera was thrown about: of several sure tracks most cannot be followed any more."""
        sure = [track for track in self._live if track.sure]
        astray = [track for track in sure if track.lost or track.likeness < CLEAR]
        return len(astray) >= SEVERAL and 2 * len(astray) > len(sure) and index - self._searched >= RETRY

    def _in_doubt(self, index: int) -> list[Live]:
        """Tracks that are due for another look, the longest unseen first.

        Sure ones that are lost, hardly followed or in front of each other; and any that no look has found for long:
        they may follow what was behind a face that is gone, and those of which nothing sure was found will end.
        """
        live = [track for track in self._live if track.sure or not track.lost]
        if not live:
            return []
        sure = np.array([track.sure for track in live])
        at = np.stack([track.box for track in live])
        shared = bx.intersection(at, at) / np.maximum(bx.area(at), 1e-6)[:, None]
        np.fill_diagonal(shared, 0)
        crowded = ((shared >= CROWDED) & sure).any(axis=1)
        astray = np.array([track.lost > 0 or track.likeness < CLEAR for track in live])
        unseen = index - np.array([max(track.tried, track.seen) for track in live])
        due = unseen >= np.where(sure & (crowded | astray), RETRY, self.following.stale)
        return sorted((track for track, now in zip(live, due, strict=True) if now), key=lambda track: track.seen)

    # Backwards: through the frames that are held, from where a thing was found

    def _close_gap(self, track: Live, index: int, seen: Seen, rows: Rows) -> None:
        """Cover the frames since `track` was last found, now that it is `seen` again, within the hold."""
        missing = index - track.seen - 1
        reached = min(missing, self.following.hold)
        if reached < 1:
            return
        # To the frame in which it was last found, and that as well: half behind something, it was found too small.
        path, _ = self._path_back(seen.box, min(missing + 1, self.following.hold))
        for frame, there, likeness in path:
            rows.add(track, frame, there, likeness, Origin.FOLLOWED, seen)
        if len(path) < reached or track.lost or not _same_place(track.box, seen.box):
            line = between(track.seen_as.box, seen.box, missing)[-reached:]
            for frame, there in zip(range(index - reached, index), line, strict=True):
                rows.add(track, frame, there, np.nan, Origin.FILLED)

    def _trace_back(self, track: Live, rows: Rows) -> None:
        """Cover a track in the frames before it was found, back to where it came in or is known already."""
        path, speed = self._path_back(
            track.box, self._reach(track, self.following.hold), track.label if track.sure else ""
        )
        met = self._met(track, path)
        if met is not None:
            path = path[: met[1]]
            self._go_on_as(track, met[0], path[-1][0])
        for frame, there, likeness in path:
            if np.isnan(likeness):
                rows.add(track, frame, there, likeness, Origin.FILLED)
            else:
                rows.add(track, frame, there, likeness, Origin.FOLLOWED, track.seen_as)
        if met is None:
            first, box = (path[-1][0], path[-1][1]) if path else (track.seen, track.box)
            for frame in range(max(first - self.following.linger, self._past[0].index), first):
                rows.add(track, frame, swept(box, speed * (first - frame)), np.nan, Origin.EXTENDED)

    def _path_back(self, box: Box, frames: int, wanted: str = "") -> tuple[list[_Step], NDArray[np.float32]]:
        """Where a thing was in the frames before this one, as far as that is sure, and where it came from.

        Args:
            box: where it is now.
            frames: how far to go back, at most.
            wanted: where it cannot be followed, look again for things of this label, and go on beyond what hides it
                for some frames; '' stops there.

        Returns:
            Its steps, newest first; and (2,) pixels by which it is off one frame earlier still.
        """
        path: list[_Step] = []
        speed, at, lost, tries = np.zeros(2, np.float32), self._past[-1], 0, TRIES if wanted else 0
        for before in list(self._past)[-frames - 1 : -1][::-1]:
            guess = shifted(box, speed * (lost + 1))
            there, likeness = self._followed(at.luma, before.luma, box, guess)
            if likeness < CLEAR and tries:
                tries -= 1
                found = self._seen_near(before.frame, guess, wanted)
                there, likeness = (there, likeness) if found is None else (found, 1.0)
            if likeness < (CLEAR if lost else self.following.likeness):
                lost += 1
                if not wanted or lost > self.following.linger:
                    break
                continue
            for frame, filled in zip(range(at.index - 1, before.index, -1), between(box, there, lost), strict=True):
                path.append((frame, filled, np.nan))
            doubtful = likeness < CLEAR or _shrinks(there, box) or (path and _strays(there, guess))
            path.append((before.index, bx.union(there, guess) if doubtful else there, likeness))
            speed = (there - box)[:2] / np.float32(lost + 1)
            box, at, lost = there, before, 0
        return path, speed

    def _seen_near(self, frame: Frame, box: Box, label: str) -> Box | None:
        """What another look at a past frame finds at a box or right beside it, or None."""
        if self._again is None:
            return None
        found = self._again(frame, box, label)
        pairs = match(box[None], np.array([label]), found.boxes, found.labels)
        return found.boxes[pairs[0][1]] if pairs else None

    def _met(self, track: Live, path: list[_Step]) -> tuple[Live, int] | None:
        """The other track that `track` meets on its `path` back, and after how many steps; or None.

        They must go on back together, or the one only crosses the other's way; and the other was lost where they
        met, or they were together for long enough to be the same thing.
        """
        beside = [None if np.isnan(likeness) else self._in_place_of(track, frame, box) for frame, box, likeness in path]
        for i, other in enumerate(beside):
            run = beside[i : i + TOGETHER]
            if other is None or any(it is not other for it in run):
                continue
            if len(run) == TOGETHER or not self._seen_after(other, path[i][0]):
                return other, i + 1
        return None

    def _in_place_of(self, track: Live, frame: int, box: Box) -> Live | None:
        """Another track that was seen in the same place in a past frame, or None."""
        others = [
            (other, there)
            for other, there in self._past[frame - self._past[0].index].seen
            if other.id != track.id and other.label == track.label
        ]
        if not others:
            return None
        same = bx.iou(box[None], np.stack([there for _, there in others]))[0] >= SAME_PLACE
        return others[int(np.argmax(same))][0] if same.any() else None

    def _seen_after(self, track: Live, frame: int) -> bool:
        later = list(self._past)[frame - self._past[0].index + 1 :]
        return any(it is track or it.id == track.id for glimpse in later for it, _ in glimpse.seen)

    def _go_on_as(self, track: Live, other: Live, frame: int) -> None:
        """Let `track` be the `other` that it meets in a past frame, if that was lost there: a face keeps its id."""
        if not self._seen_after(other, frame):
            self._live = [it for it in self._live if it is not other]
            track.id = other.id


def _seen(found: Detections, frame: Frame) -> list[Seen]:
    """What was found in `frame`, one by one."""
    masks = found.masks or (None,) * len(found)
    return [Seen.of(box, mask, frame) for box, mask in zip(found.boxes, masks, strict=True)]


def _strays(box: Box, guess: Box) -> bool:
    """Whether a thing jumped to `box` rather than went on to where it was expected."""
    return bool(abs(box[0] - guess[0]) + abs(box[1] - guess[1]) > (box[2] - box[0] + box[3] - box[1]) / 4)


def _shrinks(box: Box, before: Box) -> bool:
    """Whether a thing was found so much smaller that a part of it may be behind something."""
    return bool((box[2] - box[0]) * (box[3] - box[1]) < SMALLER * (before[2] - before[0]) * (before[3] - before[1]))


def _same_place(a: Box, b: Box) -> bool:
    return bx.iou(a[None], b[None]).item() >= SAME_PLACE
