"""The files of models that measure."""

from __future__ import annotations

import hashlib
from pathlib import Path

from passerby.core.errors import WeightsError


def fingerprint(path: Path) -> str:
    """What a figure says of the model that gave it: the file's name and its whole sha256.

    Raises:
        WeightsError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return f"{path.name} sha256 {hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise WeightsError(f"cannot read the model file {path}: {error.strerror}; check the path") from error
