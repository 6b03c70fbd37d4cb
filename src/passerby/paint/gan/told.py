"""What some generators have to be told of somebody besides where they are: how they stand, never who they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from passerby.paint.gan.cutting import keypoints
from passerby.paint.gan.pasting import Target
from passerby.paint.gan.surface import Surface, shown

FACE_POINTS = 7
"""The first of COCO's keypoints, those of the head and the shoulders: DeepPrivacy 1 takes them."""


class Told:
    """Nothing."""

    def added(self, target: Target) -> Target:
        """`target` with it."""
        return target


NOTHING = Told()


@dataclass(frozen=True, slots=True, eq=False)
class FacePose(Told):
    """Keypoints, for a generator of faces."""

    points: NDArray[np.float32]
    """(17, 3) x, y in pixels of the picture, and visibility in [0, 1]."""

    def added(self, target: Target) -> Target:
        return replace(target, keypoints=keypoints(self.points[:FACE_POINTS, :2], target.box))


@dataclass(frozen=True, slots=True, eq=False)
class BodyPose(Told):
    """Keypoints, for a generator of persons."""

    points: NDArray[np.float32]
    """As of `FacePose`."""

    def added(self, target: Target) -> Target:
        x0, y0, x1, y1 = target.box
        shares = (self.points[:, :2] - np.array([x0, y0])) / np.array([x1 - x0, y1 - y0])
        inside = ((shares >= 0) & (shares <= 1)).all(1)
        seen = np.where(inside, self.points[:, 2], 0)
        points = np.concatenate([np.clip(shares, 0, 1), seen[:, None]], axis=1).astype(np.float32)
        return replace(target, keypoints=points, body_known=target.known)


@dataclass(frozen=True, slots=True, eq=False)
class Body(Told):
    """Which spot of the body a pixel shows, for a generator of persons."""

    surface: Surface
    table: NDArray[np.float32]
    """(points, C) of all points of a body."""

    def added(self, target: Target) -> Target:
        spots = shown(self.surface, target.box, (target.known.shape[0], target.known.shape[1]), self.table)
        return replace(target, embedding=spots.embedding(self.table), embedding_known=spots.known)
