"""Fetching a model file: its licence accepted, its checksum verified, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path

from passerby.core.errors import WeightsError
from passerby.weights.entry import PACKAGE, Weights
from passerby.weights.sources import fetch

if sys.platform != "win32":
    import fcntl


def check_accepted(entry: Weights, accepted: Collection[str]) -> None:
    """Raise WeightsError where a licence has to be accepted, and neither its name nor the model's is in `accepted`."""
    if entry.restricted and not {entry.licence, entry.name} & set(accepted):
        remark = f" ({entry.remark})" if entry.remark else ""
        raise WeightsError(
            f"{entry.name} is under {entry.licence}, {entry.use}{remark}; read {entry.licence_url}, "
            f"and if that suits what you do, {entry.remedy}"
        )


def pull(entry: Weights, folder: Path, accepted: Collection[str] = (), source: str | None = None) -> Path:
    """Fetch the model's file into `folder`, from `source` instead of its own if one is given; where it now lies.

    It is written under a temporary name and renamed when it is verified. What came from a URL before the connection
    broke is kept under that name, and the next call goes on from there.

    Raises:
        WeightsError: the licence is not accepted, the source fails, holds another file, or the folder cannot be
            written.
    """
    check_accepted(entry, accepted)
    origin = source or entry.source
    if origin == PACKAGE:
        raise WeightsError(f"{entry.name} comes with passerby and is fetched from nowhere; {entry.remedy}")
    path, part = folder / entry.file, folder / f".{entry.file}.{entry.sha256[:8]}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _held(part) as file:
            _check_room(entry, folder, file)
            fetch(origin, file, entry.size)
            _check(entry, file, part, origin)
            file.flush()
            os.fsync(file.fileno())
            if sys.platform != "win32":
                part.replace(path)  # as long as nobody else can take it
        if sys.platform == "win32":
            part.replace(path)
    except OSError as error:
        raise WeightsError(
            f"cannot write in {folder}: {error.strerror or error}; make room, or name another folder in PASSERBY_MODELS"
        ) from error
    return path


@contextmanager
def _held(part: Path) -> Iterator[BufferedRandom]:
    """The file `part`, new or as an earlier call left it, in nobody else's hands; removed again if it stays empty."""
    while True:
        file = part.open("a+b")
        if sys.platform == "win32":
            break
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise WeightsError(f"another passerby is fetching {part} right now; wait until it is done") from error
        except OSError:  # a file system without locks
            break
        # Another call may have renamed it before we had it.
        if (
            os.fstat(file.fileno()).st_nlink
            and part.exists()
            and os.path.samestat(os.fstat(file.fileno()), part.stat())
        ):
            break
        file.close()
    with file:
        try:
            yield file
        finally:
            file.flush()
            empty = not os.fstat(file.fileno()).st_size
            if empty and sys.platform != "win32":
                part.unlink(missing_ok=True)


def _check_room(entry: Weights, folder: Path, file: BufferedRandom) -> None:
    missing = entry.size - file.seek(0, os.SEEK_END)
    free = shutil.disk_usage(folder).free
    if free < missing:
        raise WeightsError(
            f"{folder} has {free / 1e6:.1f} MB left, {entry.name} needs {missing / 1e6:.1f}; "
            "make room, or name another folder in PASSERBY_MODELS"
        )


def _check(entry: Weights, file: BufferedRandom, part: Path, origin: str) -> None:
    file.seek(0)
    found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != entry.sha256:
        file.truncate(0)
        raise WeightsError(
            f"what came from {origin} is not {entry.name} (sha256 {found[:12]}…, wanted {entry.sha256[:12]}…); "
            "it was thrown away; try again, or give another source with --from"
        )
