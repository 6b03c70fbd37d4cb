"""An output file appears whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from passerby.core.errors import OutputError


def check_free(path: Path, *, force: bool) -> None:
    """Raise OutputError where `committed` would: better before the work than after it."""
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except OSError as error:  # its name is too long, or its folder closed to us
        raise OutputError(f"cannot write {path}: {_reason(error)}; choose another name with -o") from error
    if is_folder:
        raise OutputError(f"{path} is a folder; name a file in it")
    if exists and not force:
        raise OutputError(f"{path} exists already; give --force to replace it, or another name with -o")
    if not path.parent.is_dir():
        raise OutputError(f"the folder {path.parent} does not exist; make it first")


@contextmanager
def committed(path: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """A new file for writing that takes the name `path` when the block ends well, and vanishes when it does not.

    It is written under a temporary name in the same folder, flushed to the disk and renamed. An existing `path`
    is replaced only with `force`.

    Raises:
        OutputError: `path` exists and `force` is not given, its folder is missing or closed to us, or the disk is full.
    """
    check_free(path, force=force)
    # Short whatever the output is called: file systems allow 255 bytes, and a name may have used them up.
    part = path.with_name(f".passerby-{secrets.token_hex(8)}.part")
    try:
        file = part.open("xb")
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
