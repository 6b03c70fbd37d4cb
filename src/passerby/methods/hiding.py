"""Who is hidden, and how: the stages that options stand for."""

from __future__ import annotations

from collections.abc import Sequence

from passerby.core.plan import Decision
from passerby.core.stages import Anonymizer
from passerby.mask.shapes import HeadOval, Polygon, Rectangle, Shape, Silhouette, WholeHead
from passerby.media.stills import picture
from passerby.methods import clothing, generating
from passerby.paint.effects import Blur, Fill, Image, Mosaic, Noise, Outline
from passerby.paint.plates import Plate
from passerby.paint.several import ByLabel, ByMethod
from passerby.plan import policy
from passerby.settings import Options


def effect(options: Options, labels: Sequence[str] = (), methods: Sequence[str] = ()) -> Anonymizer:
    """What takes the place of each label that is hidden, and of `labels` besides; regions may choose of `methods`.

    Raises:
        OptionError: something is chosen for a class that is not hidden, or for generators that draw none of these.
    """
    options.check_classes(labels)
    generating.check(options, labels)
    by_label = ByLabel({label: _effect(method, options) for label, method in options.methods(labels).items()})
    plain = ByMethod(by_label, {method: _effect(method, options) for method in methods}) if methods else by_label
    return generating.effect(options, plain, labels)


def shapes(options: Options, labels: Sequence[str] = ()) -> dict[str, Shape]:
    """What hides each label."""
    kinds, growths = options.shapes(labels), options.growths(labels)
    return {
        label: _shape(method, kinds[label], growths[label], options)
        for label, method in options.methods(labels).items()
    }


def rules(options: Options) -> tuple[Decision, ...]:
    """Who is hidden by rule."""
    return policy.decisions(only_zones=options.only_zone, keep_zones=options.keep_zone, min_size=options.min_size)


def _effect(method: str, options: Options) -> Anonymizer:
    match method:
        case "mosaic":
            return Mosaic(cells=options.cells)
        case "fill":
            return Fill(colour=options.fill_colour())
        case "blur":
            return Blur()
        case "noise":
            return Noise()
        case "image":
            assert options.image is not None
            return Image(picture(options.image))
        case "outline":
            return Outline()
        case "recolour":
            return clothing.recoloured(clothing.parser(options.parser), options.style, Mosaic(cells=options.cells))
        case "synthetic" | "blank":
            return Plate(blank=method == "blank")
        case _:
            return Mosaic(cells=options.cells)  # of what a generator does not draw


def _shape(method: str, kind: str, grow: float, options: Options) -> Shape:
    if method == "outline":
        return Rectangle(grow=0.5, feather=0)  # room for the writing
    pad, feather = options.pad, options.feather
    match kind:
        case "oval":
            return HeadOval(grow=grow, pad_px=pad, feather_px=feather)
        case "head":
            return WholeHead(grow=grow, pad_px=pad, feather_px=feather)
        case "box":
            return Rectangle(grow=grow, pad_px=pad, feather_px=feather)
        case "polygon":
            return Polygon(grow=grow, pad_px=pad, feather_px=feather)
        case _:
            return Silhouette(grow=grow, pad_px=pad, feather_px=feather)
