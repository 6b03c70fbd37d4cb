"""RetinaFace (https://arxiv.org/abs/1905.00641) and DSFD (https://arxiv.org/abs/1810.10220), exported to ONNX.

As biubug6/Pytorch_Retinaface and hukkelas/DSFD-Pytorch-Inference compute them: how the outputs stand to the picture
is the same, and the sizes of the anchors tell the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.detect.face_model import FaceDetector, by_width, cells, faces, shapes
from passerby.detect.letterbox import Size
from passerby.detect.model import batch_of
from passerby.runtime import Outputs

MEAN_BGR = np.array([104, 117, 123], np.float32)
"""What the models expect to be taken off."""
OFF_CENTRE, OFF_SIZE = 0.1, 0.2
"""What the model's numbers for places, in sizes of the anchor, and for logs of sizes are multiplied by."""


@dataclass(frozen=True)
class Anchors:
    """The boxes that a model's outputs are about: some sizes in the middle of every cell of every map."""

    strides: tuple[int, ...]
    """Pixels of the picture from one cell to the next, in each map."""
    sizes: tuple[tuple[int, ...], ...]
    """Pixels, per map."""
    ratio: float
    """Height over width."""
    clipped: bool
    """Centres and sides end where the picture does."""
    overlap: float
    """Of two finds whose IoU is larger, the better one stays."""

    def boxes(self, picture: Size) -> NDArray[np.float32]:
        """(N, 4) centre x y, width and height in pixels of a picture of that size."""
        return _anchors(self, picture)


RETINAFACE = Anchors((8, 16, 32), ((16, 32), (64, 128), (256, 512)), 1, clipped=False, overlap=0.4)
DSFD = Anchors((4, 8, 16, 32, 64, 128), ((16,), (32,), (64,), (128,), (256,), (512,)), 1.5, clipped=True, overlap=0.3)


class RetinaFace(FaceDetector):
    """Finds faces; with a RetinaFace file also eyes, nose and corners of the mouth. A `Detector`.

    Boxes and landmarks of a face that the frame's edge cuts may reach over that edge.
    """

    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        return batch_of(self.letterbox(frame).picture(frame)[..., ::-1].astype(np.float32) - MEAN_BGR)

    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        box = self.letterbox(frame)
        return box.back(decoded(outputs, box.size, self._conf))


def decoded(outputs: Outputs, size: Size, conf: float) -> Detections:
    """The faces in the model's outputs, best first, in pixels of its picture of `size`.

    They are, for each anchor, how far its box is off (N, 4), the scores of background and face, which sum to 1 (N, 2),
    and perhaps how far the landmarks are from its centre (N, 10).

    Raises:
        StageError: the outputs are not these.
    """
    tables = by_width(outputs, 4, 2, 10)
    whole = [maps[0] for maps in tables if maps]
    kinds = [kind for kind in (RETINAFACE, DSFD) if {len(rows) for rows in whole} == {len(kind.boxes(size))}]
    if [len(maps) for maps in tables] not in ([1, 1, 0], [1, 1, 1]) or not kinds:
        raise StageError(
            f"the face model gives outputs of shapes {shapes(outputs)} for a picture of {size}; "
            f"use a file with the boxes, scores and landmarks of RetinaFace, or the boxes and scores of DSFD"
        )
    best = np.flatnonzero(whole[1][:, 1] > conf)
    off, scores, *points = (rows[best] for rows in whole)
    anchors = kinds[0].boxes(size)[best]
    middle, sides = anchors[:, :2], anchors[:, 2:]
    landmarks = middle[:, None] + points[0].reshape(-1, 5, 2) * OFF_CENTRE * sides[:, None] if points else None
    return faces(moved(anchors, off), scores[:, 1], landmarks, kinds[0].overlap)


def moved(anchors: NDArray[np.float32], off: NDArray[np.float32]) -> Boxes:
    """The boxes (N, 4) that are `off` (N, 4) from `anchors` (N, 4), as the models say it."""
    centre = anchors[:, :2] + off[:, :2] * OFF_CENTRE * anchors[:, 2:]
    half = np.exp(off[:, 2:] * OFF_SIZE) * anchors[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1)


@lru_cache(maxsize=16)
def _anchors(kind: Anchors, picture: Size) -> NDArray[np.float32]:
    """See `Anchors.boxes`."""
    maps = []
    for stride, sizes in zip(kind.strides, kind.sizes, strict=True):
        corners = cells(picture, (stride,), len(sizes))[:, :2]
        sides = np.outer(np.tile(sizes, len(corners) // len(sizes)), [kind.ratio**-0.5, kind.ratio**0.5])
        maps.append(np.concatenate([corners + stride / 2, sides], axis=1))
    anchors = np.concatenate(maps)
    if kind.clipped:
        anchors = np.minimum(anchors, np.tile(picture, 2))
    return anchors.astype(np.float32)
