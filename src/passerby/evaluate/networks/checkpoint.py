"""Checkpoints of OSNet and AGW as embedders of persons: told apart by their parameters, and refused where they cannot
recognize anybody.

A network trained on ImageNet alone gives embeddings, too, and finds nobody in them: privacy would look perfect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import StageError, WeightsError
from passerby.evaluate.embedders import Crop, imagenet
from passerby.evaluate.model_files import fingerprint
from passerby.evaluate.torch_files import pytorch, tensors

SIZE = (128, 256)
"""(width, height) of the pictures."""
BATCH = 16
IMAGENET_CLASSES = 1000
WIDTHS = {64: "osnet_x1_0", 48: "osnet_x0_75", 32: "osnet_x0_5", 16: "osnet_x0_25"}


class TorchEmbedder:
    """A checkpoint of OSNet or AGW as a `CropEmbedder`, run by PyTorch on the processor."""

    def __init__(self, path: Path) -> None:
        """Load the checkpoint at `path`: a state_dict, or a dictionary with one, saved by torch.save.

        Raises:
            OptionError: PyTorch is not installed.
            WeightsError: the file cannot be read, is of another network, or was not trained to recognize persons.
        """
        self._torch = pytorch("checkpoints of OSNet and AGW")
        self.model = fingerprint(path)
        self.name, self._network = _network(path, tensors(path))

    def embed(self, crops: Sequence[Crop]) -> NDArray[np.float32]:
        """See `CropEmbedder`."""
        parts = [np.empty((0, 1), np.float32)] if not crops else []
        for first in range(0, len(crops), BATCH):
            pictures = np.stack([imagenet(crop, SIZE) for crop in crops[first : first + BATCH]])
            with self._torch.inference_mode():
                parts.append(self._network(self._torch.from_numpy(pictures)).numpy())
        rows = np.concatenate(parts)
        if not np.isfinite(rows).all():
            raise StageError(f"{self.model} gives numbers that are not finite; nothing it says can be trusted")
        return np.asarray(rows, np.float32)


def _network(path: Path, parameters: Mapping[str, Any]) -> tuple[str, Any]:
    """The name of the network that `parameters` are of, and the network with them."""
    classes = parameters["classifier.weight"].shape[0] if "classifier.weight" in parameters else None
    if classes == IMAGENET_CLASSES or "fc.weight" in parameters:
        raise WeightsError(f"{path} was trained on ImageNet, and recognizes nobody; give one trained on persons")
    if "base.conv1.weight" in parameters or "layer4.0.conv1.weight" in parameters:
        own = "bottleneck.weight", "base.NL_2.0.theta.weight", "global_pool.p"
        lacks = [name for name in own if name not in parameters]
        if lacks:
            raise WeightsError(f"{path} is a ResNet, but no AGW: it has no {', no '.join(lacks)}; give another file")
        from passerby.evaluate.networks.agw import AGW

        return "agw", _filled(path, AGW(), parameters)
    if "conv2.0.conv2a.conv1.weight" in parameters and "conv1.conv.weight" in parameters:
        width = parameters["conv1.conv.weight"].shape[0]
        if width not in WIDTHS:
            raise WeightsError(f"{path} is an OSNet {width} channels wide, wanted {sorted(WIDTHS)}; give another file")
        if classes is None:
            raise WeightsError(
                f"{path} has no classifier, and so does not tell what it was trained on; give it with it"
            )
        from passerby.evaluate.networks.osnet import OSNet

        return WIDTHS[width], _filled(path, OSNet(width), parameters)
    raise WeightsError(f"{path} is neither an OSNet nor an AGW by its parameters; export it to ONNX, and give that")


def _filled(path: Path, network: Any, parameters: Mapping[str, Any]) -> Any:
    """`network` with all of `parameters` but the classifier's, in the state for answering."""
    wanted = {name: value for name, value in parameters.items() if not name.startswith("classifier.")}
    try:
        network.load_state_dict(wanted)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise WeightsError(f"{path} does not fit: {reason}; give the file as published") from error
    return network.eval()
