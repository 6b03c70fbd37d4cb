"""Which generator draws what is hidden: the original's anonymizers by name, and one's own as a small file.

    surfaces = "cse.onnx"           # what tells the surfaces of bodies; pose = "pose.onnx" tells keypoints

    [[draw]]
    what = "person"
    generator = "styleganL"         # those whose surface is known

    [[draw]]
    what = "person"
    generator = "styleganL_nocse"   # all others
    file = "mine.ckpt"              # instead of the published weights

Of the entries for a label, the first whose generator can draw somebody does. Files are beside the one that names them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from passerby.core.errors import OptionError

PREFIX = "gan:"
"""How methods begin that name a combination."""
LABELS = ("face", "head", "person")
"""What generators can be asked to draw."""
TOLD: Mapping[str, str] = {
    "stylegan_fdf128": "",
    "stylegan": "",
    "deep_privacy1": "pose",
    "styleganL_nocse": "",
    "styleganL": "surfaces",
    "triagan_L_im288": "pose",
}
"""The generators, and what each has to be told of somebody besides where they are."""
OF_FACES = frozenset({"stylegan_fdf128", "stylegan", "deep_privacy1"})
"""Those that were made for faces (FDF); all others are for persons (FDH)."""
TELLERS = ("pose", "surfaces")
FILES = (*TOLD, *TELLERS)
"""What may have a file of one's own."""
ALIASES = {"FB_triagan": "triagan_L_im288", "L_im288": "triagan_L_im288"}
"""Other names that the original's configurations have for generators."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One kind of thing, and who draws it."""

    what: str
    """One of `LABELS`."""
    generator: str
    """One of `TOLD`."""
    file: Path | None = None
    """A checkpoint of one's own; None is the published one, which is looked for in the folders for models."""
    size: Any = None
    """Of a network of one's own, under the names of its record in `published`; None is the published one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """Who draws what, and with which files."""

    name: str
    draws: tuple[Draw, ...]
    """In the order in which they are asked."""
    tellers: Mapping[str, Path] = field(default_factory=dict)
    """Models that tell generators how somebody stands, of `TELLERS`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What it draws."""
        return tuple(dict.fromkeys(draw.what for draw in self.draws))

    def with_files(self, files: Mapping[str, Path]) -> Combination:
        """The same with files of `FILES` in place of those that it names."""
        draws = tuple(replace(draw, file=files.get(draw.generator, draw.file)) for draw in self.draws)
        tellers = {**self.tellers, **{name: path for name, path in files.items() if name in TELLERS}}
        return replace(self, draws=draws, tellers=tellers)

    def of(self, label: str) -> Combination:
        """Its part that draws `label`."""
        return replace(self, draws=tuple(draw for draw in self.draws if draw.what == label))

    def joined(self, other: Combination) -> Combination:
        """Both."""
        name = self.name if other.name == self.name else f"{self.name}, {other.name}"
        return Combination(name=name, draws=self.draws + other.draws, tellers={**other.tellers, **self.tellers})

    def with_generator(self, told: str, generator: str) -> Combination:
        """The same with another generator for persons: in place of those that are told surfaces, or of all others.

        One that draws persons here already keeps its file and its size.

        Raises:
            OptionError: there is no such generator, or it draws faces, or there is nothing in whose place it could be.
        """
        replaced = [draw for draw in self.draws if draw.what == "person" and (TOLD[draw.generator] == told)]
        name = known(generator)
        mine = next((draw for draw in self.draws if draw.what == "person" and draw.generator == name), None)
        if mine is None and name in OF_FACES:
            able = ", ".join(one for one in TOLD if one not in OF_FACES)
            raise OptionError(f"{generator} draws faces, and a generator of persons is wanted; there is {able}")
        draws = tuple((mine or Draw("person", name)) if draw in replaced else draw for draw in self.draws)
        if not replaced:
            kind = "persons whose surfaces are known" if told else "persons without surfaces"
            raise OptionError(f"{self.name} draws no {kind}, so there is nothing for {generator} to take the place of")
        return replace(self, draws=draws)


def _combination(name: str, *draws: tuple[str, str]) -> Combination:
    return Combination(name=name, draws=tuple(Draw(what, generator) for what, generator in draws))


_CSE, _MASK, _FACE = ("person", "styleganL"), ("person", "styleganL_nocse"), ("face", "stylegan")
NAMED: Mapping[str, Combination] = {
    one.name: one
    for one in (
        _combination("face_fdf128", ("face", "stylegan_fdf128")),
        _combination("face", _FACE),
        _combination("deep_privacy1", ("face", "deep_privacy1")),
        _combination("FB_nocse", _MASK),
        _combination("FB_cse", _CSE),
        _combination("FB_cse_mask", _CSE, _MASK),
        _combination("FB_cse_mask_face", _CSE, _MASK, _FACE),
        _combination("FB_triagan", ("person", "triagan_L_im288")),
    )
}
"""The original's, by name."""


def known(generator: str) -> str:
    """The name of a generator.

    Raises:
        OptionError: there is none of that name.
    """
    name = ALIASES.get(generator, generator)
    if name not in TOLD:
        raise OptionError(f"there is no generator called {generator!r}; there is {', '.join(TOLD)}")
    return name


def combination(written: str) -> Combination:
    """The combination of a name, or in a file.

    Raises:
        OptionError: there is no such name or file, or the file says something else than who draws what.
    """
    if written in NAMED:
        return NAMED[written]
    path = Path(written)
    if path.suffix.lower() != ".toml":
        raise OptionError(f"{PREFIX}{written} is not known; choose from {', '.join(NAMED)}, or give a .toml file")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"cannot read {path}: {error}; give a combination of generators as TOML") from error
    return _read(path, text)


@lru_cache(maxsize=16)
def _read(path: Path, text: str) -> Combination:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OptionError(f"{path.name} is no TOML ({error}); see docs/generate.md") from error
    entries = table.pop("draw", None)
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise OptionError(f"{path.name} says of nothing who draws it; write [[draw]] with what and generator")
    tellers = {name: _file(path, name, table.pop(name)) for name in TELLERS if name in table}
    if table:
        raise OptionError(f"{path.name}: {', '.join(table)} is not known; there is draw, {', '.join(TELLERS)}")
    return Combination(name=path.name, draws=tuple(_draw(path, entry) for entry in entries), tellers=tellers)


def _draw(path: Path, entry: dict[str, Any]) -> Draw:
    unknown = set(entry) - {"what", "generator", "file", "size"}
    if unknown:
        raise OptionError(f"{path.name}: {', '.join(sorted(unknown))} in a [[draw]] is not known")
    if entry.get("what") not in LABELS:
        raise OptionError(f"{path.name}: what is {entry.get('what')!r}; choose from {', '.join(LABELS)}")
    if not isinstance(entry.get("generator"), str):
        raise OptionError(f"{path.name}: who draws a {entry['what']} is not said; there is {', '.join(TOLD)}")
    file = _file(path, "file", entry["file"]) if "file" in entry else None
    return Draw(entry["what"], known(entry["generator"]), file, entry.get("size"))


def _file(path: Path, name: str, given: Any) -> Path:
    if not isinstance(given, str) or not given:
        raise OptionError(f"{path.name}: {name} is the name of a file, got {given!r}")
    return path.parent / given
