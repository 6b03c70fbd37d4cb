"""What is left of the picture at a glance: of what it shows, inside and outside of what is hidden."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from passerby.evaluate.findings import Grid
from passerby.evaluate.statistics import Figure
from passerby.evaluate.watchers import FACE, PERSON, VEHICLE

PLATE = "plate"
CLASSES = {FACE: "Faces", PERSON: "Persons", VEHICLE: "Vehicles", PLATE: "Number plates"}
"""In the order of the rows. A person is seen with their face, so both count the same pixels."""
COLUMNS = ("All of it", "Inside of what is hidden", "Outside of what is hidden")
_WHERE = (
    "Inside of what is hidden little should be left; outside, what is lost the tool spoiled. "
    "Boxes hold what is around somebody as well, and persons their faces."
)
_KINDS = (
    ("part hidden", "How much is hidden", "The share of its pixels that the mask covers, all frames together."),
    (
        "SSIM",
        "Likeness of structure (SSIM)",
        f"1 is the same picture, near 0 nothing is as it was. {_WHERE} Where a part is narrow, what is beside it "
        "counts too.",
    ),
    (
        "PSNR, pooled",
        "Likeness of every pixel (PSNR)",
        f"In decibels, the higher the more alike; 10 less stand for ten times the squared error. {_WHERE}",
    ),
    ("LPIPS", "Difference as people see it (LPIPS)", f"0 is the same picture, and the more, the less alike. {_WHERE}"),
)


def grids(figures: Collection[Figure], looked_for: Collection[str]) -> tuple[Grid, ...]:
    """A grid for each metric that was measured; `looked_for` are the classes that somebody looked for or told of."""
    return tuple(_grids({figure.name for figure in figures if figure.value is not None}, looked_for))


def _grids(measured: Collection[str], looked_for: Collection[str]) -> Iterator[Grid]:
    rows = {"": "Whole frame"} | {label: said for label, said in CLASSES.items() if label in looked_for}
    for kind, title, explained in _KINDS:
        if kind not in measured:
            continue
        sides = ("",) if kind == "part hidden" else ("", "inside", "outside")
        yield Grid(
            title=title,
            explained=explained,
            columns=COLUMNS[: len(sides)],
            rows=tuple(
                (said, tuple(", ".join(part for part in (kind, label, side) if part) for side in sides))
                for label, said in rows.items()
            ),
        )
