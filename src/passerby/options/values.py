"""Exact values of options, from what is written for them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from fractions import Fraction
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passerby.core.errors import OptionError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Zone = tuple[tuple[float, float], ...]
"""The corners of a polygon, x and y in pixels of the upright frame."""


def seconds(value: str | float | Fraction) -> Fraction:
    """Exact seconds, from 12.5, '12.5', '1:30' or '01:02:03.5'.

    Raises:
        OptionError: `value` is not a time.
    """
    try:
        if isinstance(value, str) and not re.fullmatch(r"([0-9]+:){0,2}[0-9]+([.][0-9]+)?", value):
            raise ValueError
        total = Fraction(0)
        for part in str(value).split(":"):
            total = total * 60 + Fraction(part)
    except ValueError:
        raise OptionError(f"{value!r} is not a time; write seconds (12.5) or hours:minutes:seconds") from None
    return total


def frame_rate(value: str | float | Fraction) -> Fraction:
    """Exact frames per second, from 25, 29.97, '29.97' or '30000/1001'.

    Raises:
        OptionError: `value` is not a frame rate.
    """
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise OptionError(f"{value!r} is not a frame rate; write 25, 29.97 or 30000/1001") from None


def zone(value: str | Sequence[Sequence[float]]) -> Zone:
    """The corners of a polygon, from 'x,y x,y x,y' or pairs of numbers, in pixels of the upright frame.

    Raises:
        OptionError: `value` is not three corners or more.
    """
    try:
        pairs = [corner.split(",") for corner in value.split()] if isinstance(value, str) else value
        corners = tuple((float(x), float(y)) for x, y in pairs)
        if len(corners) < 3 or not all(math.isfinite(side) for corner in corners for side in corner):
            raise ValueError
    except (TypeError, ValueError):
        raise OptionError(f"{value!r} is not a zone; write three corners or more as 'x,y x,y x,y' in pixels") from None
    return corners


def own_number(value: Any) -> Any:
    """A number of numpy's as Python has it; all else as it is.

    Small integers wrap around: as numpy's uint8, 4 less than 0 is 252.
    """
    return value.item() if getattr(value, "shape", None) == () else value


def plain(value: Any) -> Any:
    """A number that was given as text; all else as it is."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def files(value: str | Path | Sequence[str | Path] | None) -> tuple[Path, ...]:
    """One file, several of them, or none."""
    return (Path(value),) if isinstance(value, str | Path) else tuple(Path(one) for one in value or ())


def zones(value: str | Sequence[Any] | None) -> tuple[Zone, ...]:
    """One zone as text, several of them, or none."""
    return (zone(value),) if isinstance(value, str) else tuple(zone(one) for one in value or ())


def pairs(given: Any, record: type[DataclassInstance]) -> list[tuple[str, Any]]:
    """Names and what is said of each, from 'NAME=VALUE', several such, a mapping, or a `record` of both.

    Raises:
        TypeError, AttributeError: `given` is none of these.
    """
    if isinstance(given, Mapping):
        return [(str(name), value) for name, value in given.items()]
    written: Sequence[Any] = [given] if isinstance(given, str | record) else given or ()
    return [astuple(one) if isinstance(one, record) else one.partition("=")[::2] for one in written]


def one_of(option: str, value: str, choices: Sequence[str]) -> str:
    """`value`, if it is one of `choices`.

    Raises:
        OptionError: it is not.
    """
    if value not in choices:
        raise OptionError(f"{option} {value!r} is not known; choose from {', '.join(choices)}")
    return value


def number(option: str, value: Any, wanted: str, fits: Callable[[Any], bool], kind: type = Real) -> None:
    """Refuse a `value` that is no number of its `kind`, or does not fit.

    Raises:
        OptionError: so it is.
    """
    if isinstance(value, bool) or not (isinstance(value, kind) and fits(value)):
        raise OptionError(f"{option} is {wanted}, got {value}")


def text(option: str, value: Any) -> None:
    """Refuse a `value` that is no text.

    Raises:
        OptionError: so it is.
    """
    if not isinstance(value, str):
        raise OptionError(f"{option} is text, got {value!r}")


def switch(option: str, value: Any) -> None:
    """Refuse a `value` that is neither on nor off.

    Raises:
        OptionError: so it is.
    """
    if not isinstance(value, bool):
        raise OptionError(f"{option} is true or false, got {value!r}")


def growth(value: Any) -> float:
    """A share of a box that is added on each side."""
    given = plain(value)
    number("--grow", given, "a share from 0 to 5", lambda grow: 0 <= grow <= 5)
    return float(given)


def threshold(value: Any) -> float:
    """A least score."""
    given = plain(value)
    number("--conf", given, "a score between 0 and 1", lambda conf: 0 < conf < 1)
    return float(given)


def colour(value: str) -> tuple[int, int, int]:
    """Red, green and blue, 0..255, of six hexadecimal digits."""
    try:
        red, green, blue = bytes.fromhex(value.removeprefix("#"))
    except ValueError:
        raise OptionError(f"--colour wants six hexadecimal digits like ff8800, got {value!r}") from None
    return red, green, blue
