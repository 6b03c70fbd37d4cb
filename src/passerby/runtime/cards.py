"""Which graphics cards are meant where a device is named, for who computes with PyTorch."""

from __future__ import annotations

import os
import re

VARIABLE = "PASSERBY_RUNTIME"
"""The environment variable that names one of `RUNTIMES`, or graphics cards; see `choice` for what runs without it."""
ON_CARDS = ("cuda", "tensorrt")
"""The runtimes that mean a graphics card to PyTorch, too."""
_NUMBERED = re.compile(r"cuda:\d+(,cuda:\d+)*")


def chosen() -> tuple[str, ...]:
    """The graphics cards that `--device` or PASSERBY_RUNTIME names, as PyTorch does; none where it names none.

    'cuda' is the first one, 'cuda:0,cuda:1' are two.
    """
    named = os.environ.get(VARIABLE, "")
    if _NUMBERED.fullmatch(named):
        return tuple(named.split(","))
    return ("cuda",) if named in ON_CARDS else ()


def first() -> str:
    """Where PyTorch computes: on the first of the `chosen` cards, or else on the processor."""
    return next(iter(chosen()), "cpu")


def runtime(named: str | None) -> str | None:
    """The runtime that a device stands for: cuda where it names graphics cards by their numbers."""
    return "cuda" if named and _NUMBERED.fullmatch(named) else named
