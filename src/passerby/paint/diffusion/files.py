"""The files of Stable Diffusion: where they lie, which were published, and what is in one.

Nothing is ever fetched: who wants a model brings it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passerby import weights
from passerby.core.errors import OptionError, WeightsError, first_line
from passerby.paint.diffusion.shapes import Shapes
from passerby.weights import checkpoint

if TYPE_CHECKING:
    from torch import Tensor

DATA = Path("data")
"""Where files are looked for first, beside the folders for models: in the working directory."""
VOCABULARY = ("vocab.json", "merges.txt")
ENDS = ("<|startoftext|>", "<|endoftext|>")
"""What begins and ends every prompt: the last words of CLIP's vocabulary."""
SUFFIXES = (".ckpt", ".safetensors")


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint that was published."""

    file: str
    origin: str
    size: int
    """Bytes."""
    sha256: str

    def __str__(self) -> str:
        return f"{self.file} from {self.origin} ({self.size} bytes, sha256 {self.sha256})"


_BASE = "https://huggingface.co/stable-diffusion-v1-5/stable-diffusion-v1-5"
TOKENIZER_ORIGIN = f"{_BASE}/tree/main/tokenizer"
PUBLISHED = (
    Published(
        "v1-5-pruned-emaonly-fp16.safetensors",
        "https://huggingface.co/Comfy-Org/stable-diffusion-v1-5-archive",
        2_132_696_762,
        "e9476a13728cd75d8279f6ec8bad753a66a1957ca375a1464dc63b37db6e3916",
    ),
    Published(
        "v1-5-pruned-emaonly.safetensors",
        _BASE,
        4_265_146_304,
        "6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa",
    ),
    Published(
        "v1-5-pruned-emaonly.ckpt",
        _BASE,
        4_265_380_512,
        "cc6cb27103417325ff94f52b7a5d2dde45a7515b25c255d8e396c90014281516",
    ),
    Published(
        "sd-v1-5-inpainting.ckpt",
        "https://huggingface.co/stable-diffusion-v1-5/stable-diffusion-inpainting",
        4_265_437_280,
        "c6bbc15e3224e6973459ba78de4998b80b50112b0ae5b5c67113d56b4e366b19",
    ),
)
"""In the order in which they are looked for. Fine-tunes have names of their own, so their path is given."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The weights in a checkpoint."""

    path: Path
    shapes: Shapes
    get: Callable[[str], Tensor]
    """One of them, by name."""


def folders() -> Iterator[Path]:
    """Where files are looked for, in order."""
    yield DATA
    yield from weights.folders()


def model(given: Path | None) -> Path:
    """The checkpoint or folder to use.

    Raises:
        WeightsError: it is not there, or is nothing of the kind.
    """
    if given is None:
        there = (folder / one.file for one in PUBLISHED for folder in folders())
        found = next((path for path in there if path.is_file()), None)
        if found is None:
            raise WeightsError(
                f"no Stable Diffusion in {_places()}: put there {PUBLISHED[0]}, or {', '.join(_others())}, or give "
                "the path of a checkpoint or of a folder as diffusers writes it; passerby fetches none"
            )
        return found
    if given.is_dir():
        if not (given / "unet" / "config.json").is_file():
            raise WeightsError(f"{given} is no folder as diffusers writes it: it has no unet/config.json; give another")
        return given
    if not given.is_file():
        known = [str(one) for one in PUBLISHED if one.file == given.name]
        raise WeightsError(f"there is no model file {given}; {f'get {known[0]}' if known else 'give the path of one'}")
    if given.suffix.lower() not in SUFFIXES:
        raise WeightsError(f"{given} is no checkpoint of Stable Diffusion; give a {' or '.join(SUFFIXES)} file")
    return given


def _others() -> list[str]:
    return [one.file for one in PUBLISHED[1:]]


def _places() -> str:
    return ", ".join(str(folder) for folder in folders())


def vocabulary(path: Path, given: Path | None) -> Path:
    """The folder with the `VOCABULARY` of a checkpoint: `given`, or beside it, or in the folders for models.

    Raises:
        WeightsError: there is none.
    """
    beside = (path.parent, path.parent / "tokenizer", *folders())
    places = beside if given is None else (given,)
    for folder in places:
        if all((folder / name).is_file() for name in VOCABULARY):
            return folder
    searched = ", ".join(str(folder) for folder in places)
    raise WeightsError(
        f"{' and '.join(VOCABULARY)} of the tokenizer are not both in {searched}; get them from {TOKENIZER_ORIGIN} and "
        f"put them beside {path.name}"
    )


