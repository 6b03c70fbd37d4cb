"""The attackers on a finished file: what became of people is cut out of it by the original's boxes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import NotMeasurable
from passerby.evaluate.attack import Attacked, Hidden, Look, Tracks, attack_hidden
from passerby.evaluate.embedders import Crop, CropEmbedder
from passerby.evaluate.pairs import Views

PART = 0.4
"""Share of everyone's crops that is known, from the first on, and that is asked about, up to the last."""
LEAST = 4
"""Crops of somebody, at least: the parts lie apart in time and hold one or more each."""
FACE = (112, 112)
"""(width, height) that crops are brought to; of persons (128, 256) suits."""


def attack_views(views: Views, embedder: CropEmbedder, *, name: str, size: tuple[int, int] = FACE) -> Attacked:
    """Try to recognize people in the later part of a finished file `name`, knowing both videos' earlier part.

    How it was made is not known, so that nothing is undone: for that, see `attack.attack`.

    Raises:
        NotMeasurable: fewer than two people have `LEAST` crops.
    """
    parts = [_parts(np.flatnonzero(views.identities == person)) for person in np.unique(views.identities)]
    parts = [each for each in parts if len(each[0])]
    if len(parts) < 2:
        raise NotMeasurable(f"{len(parts)} people are seen {LEAST} times or more; an attack needs two of them")
    first, last = [rows for rows, _ in parts], [rows for _, rows in parts]
    people = np.arange(len(parts))
    known, asked = (Tracks(people, _crops(views.originals, rows, size)) for rows in (first, last))
    hidden = Hidden(
        name=name, asked=_crops(views.anonymized, last, size), known=[_crops(views.anonymized, first, size)]
    )
    [result] = attack_hidden(known, asked, [hidden], Look(embedder))
    return result


def _parts(rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of somebody's rows, which rise in time, those that are known and those that are asked about."""
    if len(rows) < LEAST:
        return rows[:0], rows[:0]
    count = int(len(rows) * PART)
    return rows[:count], rows[-count:]


def _crops(
    crops: Sequence[Crop], tracks: Sequence[NDArray[np.intp]], size: tuple[int, int]
) -> tuple[tuple[Crop, ...], ...]:
    """The crops of each track, all of one size."""
    return tuple(
        tuple(np.asarray(cv2.resize(crops[row], size, interpolation=cv2.INTER_LINEAR), np.uint8) for row in rows)
        for rows in tracks
    )
