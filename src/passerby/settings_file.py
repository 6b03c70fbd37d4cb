"""`passerby.toml`: options for a folder, by the names that they have on the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from passerby.core.errors import OptionError
from passerby.settings import Options

NAME = "passerby.toml"
"""Looked for in the current folder."""
LARGEST = 1 << 20
"""Bytes of a file."""


def find(named: Path | None) -> Path | None:
    """The settings file to read: the one that is `named`, else that of the current folder, if it has one."""
    if named is not None:
        return named
    return Path(NAME) if Path(NAME).is_file() else None


def read(path: Path) -> dict[str, Any]:
    """Options by their names in Python, as the file gives them; `settings.Options` checks their values.

    Raises:
        OptionError: the file cannot be read, is not TOML, or has a name that no option has.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise OptionError(f"{path} has more than {LARGEST} bytes; it is no settings file")
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"cannot read the settings file {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise OptionError(f"{path} is not TOML: {' '.join(str(error).split())}; write lines like grow = 0.4") from error
    options: dict[str, Any] = {}
    for key, value in given.items():
        name = key.replace("-", "_")
        if name not in Options.names():
            raise OptionError(f"no option {key!r} in {path}{_meant(name, Options.names())}")
        if name in options:
            raise OptionError(f"{path} gives {key} twice, with dashes and with underscores; write it once")
        options[name] = value
    return options


def _meant(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, 1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names)}"
