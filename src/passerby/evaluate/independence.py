"""Who measures must not be who hid: a detector does not see what it missed, and a recognizer finds what it chose."""

from __future__ import annotations

import re
from collections.abc import Iterable

from passerby import weights
from passerby.core.errors import OptionError

_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")


def check(measuring: Iterable[str], hid: Iterable[str]) -> None:
    """Refuse models that did the hiding and are to measure it as well.

    Both are told by their sha256, alone or in what `model_files.fingerprint` says, or by their names in the registry.
    The same file under another name is found; the same network saved again is not.

    Raises:
        OptionError: a model is among both.
        WeightsError: what is told is neither a sha256 nor a name of the registry.
    """
    took_part = {_sha256(model): model for model in hid}
    for model in measuring:
        if _sha256(model) in took_part:
            raise OptionError(f"{model} did the hiding and cannot measure it; measure with another model")


def _sha256(model: str) -> str:
    match = _SHA256.search(model)
    return match.group() if match else weights.entry(model).sha256
