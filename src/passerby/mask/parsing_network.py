"""Parsing models as files: what is in them, of which family they are, and how they are run."""

from __future__ import annotations

import json
from ast import literal_eval
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from passerby import weights
from passerby.core.errors import OptionError, StageError, WeightsError
from passerby.mask.parsing_families import FAMILIES, Family, of_names, of_shape
from passerby.runtime import Port, shared

BATCH = 8
"""Persons that are shown at a time, at most."""
CONFIG = "config.json"
"""Beside a model of Hugging Face; it names the classes."""

Pictures = NDArray[np.float32]


class Network(Protocol):
    """A loaded model. May be called from several threads at once."""

    name: str
    family: Family
    size: tuple[int, int]
    """(width, height) of the pictures."""

    def run(self, pictures: Pictures) -> NDArray[np.float32]:
        """(N, classes, h, w), logits or shares, for pictures (N, 3, H, W) as the family wants them."""
        ...


def opened(model: str | Path, *, device: str = "cpu") -> Network:
    """The model in a file: ONNX of any family, or a SegFormer's safetensors or folder (extra `diffusion`).

    Args:
        model: the path, or FAMILY:PATH where the file does not tell its family.
        device: where PyTorch computes; ONNX files run where all others do.

    Raises:
        OptionError: a safetensors file is given, and what reads it is not installed.
        WeightsError: the file is missing, broken, or of no family.
    """
    first, _, rest = str(model).partition(":")
    path, family = (Path(rest), FAMILIES[first]) if first in FAMILIES else (Path(model), None)
    if path.is_dir() or path.suffix == ".safetensors":
        return SegformerFiles(path, family, device)
    return OnnxFile(path, family)


