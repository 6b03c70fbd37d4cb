"""What may be chosen: the names that options take, and the defaults of some."""

from __future__ import annotations

from collections.abc import Mapping

TARGETS: Mapping[str, str] = {
    "faces": "face",
    "heads": "head",
    "persons": "person",
    "plates": "plate",
    "vehicles": "vehicle",
    "text": "text",
    "clothes": "clothes",
}
"""What can be hidden, as users name it, and the label that detectors give it."""
NAMES = {label: name for name, label in TARGETS.items()}
"""The name of each label for several of its things."""
CLASSES = {**TARGETS, **{label: label for label in TARGETS.values()}}
"""The names that a class may have where it gets a value of its own, and its label."""
PARTS = ("face", "person")
"""What heads are made out of, unless a model for heads is chosen."""

WORN = "clothes"
"""The label of what persons wear; boxes of it are those of the persons."""
DEFAULT_METHOD, RECOLOUR, REDRESS = "mosaic", "recolour", "redress"
PLATE_METHODS = ("synthetic", "blank")
"""Of plates alone: drawn plates, with a number that nobody has and without one."""
METHODS = ("mosaic", "fill", "blur", "noise", "image", "outline", RECOLOUR, *PLATE_METHODS)
HIDING = tuple(method for method in METHODS if method not in ("outline", RECOLOUR, *PLATE_METHODS))
"""The methods that leave nothing visible, or little, of whatever it is."""
SHAPES = ("oval", "head", "box", "polygon", "silhouette")
FACE_SHAPES = ("oval", "head")
"""Other classes than faces are hidden as boxes instead, unless they are named."""
OUTLINED = ("polygon", "silhouette")
"""The shapes that need to know the pixels of things; the others are made of their boxes."""
STYLES = ("random", "formal", "sport", "casual")
AUDIO = ("drop", "keep")
SEAMS = ("soft", "original")
MARKS = ("auto", "tag", "c2pa", "none")
"""How output says that generators drew in it."""
LABEL = "AI-modified"
"""What the visible label says, unless it is told."""
QUALITIES = ("fast", "balanced", "thorough")
DEFAULT_GROW, DEFAULT_CONF = 0.3, 0.2
DEFAULT_READ_CONF = 0.5
"""Of what is found by its letters: the mean share of letters in a line, and no certainty."""
VERIFY = ("off", "check", "fix")
