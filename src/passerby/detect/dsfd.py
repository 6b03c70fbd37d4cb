"""DSFD with its published weights, on PyTorch: the face detector of DeepPrivacy and DeepPrivacy2.

A file exported to ONNX needs no PyTorch: `retinaface.RetinaFace` takes it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from passerby import weights
from passerby.core import boxes as bx
from passerby.core.detections import Detections
from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.detect.letterbox import shrunk
from passerby.detect.retinaface import MEAN_BGR, decoded
from passerby.runtime import Outputs
from passerby.weights import checkpoint


class DSFD:
    """Finds faces. A `Detector`. Boxes end at the frame's edge."""

    labels = frozenset({"face"})

    def __init__(self, model: Path | None = None, *, conf: float = 0.3, shrink: float = 1, device: str = "cpu") -> None:
        """Load the weights.

        Args:
            model: a file as it is published; None looks for it in the folders for models.
            conf: scores above this count, in (0, 1).
            shrink: how many times smaller than the frame the picture is that the network is shown, from 1 up.
            device: where it computes, as PyTorch names it.

        Raises:
            OptionError: an argument makes no sense, or PyTorch is not installed.
            WeightsError: the file is missing, or holds other weights.
        """
        if not 0 < conf < 1:
            raise OptionError(f"conf is a score between 0 and 1, got {conf}; 0.3 misses few faces")
        if not 1 <= shrink < math.inf:
            raise OptionError(f"shrink is 1 or more, got {shrink}; 2 suits most videos")
        self._torch = checkpoint.torch_library()
        from passerby.detect.dsfd_network import DSFDNetwork

        path = weights.brought("dsfd", model)
        net = DSFDNetwork()
        checkpoint.put(checkpoint.read(path), net, path)
        self._net = net.eval().requires_grad_(False).to(device)
        self._device, self._conf, self._shrink = device, conf, shrink

    @property
    def runtime(self) -> str:
        """What computes."""
        return f"PyTorch {self._torch.__version__}, {self._device}"

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """The faces of each frame, best first; see `Detector`."""
        return [self._look(frame) for frame in frames]

    def _look(self, frame: Frame) -> Detections:
        box = shrunk(frame, self._shrink, 1)
        found = box.back(decoded(self._run(box.picture(frame)[..., ::-1] - MEAN_BGR), box.size, self._conf))
        return Detections(bx.clip(found.boxes, frame.size), found.scores, found.labels)

    def _run(self, picture: np.ndarray) -> Outputs:
        """What the network gives for `picture`, BGR less its mean (H, W, 3)."""
        with self._torch.inference_mode():
            planes = self._torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32))
            places, scores = self._net(planes.to(self._device))
        return places.cpu().numpy(), scores.cpu().numpy()