def check_vocabulary(folder: Path, words: int) -> None:
    """Read the `VOCABULARY` as the tokenizer will, which says little where it fails.

    Raises:
        WeightsError: they are damaged, or not those of a text encoder that knows as many `words`.
    """
    both = " and ".join(VOCABULARY)
    try:
        known = json.loads((folder / VOCABULARY[0]).read_text(encoding="utf-8"))
        lines = (folder / VOCABULARY[1]).read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise WeightsError(f"{both} in {folder} do not read ({error}); get them from {TOKENIZER_ORIGIN}") from error
    count = len(known) if isinstance(known, dict) else 0
    if count != words:
        raise WeightsError(
            f"the tokenizer in {folder} knows {count} words, and the text encoder {words}; get {both} of this model"
        )
    numbered = dict(zip(known.values(), known, strict=True)) if _all_numbers(known.values()) else {}
    if numbered.keys() != set(range(words)) or tuple(numbered[words - i] for i in (2, 1)) != ENDS:
        raise WeightsError(
            f"{VOCABULARY[0]} in {folder} does not number its words from 0 to {words - 1}, {' and '.join(ENDS)} last; "
            f"get it from {TOKENIZER_ORIGIN}"
        )
    pairs = [line.split() for line in lines if line.strip() and not line.startswith("#version")]
    odd = [pair for pair in pairs if len(pair) != 2 or not {*pair, "".join(pair)} <= known.keys()]
    if odd:
        raise WeightsError(f"{both} in {folder} are not of one model: {' '.join(odd[0])} is in the second alone")
    never = known.keys() - {*ENDS, *map("".join, pairs)}
    unread = min((word for word in never if len(word.removesuffix("</w>")) > 1), default=None)
    if unread is not None:
        raise WeightsError(f"{both} in {folder} are not of one model, or broke off: nothing joins {unread}; get both")


def _all_numbers(values: Iterable[Any]) -> bool:
    return all(type(value) is int for value in values)


def wrong(path: Path, why: str) -> WeightsError:
    """The error for a file that is not what it should be, with what was published under its name."""
    known = [str(one) for one in PUBLISHED if one.file == path.name]
    size = path.stat().st_size
    remedy = f"published is {known[0]}, and this has {size} bytes" if known else f"it has {size} bytes"
    return WeightsError(f"{path} is no whole checkpoint of Stable Diffusion 1: {why}; {remedy}; get the file again")


def opened(path: Path) -> Held:
    """The weights in a checkpoint, without running anything that it holds.

    Raises:
        OptionError: a library is not installed.
        WeightsError: it cannot be read, wants to run code, or holds nothing that has a name.
    """
    if path.suffix.lower() != ".safetensors":
        try:
            tensors = checkpoint.tensors(path)
        except WeightsError as error:
            known = [f"; published is {one}" for one in PUBLISHED if one.file == path.name]
            raise WeightsError(f"{error}{''.join(known)}") from error
        return Held(path, {name: tuple(value.shape) for name, value in tensors.items()}, tensors.__getitem__)
    safetensors = library("safetensors")
    try:
        file = safetensors.safe_open(path, framework="pt")
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        raise wrong(path, f"it is damaged ({first_line(error)})") from error
    return Held(path, shapes, file.get_tensor)


def library(name: str) -> Any:
    """A library of the extra, kept from asking anything of the hub of its makers and from chatting on the terminal.

    Raises:
        OptionError: it is not installed.
    """
    for variable in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ[variable] = "1"  # read when it is imported
    try:
        module = import_module(name)
    except ImportError as error:
        remedy = "pip install 'passerby[diffusion]'"
        raise OptionError(f"this needs {name}, which is not here: {remedy} ({error})") from error
    if name in ("diffusers", "transformers"):
        module.utils.logging.set_verbosity(logging.CRITICAL)  # what is wrong is said by an exception
        module.utils.logging.disable_progress_bar()
    return module
