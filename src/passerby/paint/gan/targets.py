"""What detectors found, as what is to be drawn, in the original's order: the nearest, which are the largest, last.

The order of kinds is the original's, too: faces, then persons without surface embeddings, then those with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.paint.gan.boxes import Box, Size
from passerby.paint.gan.cutting import Rule, as_faces, as_persons, hole, keypoints
from passerby.paint.gan.pasting import Target
from passerby.paint.gan.persons import Silhouette, around, joined, matched, overlaps, pasted, place
from passerby.paint.gan.surface import Surface, shown


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Something to be drawn, and where it came from."""

    row: int
    """Of what was given."""
    target: Target
    widened: Box
    """The smallest box of the picture around what is drawn."""


def of_faces(
    boxes: Sequence[Box],
    size: Size,
    expand: Callable[[Box], Box],
    points: NDArray[np.float32] | None = None,
    rule: Rule = as_faces,
) -> list[Found]:
    """Faces, the smallest first.

    Args:
        boxes: of faces, in whole pixels.
        size: (height, width) of the crops.
        expand: what is shown around a box, `boxes.face_simple` or `boxes.face_fdf128`.
        points: (N, K, 2) x y of keypoints in the picture, if the generator takes any.
        rule: how crops are brought to `size`.
    """
    order = sorted(range(len(boxes)), key=lambda row: (boxes[row][2] - boxes[row][0]) * (boxes[row][3] - boxes[row][1]))
    answer = []
    for row in order:
        outer = expand(boxes[row])
        told = None if points is None else keypoints(points[row], outer)
        target = Target(box=outer, known=hole(boxes[row], outer, size), rule=rule, keypoints=told)
        answer.append(Found(row, target, boxes[row]))
    return answer


def of_persons(silhouettes: Sequence[Silhouette], size: Size, rule: Rule = as_persons) -> list[Found]:
    """Persons, the smallest first. Who is too small to be drawn is left out: hide them otherwise."""
    answer = []
    for row in _by_area(silhouettes):
        at = place(silhouettes[row], size)
        if at:
            target = Target(box=at.box, known=at.known, body_known=at.body_known, rule=rule)
            answer.append(Found(row, target, at.widened))
    return answer


def of_surfaces(
    silhouettes: Sequence[Silhouette],
    surfaces: Sequence[Surface],
    size: Size,
    table: NDArray[np.float32],
    rule: Rule = as_persons,
) -> list[Found]:
    """Persons whose surface is known, the smallest first; the rows of both belong together.

    Each is what its silhouette and its surface's box show. `table` (points, C) is of all points of a body. Who is too
    small to be drawn is left out: hide them otherwise.
    """
    answer = []
    for row in _by_area(silhouettes):
        tight, one = around(silhouettes[row]), surfaces[row]
        at = place(silhouettes[row], size, joined(tight, one.box)) if tight else None
        if at:
            spots = shown(one, at.box, size, table)
            target = Target(
                box=at.box,
                known=at.known,
                rule=rule,
                body_known=at.body_known,
                embedding=spots.embedding(table),
                embedding_known=spots.known,
            )
            answer.append(Found(row, target, at.widened))
    return answer


def with_surfaces(
    silhouettes: NDArray[np.bool_], surfaces: Sequence[Surface]
) -> tuple[list[tuple[int, Silhouette, Surface]], list[int]]:
    """Whose surface is known: rows of `silhouettes` (N, H, W), each with its surface, and the rows without.

    A person is all that either detector found of them. Surfaces of nobody are not used.
    """
    if not len(silhouettes) or not surfaces:
        return [], list(range(len(silhouettes)))
    theirs = np.stack([pasted(one.spots, one.box, silhouettes.shape[1:]) for one in surfaces])
    pairs = matched(overlaps(silhouettes, theirs))
    both = [(i, silhouettes[i] | theirs[j], surfaces[j]) for i, j in pairs]
    return both, [i for i in range(len(silhouettes)) if i not in dict(pairs)]


def _by_area(silhouettes: Sequence[Silhouette]) -> list[int]:
    return sorted(range(len(silhouettes)), key=lambda row: int(silhouettes[row].sum()))
