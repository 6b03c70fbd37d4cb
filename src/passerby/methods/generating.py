"""Methods that make up what is hidden: the families of them that there are, and what the options say of these.

A family is a module. What it is asked is light; models and their libraries are loaded by its `effect` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from passerby.core.errors import OptionError
from passerby.methods import by_diffusion, by_gan, by_redress

if TYPE_CHECKING:
    from passerby.core.stages import Anonymizer
    from passerby.settings import Options


class Family(Protocol):
    """Methods that begin alike. Everywhere, `labels` are those that a plan speaks of besides what is hidden."""

    @property
    def FORM(self) -> str:  # noqa: N802  families are modules
        """How such a method is written."""
        ...

    def named(self, method: str) -> bool:
        """Whether it is one of them."""
        ...

    def check_method(self, method: str) -> None:
        """Raise an `OptionError` where nothing is known of that name."""
        ...

    def check(self, options: Options, labels: Sequence[str] = ()) -> None:
        """Raise an `OptionError` where the options make no sense."""
        ...

    def check_files(self, options: Options, labels: Sequence[str] = ()) -> None:
        """Raise a `WeightsError` where a model's file is not there, an `OptionError` where another is not."""
        ...

    def synthetic(self, options: Options, labels: Sequence[str] = ()) -> tuple[str, ...]:
        """The labels that are made up."""
        ...

    def effect(self, options: Options, others: Anonymizer, labels: Sequence[str] = ()) -> Anonymizer:
        """What makes them up, and leaves the rest to `others`, which it is itself where nothing is made up."""
        ...


FAMILIES: tuple[Family, ...] = (by_gan, by_diffusion, by_redress)
"""Whoever comes later is shown what those before have painted."""


def method(value: str, plain: Sequence[str]) -> str:
    """`value`, if it is one of the `plain` methods or of a family.

    Raises:
        OptionError: it is not.
    """
    family = next((one for one in FAMILIES if one.named(value)), None)
    if family is not None:
        family.check_method(value)
    elif value not in plain:
        forms = ", ".join(one.FORM for one in FAMILIES)
        raise OptionError(f"--method {value!r} is not known; choose from {', '.join(plain)}, or {forms}")
    return value


def check(options: Options, labels: Sequence[str] = ()) -> None:
    """Refuse what would have nothing to make up of what is hidden, or of `labels`, and what makes no sense besides.

    Raises:
        OptionError: so it is.
    """
    for family in FAMILIES:
        family.check(options, labels)


def check_files(options: Options, labels: Sequence[str] = ()) -> None:
    """Look for the files that are needed, without loading them.

    Raises:
        WeightsError: one is missing, or is another one than it should be.
        OptionError: a photograph is missing.
    """
    for family in FAMILIES:
        family.check_files(options, labels)


def synthetic(options: Options, labels: Sequence[str] = ()) -> tuple[str, ...]:
    """The labels that are made up."""
    made_up = [label for family in FAMILIES for label in family.synthetic(options, labels)]
    return tuple(dict.fromkeys(made_up))


def effect(options: Options, others: Anonymizer, labels: Sequence[str] = ()) -> Anonymizer:
    """What makes up what the options say, and leaves the rest to `others`."""
    for family in FAMILIES:
        others = family.effect(options, others, labels)
    return others


def without_folders(methods: str) -> str:
    """What is written for methods, with files by their names alone."""
    parts = (part.partition(":") for part in methods.split(","))
    return ",".join(f"{before}{colon}{Path(rest).name if colon else ''}" for before, colon, rest in parts)
