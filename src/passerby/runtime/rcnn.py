"""R-CNNs of torchvision on a ResNet-50 with a feature pyramid, with the weights that it publishes.

The network, what is made of its numbers, and how masks are pasted are torchvision's own. It is never asked to fetch
anything.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.weights import checkpoint

if TYPE_CHECKING:
    from torch import Tensor, nn

Kind = Literal["MaskRCNN", "KeypointRCNN"]
CLASSES: Mapping[Kind, int] = {"MaskRCNN": 91, "KeypointRCNN": 2}
"""The classes of the published weights: COCO's numbers, and nobody or a person."""
SHORTER, LONGER = 800, 1333
"""Pixels that the shorter side of a picture is made, and the longer one at most, as the networks were trained."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a network found in a picture, best first."""

    rows: Mapping[str, Tensor]
    """By torchvision's names; row i of each is the same thing. Pixels are those of `scaled`."""
    scaled: tuple[int, int]
    """(height, width) that the picture was made."""

    def numbers(self, name: str) -> NDArray[np.generic]:
        """The rows of `name`."""
        return np.asarray(self.rows[name].cpu().numpy())


class RCNN:
    """A network with its weights."""

    def __init__(
        self, kind: Kind, path: Path, *, conf: float, most: int, shorter: int = SHORTER, device: str = "cpu"
    ) -> None:
        """Load the weights.

        Args:
            kind: torchvision's name of the network.
            path: a state dict as torchvision publishes it for `maskrcnn_resnet50_fpn` and `keypointrcnn_resnet50_fpn`,
                in the old names of its layers or the new ones.
            conf: scores above this count.
            most: things that are found in a picture, at most.
            shorter: pixels that the shorter side of a picture is made; the longer one is no longer than 5/3 of it.
            device: where it computes, as PyTorch names it.

        Raises:
            OptionError: PyTorch or torchvision is not installed.
            WeightsError: the file is missing or damaged, or holds other weights.
        """
        self._torch = checkpoint.torch_library()
        detection = _detection()
        if not path.is_file():
            raise WeightsError(f"there is no model file {path}; give the path of a checkpoint")
        self._path, self._device = path, device
        frozen = import_module("torchvision.ops").FrozenBatchNorm2d
        # The published weights were trained without the usual 1e-5 beneath the root.
        backbone = detection.backbone_utils.resnet_fpn_backbone(
            backbone_name="resnet50", weights=None, norm_layer=partial(frozen, eps=0.0)
        )
        net = getattr(detection, kind)(
            backbone,
            CLASSES[kind],
            min_size=shorter,
            max_size=round(shorter * LONGER / SHORTER),
            box_score_thresh=conf,
            box_detections_per_img=most,
        )
        _put(checkpoint.read(path), net, kind, path)
        self._net = net.eval().requires_grad_(False).to(device)

    @property
    def runtime(self) -> str:
        """What computes."""
        return f"PyTorch {self._torch.__version__}, {self._device}"

    def look(self, picture: NDArray[np.uint8]) -> Found:
        """What is in `picture`, RGB (H, W, 3).

        Raises:
            StageError: the network gives numbers that are not finite.
        """
        planes = self._torch.from_numpy(np.array(picture.transpose(2, 0, 1), np.float32) / 255).to(self._device)
        with self._torch.inference_mode():
            images, _ = self._net.transform([planes])
            features = self._net.backbone(images.tensors)
            # torchvision passes over scores that are not finite: nobody would be found.
            if not all(level.isfinite().all() for level in features.values()):
                raise StageError(f"{self._path.name} gives numbers that are not finite; use another file")
            proposals, _ = self._net.rpn(images, features)
            [rows], _ = self._net.roi_heads(features, proposals, images.image_sizes)
        return Found(rows, images.image_sizes[0])

    def placed(self, found: Found, row: int, size: tuple[int, int]) -> Mapping[str, NDArray[np.float32]]:
        """One thing that was `found`, in pixels of a picture of `size` (width, height).

        Its mask is (1, 1, height, width), in [0, 1]. One at a time, because such a mask is as large as the picture.
        """
        only = {name: values[row : row + 1] for name, values in found.rows.items()}
        with self._torch.inference_mode():
            [placed] = self._net.transform.postprocess([only], [found.scaled], [size[::-1]])
        return {name: values.cpu().numpy() for name, values in placed.items()}


def _detection() -> ModuleType:
    """The detectors of torchvision.

    Raises:
        OptionError: it is not installed, or not for this PyTorch.
    """
    try:
        return import_module("torchvision.models.detection")
    except (ImportError, RuntimeError) as error:
        raise OptionError(
            f"this needs torchvision, which is not here or not for this PyTorch: pip install 'passerby[rcnn]' ({error})"
        ) from error


def _put(weights: Mapping[str, object], net: nn.Module, kind: Kind, path: Path) -> None:
    """Give `net` its weights, by torchvision's own rules for names that it had earlier."""
    wanted = f"wanted is {kind.lower()}_resnet50_fpn as torchvision publishes it"
    try:
        net.load_state_dict(weights)
    except (RuntimeError, AttributeError, TypeError) as error:
        reason = textwrap.shorten(" ".join(str(error).splitlines()[1:] or [str(error)]), 120, placeholder=" …")
        raise WeightsError(f"{path} holds other weights ({reason}); {wanted}") from error
    broken = [name for name, values in net.state_dict().items() if not values.isfinite().all()]
    if broken:
        raise WeightsError(f"{path} holds numbers that are not finite in {broken[0]}; get the file again")
