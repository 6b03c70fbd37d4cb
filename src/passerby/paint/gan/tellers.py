"""What tells a generator how somebody stands: models that a user brings, shown one person or face at a time.

They see what is hidden. What they say of it is a posture: points of a skeleton, or which spot of a body a pixel shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import StageError, WeightsError
from passerby.core.regions import Region
from passerby.paint.gan.boxes import Box
from passerby.paint.gan.cutting import padded
from passerby.paint.gan.keypointrcnn import KeypointRCNN
from passerby.paint.gan.pasting import Picture
from passerby.paint.gan.surface import Surface
from passerby.paint.gan.told import NOTHING, Body, BodyPose, FacePose, Told
from passerby.runtime import Outputs, Session, shared

POINTS = 17
"""COCO's keypoints: nose, eyes, ears, shoulders, …"""
SURE = 0.3
"""Least score of somebody whose keypoints are believed."""
AROUND_FACE, AROUND_BODY = 1.5, 0.1
"""Share of a box that is shown besides on each side: for a face, down to the shoulders."""
CHECKPOINTS = (".pth", ".pt")
"""How the names of PyTorch's files end."""
SIDE = 320
"""Pixels of a picture for a model that takes any."""


Seen = Callable[[], Picture]
"""Gives the whole picture, to who has to see it."""


class Teller(Protocol):
    """Tells a generator what it has to know."""

    def tell(self, picture: Seen, region: Region) -> Told | None:
        """What is to be known of `region`; None where nothing can be told."""
        ...


class Silent:
    """For generators that need to be told nothing."""

    def tell(self, picture: Seen, region: Region) -> Told | None:
        return NOTHING


class PoseModel(Protocol):
    """Finds the keypoints of whoever it is shown."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the pictures that it takes."""
        ...

    def points(self, shown: Picture) -> NDArray[np.float32] | None:
        """(17, 3) x, y in pixels of `shown` and visibility in [0, 1], of the surest person; None where nobody is."""
        ...


class YoloPose:
    """A `PoseModel` of the YOLO-pose kind: (1, 3, H, W) RGB in 0..1 gives (1, 56, N).

    The 56 are x y w h, a score, and x y and visibility of 17 keypoints, in pixels of what it is shown.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session, (height, width) = opened(path)
        self.size = width or SIDE, height or SIDE

    def points(self, shown: Picture) -> NDArray[np.float32] | None:
        [rows, *_] = run(self._session, self._path, np.asarray(shown / 255, np.float32))
        if rows.ndim != 3 or rows.shape[1] != 5 + 3 * POINTS:
            raise StageError(f"{self._path.name} gives {rows.shape}, wanted of a pose model is (1, 56, N); use another")
        best = rows[0, :, rows[0, 4].argmax()] if rows.shape[2] else None
        return None if best is None or best[4] < SURE else best[5:].reshape(POINTS, 3).copy()


class Poses:
    """Keypoints, by Keypoint R-CNN where the file is a checkpoint of PyTorch's, and else by a YOLO-pose."""

    def __init__(self, path: Path) -> None:
        checkpoint = path.suffix in CHECKPOINTS
        self._model: PoseModel = KeypointRCNN(path, conf=SURE) if checkpoint else YoloPose(path)

    def tell(self, picture: Seen, region: Region) -> Told | None:
        face = region.label != "person"
        box = _wider(region.box, AROUND_FACE if face else AROUND_BODY, square=True)
        width, height = self._model.size
        points = self._model.points(_shown(picture(), box, (width, height)))
        if points is None:
            return None
        points[:, 0] = points[:, 0] * (box[2] - box[0]) / width + box[0]
        points[:, 1] = points[:, 1] * (box[3] - box[1]) / height + box[1]
        if not face:
            return BodyPose(points)
        # Somebody else's face may stand beside: nose and eyes have to be in this one.
        inside = (points[:3, :2] >= region.box[:2]) & (points[:3, :2] <= region.box[2:])
        return FacePose(points) if inside.all() else None


