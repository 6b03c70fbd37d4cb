"""Every option of a run, once: the command line and Python share these names and defaults."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from numbers import Integral
from pathlib import Path
from typing import Any, Literal

from passerby.core.errors import OptionError
from passerby.methods import clothing, generating
from passerby.methods.cautions import cautions
from passerby.options import diffusing, marked, recognizing, redressing
from passerby.options.choices import (
    AUDIO,
    CLASSES,
    DEFAULT_CONF,
    DEFAULT_GROW,
    DEFAULT_METHOD,
    DEFAULT_READ_CONF,
    FACE_SHAPES,
    METHODS,
    PLATE_METHODS,
    QUALITIES,
    SEAMS,
    SHAPES,
    STYLES,
    TARGETS,
    VERIFY,
    plural,
)
from passerby.options.diffusing import ClassText, Diffusing
from passerby.options.marked import Marking
from passerby.options.per_class import GeneratorFile, ModelChoice, PerClass, generator_files, model_choices, per_class
from passerby.options.recognizing import Recognizing
from passerby.options.redressing import Redressing
from passerby.options.values import (
    Zone,
    colour,
    frame_rate,
    growth,
    number,
    one_of,
    own_number,
    plain,
    seconds,
    switch,
    text,
    threshold,
    zones,
)
from passerby.paint.gan.combination import FILES

_READERS: Mapping[str, Callable[[Any], Any]] = {
    "grow": plain,
    "conf": plain,
    "image": Path,
    "plan": Path,
    "profile": Path,
    "start": seconds,
    "end": seconds,
    "fps": frame_rate,
    "keep_zone": zones,
    "only_zone": zones,
    "models": lambda given: model_choices(given, CLASSES),
    "generators": lambda given: generator_files(given, (*FILES, *redressing.RELIEFS)),
    **recognizing.READERS,
    **diffusing.READERS,
    **redressing.READERS,
    **marked.READERS,
}
"""What makes the exact value of an option of whatever is given for it."""
PER_CLASS: Mapping[str, tuple[Callable[[Any], Any], Any]] = {
    "method": (lambda value: generating.method(value, METHODS), DEFAULT_METHOD),
    "shape": (lambda value: one_of("--shape", value, SHAPES), "oval"),
    "grow": (growth, DEFAULT_GROW),
    "conf": (threshold, DEFAULT_CONF),
}
"""Options that may have a value for each class: what reads one, and the value where none is given."""
SEVERAL = {
    "keep_zone": "keep-zone",
    "only_zone": "only-zone",
    "models": "model",
    "generators": "generator",
    **recognizing.SEVERAL,
    **diffusing.SEVERAL,
    **redressing.SEVERAL,
}
"""Options that may be given again, and what they are called on the command line."""


@dataclass(frozen=True, kw_only=True)
class Options(Recognizing, Diffusing, Redressing, Marking):
    """How a file is anonymized. Wrong values are refused when the record is made.

    Files may be given as text, times and rates as numbers or text (see `options.values`). Of `method`, `shape`,
    `grow` and `conf` each class may have a value of its own: 'face=mosaic,plate=fill', or 'mosaic,plate=fill'. That the
    class is hidden is checked where a file is begun (`check_classes`): a plan may speak of others than `hide`.
    """

    hide: str = "faces"
    """What is hidden, separated by commas; where it is faces and clothes are to be recoloured, these as well."""
    method: str = DEFAULT_METHOD
    """What takes its place; clothes are recoloured unless another method is named for them."""
    shape: str = "oval"
    """Ovals and heads are for faces, and all else is then hidden as a box, unless it is named; polygons and silhouettes
    are for persons."""
    grow: float | str = DEFAULT_GROW
    """Share of the found box's width and height that is added on each side, 0..5; a third of it for classes that are
    not named, except faces: of these, hairline and chin are still to come."""
    pad: int = 0
    """Pixels that are added on each side besides, 0..1000."""
    feather: int | None = None
    """Pixels of the soft edge outside of what is hidden, 0..1000; None is a twentieth of its shorter side."""
    cells: int = 4
    """Mosaic cells across and down, over the whole of what is hidden, 1..64."""
    colour: str = "000000"
    """Of `fill`, red, green and blue in hexadecimal."""
    image: Path | None = None
    """The picture that `image` puts over faces."""
    style: Literal["random", "formal", "sport", "casual"] | None = None
    """Of new clothes; None is random."""
    parser: str = ""
    """The model that tells clothes, 'FILE' or 'FAMILY:FILE'; '' is by outlines and the colour of skin, roughly."""
    truncation: float | None = None
    """Of generators: how far looks may differ, from 0, one for everybody, to 1; None is by the weights."""
    multi_modal: bool = False
    """Of generators: let looks differ around many centres that the weights have, instead of one mean."""
    smooth: float = 0
    """Of generators: how much of what was shown a frame before is held on to, from 0 to 0.9, which is steadier."""
    seam: Literal["soft", "original"] = "soft"
    """Of generators: colours made to agree at the edge, or left as they were drawn."""
    generators: tuple[GeneratorFile, ...] = ()
    """Files of generators, in place of the published ones in the folders for models: 'stylegan=my.ckpt', or a mapping;
    also 'pose=my.onnx' and 'surfaces=my.onnx', which tell generators how somebody stands, and 'depth=my.onnx' and
    'normal=my.onnx', which tell a ControlNet a person's shape."""
    person_generator: str | None = None
    """The generator that draws persons whose surfaces are not known, in place of a combination's own."""
    cse_person_generator: str | None = None
    """The same for persons whose surfaces are known."""
    conf: float | str = DEFAULT_CONF
    """Least score of a detection, in (0, 1): lower hides more. Text, and plates found as such, have scores of another
    kind: theirs is 0.5, unless they are named."""
    quality: Literal["fast", "balanced", "thorough"] = "balanced"
    """How closely is looked: faster, or surer."""
    models: tuple[ModelChoice, ...] = ()
    """What finds a class, in place of the models that usually do: 'face=yunet_n_640' by a name of `passerby models
    list`, 'plate=my.onnx' by a file, 'plate=yolo:my.onnx' where the file does not tell its family; or a mapping of
    classes to one such or several. Whatever any model of a class finds counts."""
    min_face: int | None = None
    """Pixels of the frame: the longer side of the smallest face that is to be found, 6..1000; None by `quality`."""
    keep_zone: tuple[Zone, ...] = ()
    """What lies wholly inside one of these stays visible (see `options.values.zone` for how they may be given)."""
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
    profile: Path | None = None
    """Write down here what was done when, as a timeline in Chrome's trace event format."""
    verify: Literal["off", "check", "fix"] = "off"
    """Look at the output with another model before it takes its name; 'fix' hides again what is left over in it."""

    def __post_init__(self) -> None:
        self._read()
        self.methods()
        one_of("--audio", self.audio, AUDIO)
        one_of("--seam", self.seam, SEAMS)
        one_of("--verify", self.verify, VERIFY)
        if self.style is not None:
            one_of("--style", self.style, STYLES)
        for name in PER_CLASS:
            self._each(name)
        number("--pad", self.pad, "a number of pixels from 0 to 1000", lambda px: 0 <= px <= 1000, Integral)
        if self.feather is not None:
            number("--feather", self.feather, "a number of pixels from 0 to 1000", lambda px: 0 <= px <= 1000, Integral)
        number("--cells", self.cells, "a whole number from 1 to 64", lambda cells: 1 <= cells <= 64, Integral)
        one_of("--quality", self.quality, QUALITIES)
        if self.min_face is not None:
            number("--min-face", self.min_face, "from 6 to 1000 pixels", lambda side: 6 <= side <= 1000, Integral)
        if self.min_size is not None:
            number("--min-size", self.min_size, "a number of pixels above 0", lambda side: 0 < side < math.inf)
        for name in ("force", "salvage", "multi_modal"):
            switch(_written(name), getattr(self, name))
        if self.max_res is not None:
            number("--max-res", self.max_res, "a number of pixels from 16 up", lambda side: side >= 16, Integral)
        if self.fps is not None:
            number("--fps", self.fps, "a number of frames per second above 0", lambda fps: fps > 0)
        if self.crf is not None:
            number("--crf", self.crf, "a number from 0 (lossless) up", lambda crf: 0 <= crf < math.inf)
        if self.seed is not None:
            number("--seed", self.seed, "a whole number from 0 up", lambda seed: 0 <= seed < 2**63, Integral)
        for name, time in (("--start", self.start), ("--end", self.end)):
            if time is not None and time < 0:
                raise OptionError(f"{name} is a time from 0 up, got {float(time):g} s")
        if self.end is not None and self.end <= (self.start or 0):
            raise OptionError(f"--end {float(self.end):g} s must come after --start {float(self.start or 0):g} s")
        if self.image is None and "image" in self._each("method").values:
            raise OptionError("--method image needs the picture to put over faces; give it with --image FILE")
        if self.image is not None and not self.image.is_file():
            raise OptionError(f"--image {self.image} is not a file that exists; check the name")
        if self.truncation is not None:
            number("--truncation", self.truncation, "a number from 0 to 1", lambda share: 0 <= share <= 1)
        number("--smooth", self.smooth, "a number from 0 to 0.9", lambda share: 0 <= share <= 0.9)
        self.check_recognizing(self.hide, self.labels())
        self.check_diffusing()
        self.check_redressing()
        self.check_marking()
        self.fill_colour()

    def _read(self) -> None:
        """Make paths, zones, exact fractions and Python's own numbers of what was given."""
        for name in self.names():
            object.__setattr__(self, name, own_number(getattr(self, name)))
        for name in ("hide", "method", "shape", "colour", "encoder", "preset", "style", "parser"):
            if getattr(self, name) is not None:
                text(_written(name), getattr(self, name))
        for name, read in _READERS.items():
            given = getattr(self, name)
            if given is None and name not in SEVERAL:
                continue
            try:
                object.__setattr__(self, name, read(given))
            except (AttributeError, TypeError, ValueError) as error:
                raise OptionError(f"{_written(name)}: {error}") from None

    @staticmethod
    def names() -> tuple[str, ...]:
        """The names of all options; those of the parts come last."""
        of_parts = {field.name for part in (Recognizing, Diffusing, Redressing, Marking) for field in fields(part)}
        return tuple(sorted((field.name for field in fields(Options)), key=of_parts.__contains__))

    def changed(self) -> dict[str, str]:
        """The options that differ from their defaults, as text; files by their names alone."""
        mine = {field.name: getattr(self, field.name) for field in fields(self)}
        changed = {name: value for name, value in mine.items() if value != getattr(DEFAULTS, name)}
        family, _, file = self.recognizer.rpartition("=")
        changed |= {"method": generating.without_folders(self.method)} if "method" in changed else {}
        changed |= {"parser": clothing.without_folders(self.parser)} if "parser" in changed else {}
        changed |= {name: told for name, told in self.told_redressing().items() if name in changed}
        changed |= {"recognizer": f"{family}={Path(file).name}"} if family else {}
        return {name: _text(value) for name, value in changed.items()}

    def labels(self) -> tuple[str, ...]:
        """The labels that are hidden: 'face', …"""
        names = [name.strip() for name in self.hide.split(",")]
        for name in names:
            one_of("--hide", name, tuple(TARGETS))
        if self.hide == "faces" and clothing.meant(self):
            names.append("clothes")
        return tuple(dict.fromkeys(TARGETS[name] for name in names))

    def check_classes(self, labels: Sequence[str] = ()) -> None:
        """Refuse values of classes that are neither hidden nor among `labels`, those that a plan speaks of.

        Raises:
            OptionError: so it is.
        """
        for name in PER_CLASS:
            self._each(name).check(self._named(labels))

    def methods(self, labels: Sequence[str] = ()) -> Mapping[str, str]:
        """The method of each label that is hidden, and of `labels` that a plan speaks of besides."""
        chosen = self._among("method", labels)
        methods = {label: clothing.method(label, chosen) for label in (*self.labels(), *labels)}
        for label, method in methods.items():
            if method in PLATE_METHODS and label != "plate":
                raise OptionError(f"--method {method} draws number plates and no {plural(label)}; write plate={method}")
        return methods

    def shapes(self, labels: Sequence[str] = ()) -> Mapping[str, str]:
        """The shape of each label, likewise."""
        chosen = self._among("shape", labels)
        only_for_faces = chosen.others in FACE_SHAPES
        return {
            label: "box" if only_for_faces and label not in (*chosen.own, "face") else chosen.of(label)
            for label in (*self.labels(), *labels)
        }

    def growths(self, labels: Sequence[str] = ()) -> Mapping[str, float]:
        """The share of each label's box that is added on each side, likewise."""
        chosen = self._among("grow", labels)
        return {
            label: chosen.of(label) if label in (*chosen.own, "face") else chosen.others / 3
            for label in (*self.labels(), *labels)
        }

    def thresholds(self) -> Mapping[str, float]:
        """The least score of each label that is hidden."""
        chosen = self._among("conf", ())
        read = {"text"} if self.models_of("plate") else {"text", "plate"}
        return {
            label: chosen.own.get(label, DEFAULT_READ_CONF if label in read else chosen.others)
            for label in self.labels()
        }

    def models_of(self, label: str) -> tuple[str, ...]:
        """The models that are chosen to find things of a label, as they are written; none where none is chosen."""
        return tuple(choice.model for choice in self.models if choice.label == label)

    def _each(self, name: str) -> PerClass[Any]:
        """The values of an option, by the names of classes as they are written."""
        read, others = PER_CLASS[name]
        return per_class(f"--{name}", getattr(self, name), read, others)

    def _among(self, name: str, labels: Sequence[str]) -> PerClass[Any]:
        """The same by labels, of those that are hidden and of `labels`."""
        return self._each(name).among(self._named(labels))

    def _named(self, labels: Sequence[str]) -> Mapping[str, str]:
        """What may be written for each label that is hidden, and for `labels`."""
        known = (*self.labels(), *labels)
        return {name: label for name, label in CLASSES.items() if label in known} | {label: label for label in labels}

    def outlined(self, labels: Sequence[str] = ()) -> tuple[str, ...]:
        """The labels that are only outlined, and so stay visible; `labels` as in `methods`."""
        return tuple(label for label, method in self.methods(labels).items() if method == "outline")

    def warnings(self, labels: Sequence[str] = ()) -> tuple[str, ...]:
        """What about these options may leave somebody recognizable, one line each; `labels` likewise."""
        return cautions(self, labels)

    def fill_colour(self) -> tuple[int, int, int]:
        """Red, green and blue of `fill`, 0..255."""
        return colour(self.colour)


def _written(name: str) -> str:
    """An option as it is written on the command line."""
    return f"--{SEVERAL.get(name, name.replace('_', '-'))}"


def _text(value: object) -> str:
    """The value of an option; files by their names alone."""
    if isinstance(value, tuple) and value and isinstance(value[0], Path | ModelChoice | GeneratorFile | ClassText):
        return ", ".join(map(_text, value))
    return value.name if isinstance(value, Path) else str(value)


DEFAULTS = Options()
