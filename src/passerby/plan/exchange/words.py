"""Numbers, answers and names as text, and back."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import InputError
from passerby.core.tracks import Origin

ORIGINS = {origin.name.lower(): origin for origin in Origin}
"""Their names in files."""


def texts(values: NDArray[np.float32]) -> list[str]:
    """The shortest decimals from which `values` (N,) can be read back exactly; '' for NaN."""
    # Each different number is spelled once: most of them occur often. Compared as bits, so that NaN is itself.
    bits, places = np.unique(np.ascontiguousarray(values).view(np.uint32), return_inverse=True)
    words = ["" if value != value else str(value) for value in bits.view(np.float32)]
    return list(np.array(words, object)[places])


def number(text: str | float, what: str) -> float:
    """A finite number.

    Raises:
        InputError: it is none; `what` tells which.
    """
    try:
        if isinstance(text, bool):
            raise ValueError
        value = float(text)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{what} is {short(text)}; a number is wanted")
    return value


def whole(text: str | int, what: str) -> int:
    """A whole number.

    Raises:
        InputError: it is none; `what` tells which.
    """
    try:
        if isinstance(text, (bool, float)):
            raise ValueError
        return int(text)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} is {short(text)}; a whole number is wanted") from error


def truth(value: str | bool | int) -> bool:
    """Whether to hide, from 'true' or 'false', yes or no, 1 or 0.

    Raises:
        InputError: it is none of these.
    """
    word = str(value).strip().lower()
    if word not in ("true", "false", "yes", "no", "1", "0"):
        raise InputError(f"a box is marked hide {short(value)}; say true or false")
    return word in ("true", "yes", "1")


def origin_of(name: str) -> Origin:
    """How a box came to be, from its name; drawn where none is given.

    Raises:
        InputError: there is no such name.
    """
    if not name:
        return Origin.DRAWN
    if name not in ORIGINS:
        raise InputError(f"a box is said to be {short(name)}; there is {', '.join(ORIGINS)}")
    return ORIGINS[name]


def short(value: object) -> str:
    """A value in an error's one line."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
