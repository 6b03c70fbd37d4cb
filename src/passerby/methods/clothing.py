"""What the options say of clothes: whether they are hidden, and by what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passerby import weights
from passerby.core.errors import OptionError
from passerby.options.choices import DEFAULT_METHOD, RECOLOUR, REDRESS, STYLES, WORN
from passerby.options.per_class import PerClass
from passerby.options.values import one_of

if TYPE_CHECKING:
    from passerby.core.stages import Anonymizer, Parser
    from passerby.settings import Options

OUTLINES, FACES = "prisma_portrait_seg", "centerface"
"""The models by which clothes are told where no parser is chosen: a person's outline, and the skin of the own face."""


def meant(options: Options) -> bool:
    """Clothes are to be recoloured, as the method or the style says."""
    ways = [part.rpartition("=") for part in options.method.split(",")]
    named = any(name.strip() in ("", WORN) and _dresses(way.strip()) for name, _, way in ways)
    return named or options.style is not None


def method(label: str, chosen: PerClass[str]) -> str:
    """The method of a label.

    Clothes are recoloured unless another method is named, and nothing else is.

    Raises:
        OptionError: something else is to be recoloured by its name.
    """
    way = chosen.of(label)
    if label == WORN:
        return RECOLOUR if label not in chosen.own and way == DEFAULT_METHOD else way
    if _dresses(way) and label in chosen.own:
        done = "recoloured" if way == RECOLOUR else "redressed"
        raise OptionError(f"--method {label}={way}: only clothes are {done}; add --hide {WORN}")
    return DEFAULT_METHOD if _dresses(way) else way


def _dresses(method: str) -> bool:
    """Whether a method is for clothes alone."""
    return method.partition(":")[0] in (RECOLOUR, REDRESS)


def warnings(methods: Mapping[str, str], model: str) -> list[str]:
    """What is said where only clothes change, or where no parser's `model` tells them."""
    if not _dresses(methods.get(WORN, "")):
        return []
    bare = f"NOT EVERYONE IS HIDDEN: other clothes do not hide a face; add faces to --hide {WORN}"
    rough = "clothes are told roughly, by outlines and skin: some are left as they were; --parser MODEL tells them"
    faces = {"face", "head", "person"} & methods.keys()
    return ([] if faces else [bare]) + ([] if model else [rough])


def models(options: Options) -> tuple[str, ...]:
    """The models that tell clothes, by their names in the registry or by their files."""
    if not _dresses(options.methods().get(WORN, "")):
        return ()
    return (str(_file(options.parser)),) if options.parser else (OUTLINES, FACES)


def recoloured(parser: Parser, style: str | None, fallback: Anonymizer) -> Anonymizer:
    """The effect that recolours what `parser` tells; `fallback` hides of whom nobody can tell what they wear.

    Raises:
        OptionError: there is no such style.
    """
    from passerby.mask.parsing_steady import Steady
    from passerby.paint.clothes.effect import Recoloured

    named: Any = one_of("--style", style or STYLES[0], STYLES)
    return Recoloured(parser, style=named, fallback=fallback, steady=Steady())


def parser(model: str = "") -> Parser:
    """What tells clothes: a human parsing model, as 'FILE' or 'FAMILY:FILE', or passerby's own approximation.

    Raises:
        OptionError: what reads the file is not installed.
        WeightsError: a model is missing, or not what it should be.
    """
    from passerby.detect.faces import CenterFace
    from passerby.detect.portrait import Portrait
    from passerby.mask.parsing import ModelParser
    from passerby.mask.parsing_approximate import ApproximateParser
    from passerby.runtime import cards

    if model:
        return ModelParser(model, device=cards.first())
    return ApproximateParser(Portrait(weights.find(OUTLINES)), CenterFace())


def without_folders(model: str) -> str:
    """What is written for a parser, with its file by its name alone."""
    return Path(_written(model)).name


def _written(model: str) -> str:
    """A parser's file or folder as it is written behind the name of its family."""
    from passerby.mask.parsing_families import FAMILIES

    first, _, rest = model.partition(":")
    return rest if first in FAMILIES else model


def _file(model: str) -> Path:
    """The file that has a parser's weights, of a folder of such."""
    path = Path(_written(model))
    return path / "model.safetensors" if path.is_dir() else path
