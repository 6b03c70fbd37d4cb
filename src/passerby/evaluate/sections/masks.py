"""Do masks cover what a reference says?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from passerby.core.errors import InputError
from passerby.evaluate import goals, masks
from passerby.evaluate.findings import Section
from passerby.evaluate.masks import MaskedFrame
from passerby.evaluate.sections.answer import noted
from passerby.evaluate.sequences import Alignment, MaskFolder, Window, aligned, compared, folders

QUESTION = "Do our masks cover what the reference masks cover?"


def mask_section(
    ours: Path,
    reference: Path,
    *,
    environments: Mapping[str, str] | None = None,
    window: Window | None = None,
) -> Section:
    """Two folders of masks (PNG, one a frame), or two of one such folder for each sequence.

    Raises:
        InputError: they do not hold masks of the same sequences and sizes.
        NotMeasurable: no frame of one has a partner in the other.
    """
    for folder in (ours, reference):
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder; give two folders of masks, one PNG a frame")
    rows, alignments = compared_folders(ours, reference, environments, window)
    figures = noted(masks.figures(rows), *(_told(name, one) for name, one in alignments.items()))
    return Section(
        name="masks",
        question=QUESTION,
        figures=figures,
        headline=("IoU", "recall", "boundary F"),
        verdicts=tuple(goals.judged(goals.MASK_GOALS, figures)),
    )


def compared_folders(
    ours: Path, reference: Path, environments: Mapping[str, str] | None = None, window: Window | None = None
) -> tuple[list[MaskedFrame], dict[str, Alignment]]:
    if any(path.is_dir() for path in ours.iterdir()):
        return folders(ours, reference, environments=environments, window=window)
    one, other = MaskFolder(ours), MaskFolder(reference)
    alignment = aligned(one, other, window)
    environment = (environments or {}).get(ours.name, "")
    return compared(ours.name, one, other, alignment, environment=environment), {ours.name: alignment}


def _told(name: str, one: Alignment) -> str:
    shifted = f", shifted by {one.shift} (Dice {one.unshifted:.3f} without, {one.dice:.3f} with)" if one.shift else ""
    return f"{name}: {len(one.pairs)} frames compared{shifted}, {one.unpaired} of one side alone left out"
