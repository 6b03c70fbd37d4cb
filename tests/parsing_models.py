"""Small parsing models that know drawn persons by their colours, in the layouts of those that are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from drawn_dressed import MONK, Colour, Person
from onnx_models import TensorProto, helper, numpy_helper, save

from passerby.mask.parsing_families import Family

BACKGROUND = (150, 158, 150)
PERSON = Person(
    tone=MONK[4], hair=(52, 34, 22), upper=(30, 80, 200), lower=(20, 140, 60), shoes=(140, 20, 140),
    hat=(240, 40, 40), bag=(220, 190, 20),
)  # fmt: skip
"""Somebody whose every part has a colour of its own."""

_SKIN, _UPPER, _LOWER, _SHOES = PERSON.tone, PERSON.upper, PERSON.lower, PERSON.shoes
COLOURS: Mapping[str, Colour] = {
    "background": BACKGROUND,
    "hat": (240, 40, 40),
    "hair": PERSON.hair,
    **dict.fromkeys(("face", "body-skin"), _SKIN),
    **dict.fromkeys(("upper-clothes", "top", "upper"), _UPPER),
    **dict.fromkeys(("pants", "lower", "upper-legs"), _LOWER),
    "left-shoe": _SHOES,
    "bag": (220, 190, 20),
}
"""What the models take for what, by the names of their classes."""


IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
WANTED = {
    "segformer": (IMAGENET, "rgb", (512, 512)),
    "fashn": (IMAGENET, "rgb", (384, 576)),
    "schp-atr": (IMAGENET, "bgr", (512, 512)),
    "schp-lip": (IMAGENET, "bgr", (473, 473)),
    "schp-pascal": (IMAGENET, "bgr", (512, 512)),
    "selfie-multiclass": (((0, 0, 0), (1, 1, 1)), "rgb", (256, 256)),
    "u2net-cloth": (((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)), "rgb", (768, 768)),
}
"""As published: mean and deviation of red, green and blue, their order, and the picture's (width, height)."""


def parsing_model(
    path: Path,
    family: Family,
    colours: Mapping[str, Colour] = COLOURS,
    *,
    outputs: Sequence[str] = ("logits",),
    right: int = 0,
    quarter: bool = True,
    last: bool = False,
    fixed: bool = True,
    picture: str = "pixel_values",
    metadata: Mapping[str, str] | None = None,
    shares: bool = False,
) -> Path:
    """A model of a `family`. Of its `outputs` the one at `right` is the answer; one called 'edge' has two channels.

    `quarter` gives every fourth pixel only; `last` puts channels last, in and out; `fixed` declares one size and one
    picture at a time; `shares` gives them instead of logits.
    """
    count = len(family.classes)
    nodes, held, declared = [], [], []

    def constant(name: str, value: Any) -> str:
        held.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def node(kind: str, inputs: list[str], output: str, **options: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **options))
        return output

    seen = node("Transpose", [picture], "seen", perm=[0, 3, 1, 2]) if last else picture
    weights, bias = _nearest(family, colours)
    answer = node("Conv", [seen, constant("weights", weights), constant("bias", bias)], "by_colour")
    if quarter:
        answer = node("MaxPool", [answer], "small", kernel_shape=[1, 1], strides=[4, 4])
    if shares:
        answer = node("Softmax", [answer], "shares", axis=1)
    nothing = node("Mul", [answer, constant("zero", 0)], "nothing")
    width, height = WANTED[family.name][2]
    step = 4 if quarter else 1
    for i, name in enumerate(outputs):
        channels = 2 if name == "edge" else count
        given = answer if i == right else nothing
        if name == "edge":
            ends = [numpy_helper.from_array(np.array([value], np.int64), f"end_{value}") for value in (0, 1, 2)]
            held.extend(ends)
            given = node("Slice", [nothing, "end_0", "end_2", "end_1"], "two")
        if last:
            node("Transpose", [given], name, perm=[0, 2, 3, 1])
        else:
            node("Identity", [given], name)
        sides = [-(-height // step), -(-width // step)] if fixed else [f"h{i}", f"w{i}"]
        shape = [1 if fixed else "n", *([*sides, channels] if last else [channels, *sides])]
        declared.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    sides = [height, width] if fixed else ["height", "width"]
    shape = [1 if fixed else "n", *([*sides, 3] if last else [3, *sides])]
    inputs = [helper.make_tensor_value_info(picture, TensorProto.FLOAT, shape)]
    return save(path, nodes, inputs, declared, held, metadata)


def _nearest(family: Family, colours: Mapping[str, Colour]) -> tuple[Any, Any]:
    """A convolution whose largest channel is the class of the nearest colour, for pictures as they are `WANTED`."""
    (middle, deviation), order, _ = WANTED[family.name]
    mean, spread = np.array(middle), np.array(deviation)
    weights, bias = np.zeros((len(family.classes), 3)), np.full(len(family.classes), -1e4)
    for i, name in enumerate(family.classes):
        if name in colours:
            colour = np.array(colours[name]) / 255
            weights[i] = 400 * 2 * colour * spread
            bias[i] = 400 * (2 * colour @ mean - colour @ colour)
    if order == "bgr":
        weights = weights[:, ::-1]
    return weights[:, :, None, None], bias
