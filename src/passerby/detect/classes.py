"""What a model's classes are called, and which of them count."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError, StageError, WeightsError

COCO = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light"),
    *("fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow"),
    *("elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee"),
    *("skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard"),
    *("tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple"),
    *("sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch"),
    *("potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone"),
    *("microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear"),
    *("hair drier", "toothbrush"),
)
"""The 80 classes of COCO, in the order in which most models number them from 0."""
LEFT_OUT = (0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
"""Numbers that no class has where models count as COCO's own files do: 1 is a person, 90 a toothbrush."""
COCO_NUMBERS = dict(zip((i for i in range(91) if i not in LEFT_OUT), COCO, strict=True))
"""COCO's own numbers, of models with 91 classes."""

STREET = {name: name for name in ("person", "bicycle", "car", "motorcycle", "bus", "truck")}
"""Persons and what drives on streets, each under its own name."""
VEHICLES = dict.fromkeys(("bicycle", "car", "motorcycle", "bus", "truck"), "vehicle")
"""All that drives on streets under one name: a track then goes on when a car looks like a truck for a while."""
PERSONS = {"person": "person"}

Labels = NDArray[np.str_]
"""(C,) what each class of a model is called here, '' for those that do not count."""


def names_of(metadata: Mapping[str, str], names: Sequence[str] | None, count: int | None) -> Mapping[int, str]:
    """What the model calls its classes, by number.

    What the caller says counts before what the file says (`names` in its metadata, as ultralytics writes it), and
    that before COCO, for a model with as many classes, or of which `count` is unknown.

    Raises:
        WeightsError: the metadata cannot be read.
        OptionError: nobody says, or the names are not `count`.
    """
    if names is not None:
        known: Mapping[int, str] = dict(enumerate(names))
    elif "names" in metadata:
        known = _written(metadata["names"])
    elif count == 91:
        return COCO_NUMBERS
    elif count in (len(COCO), None):
        known = dict(enumerate(COCO))
    else:
        raise OptionError(f"the model has {count} classes and does not say which; give their names, in its order")
    if count is not None and max(known, default=0) >= count:
        raise OptionError(f"there are {len(known)} names for {count} classes; give one name for each, in its order")
    return known


def _written(text: str) -> Mapping[int, str]:
    """`{0: 'person', …}` or `['person', …]` as a mapping."""
    try:
        value = ast.literal_eval(text)
        return {int(k): str(v) for k, v in (value.items() if isinstance(value, dict) else enumerate(value))}
    except (ValueError, SyntaxError, TypeError) as error:
        raise WeightsError(f"the model's metadata names no classes but {text[:60]!r}; give their names") from error


def chosen(names: Mapping[int, str], classes: Mapping[str, str] | None) -> Labels:
    """What each class is called here.

    `classes` gives the model's name and ours of all that count; None is `STREET`, as far as the model knows it.

    Raises:
        OptionError: the model does not know a class that is asked for.
    """
    known = set(names.values())
    wanted = classes if classes is not None else {name: label for name, label in STREET.items() if name in known}
    missing = sorted(set(wanted) - known)
    if missing or not wanted:
        some = ", ".join(list(names.values())[:8])
        raise OptionError(f"the model knows no {', '.join(missing) or 'person and no vehicle'}; choose among {some}, …")
    labels = [""] * (max(names) + 1)
    for number, name in names.items():
        labels[number] = wanted.get(name, "")
    return np.array(labels)


def standing_for(labels: Sequence[str], known: Mapping[int, str]) -> dict[str, str]:
    """The model's name of each class that is one of `labels`, and that label; as `chosen` takes them.

    A label without a class stands for itself, so that `chosen` refuses it.
    """
    wanted: dict[str, str] = {}
    for label in labels:
        usual = {"person": PERSONS, "vehicle": VEHICLES}.get(label, {})
        names = [name for name in known.values() if name in usual or label in name.lower()]
        wanted |= dict.fromkeys(names or [label], label)
    return wanted


def called(labels: Labels, numbers: NDArray[np.intp]) -> Labels:
    """The label of each of `numbers` (N,).

    Raises:
        StageError: a class has a number that no name is known for.
    """
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(labels):
        raise StageError(f"the model speaks of a class {numbers.max()}, and {len(labels)} are known; give their names")
    return labels[numbers]
