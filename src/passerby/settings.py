"""Every option of a run, once: the command line and Python share these names and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Literal

from passerby.core.errors import OptionError

TARGETS: Mapping[str, str] = {"faces": "face"}
"""What can be hidden, as users name it, and the label that detectors give it."""

METHODS = ("mosaic", "fill", "blur", "noise", "image", "outline")
SHAPES = ("oval", "box")
AUDIO = ("drop", "keep")


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a file is anonymized. Wrong values are refused when the record is made."""

    hide: str = "faces"
    """What is hidden, separated by commas."""
    method: str = "mosaic"
    """What takes its place: one method, or one per label as 'face=mosaic,plate=fill'."""
    shape: Literal["oval", "box"] = "oval"
    grow: float = 0.3
    """Share of the found box's width and height that is added on each side."""
    cells: int = 4
    """Mosaic cells across and down, over the whole of what is hidden."""
    colour: str = "000000"
    """Of `fill`, red, green and blue in hexadecimal."""
    image: Path | None = None
    """The picture that `image` puts over faces."""
    conf: float = 0.2
    """Least score of a detection, in (0, 1): lower hides more."""
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

    def __post_init__(self) -> None:
        _one_of("--shape", self.shape, SHAPES)
        _one_of("--audio", self.audio, AUDIO)
        if not 0 < self.conf < 1:
            raise OptionError(f"--conf is a score between 0 and 1, got {self.conf}")
        if self.max_res is not None and self.max_res < 16:
            raise OptionError(f"--max-res is a number of pixels from 16 up, got {self.max_res}")
        if self.fps is not None and self.fps <= 0:
            raise OptionError(f"--fps is a number of frames per second above 0, got {self.fps}")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise OptionError(f"--seed is a whole number from 0 up, got {self.seed}")
        for name, time in (("--start", self.start), ("--end", self.end)):
            if time is not None and time < 0:
                raise OptionError(f"{name} is a time from 0 up, got {float(time):g} s")
        if self.end is not None and self.end <= (self.start or 0):
            raise OptionError(f"--end {float(self.end):g} s must come after --start {float(self.start or 0):g} s")
        methods = set(self.methods().values())
        if "image" in methods and self.image is None:
            raise OptionError("--method image needs the picture to put over faces; give it with --image FILE")
        self.fill_colour()

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

    def methods(self) -> Mapping[str, str]:
        """The method of each label that is hidden."""
        chosen = dict.fromkeys(self.labels(), "mosaic")
        for part in self.method.split(","):
            label, named, method = part.strip().rpartition("=")
            if named:
                _one_of("--method", label, tuple(chosen))
            _one_of("--method", method, METHODS)
            chosen |= {label: method} if named else dict.fromkeys(chosen, method)
        return chosen

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


DEFAULTS = Options()