class Surfaces:
    """Surface embeddings by a model of continuous surface embeddings, exported to look at one person.

    (1, 3, H, W) RGB in 0..255, the person's box, gives (1, 2 or more, h, w), of which the first is the background's
    score, and (1, C, h, w), the embedding. The table of all points of a body, (points, C), lies beside it as NAME.npy.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session, (height, width) = opened(path)
        self._height, self._width = height or SIDE, width or SIDE
        beside = path.with_suffix(".npy")
        try:
            table = np.load(beside, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise WeightsError(f"{path.name} needs the table of all points of a body in {beside}: {error}") from error
        if table.ndim != 2 or not np.isfinite(table).all():
            raise WeightsError(f"{beside} holds {table.dtype} {table.shape}, wanted are finite numbers (points, 16)")
        self._table = table.astype(np.float32)

    def tell(self, picture: Seen, region: Region) -> Told | None:
        box = _wider(region.box, 0, square=False)
        shown = _shown(picture(), box, (self._width, self._height)).astype(np.float32)
        scores, embedding = (run(self._session, self._path, shown) + (np.empty(0),) * 2)[:2]
        wanted = scores.ndim == embedding.ndim == 4 and scores.shape[2:] == embedding.shape[2:] and scores.shape[1] > 1
        if not wanted or embedding.shape[1] != self._table.shape[1]:
            came, numbers = f"{scores.shape} and {embedding.shape}", self._table.shape[1]
            raise StageError(f"{self._path.name} gives {came}, wanted is (1, 2 or more, h, w) and (1, {numbers}, h, w)")
        spots = scores[0].argmax(0).astype(np.uint8)
        return Body(Surface(spots, embedding[0].transpose(1, 2, 0), box), self._table) if spots.any() else None


def opened(path: Path) -> tuple[Session, tuple[int | None, int | None]]:
    """A model that takes one picture, and its (height, width); None where any will do.

    Raises:
        WeightsError: it is missing, does not load, or takes something else.
    """
    if not path.is_file():
        raise WeightsError(f"there is no model file {path}; give the path of an .onnx file")
    session = shared(path)
    if len(session.inputs) != 1 or len(session.inputs[0].shape) != 4:
        shapes = ", ".join(f"{port.name} {port.shape}" for port in session.inputs)
        raise WeightsError(f"{path.name} takes {shapes}; wanted is one picture (1, 3, H, W), so export it so")
    height, width = session.inputs[0].shape[2:]
    return session, (height, width)


def teller(kind: str, path: Path) -> Teller:
    """What tells `kind`, 'pose' or 'surfaces', by the model at `path`."""
    return Poses(path) if kind == "pose" else Surfaces(path)


def run(session: Session, path: Path, shown: NDArray[np.float32]) -> Outputs:
    """What a model gives for a picture (H, W, 3).

    Raises:
        StageError: it fails, gives nothing, or gives numbers that are not finite.
    """
    outputs = session.run({session.inputs[0].name: np.ascontiguousarray(shown.transpose(2, 0, 1)[None])})
    if not outputs or not all(np.isfinite(output).all() for output in outputs):
        raise StageError(f"the model {path.name} gives numbers that are not finite; nothing it says can be trusted")
    return outputs


def _wider(box: NDArray[np.float32], share: float, *, square: bool) -> Box:
    """Whole pixels around a box, wider on each side, and square if wanted."""
    middle, sides = (box[:2] + box[2:]) / 2, np.maximum(box[2:] - box[:2], 2) * (1 + 2 * share)
    half = np.full(2, sides.max() / 2) if square else sides / 2
    x0, y0 = np.floor(middle - half).astype(int).tolist()
    x1, y1 = np.ceil(middle + half).astype(int).tolist()
    return x0, y0, x1, y1


def _shown(picture: Picture, box: Sequence[int], size: tuple[int, int]) -> Picture:
    """What of the picture is in `box`, black beyond its edges, at `size` (width, height)."""
    x0, y0, x1, y1 = box
    return np.asarray(cv2.resize(padded(picture, (x0, y0, x1, y1)), size, interpolation=cv2.INTER_LINEAR), np.uint8)
