"""Who is recognized: photographs, the faces of a plan's tracks, and the decisions that follow from them.

Embeddings are made, compared and dropped here. What stays is how alike two faces are, as a number in a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.detections import Detections
from passerby.core.errors import InputError, OptionError
from passerby.core.frame import Frame
from passerby.core.plan import Decision, Plan
from passerby.core.stages import Embedder, Source
from passerby.core.tracks import Origin, Track
from passerby.detect.areas import surroundings, within
from passerby.detect.faces import CenterFace
from passerby.media.stills import StillSource
from passerby.one_thread import one_thread
from passerby.recognize import vote
from passerby.recognize.families import embedder
from passerby.recognize.vote import Bar, Faces, Vote
from passerby.settings import Options
from passerby.track.identity import linked

BY = "recognition"
EVERY_S = 0.1
"""Seconds between two faces of a track that are compared, at least."""
CLOSE_PX = 96
"""Pixels of a face's longer side in the picture in which its landmarks are looked for, up to twice as many."""
SAME_PLACE = 0.4
"""IoU from which the face that is found there is the one of the track."""
STILL_MARGIN = 0.1
"""A single picture has one face to a track: it has to be so much surer."""
PHOTO_PX = 64
"""Pixels of the longer side of a face on a photograph, at least: small faces are all alike."""

Embedding = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Recognizer:
    """Whom to recognize, and by what; never in a log."""

    embedder: Embedder
    keep: Mapping[str, Embedding]
    only: Mapping[str, Embedding]
    """(D,) of each photograph, by its file name."""
    same_person: bool


def recognizer(options: Options) -> Recognizer:
    """What `options` ask for.

    Raises:
        OptionError: a photograph cannot be read, or does not show one face well.
        WeightsError: the model is missing; it says how to get it.
    """
    model = embedder(options.recognizer)
    keep, only = (
        _photos(paths, option, model) for option, paths in (("--keep", options.keep), ("--only", options.only))
    )
    return Recognizer(model, keep, only, options.same_person)


def recognized(plan: Plan, source: Source, who: Recognizer) -> tuple[Plan, tuple[Vote, ...]]:
    """`plan` with decisions on whom `who` recognizes, and what the faces of each track say.

    What is hidden by recognition stands before all other decisions, as a note for who reviews it: any rule outdoes it,
    as if it were not there. What is kept visible by it stands last.

    Args:
        source: the frames that the plan was made from.
    """
    with one_thread():
        faces = measured(plan, source, who.embedder)
    if who.same_person:
        plan, faces = _merged(plan, faces, who.embedder)
    if not (who.keep or who.only):
        return plan, ()
    votes = _votes(plan, faces, who)
    noted = [Decision(True, it.track, reason=it.sentence, by=BY) for it in votes if it.faces and not it.visible]
    kept = [Decision(False, it.track, frames, reason=it.sentence, by=BY) for it in votes for frames in it.visible]
    return replace(plan, decisions=(*noted, *plan.decisions, *kept)), votes


def measured(plan: Plan, source: Source, embedder: Embedder) -> dict[int, Faces]:
    """The faces of every track of faces that show well whose they are, by the track's id."""
    tracks = [track for track in plan.tracks if track.label == "face"]
    wanted: dict[int, list[tuple[int, NDArray[np.float32]]]] = defaultdict(list)
    for track in tracks:
        for row in _rows(plan, track):
            wanted[int(track.frames[row])].append((track.id, track.boxes[row]))
    found: dict[int, list[tuple[int, Embedding]]] = {track.id: [] for track in tracks}
    for frame in source:
        for id, box in wanted.get(frame.index, ()):
            embedding = _embedding(frame, box, embedder)
            if embedding is not None:
                found[id].append((frame.index, embedding))
    return {track.id: _faces(found[track.id], track, plan.cuts) for track in tracks}


def _rows(plan: Plan, track: Track) -> Iterator[int]:
    """The detected rows of a track that are compared."""
    times = plan.seconds(track.frames)
    last = -np.inf
    for row in np.flatnonzero(track.origins == Origin.DETECTED).tolist():
        if times[row] >= last + EVERY_S - 1e-6:
            last = times[row]
            yield row


def _faces(rows: Sequence[tuple[int, Embedding]], track: Track, cuts: NDArray[np.int64]) -> Faces:
    frames = np.array([frame for frame, _ in rows], np.int64)
    embeddings = np.stack([one for _, one in rows]) if rows else np.empty((0, 1), np.float32)
    return Faces(frames, embeddings, vote.stretches(track, frames, cuts))


