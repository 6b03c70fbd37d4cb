"""Who stays visible, by a vote of all faces of a track. In doubt nobody does.

A face votes with the cosine of its embedding and a photograph's. What counts is the middle one of a track's votes,
that no vote speaks against it, and that nobody else who is there at the same time is nearly as much like the
photograph. A track that passes is visible only in frames near those in which its face was recognized, and nearer to
them than to a face that may be somebody else's: when it loses its person and goes on with another one, who looks away,
it is hidden again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.plan import Span
from passerby.core.tracks import Track

Times = NDArray[np.float64]
"""(F,) seconds at which the frames of a film are shown, rising."""

APART = 0.3
"""Two tracks with an IoU below this in one frame are two things, not one that was found twice."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Faces:
    """The faces of one track that show well whose they are. In memory only, while a run decides; never in a log."""

    frames: NDArray[np.int64]
    """(M,) rising."""
    embeddings: NDArray[np.float32]
    """(M, D) unit vectors."""
    stretches: NDArray[np.int64]
    """(M, 2) the first frame of the stretch in which each was seen, and the one after its last; see `stretches`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How sure is sure."""

    same: float
    other: float
    """As in `core.stages.Embedder`."""
    least: int = 3
    """Faces that a track needs to be told at all."""
    reach_s: float = 1.0
    """Seconds before and after a recognized face in which a track is still taken for that person, at most."""
    margin: float = 0.1
    """By which somebody has to be more like a photograph than anybody else who is there at the same time."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What the faces of one track say."""

    track: int
    faces: int
    """How many were good enough to tell."""
    photo: str
    """The photograph that they are most like; '' without a face."""
    similarity: float | None
    """The middle cosine with it; None without a face."""
    visible: tuple[Span, ...]
    """Frames in which it surely may be seen; none: it is hidden."""
    why: str
    """In a few words."""

    @property
    def sentence(self) -> str:
        """The reason of a decision."""
        if self.similarity is None:
            return self.why
        faces = "1 face" if self.faces == 1 else f"{self.faces} faces"
        return f"{self.similarity:.2f} like {self.photo} by {faces}: {self.why}"


def keep(track: int, faces: Faces, photos: Mapping[str, NDArray[np.float32]], bar: Bar, times: Times) -> Vote:
    """Whether `track` is one of those on `photos` (D,), by their names, and so stays visible.

    Args:
        times: when each frame of the film is shown.
    """
    if not len(faces.frames):
        return Vote(track, 0, "", None, (), "no face shows well who it is")
    votes = _votes(faces, photos)
    name, similarity = _closest(votes)
    best = np.max(list(votes.values()), axis=0)
    sure, why = best >= bar.same, ""
    if len(best) < bar.least:
        why = f"too few faces to tell, {bar.least} are needed"
    elif similarity < bar.same:
        why = f"not surely the same, {bar.same:g} is needed"
    else:
        # A face may look unlike the photograph in this light, and yet like the others of the track.
        own = faces.embeddings[sure].mean(axis=0)
        evidence = np.maximum(best, faces.embeddings @ (own / np.linalg.norm(own)))
        if evidence.min() < bar.other:
            why = f"frame {faces.frames[int(evidence.argmin())]} shows somebody else"
        sure = evidence >= bar.same
    visible = () if why else spans(faces, sure, times, bar.reach_s)
    return Vote(track, len(best), name, similarity, visible, why or "the same person")


def leave(track: int, faces: Faces, photos: Mapping[str, NDArray[np.float32]], bar: Bar, times: Times) -> Vote:
    """Whether `track` is surely none of those on `photos`, and so stays visible where only they are hidden."""
    if not len(faces.frames):
        return Vote(track, 0, "", None, (), "no face shows well who it is")
    votes = _votes(faces, photos)
    name, similarity = _closest(votes)
    best = np.max(list(votes.values()), axis=0)
    why = ""
    if len(best) < bar.least:
        why = f"too few faces to tell, {bar.least} are needed"
    elif best.max() >= bar.other:
        why = f"may be the same person in frame {faces.frames[int(best.argmax())]}"
    visible = () if why else spans(faces, np.ones(len(best), bool), times, bar.reach_s)
    return Vote(track, len(best), name, similarity, visible, why or "somebody else")


def confused(
    vote: Vote,
    faces: Mapping[int, Faces],
    tracks: Mapping[int, Track],
    photo: NDArray[np.float32],
    bar: Bar,
) -> int | None:
    """A track beside that of `vote` which is as much like the same `photo` (D,), by a margin, or None.

    Args:
        faces, tracks: of every track, by its id.
    """
    for id, others in faces.items():
        if id == vote.track or vote.similarity is None or not len(others.frames):
            continue
        near = np.median(others.embeddings @ photo) > vote.similarity - bar.margin
        if near and _apart(tracks[vote.track], tracks[id]):
            return id
    return None


def spans(faces: Faces, sure: NDArray[np.bool_], times: Times, reach_s: float) -> tuple[Span, ...]:
    """The frames up to `reach_s` seconds before and after the `sure` (M,) ones of `faces`, as ranges that do not touch.

    None reaches out of the stretch in which its face was seen, nor as near to a face that is not sure as to its own.
    """
    frames, others = faces.frames[sure], faces.frames[~sure]
    never = 2 * len(times)
    before = np.concatenate([[-never], others])[np.searchsorted(others, frames, side="right")]
    after = np.concatenate([others, [never]])[np.searchsorted(others, frames, side="left")]
    within = np.searchsorted(times, times[frames] - reach_s, side="left")
    until = np.searchsorted(times, times[frames] + reach_s, side="right")
    firsts = np.maximum.reduce([within, faces.stretches[sure, 0], (before + frames) // 2 + 1])
    ends = np.minimum.reduce([until, faces.stretches[sure, 1], (frames + after + 1) // 2])
    answer: list[Span] = []
    for first, end in zip(firsts.tolist(), ends.tolist(), strict=True):
        if answer and first <= answer[-1][1]:
            first, last = answer.pop()
            end = max(end, last)
        if first < end:
            answer.append((first, end))
    return tuple(answer)


def stretches(track: Track, frames: NDArray[np.int64], cuts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The stretch of `track` around each of its `frames` (M,): from a cut or a gap to the next, (M, 2) half-open.

    Who comes after either may be somebody else.
    """
    begins = np.flatnonzero((np.diff(track.frames, prepend=-2) != 1) | np.isin(track.frames, cuts))
    lasts = np.append(begins[1:], len(track.frames)) - 1
    which = np.searchsorted(track.frames[begins], frames, side="right") - 1
    return np.stack([track.frames[begins][which], track.frames[lasts][which] + 1], axis=1)


def _votes(faces: Faces, photos: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """The cosine of every face with every photograph, (M,) by its name."""
    return {name: faces.embeddings @ photo for name, photo in photos.items()}


def _closest(votes: Mapping[str, NDArray[np.float32]]) -> tuple[str, float]:
    """The photograph that the faces are most like, and how much, in the middle."""
    middles = {name: float(np.median(cosines)) for name, cosines in votes.items()}
    name = max(middles, key=lambda name: middles[name])
    return name, middles[name]


def _apart(track: Track, other: Track) -> bool:
    """Whether the two are in different places of one frame."""
    _, mine, theirs = np.intersect1d(track.frames, other.frames, return_indices=True)
    a, b = track.boxes[mine], other.boxes[theirs]
    shared = bx.area(np.concatenate([np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])], axis=1))
    return bool((shared < APART * (bx.area(a) + bx.area(b) - shared)).any())
