"""Can somebody who tries hard recognize them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable, WeightsError
from passerby.evaluate import attack, pairs
from passerby.evaluate.attack import Attacked, Hidden, Look, Tracks
from passerby.evaluate.clip import Clip
from passerby.evaluate.embedders import Crop
from passerby.evaluate.findings import Section
from passerby.evaluate.inversion import Linear
from passerby.evaluate.known import Known
from passerby.evaluate.people import Appearances, some
from passerby.evaluate.sections import crops
from passerby.evaluate.sections.answer import Answer, Asking, noted
from passerby.evaluate.sections.crops import Gathered
from passerby.evaluate.statistics import Figure
from passerby.evaluate.surroundings import surroundings

QUESTION = "Is somebody recognized by an attacker who knows other pictures of them, and how hiding was done?"
SIDE = 112
"""Pixels of a crop."""
PART = 0.4
"""Share of a track that is known, at its beginning, and that is asked about, at its end."""
FRAMES = 5
"""Of each track, known and asked about."""


def attacks(clips: Sequence[Clip], asking: Asking) -> Answer:
    """All attackers on the faces as the anonymized files show them, whatever tool made them.

    The attacker knows the first part of every track, as it was and as it is hidden, and is asked about the last part.
    What was done is undone by what is known of it (`Asking.known`), and by what the first part tells of it.
    """
    try:
        model = crops.embedder("face", asking)
        gathered = crops.gathered(clips, "face", asking, _ends)
        # The grid and the samples that it speaks of are not those of pictures that were scaled.
        way = None if any(clip.pair.fit.scaled for clip in clips) else asking.known()
        known, asked, hidden = _pictures(gathered, way)
        found, around = attack.attack_hidden(known, asked, [hidden, _around(known, asked, hidden)], Look(model))
    except (WeightsError, NotMeasurable) as error:
        return Answer(None, (f"attacks: {error}",))
    tried = [*found.attacks] if way is None else [_undone(figure, way) for figure in found.attacks]
    found = replace(found, attacks=tuple(tried))
    return Answer(_section(found, around.worst, crops.notes(gathered)))


def _undone(figure: Figure, way: Known) -> Figure:
    """With what was undone, where that is what the attacker did."""
    return noted([figure], f"undone: {way}")[0] if figure.name in attack.UNDONE else figure


def _section(found: Attacked, around: Figure, notes: Sequence[str]) -> Section:
    worst = replace(found.worst, name="worst attack", notes=(f"it is: {found.worst.name}", *found.worst.notes))
    n = found.worst.n
    controls = [
        replace(figure, name=f"control: {name}", notes=(wanted, *figure.notes))
        for figure, name, wanted in zip(
            found.controls,
            ("nothing hidden", "solid fill"),
            ("has to be recognized, at least half of the time", "has to come out at chance"),
            strict=True,
        )
    ]
    chance = Figure(name="chance", value=found.chance, n=n, protocol="1 / number of known people")
    left = replace(
        around,
        name="surroundings",
        notes=(
            "the worst attack on all that was left as it was: the wall behind, or a face that was not hidden",
            *around.notes,
        ),
    )
    return Section(
        name="attack",
        question=QUESTION,
        figures=(*noted([worst], *notes), chance, left, *found.attacks, *controls),
        headline=("worst attack",),
        broken=found.invalid,
    )


def _ends(people: Appearances) -> Appearances:
    """A few boxes at the beginning and at the end of everyone who is there long enough."""
    kept = []
    for person in np.unique(people.people[people.sure]):
        rows = np.flatnonzero(people.sure & (people.people == person) & _large(people))
        part = int(len(rows) * PART)
        if part >= FRAMES:
            places = np.linspace(0, part - 1, FRAMES).round().astype(int)
            kept += [rows[places], rows[len(rows) - part + places]]
    if len(kept) < 4:
        raise NotMeasurable(
            f"{len(kept) // 2} people are seen in {round(FRAMES / PART)} frames or more, large enough; an attack needs "
            "two at least"
        )
    return some(people, np.sort(np.concatenate(kept)))


LEAST_PX = 20
"""Shorter side of a face from which an attack is tried: the model knows nobody by less."""


def _large(people: Appearances) -> NDArray[np.bool_]:
    sides = (people.boxes[:, 2:] - people.boxes[:, :2]).min(axis=1, initial=np.inf)
    return np.asarray(sides >= LEAST_PX, np.bool_)


@dataclass(frozen=True, slots=True)
class _Person:
    """One track's crops, in order of time: the first half is known, the last is asked about."""

    originals: list[Crop]
    anonymized: list[Crop]
    models: list[Linear] | None
    """How the last half came to be, where that is known."""


def _pictures(gathered: Sequence[Gathered], way: Known | None) -> tuple[Tracks, Tracks, Hidden]:
    people = [person for one in gathered for person in _people(one, way)]
    numbers = np.arange(len(people))
    known = Tracks(numbers, tuple(tuple(person.originals[:FRAMES]) for person in people))
    asked = Tracks(numbers, tuple(tuple(person.originals[FRAMES:]) for person in people))
    hidden = Hidden(
        name="as the anonymized files show it",
        asked=[person.anonymized[FRAMES:] for person in people],
        known=[[person.anonymized[:FRAMES] for person in people]],
        unknown="how faces were hidden is not known, or cannot be undone; give --undo, or --run-report",
        models=[person.models for person in people],
    )
    return known, asked, hidden


def _around(known: Tracks, asked: Tracks, hidden: Hidden) -> Hidden:
    """The same pictures with nothing left of what was hidden, by whatever."""
    sides = zip((known.crops, asked.crops), (hidden.known[0], hidden.asked), strict=True)
    before, after = (
        [[surroundings(*pair) for pair in zip(*tracks, strict=True)] for tracks in zip(*side, strict=True)]
        for side in sides
    )
    return Hidden(name="surroundings", asked=after, known=[before])


def _people(one: Gathered, way: Known | None) -> list[_Person]:
    answer = []
    places = pairs.places(one.people, pairs.squared)
    for person in np.unique(one.views.identities):
        rows = np.flatnonzero(one.views.identities == person)
        originals, anonymized = (
            [_sized(crops_[row]) for row in rows] for crops_ in (one.views.originals, one.views.anonymized)
        )
        models = None
        if way is not None:
            size = one.people.size
            models = [way.at(one.people.boxes[row], tuple(places[row].tolist()), size, SIDE) for row in rows[FRAMES:]]
        answer.append(_Person(originals, anonymized, models))
    return answer


def _sized(crop: Crop) -> Crop:
    shrinks = min(crop.shape[:2]) >= SIDE
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (SIDE, SIDE), interpolation=way), np.uint8)