def _embedding(frame: Frame, box: NDArray[np.float32], embedder: Embedder) -> Embedding | None:
    """Of the face at `box` (4,); None where it does not show well who it is."""
    face = closely(frame, box)
    if not len(face):
        return None
    [embedding] = embedder.embed(frame, face)
    return embedding if np.isfinite(embedding).all() else None


def closely(frame: Frame, box: NDArray[np.float32]) -> Detections:
    """The face at `box` (4,), its landmarks found in full size or nearly; none where there is another or none."""
    longer = float(max(box[2] - box[0], box[3] - box[1]))
    # In powers of two, so that a model plans its memory for few sizes.
    shrink = 2.0 ** max(0, int(np.log2(max(longer / CLOSE_PX, 1))))
    found = within(CenterFace(shrink=shrink), frame, surroundings(frame, box, shrink))
    overlap = bx.iou(box[None], found.boxes)[0]
    best = int(overlap.argmax()) if len(found) else 0
    return found[best : best + 1] if len(found) and overlap[best] >= SAME_PLACE else found[:0]


def _merged(plan: Plan, faces: Mapping[int, Faces], embedder: Embedder) -> tuple[Plan, dict[int, Faces]]:
    """With the tracks of one person made one, and their faces too."""
    merged = dict(faces)
    for group in linked(
        plan.tracks, {id: mine.embeddings for id, mine in faces.items()}, embedder.same, embedder.other
    ):
        plan = plan.merge(group)
        parts = [merged.pop(id) for id in group]
        frames = np.concatenate([part.frames for part in parts])
        order = np.argsort(frames, kind="stable")
        embeddings, stretches = (
            np.concatenate(columns) for columns in zip(*((it.embeddings, it.stretches) for it in parts), strict=True)
        )
        merged[group[0]] = Faces(frames[order], embeddings[order], stretches[order])
    return plan, merged


def _votes(plan: Plan, faces: Mapping[int, Faces], who: Recognizer) -> tuple[Vote, ...]:
    """What the faces of each track say, in the order of their ids."""
    bar = Bar(same=who.embedder.same, other=who.embedder.other)
    if plan.media.frames == 1:
        bar = replace(bar, same=bar.same + STILL_MARGIN, other=bar.other - STILL_MARGIN, least=1)
    times = plan.seconds(np.arange(plan.media.frames))
    tracks = {track.id: track for track in plan.tracks}
    answer = []
    for id in sorted(faces):
        if who.only:
            answer.append(vote.leave(id, faces[id], who.only, bar, times))
            continue
        mine = vote.keep(id, faces[id], who.keep, bar, times)
        rival = vote.confused(mine, faces, tracks, who.keep[mine.photo], bar) if mine.visible else None
        doubt = f"track {rival} is there at the same time and nearly as much like it"
        answer.append(mine if rival is None else replace(mine, visible=(), why=doubt))
    return tuple(answer)


def _photos(paths: Sequence[Path], option: str, embedder: Embedder) -> dict[str, Embedding]:
    """The embedding of the face on each photograph, by its file name."""
    answer: dict[str, Embedding] = {}
    for path in paths:
        name = path.name if path.name not in answer else f"{path.name} ({len(answer) + 1})"
        answer[name] = _photo(path, option, embedder)
    return answer


def _photo(path: Path, option: str, embedder: Embedder) -> Embedding:
    try:
        with StillSource(path) as source:
            frame = next(iter(source))
    except InputError as error:
        raise OptionError(f"{option} wants a photograph: {error}") from error
    [found] = CenterFace(conf=0.5, shrink=max(max(frame.size) / 960, 1)).detect([frame])
    if len(found) != 1:
        much = f"shows {len(found)} faces; crop it to one" if len(found) else "shows no face that can be found"
        raise OptionError(f"{option} {path.name} {much}; give a picture of one person who looks at the camera")
    embedding = _embedding(frame, found.boxes[0], embedder)
    sides = found.boxes[0, 2:] - found.boxes[0, :2]
    if embedding is None or sides.max() < PHOTO_PX:
        size = f"{sides[0]:.0f}x{sides[1]:.0f} pixels"
        raise OptionError(
            f"the face in {option} {path.name} is turned away, unclear or too small ({size}); "
            f"give one that looks at the camera and is {PHOTO_PX} pixels high or more"
        )
    return embedding
