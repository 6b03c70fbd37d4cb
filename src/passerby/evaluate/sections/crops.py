"""People cut out of both files of every clip, and who tells them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import tee

import numpy as np

from passerby import weights
from passerby.core.errors import NotMeasurable, WeightsError
from passerby.evaluate import embedders, independence, pairs, residual
from passerby.evaluate.clip import Clip, Present, chosen, surely
from passerby.evaluate.embedders import CropEmbedder
from passerby.evaluate.pairs import Embedded, Views
from passerby.evaluate.people import Appearances
from passerby.evaluate.sections.answer import Asking
from passerby.evaluate.watchers import FACE, PERSON, VEHICLE

MOST_PEOPLE = 100
"""Of one clip: everyone is compared with everyone, and crops are kept in memory."""
LEAST_FRAMES = 2
"""Who is there once cannot be recognized again."""
OF: Mapping[str, str] = {"face": FACE, "body": PERSON}
"""Who is told apart, by the label of the boxes."""
CUT: Mapping[str, str] = {**OF, "vehicle": VEHICLE}
"""What may be cut out, likewise."""
CANDIDATES: Mapping[str, tuple[str, ...]] = {
    "face": ("mobilefacenet",),
    "body": ("osnet_x0_25_msmt17", "person_reid_retail_0287", "person_reid_retail_0288"),
}
"""Who can tell people apart, by their names in the registry, the first choice first."""
APART = 1 << 20
"""Frames between two clips."""
SEVERAL = "people of different clips count as different people"

Thin = Callable[[Appearances], Appearances]
"""From everyone to the boxes that are cut out."""


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The crops of one clip."""

    clip: Clip
    people: Appearances
    """Row i is crop i."""
    views: Views
    notes: tuple[str, ...]
    """Who says where people are, and how many were left out."""


def embedder(of: str, asking: Asking) -> CropEmbedder:
    """Who tells faces or bodies apart: the one that was brought, else the first that is here and hid nothing.

    Raises:
        OptionError: the one that was brought hid.
        WeightsError: nobody is here; it says how to get the first. Or all of them hid.
    """
    brought = asking.brought.embedder(of, asking.hid)
    if brought is not None:
        return brought
    others = [name for name in CANDIDATES[of] if weights.entry(name).sha256 not in asking.hid]
    if not others:
        raise WeightsError(f"{', '.join(CANDIDATES[of])} chose who is hidden, and cannot measure it")
    here = [name for name in others if weights.lies(weights.entry(name)) is not None]
    found = embedders.registered((here or others)[0])
    independence.check([found.model], asking.hid)
    return found


def gathered(clips: Sequence[Clip], of: str, asking: Asking, thin: Thin = pairs.thinned) -> list[Gathered]:
    """Crops of one of `CUT` of everyone in every clip; clips with nobody in them are left out.

    Raises:
        NotMeasurable: nobody is in any of them, or nobody says where.
    """
    answer, reasons = [], []
    for clip in clips:
        try:
            answer.append(_cut(clip, of, asking, thin))
        except NotMeasurable as error:
            reasons.append(f"{clip.name}: {error}")
    if not answer:
        raise NotMeasurable("; ".join(reasons))
    return answer


def _cut(clip: Clip, of: str, asking: Asking, thin: Thin) -> Gathered:
    present: Present = clip.known(CUT[of])
    kept, left_out = chosen(present.people, MOST_PEOPLE, LEAST_FRAMES)
    if not len(kept.frames) and present.people.sure.any():
        raise NotMeasurable(f"nobody is seen in {LEAST_FRAMES} frames or more, and so cannot be recognized again")
    people = thin(kept)
    around = pairs.squared if of == "face" else pairs.whole
    # Both ends take a frame in turn, so that no more than one waits.
    one, other = tee(clip.frames(asking.progress(f"{clip.name}, {of}")))
    views = pairs.cut((before for before, _ in one), (after for _, after in other), people, around)
    notes = [f"people as told by {present.said_by}"]
    if left_out:
        notes.append(f"{clip.name}: {left_out} people who are seen less were left out, {MOST_PEOPLE} are looked up")
    return Gathered(clip, people, views, tuple(notes))


def embed(one: Gathered, model: CropEmbedder) -> Embedded:
    """Both sides of one clip's crops; of faces also whether a detector still finds them."""
    detected = None
    if one.clip.after and FACE in one.clip.watchers.models:
        detected = residual.hits(one.people, surely(one.clip.after, FACE))
    return pairs.embed(one.views, model, detected)


def together(parts: Sequence[Embedded]) -> Embedded:
    """All clips as one, in which nobody is twice, and no two frames of different clips are near each other."""
    identities, frames, people, last = [], [], 0, 0
    for part in parts:
        identities.append(part.identities + people)
        frames.append(part.frames + last)
        people += int(part.identities.max()) + 1
        last += int(part.frames.max()) + APART
    detected = [part.detected for part in parts if part.detected is not None]
    return replace(
        parts[0],
        identities=np.concatenate(identities),
        frames=np.concatenate(frames),
        originals=np.concatenate([part.originals for part in parts]),
        anonymized=np.concatenate([part.anonymized for part in parts]),
        detected=np.concatenate(detected) if len(detected) == len(parts) else None,
    )


def notes(parts: Iterable[Gathered]) -> tuple[str, ...]:
    """What must be known of all of them, each line once."""
    several = list(parts)
    lines = [line for one in several for line in one.notes]
    return tuple(dict.fromkeys([*lines, *([SEVERAL] if len(several) > 1 else [])]))
