"""Weights in PyTorch's own files: read without running anything that they hold, and checked before they are used."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from passerby.core.errors import OptionError, WeightsError, first_line

if TYPE_CHECKING:
    from torch import Tensor, nn

_BROKEN = (OSError, EOFError, RuntimeError, ValueError, LookupError, AssertionError, TypeError, AttributeError)
"""What reading a file raises that is no checkpoint, or half of one."""
SHOWN = 3
"""Names that an error lists at most."""


def torch_library() -> ModuleType:
    """PyTorch.

    Raises:
        OptionError: it is not installed.
    """
    try:
        return import_module("torch")
    except ImportError as error:
        raise OptionError(
            f"this needs PyTorch, which is not here: pip install 'passerby[generate]' ({error})"
        ) from error


def read(path: Path) -> dict[str, Any]:
    """What a checkpoint holds.

    Only tensors and plain containers are ever made of it. A file that wants more is refused.

    Raises:
        OptionError: PyTorch is not installed.
        WeightsError: the file cannot be read, wants to run code, or holds no names.
    """
    torch = torch_library()
    try:
        # Mapped, a file of gigabytes is read as far as its weights are used; the old format cannot be.
        found = torch.load(path, weights_only=True, map_location="cpu", mmap=zipfile.is_zipfile(path))
    except (*_BROKEN, pickle.UnpicklingError) as error:
        raise WeightsError(
            f"{path} does not load as weights alone ({_reason(error)}); use a checkpoint as torch.save wrote it"
        ) from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise WeightsError(f"{path} holds a {type(found).__name__}, wanted is a checkpoint: weights by name")
    return found


def put(weights: Mapping[str, Any], into: nn.Module, path: Path) -> tuple[str, ...]:
    """Give a network its weights.

    Buffers that the network has as None are made where the file has them. Nothing is changed on an error.

    Returns:
        The names in the file that the network has no use for.

    Raises:
        WeightsError: something is missing, has another shape, or is not a finite number.
    """
    own: dict[str, Tensor] = into.state_dict()
    missing = [name for name in own if name not in weights]
    if missing:
        raise WeightsError(f"{path} holds other weights than wanted: {_listed(missing)} missing; use another file")
    wrong = [name for name in own if getattr(weights[name], "shape", None) != own[name].shape]
    if wrong:
        name = wrong[0]
        came = tuple(getattr(weights[name], "shape", ()))
        raise WeightsError(
            f"{path} holds other weights than wanted: {name} is {came}, wanted is {tuple(own[name].shape)}; "
            "use the file of this very network"
        )
    broken = [name for name in own if own[name].is_floating_point() and not weights[name].isfinite().all()]
    if broken:
        raise WeightsError(f"{path} holds numbers that are not finite in {_listed(broken)}; get the file again")
    into.load_state_dict({name: weights[name] for name in own})
    return tuple(name for name in weights if name not in own)


def tensors(path: Path) -> dict[str, Tensor]:
    """The weights by name in a checkpoint that keeps them at the top, or under `state_dict`, and nothing else of it.

    Raises:
        OptionError: PyTorch is not installed.
        WeightsError: see `read`; or there are none.
    """
    contents = read(path)
    inner = contents.get("state_dict", contents)
    rows = inner.items() if isinstance(inner, Mapping) else ()
    kind = torch_library().Tensor
    held = {name: value for name, value in rows if isinstance(value, kind)}
    if not held:
        raise WeightsError(
            f"{path} holds no weights by name, neither at its top nor under state_dict; use another file"
        )
    return held


def _reason(error: Exception) -> str:
    """In a line; PyTorch says in many how to run what a file holds all the same."""
    if match := re.search(r"GLOBAL (\S+)", str(error)):
        return f"it wants to run {match[1]}"
    if "weights_only" in str(error):
        return "it is damaged, no file of PyTorch, or more than weights"
    return first_line(error)


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
