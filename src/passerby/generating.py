"""What the options say of generators: which of them draw what is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from passerby.core.errors import OptionError
from passerby.paint.gan.combination import PREFIX, Combination, combination

if TYPE_CHECKING:
    from passerby.settings import Options


def method(value: str, plain: Sequence[str]) -> str:
    """`value`, if it is one of the `plain` methods or names generators.

    Raises:
        OptionError: it does not.
    """
    if value.startswith(PREFIX):
        combination(value.removeprefix(PREFIX))
    elif value not in plain:
        raise OptionError(f"--method {value!r} is not known; choose from {', '.join(plain)}, or {PREFIX}NAME")
    return value


def check(options: Options, labels: Sequence[str] = ()) -> None:
    """Refuse generators that would have nothing to draw of what is hidden, or of `labels`.

    Raises:
        OptionError: so it is.
    """
    methods = {chosen for chosen in options.methods(labels).values() if chosen.startswith(PREFIX)}
    if methods and drawn(options, labels) is None:
        able = sorted({label for chosen in methods for label in _meant(chosen, options).labels})
        classes = [f"{label}s" for label in able]
        named = without_folders(", ".join(methods))
        raise OptionError(
            f"--method {named} draws {' and '.join(classes)}, and none of these are hidden; "
            f"add --hide {','.join(classes)}"
        )


def drawn(options: Options, labels: Sequence[str] = ()) -> Combination | None:
    """Who draws what of each label that is hidden, and of `labels` besides; None where nothing is drawn."""
    parts = [
        _meant(chosen, options).of(label)
        for label, chosen in options.methods(labels).items()
        if chosen.startswith(PREFIX)
    ]
    together = reduce(Combination.joined, parts) if parts else None
    return together if together and together.draws else None


def synthetic(options: Options, labels: Sequence[str] = ()) -> tuple[str, ...]:
    """The labels that generators draw."""
    together = drawn(options, labels)
    return together.labels if together else ()


def without_folders(methods: str) -> str:
    """What is written for methods, with files by their names alone."""
    parts = (part.partition(PREFIX) for part in methods.split(","))
    return ",".join(f"{before}{prefix}{Path(rest).name if prefix else ''}" for before, prefix, rest in parts)


def _meant(method: str, options: Options) -> Combination:
    """What a method stands for that names generators, with what is chosen of it."""
    chosen = combination(method.removeprefix(PREFIX))
    if options.person_generator is not None:
        chosen = chosen.with_generator("", options.person_generator)
    if options.cse_person_generator is not None:
        chosen = chosen.with_generator("surfaces", options.cse_person_generator)
    return chosen.with_files({file.name: file.path for file in options.generators})
