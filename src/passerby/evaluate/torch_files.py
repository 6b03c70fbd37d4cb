"""PyTorch, where it is installed, and what its files hold: tensors by their names, and never a program."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from passerby.core.errors import OptionError, WeightsError

# deep-person-reid keeps a score beside the parameters, as NumPy's number under the name of the NumPy of its time.
_SCALAR = type(np.float64(0)).__reduce__(np.float64(0))[0]
_NUMBERS = [
    *((_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.float32, np.float64)),
]

# What reading a damaged or a different file raises.
_UNREADABLE = (
    pickle.UnpicklingError,
    OSError,
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,
)


def pytorch(what: str) -> Any:
    """The module `torch`, for `what` needs it.

    Raises:
        OptionError: it is not installed.
    """
    try:
        return import_module("torch")
    except ImportError as error:
        raise OptionError(f"PyTorch is missing for {what} ({error}); pip install 'passerby[evaluate]'") from error


def tensors(path: Path) -> Mapping[str, Any]:
    """The tensors of the state_dict that a file of torch.save is, or holds, by their published names.

    Raises:
        OptionError: PyTorch is not installed.
        WeightsError: it cannot be read, or holds something else.
    """
    torch = pytorch(path.name)
    try:
        # Never anything but tensors and numbers: a checkpoint that is a program is not run.
        with torch.serialization.safe_globals(_NUMBERS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:120]
        raise WeightsError(
            f"{path} does not load as tensors alone ({reason}); a whole pickled network is a program and is not "
            "run: where you trust it, save its state_dict() with torch.save, and give that"
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not all(torch.is_tensor(value) for value in content.values()):
        raise WeightsError(f"{path} holds no state_dict; save that of the network with torch.save")
    # Training on several devices puts a word before every name.
    return {str(name).removeprefix("module."): value for name, value in content.items()}
