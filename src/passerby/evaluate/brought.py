"""Files that the user brings for an evaluation: models of which passerby has no weights, and what others measured."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from passerby.core.errors import OptionError
from passerby.evaluate import embedders, independence, plate_texts, pose_files, predictions
from passerby.evaluate.embedders import FAMILIES, CropEmbedder, OnnxEmbedder
from passerby.evaluate.flow_model import OnnxFlow
from passerby.evaluate.networks.checkpoint import TorchEmbedder
from passerby.evaluate.temporal import DisFlow, Flow
from passerby.evaluate.video_models import OnnxVideo

CHECKPOINTS = (".pth", ".pt", ".tar")
"""Endings of files of PyTorch."""
Files = tuple[Path, Path]
"""What was measured in the original, and in what became of it."""


@dataclass(frozen=True, kw_only=True)
class Brought:
    """None, or '', where nothing is brought: then the registry's models measure, or nobody does."""

    face_model: str = ""
    """Who recognizes faces: FAMILY=FILE.onnx, see `embedders.FAMILIES`."""
    body_model: str = ""
    """Who recognizes bodies: the same, or a checkpoint of OSNet or AGW as published."""
    features: Path | None = None
    """An ONNX network for distances of heaps of pictures."""
    flow: Path | None = None
    """An ONNX network of RAFT's kind."""
    video_features: Path | None = None
    """An ONNX network for distances of videos."""
    actions: Path | None = None
    """An ONNX network that tells what is done in a clip."""
    predictions: Files | None = None
    """What a model of actions saw; see `predictions.FORMS`."""
    poses: Files | None = None
    """What a model of poses saw, as COCO's results."""
    plates: Path | None = None
    """What number plates say; see `plate_texts`. Of folders, a folder of them."""

    def __post_init__(self) -> None:
        """Refuse at once what would be refused after a long look at the films.

        Raises:
            InputError: predictions, poses or the texts of plates are none.
            OptionError: what was measured before and after is the same file, or a model is of no known family.
        """
        for files in (self.predictions, self.poses):
            if files is not None and files[0] == files[1]:
                raise OptionError(f"what was seen before and after is the same file {files[0]}; give two")
        if self.predictions is not None:
            predictions.paired(*(predictions.read(path) for path in self.predictions))
        for path in self.poses or ():
            pose_files.read(path)
        if self.plates is not None and not self.plates.is_dir():
            plate_texts.read(self.plates)
        for of, written in (("face", self.face_model), ("body", self.body_model)):
            if written:
                _family(of, written)

    def embedder(self, of: str, hid: Collection[str]) -> CropEmbedder | None:
        """Who was brought to tell 'face's or 'body's apart; None if nobody was.

        Raises:
            OptionError: it is one of the models `hid`, by their sha256 sums, or PyTorch is missing.
            WeightsError: it does not load, or recognizes nobody.
        """
        written = self.face_model if of == "face" else self.body_model
        if not written:
            return None
        family, path = _family(of, written)
        model: CropEmbedder = TorchEmbedder(path) if family is None else OnnxEmbedder(path, family)
        independence.check([model.model], hid)
        return model

    def sees_motion(self) -> Flow:
        """How a picture moves: by the network that was brought, else DIS."""
        return DisFlow() if self.flow is None else OnnxFlow(self.flow)

    def video_network(self, hid: Collection[str]) -> OnnxVideo | None:
        """For distances of videos."""
        return _video(self.video_features, hid)

    def action_network(self, hid: Collection[str]) -> OnnxVideo | None:
        """For what is done."""
        return _video(self.actions, hid)


def _video(path: Path | None, hid: Collection[str]) -> OnnxVideo | None:
    if path is None:
        return None
    network = OnnxVideo(path)
    independence.check([network.model], hid)
    return network


def _family(of: str, written: str) -> tuple[embedders.Family | None, Path]:
    """The family of a model as it is written, None of a checkpoint, and its file."""
    name, _, file = written.rpartition("=")
    path = Path(file)
    if of == "body" and not name and path.suffix.lower() in CHECKPOINTS:
        return None, path
    known = [family for family in FAMILIES if FAMILIES[family].of == of]
    if name not in known:
        also = ", or a checkpoint of OSNet or AGW (.pth)" if of == "body" else ""
        wanted = " or ".join(f"{family}=FILE.onnx" for family in known)
        raise OptionError(f"{written!r} is of no known family of models; give {wanted}{also}")
    return FAMILIES[name], path
