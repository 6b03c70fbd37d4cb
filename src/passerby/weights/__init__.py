"""Model files: which there are, under what licence, and where they lie.

Nothing is fetched here; `pull.py` does it, and nobody but `passerby models pull` calls that.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from passerby.core.errors import WeightsError
from passerby.folders import user_cache, user_settings
from passerby.weights import bring
from passerby.weights.bring import BROUGHT
from passerby.weights.entry import Weights
from passerby.weights.table import TABLE

__all__ = [
    "BROUGHT",
    "TABLE",
    "Weights",
    "brought",
    "entry",
    "find",
    "folders",
    "lies",
    "pulled_to",
    "sha256",
    "verify",
]


def entry(name: str) -> Weights:
    """What is known of the model `name`.

    Raises:
        WeightsError: the name is unknown, or that of one of `BROUGHT`.
    """
    if name in BROUGHT:
        raise WeightsError(f"there is no checksum of {name}: {bring.how(BROUGHT[name], next(folders()))}")
    if name not in TABLE:
        close = get_close_matches(name, TABLE, 1)
        meant = f"did you mean {close[0]}? " if close else ""
        raise WeightsError(f"there is no model called {name!r}; {meant}all of them: passerby models list")
    return TABLE[name]


def find(name: str, explicit: Path | None = None) -> Path:
    """The file of the model `name`.

    An `explicit` path is the user's own choice and taken as it is. Otherwise the first file of that name counts in
    the folder that PASSERBY_MODELS names, the user's settings, the user's cache and the package, and it has to be the
    one in `TABLE`.

    Raises:
        WeightsError: the name is unknown, there is no such file, or it is another one than it should be.
    """
    if explicit is not None:
        if not explicit.is_file():
            raise WeightsError(f"there is no model file {explicit}; give the path of an .onnx file")
        return explicit
    wanted = entry(name)
    path = lies(wanted)
    if path is None:
        # One folder is enough to act on, and a report, which names no folders, still reads well.
        raise WeightsError(f"{wanted.file} is not here; {wanted.remedy}, or put the file into {next(folders())}")
    verify(path, wanted.sha256)
    return path


def brought(name: str, explicit: Path | None = None) -> Path:
    """The file of one of `BROUGHT`, which nobody but the user can put there.

    An `explicit` path is taken as it is. Otherwise the first file of that name in the folders counts, and has to be
    the one that was published, where its checksum is known.

    Raises:
        WeightsError: there is no such file, or it is another one than it should be.
    """
    if explicit is not None:
        if not explicit.is_file():
            raise WeightsError(f"there is no model file {explicit}; give the path of a checkpoint")
        return explicit
    wanted = BROUGHT[name]
    path = next((path for path in (folder / wanted.file for folder in folders()) if path.is_file()), None)
    if path is None:
        raise WeightsError(f"{wanted.file} is missing ({wanted.task}): {bring.how(wanted, next(folders()))}")
    bring.check(wanted, path)
    return path


def lies(entry: Weights) -> Path | None:
    """The file that counts as the model, unread; None where there is none."""
    paths = (folder / entry.file for folder in folders())
    return next((path for path in paths if path.is_file()), None)


def folders() -> Iterator[Path]:
    """Where model files are looked for, in order."""
    named = os.environ.get("PASSERBY_MODELS")
    if named:
        yield Path(named)
    yield user_settings() / "passerby" / "models"
    yield user_cache() / "passerby" / "models"
    yield Path(__file__).parents[1] / "models"


def pulled_to() -> Path:
    """The folder that fetched files go to: the one that PASSERBY_MODELS names, or the user's cache."""
    named = os.environ.get("PASSERBY_MODELS")
    return Path(named) if named else user_cache() / "passerby" / "models"


def sha256(path: Path) -> str:
    """Of a file's bytes.

    Raises:
        WeightsError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(
            f"cannot read the model file {path}: {error.strerror}; check that it is there and may be read"
        ) from error


@cache
def verify(path: Path, wanted: str) -> None:
    """Check once per process that `path` is the file with the sha256 that is `wanted`.

    Raises:
        WeightsError: it cannot be read, or it is another one.
    """
    found = sha256(path)
    if found != wanted:
        raise WeightsError(
            f"{path} is not the model it should be (sha256 {found[:12]}…, wanted {wanted[:12]}…); "
            "delete it, and pull it again, or install passerby again if it came with it"
        )