class OnnxFile:
    """A model in an ONNX file, with its picture as (N, 3, H, W) or (N, H, W, 3). A `Network`."""

    def __init__(self, path: Path, family: Family | None = None) -> None:
        """Load the file at `path`; a `family` of None is told from it.

        Raises:
            WeightsError: it is missing, broken, of another family or of none.
        """
        self._session = shared(weights.find(path.stem, path))
        self.name = path.name
        pictures, gives = self._session.inputs, _shapes(self._session.outputs)
        if len(pictures) != 1 or len(pictures[0].shape) != 4 or not pictures[0].dtype.startswith("float"):
            raise WeightsError(f"{path} takes {_shapes(pictures)}; wanted is one picture of floating-point numbers")
        self._picture = pictures[0]
        self._last = self._picture.shape[3] == 3 and self._picture.shape[1] != 3
        layout = self._layout()
        told = _family(path, self._session.metadata, layout)
        if family is None and told is None:
            raise WeightsError(
                f"{path} gives {gives}, which does not tell whose classes these are; "
                f"if it is one of {', '.join(FAMILIES)}, write FAMILY:{path.name}"
            )
        self.family = family or told or FAMILIES["segformer"]
        self.size = layout.size or self.family.size
        if layout.channels and len(self.family.classes) not in layout.channels:
            raise WeightsError(
                f"{path} gives {gives}; wanted are {len(self.family.classes)} channels, "
                f"one for each class of {self.family.name}, before the best of them is chosen"
            )

    def _layout(self) -> _Layout:
        _, height, width = self._first_channels(self._picture.shape)
        ports = self._session.outputs
        channels = {self._first_channels(port.shape)[0] for port in ports if len(port.shape) == 4}
        hugging = self._picture.name == "pixel_values" or any(port.name == "logits" for port in ports)
        return _Layout(
            frozenset(count for count in channels if count),
            None if width is None or height is None else (width, height),
            hugging,
        )

    def _first_channels(self, shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """(C, H, W) of a picture or an answer in the file's own order."""
        return (shape[3], shape[1], shape[2]) if self._last else tuple(shape[1:])

    def run(self, pictures: Pictures) -> NDArray[np.float32]:
        """See `Network`.

        Raises:
            StageError: the model failed, or gave something else than its family does.
        """
        together = BATCH if self._picture.shape[0] is None else self._picture.shape[0]
        answers = [self._run(pictures[i : i + together], together) for i in range(0, len(pictures), together)]
        return np.concatenate(answers)

    def _run(self, pictures: Pictures, together: int) -> NDArray[np.float32]:
        count = len(pictures)
        if count < together and self._picture.shape[0] is not None:
            pictures = np.concatenate([pictures, np.zeros((together - count, *pictures.shape[1:]), np.float32)])
        shown = pictures.transpose(0, 2, 3, 1) if self._last else pictures
        outputs = self._session.run({self._picture.name: np.ascontiguousarray(shown, self._picture.dtype)})
        fitting = [
            output
            for output in outputs
            if output.ndim == 4
            and self._first_channels(output.shape)[0] == len(self.family.classes)
            and len(output) >= count
        ]
        if not fitting:
            came = ", ".join(str(output.shape) for output in outputs)
            raise StageError(
                f"the model {self.name} gives {came} for {count} persons, wanted ({count}, "
                f"{len(self.family.classes)}, h, w); check its export, or name its family before the file"
            )
        answer = fitting[self.family.output][:count].astype(np.float32)
        if not np.isfinite(answer).all():
            raise StageError(f"the model {self.name} gives numbers that are not finite; nothing it says can be trusted")
        return np.asarray(answer.transpose(0, 3, 1, 2) if self._last else answer, np.float32)


class SegformerFiles:
    """A SegFormer as Hugging Face publishes it: `model.safetensors` and `config.json` in one folder. A `Network`."""

    def __init__(self, path: Path, family: Family | None = None, device: str = "cpu") -> None:
        """Load the folder at `path`, or that of the file; nothing is ever asked of the net.

        Raises:
            OptionError: transformers or PyTorch is not installed.
            WeightsError: the files are missing, broken, or of another network.
        """
        folder = path if path.is_dir() else path.parent
        names = _named_beside(folder)
        told = of_names(names) if names else None
        if not (folder / CONFIG).is_file() or not (path.is_dir() or path.is_file()):
            raise WeightsError(f"{folder} has no {CONFIG} with weights beside it; wanted is the folder as published")
        if family is None and told is None:
            raise WeightsError(
                f"{folder / CONFIG} names the classes {', '.join(names) or 'not at all'}; wanted are those of "
                f"{' or '.join(FAMILIES)}; or write FAMILY:{path.name}"
            )
        self.name, self.family = folder.name, family or told or FAMILIES["segformer"]
        self.size, self._device = self.family.size, device
        self._torch, transformers = _library("torch"), _library("transformers")
        try:
            net, loaded = transformers.SegformerForSemanticSegmentation.from_pretrained(
                str(folder), local_files_only=True, use_safetensors=True, output_loading_info=True
            )
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise WeightsError(f"{folder} is no SegFormer: {' '.join(str(error).split())[:200]}") from error
        # What it does not find transformers makes up at random.
        missing = sorted(loaded["missing_keys"])
        if missing or net.config.num_labels != len(self.family.classes):
            raise WeightsError(
                f"{folder} has {net.config.num_labels} classes and lacks {len(missing)} weights "
                f"({', '.join(missing[:2]) or 'none'}); wanted are {len(self.family.classes)} classes and all weights"
            )
        self._net = net.eval().requires_grad_(False).to(device)

    def run(self, pictures: Pictures) -> NDArray[np.float32]:
        """See `Network`."""
        answers = []
        with self._torch.inference_mode():
            for i in range(0, len(pictures), BATCH):
                shown = self._torch.from_numpy(np.ascontiguousarray(pictures[i : i + BATCH])).to(self._device)
                answers.append(self._net(pixel_values=shown).logits.float().cpu().numpy())
        return np.concatenate(answers)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise OptionError(
            f"a SegFormer's safetensors need {name}, which is not here: pip install 'passerby[diffusion]', "
            f"or give the model as ONNX ({error})"
        ) from error


# What a file says of itself


@dataclass(frozen=True, slots=True)
class _Layout:
    """What a file takes and gives; see the arguments of `of_shape`."""

    channels: frozenset[int]
    """Of its outputs, as far as it says."""
    size: tuple[int, int] | None
    hugging: bool


def _family(path: Path, metadata: Mapping[str, str], layout: _Layout) -> Family | None:
    names = _listed(next((metadata[key] for key in ("id2label", "names", "labels") if key in metadata), ""))
    names = names or (_named_beside(path.parent) if layout.hugging else [])
    if names:
        return of_names(names)
    classes = max(layout.channels, default=None)
    return of_shape(classes, layout.size, hugging=layout.hugging, edges=2 in layout.channels)


def _named_beside(folder: Path) -> list[str]:
    """The classes that the `config.json` in a folder names; none where it names none, or is none."""
    with suppress(OSError, ValueError):
        told = json.loads((folder / CONFIG).read_text("utf-8"))
        return _in_order(told.get("id2label") if isinstance(told, dict) else None)
    return []


def _listed(text: str) -> list[str]:
    """Names of classes as they are written into ONNX files: JSON, Python's own notation, or words between commas."""
    with suppress(ValueError, SyntaxError):
        return _in_order(literal_eval(text))
    return [word.strip() for word in text.split(",") if word.strip()]


def _in_order(names: Any) -> list[str]:
    if isinstance(names, dict) and all(str(key).isdecimal() for key in names):
        return [str(names[key]) for key in sorted(names, key=int)]
    return [str(name) for name in names] if isinstance(names, list) else []


def _shapes(ports: Sequence[Port]) -> str:
    return ", ".join(f"{port.name} {port.shape}" for port in ports)
