"""Every option of a run, once: the command line and Python share these names and defaults."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal

from passerby.core.errors import OptionError

TARGETS: Mapping[str, str] = {"faces": "face", "persons": "person", "vehicles": "vehicle", "text": "text"}
"""What can be hidden, as users name it, and the label that detectors give it."""

METHODS = ("mosaic", "fill", "blur", "noise", "image", "outline")
HIDING = tuple(method for method in METHODS if method != "outline")
"""The methods that leave nothing visible, or little."""
SHAPES = ("oval", "box")
AUDIO = ("drop", "keep")
QUALITIES = ("fast", "balanced", "thorough")
VERIFY = ("off", "check", "fix")
SAFE_CELLS = 10
"""With more mosaic cells than this, a face can be recognized again."""


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


def _zones(value: str | Sequence[Any] | None) -> tuple[Zone, ...]:
    """One zone as text, several of them, or none."""
    return (zone(value),) if isinstance(value, str) else tuple(zone(one) for one in value or ())


_READERS: Mapping[str, Callable[[Any], Path | Fraction | tuple[Zone, ...]]] = {
    "image": Path,
    "plan": Path,
    "start": seconds,
    "end": seconds,
    "fps": frame_rate,
    "keep_zone": _zones,
    "only_zone": _zones,
}
"""What makes the exact value of an option of whatever is given for it."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a file is anonymized. Wrong values are refused when the record is made.

    Files may be given as text, times and rates as numbers or text (see `seconds` and `frame_rate`).
    """

    hide: str = "faces"
    """What is hidden, separated by commas."""
    method: str = "mosaic"
    """What takes its place: one method, or one per label as 'face=mosaic,plate=fill'."""
    shape: Literal["oval", "box"] = "oval"
    grow: float = 0.3
    """Share of the found box's width and height that is added on each side, 0..5."""
    cells: int = 4
    """Mosaic cells across and down, over the whole of what is hidden, 1..64."""
    colour: str = "000000"
    """Of `fill`, red, green and blue in hexadecimal."""
    image: Path | None = None
    """The picture that `image` puts over faces."""
    conf: float = 0.2
    """Least score of a detection, in (0, 1): lower hides more."""
    quality: Literal["fast", "balanced", "thorough"] = "balanced"
    """How closely is looked: faster, or surer."""
    min_face: int | None = None
    """Pixels of the frame: the longer side of the smallest face that is to be found, 6..1000; None by `quality`."""
    keep_zone: tuple[Zone, ...] = ()
    """What lies wholly inside one of these stays visible (see `zone` for how they may be given)."""
    only_zone: tuple[Zone, ...] = ()
    """Only what touches one of these is hidden, where there are any."""
    min_size: float | None = None
    """Pixels of the frame: what is found smaller, by its longer side, stays visible."""
    audio: Literal["drop", "keep"] = "drop"
    start: Fraction | None = None
    """Seconds; what lies before is left out."""
    end: Fraction | None = None
    """Seconds; what lies at or after it is left out."""
    max_res: int | None = None
    """Pixels that the longest side of the output may have."""
    fps: Fraction | None = None
    """Frames per second of the output, at most."""
    encoder: str | None = None
    crf: float | None = None
    """Constant quality of the encoder; 0 is lossless."""
    preset: str | None = None
    seed: int | None = None
    """Whatever is random is drawn from it; None takes it from the input's own bytes."""
    salvage: bool = False
    """Write what can be decoded of a damaged input, instead of stopping."""
    force: bool = False
    """Replace an existing output."""
    plan: Path | None = None
    """Write down here what was hidden where."""
    verify: Literal["off", "check", "fix"] = "off"
    """Look at the output with another model before it takes its name; 'fix' hides again what is left over in it."""

    def __post_init__(self) -> None:
        self._read()
        _one_of("--shape", self.shape, SHAPES)
        _one_of("--audio", self.audio, AUDIO)
        _one_of("--verify", self.verify, VERIFY)
        _number("--grow", self.grow, "a share from 0 to 5", lambda grow: 0 <= grow <= 5)
        _number("--cells", self.cells, "a whole number from 1 to 64", lambda cells: 1 <= cells <= 64, Integral)
        _number("--conf", self.conf, "a score between 0 and 1", lambda conf: 0 < conf < 1)
        _one_of("--quality", self.quality, QUALITIES)
        if self.min_face is not None:
            _number("--min-face", self.min_face, "from 6 to 1000 pixels", lambda side: 6 <= side <= 1000, Integral)
        if self.min_size is not None:
            _number("--min-size", self.min_size, "a number of pixels above 0", lambda side: 0 < side < math.inf)
        for name in ("force", "salvage"):
            if not isinstance(getattr(self, name), bool):
                raise OptionError(f"--{name} is true or false, got {getattr(self, name)!r}")
        if self.max_res is not None:
            _number("--max-res", self.max_res, "a number of pixels from 16 up", lambda side: side >= 16, Integral)
        if self.fps is not None:
            _number("--fps", self.fps, "a number of frames per second above 0", lambda fps: fps > 0)
        if self.crf is not None:
            _number("--crf", self.crf, "a number from 0 (lossless) up", lambda crf: 0 <= crf < math.inf)
        if self.seed is not None:
            _number("--seed", self.seed, "a whole number from 0 up", lambda seed: 0 <= seed < 2**63, Integral)
        for name, time in (("--start", self.start), ("--end", self.end)):
            if time is not None and time < 0:
                raise OptionError(f"{name} is a time from 0 up, got {float(time):g} s")
        if self.end is not None and self.end <= (self.start or 0):
            raise OptionError(f"--end {float(self.end):g} s must come after --start {float(self.start or 0):g} s")
        if "image" in self.methods().values() and self.image is None:
            raise OptionError("--method image needs the picture to put over faces; give it with --image FILE")
        if self.image is not None and not self.image.is_file():
            raise OptionError(f"--image {self.image} is not a file that exists; check the name")
        self.fill_colour()

    def _read(self) -> None:
        """Make paths, zones and exact fractions of what was given."""
        for name in ("hide", "method", "colour", "encoder", "preset"):
            if not isinstance(getattr(self, name), str | None):
                raise OptionError(f"--{name} is text, got {getattr(self, name)!r}")
        for name, read in _READERS.items():
            given = getattr(self, name)
            if given is None and not name.endswith("_zone"):
                continue
            try:
                object.__setattr__(self, name, read(given))
            except (TypeError, ValueError) as error:
                raise OptionError(f"--{name.replace('_', '-')}: {error}") from None

    @staticmethod
    def names() -> tuple[str, ...]:
        """The names of all options."""
        return tuple(field.name for field in fields(Options))

    def changed(self) -> dict[str, str]:
        """The options that differ from their defaults, as text; files by their names alone."""
        mine = {field.name: getattr(self, field.name) for field in fields(self)}
        changed = {name: value for name, value in mine.items() if value != getattr(DEFAULTS, name)}
        return {name: value.name if isinstance(value, Path) else str(value) for name, value in changed.items()}

    def labels(self) -> tuple[str, ...]:
        """The labels that are hidden: 'face', …"""
        names = [name.strip() for name in self.hide.split(",")]
        for name in names:
            _one_of("--hide", name, tuple(TARGETS))
        return tuple(dict.fromkeys(TARGETS[name] for name in names))

    def methods(self, labels: Sequence[str] = ()) -> Mapping[str, str]:
        """The method of each label that is hidden, and of `labels` that a plan speaks of besides."""
        chosen = dict.fromkeys((*self.labels(), *labels), "mosaic")
        for part in self.method.split(","):
            label, named, method = part.strip().rpartition("=")
            if named:
                _one_of("--method", label, tuple(chosen))
            _one_of("--method", method, METHODS)
            chosen |= {label: method} if named else dict.fromkeys(chosen, method)
        return chosen

    def outlined(self) -> tuple[str, ...]:
        """The labels that are only outlined, and so stay visible."""
        return tuple(label for label, method in self.methods().items() if method == "outline")

    def warnings(self) -> tuple[str, ...]:
        """What about these options may leave somebody recognizable, one line each."""
        methods = set(self.methods().values())
        lines = []
        if self.outlined():
            lines.append(f"NOTHING IS HIDDEN: outline only draws boxes around {', '.join(self.outlined())}s")
        if "blur" in methods:
            lines.append("a blur can be undone in part; fill, noise and image leave nothing")
        if "mosaic" in methods and self.cells > SAFE_CELLS:
            lines.append(
                f"a mosaic of {self.cells} cells can leave a face recognizable; {DEFAULTS.cells} is the default"
            )
        if self.only_zone:
            lines.append("NOT EVERYONE IS HIDDEN: only who touches an --only-zone is")
        if self.keep_zone:
            lines.append("NOT EVERYONE IS HIDDEN: who is wholly inside a --keep-zone stays visible")
        if self.min_size is not None:
            lines.append(f"NOT EVERYONE IS HIDDEN: who is found smaller than {self.min_size:g} pixels stays visible")
        return tuple(lines)

    def fill_colour(self) -> tuple[int, int, int]:
        """Red, green and blue of `fill`, 0..255."""
        digits = self.colour.removeprefix("#")
        try:
            red, green, blue = bytes.fromhex(digits)
        except ValueError:
            raise OptionError(f"--colour wants six hexadecimal digits like ff8800, got {self.colour!r}") from None
        return red, green, blue


def _one_of(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise OptionError(f"{option} {value!r} is not known; choose from {', '.join(choices)}")


def _number(option: str, value: Any, wanted: str, fits: Callable[[Any], bool], kind: type = Real) -> None:
    if isinstance(value, bool) or not (isinstance(value, kind) and fits(value)):
        raise OptionError(f"{option} is {wanted}, got {value}")


DEFAULTS = Options()
