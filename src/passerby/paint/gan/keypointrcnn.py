"""Keypoint R-CNN with torchvision's published weights, on PyTorch, as the original DeepPrivacy had it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.paint.gan.pasting import Picture
from passerby.runtime import cards
from passerby.runtime.rcnn import RCNN

SIDE = 480
"""Pixels of the square that somebody is shown in: as large then as large persons are in what it was trained on."""
SHOWS = 2
"""Least score, a logit, of a keypoint that shows: the one from which Detectron draws them."""


class KeypointRCNN:
    """A `tellers.PoseModel`."""

    def __init__(self, path: Path, *, conf: float, side: int = SIDE) -> None:
        """Load the weights.

        Args:
            path: the state dict of `keypointrcnn_resnet50_fpn` as it is published.
            conf: scores of persons above this count.
            side: pixels of the square picture that it is shown.

        Raises:
            OptionError: PyTorch or torchvision is not installed.
            WeightsError: the file is missing or damaged, or holds other weights.
        """
        self.size = side, side
        device = cards.first()
        self._net = RCNN("KeypointRCNN", path, conf=conf, most=1, shorter=side, device=device)

    def points(self, shown: Picture) -> NDArray[np.float32] | None:
        """See `tellers.PoseModel`."""
        found = self._net.look(shown)
        if not len(found.rows["scores"]):
            return None
        best = self._net.placed(found, 0, self.size)
        shows = best["keypoints_scores"][0] >= SHOWS
        return np.column_stack([best["keypoints"][0, :, :2], shows]).astype(np.float32)
