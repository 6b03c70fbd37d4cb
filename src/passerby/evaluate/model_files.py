"""The files of models that measure."""

from __future__ import annotations

from pathlib import Path

from passerby import weights


def fingerprint(path: Path) -> str:
    """What a figure says of the model that gave it: the file's name and its whole sha256.

    Raises:
        WeightsError: the file cannot be read.
    """
    return f"{path.name} sha256 {weights.sha256(path)}"
