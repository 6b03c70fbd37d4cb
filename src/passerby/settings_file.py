"""`passerby.toml`: options for a folder, by the names that they have on the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from passerby.core.errors import OptionError
from passerby.options.choices import CLASSES, PARTS, WORN
from passerby.options.per_class import ModelChoice
from passerby.settings import DEFAULTS, PER_CLASS, Options

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
        raise OptionError(f"cannot read the settings file {path}: {error.strerror or error}; check its name") from error
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


def settled(given: Mapping[str, Any], file: Mapping[str, Any], labels: Collection[str]) -> dict[str, Any]:
    """The options that were `given`, which are those of the `file` where nothing else was typed.

    The file is for many runs: what it says of classes that are not among `labels` does not count in this one. A model
    that was typed takes the place of the file's of that class alone.

    Raises:
        OptionError: the models make no sense.
    """
    counting = {name: _about(labels, name, file[name]) for name in given.keys() & file.keys()}
    typed = {name: value for name, value in given.items() if name not in file or value is not file[name]}
    if "models" in typed and "models" in counting:
        typed["models"] = joined(counting["models"], typed["models"])
    return {**counting, **typed}


def joined(file: Any, typed: Any) -> tuple[ModelChoice, ...]:
    """The models of the `file` for classes of which none was `typed`, and those.

    Raises:
        OptionError: they make no sense.
    """
    last = Options(models=typed).models
    said = {choice.label for choice in last}
    return (*(choice for choice in Options(models=file).models if choice.label not in said), *last)


def _about(labels: Collection[str], name: str, value: Any) -> Any:
    """What the value of an option says of classes that are among `labels`, and of classes that nobody knows."""
    if name == "models":
        asked = {*labels, *(PARTS if "head" in labels else ()), *(("person",) if WORN in labels else ())}
        return tuple(choice for choice in Options(models=value).models if choice.label in asked)
    if name not in PER_CLASS or not isinstance(value, str):
        return value
    named = ((part, part.rpartition("=")[0].strip()) for part in value.split(","))
    return ",".join(part for part, of in named if CLASSES.get(of) in (None, *labels)) or getattr(DEFAULTS, name)


def _meant(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, 1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names)}"
