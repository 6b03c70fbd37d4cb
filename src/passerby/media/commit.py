"""An output file appears whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from passerby.core.errors import OutputError

if sys.platform != "win32":
    import fcntl


def led_to(path: Path) -> Path:
    """The file that `path` leads to, with all links followed; of links that lead in a circle, where they stop."""
    return Path(os.path.realpath(path))


def check_free(path: Path, *, force: bool) -> None:
    """Raise OutputError where `committed` would: better before the work than after it."""
    try:
        is_folder, exists = path.is_dir(), os.path.lexists(path)
        is_other = exists and not path.is_file() and not path.is_symlink()
    except OSError as error:  # its name is too long, or its folder closed to us
        raise OutputError(f"cannot write {path}: {_reason(error)}; choose another name with -o") from error
    if is_folder:
        raise OutputError(f"{path} is a folder; name a file in it")
    if is_other:
        raise OutputError(f"{path} is no file (a pipe or a device); name a file")
    if exists and not force:
        raise OutputError(f"{path} exists already; give --force to replace it, or another name with -o")
    if not path.parent.is_dir():
        raise OutputError(f"the folder {path.parent} does not exist; make it first")


@contextmanager
def committed(path: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """A new file for writing that takes the name `path` when the block ends well, and vanishes when it does not.

    It is written under a temporary name in the same folder, flushed to the disk and renamed. An existing `path`
    is replaced only with `force`. What a run to the same `path` left behind when it was killed is removed.

    Raises:
        OutputError: `path` exists and `force` is not given, its folder is missing or closed to us, or the disk is full.
    """
    check_free(path, force=force)
    try:
        _sweep(path)
        part, file = _begun(path)
    except OSError as error:
        raise OutputError(f"cannot write in {path.parent}: {_reason(error)}") from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _rename(part, path, force)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {_reason(error)}") from error
    finally:
        part.unlink(missing_ok=True)


def _prefix(path: Path) -> str:
    """How the temporary names for `path` begin."""
    # Short whatever the output is called: file systems allow 255 bytes, and a name may have used them up.
    return f".passerby-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}-"


def _begun(path: Path) -> tuple[Path, BinaryIO]:
    """A new file for what is to become `path`, marked as being written."""
    while True:
        part = path.with_name(f"{_prefix(path)}{secrets.token_hex(8)}.part")
        file = part.open("xb")
        _is_free(file)
        # Another run may have taken it for a left-over before it was marked.
        if os.fstat(file.fileno()).st_nlink:
            return part, file
        file.close()


def _sweep(path: Path) -> None:
    """Remove the temporary files for `path` that no living process writes."""
    for part in path.parent.glob(f"{_prefix(path)}*.part"):
        try:
            with part.open("r+b") as file:
                free = _is_free(file)
                if free and sys.platform != "win32":
                    part.unlink()
            if free and sys.platform == "win32":
                part.unlink()  # fails while anybody has it open
        except OSError:
            continue


def _is_free(file: BinaryIO) -> bool:
    """Whether nobody else writes `file`; from now on it counts as written by us, until it is closed or we die."""
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # it is locked, or this file system knows no locks
            return False
    return True


def _rename(part: Path, path: Path, force: bool) -> None:
    """Give `part` its final name; without `force`, never over a file that appeared in the meantime."""
    if force:
        part.replace(path)
        return
    appeared = f"{path} appeared while it was being written; give --force to replace it"
    try:
        os.link(part, path)
    except FileExistsError as error:
        raise OutputError(appeared) from error
    except OSError as error:  # a file system without hard links; renaming would replace a file
        if os.path.lexists(path):
            raise OutputError(appeared) from error
        part.rename(path)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
