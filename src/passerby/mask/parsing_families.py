"""The families of human parsing models: what their classes are, and how each is shown a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from passerby.core.parsing import GROUPS, Group

Part = Group | Literal["background", "skin", "hair"]
PARTS: Sequence[Part] = ("background", "skin", "hair", *GROUPS)
"""What passerby makes of any model's classes. Of these only garments are ever painted."""

_NAMES: Mapping[Part, str] = {
    "background": "background",
    "skin": "face body-skin face-skin arms hands legs feet torso left-leg right-leg left-arm right-arm "
    "sunglasses glasses jewelry",
    "hair": "hair",
    "upper": "upper-clothes coat top upper",
    "lower": "skirt pants lower",
    "whole": "dress jumpsuits full clothes",
    "shoes": "left-shoe right-shoe",
    "headwear": "hat",
    "bag": "bag",
    "accessory": "belt scarf glove socks others",
}
PART_OF: Mapping[str, Part] = {name: part for part, names in _NAMES.items() for name in names.split()}
"""By a class's name. Glasses and jewelry lie on skin, and are left as they are for its sake. A coat may be a jacket."""

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation of the colours that most networks are trained on, red, green and blue in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Family:
    """Models that are shown a person in the same way, and whose classes have the same names."""

    name: str
    classes: tuple[str, ...]
    size: tuple[int, int]
    """(width, height) of the picture, where the file leaves it open."""
    colours: tuple[tuple[float, ...], tuple[float, ...]] = _IMAGENET
    """Mean and deviation, red, green and blue in [0, 1]."""
    bgr: bool = False
    """The network takes blue first."""
    square: bool = False
    """The picture keeps its proportions, with black around it; else it is stretched."""
    corners: bool = False
    """The answer's outer pixels lie in the picture's corners, as PyTorch's `align_corners` has it."""
    output: int = 0
    """Which of the outputs with as many channels as there are classes counts: the last (-1) or the first."""
    bodily: Mapping[str, Part] | None = None
    """For classes that are parts of the body, bare or not: what they would be dressed."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """What each class is."""
        return tuple((self.bodily or PART_OF)[name] for name in self.classes)


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(word for line in lines for word in line.split())


ATR = _words(
    "background hat hair sunglasses upper-clothes skirt pants dress belt left-shoe right-shoe face left-leg right-leg",
    "left-arm right-arm bag scarf",
)
LIP = _words(
    "background hat hair glove sunglasses upper-clothes dress coat socks pants jumpsuits scarf skirt face left-arm",
    "right-arm left-leg right-leg left-shoe right-shoe",
)
PASCAL = _words("background head torso upper-arms lower-arms upper-legs lower-legs")
FASHN = _words(
    "background face hair top dress skirt pants belt bag hat scarf glasses arms hands legs feet torso jewelry"
)
SELFIE = _words("background hair body-skin face-skin clothes others")
CLOTH = _words("background upper lower full")

_BODILY: Mapping[str, Part] = {
    "background": "background",
    "head": "hair",
    **dict.fromkeys(("torso", "upper-arms", "lower-arms"), "upper"),
    **dict.fromkeys(("upper-legs", "lower-legs"), "lower"),
}
_PLAIN = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
_HALVES = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def _schp(data: str, classes: tuple[str, ...], side: int, bodily: Mapping[str, Part] | None = None) -> Family:
    """Of Self-Correction Human Parsing, whose extractor reads pictures blue first and keeps their proportions."""
    return Family(f"schp-{data}", classes, (side, side), bgr=True, square=True, corners=True, output=-1, bodily=bodily)


_FAMILIES = (
    Family("segformer", ATR, (512, 512)),
    Family("fashn", FASHN, (384, 576)),
    _schp("atr", ATR, 512),
    _schp("lip", LIP, 473),
    _schp("pascal", PASCAL, 512, _BODILY),
    Family("selfie-multiclass", SELFIE, (256, 256), _PLAIN),
    Family("u2net-cloth", CLOTH, (768, 768), _HALVES),
)
FAMILIES: Mapping[str, Family] = {family.name: family for family in _FAMILIES}
"""By name, as in `schp-lip:FILE.onnx`."""


def of_names(names: Sequence[str]) -> Family | None:
    """The family whose classes have these `names`, as they are written in a file; None where there is none."""
    plain = tuple("-".join(name.lower().replace("_", " ").replace("-", " ").split()) for name in names)
    return next((family for family in _FAMILIES if family.classes == plain), None)


def of_shape(classes: int | None, size: tuple[int, int] | None, *, hugging: bool, edges: bool) -> Family | None:
    """The family of a file that names no classes; None where several have this shape, or none.

    Args:
        classes: how many there are.
        size: (width, height) of the picture, None where the file leaves it open.
        hugging: inputs and outputs are called as Hugging Face's exports call them.
        edges: there is an output of two channels besides, as only SCHP has it, for outlines.
    """
    if classes == len(ATR):
        if edges or (size == FAMILIES["schp-atr"].size and not hugging):
            return FAMILIES["schp-atr"]
        # Eighteen classes of two kinds. Taking one for the other would paint faces.
        return next((FAMILIES[name] for name in ("segformer", "fashn") if size == FAMILIES[name].size), None)
    alone = {
        len(LIP): "schp-lip",
        len(PASCAL): "schp-pascal",
        len(SELFIE): "selfie-multiclass",
        len(CLOTH): "u2net-cloth",
    }
    return FAMILIES[alone[classes]] if classes in alone else None
