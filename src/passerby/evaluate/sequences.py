"""Two folders of masks side by side: which frame of one is which of the other, and what kind of scene it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from passerby.core.errors import InputError, NotMeasurable, OptionError
from passerby.evaluate.masks import Area, MaskedFrame, boundary_f, dice, micro, overlap

_NUMBER = re.compile(r"(\d+)\D*$")

Masks = Mapping[int, Area]
"""The mask of each frame, by its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which frames of ours to compare, and how far the reference's numbers may be off."""

    start: int = 0
    stop: int | None = None
    """The first frame that does not count; None for all to the end."""
    max_shift: int = 0
    """Frames by which the reference may lie later or earlier; 0 takes its numbers as they are."""

    def __post_init__(self) -> None:
        if self.start < 0 or self.max_shift < 0 or (self.stop is not None and self.stop <= self.start):
            raise OptionError(f"frames {self.start} to {self.stop} with a shift up to {self.max_shift} hold none")

    def __contains__(self, frame: int) -> bool:
        return self.start <= frame and (self.stop is None or frame < self.stop)


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which frames belong together, and what it cost to know."""

    shift: int
    """Frame i of ours is frame i + shift of the reference."""
    pairs: tuple[tuple[int, int], ...]
    """(ours, reference)."""
    unpaired: int
    """Frames in the window that one side alone has."""
    dice: float
    """Micro Dice of the frames that every shift can be judged by, with this shift."""
    unshifted: float
    """The same without: the shift was chosen for the better score, so this is what it gained."""


class MaskFolder(Mapping[int, Area]):
    """The mask pictures (PNG) of a folder, read when asked for; the last number in a file's name is the frame's.

    What is not black is set, in any channel but alpha.
    """

    def __init__(self, folder: Path) -> None:
        """List `folder`.

        Raises:
            InputError: there is no mask in it, a name without a number, or two files of one frame.
        """
        self._paths: dict[int, Path] = {}
        for path in sorted(folder.glob("*.png")):
            number = _NUMBER.search(path.stem)
            if number is None:
                raise InputError(f"{path} has no frame number in its name; call it like mask_000123.png")
            if (frame := int(number[1])) in self._paths:
                raise InputError(f"{path} and {self._paths[frame].name} are both frame {frame}; give one mask a frame")
            self._paths[frame] = path
        if not self._paths:
            raise InputError(f"there is no mask in {folder}; wanted a PNG for each frame")

    def __getitem__(self, frame: int) -> Area:
        picture = cv2.imread(str(self._paths[frame]), cv2.IMREAD_UNCHANGED)
        if picture is None:
            raise InputError(f"{self._paths[frame]} is no picture; write it again")
        return np.asarray(picture > 0 if picture.ndim == 2 else (picture[..., :3] > 0).any(axis=2), np.bool_)

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._paths))

    def __len__(self) -> int:
        return len(self._paths)


def aligned(ours: Masks, reference: Masks, window: Window | None = None) -> Alignment:
    """Pair the frames of `ours` in `window` with those of the `reference`.

    Of all shifts the one with the highest micro Dice is taken, the smallest where several have it. They are judged by
    the same frames of ours, those that have a partner at every shift: else a shift that drops hard frames would win.

    Raises:
        InputError: the masks of a frame differ in size.
        NotMeasurable: there is no such frame.
    """
    window = window or Window()
    frames = sorted(frame for frame in ours if frame in window)
    shifts = sorted(range(-window.max_shift, window.max_shift + 1), key=abs)
    judged = [frame for frame in frames if all(frame + shift in reference for shift in shifts)]
    if not judged:
        raise NotMeasurable(
            f"no frame of {len(ours)} masks has a partner among {len(reference)} at every shift; widen the window"
        )
    scores = {shift: _score(ours, reference, judged, shift) for shift in shifts}
    shift = max(shifts, key=lambda shift: scores[shift])
    pairs = tuple((frame, frame + shift) for frame in frames if frame + shift in reference)
    alone = sum(frame - shift in window and frame - shift not in ours for frame in reference)
    return Alignment(shift, pairs, len(frames) - len(pairs) + alone, scores[shift], scores[0])


def compared(
    name: str, ours: Masks, reference: Masks, alignment: Alignment, *, environment: str = ""
) -> list[MaskedFrame]:
    """The paired frames of the sequence `name`, measured.

    The number of faces is that of the reference's separate areas (8 neighbours); faces that touch count as one.

    Raises:
        InputError: the masks of a frame differ in size.
    """
    rows = []
    for frame, partner in alignment.pairs:
        mask, wanted = _pair(ours, reference, frame, partner)
        faces = cv2.connectedComponents(wanted.astype(np.uint8), connectivity=8)[0] - 1
        rows.append(MaskedFrame(name, frame, overlap(mask, wanted), boundary_f(mask, wanted), environment, faces))
    return rows


def folders(
    ours: Path, reference: Path, *, environments: Mapping[str, str] | None = None, window: Window | None = None
) -> tuple[list[MaskedFrame], dict[str, Alignment]]:
    """Every sequence of two folders whose subfolders have the same names, and how each was aligned.

    Args:
        ours, reference: folders of one folder of masks for each sequence.
        environments: what each sequence counts under; those that are not in it count under the whole alone.
        window: of every sequence.

    Raises:
        InputError: the two do not hold the same sequences, or none, or cannot be read; or masks differ in size.
    """
    names, wanted = _subfolders(ours), _subfolders(reference)
    if names != wanted or not names:
        odd = ", ".join(sorted(names ^ wanted)) or "none at all"
        raise InputError(f"{ours} and {reference} hold different sequences ({odd}); give both the same folders")
    rows: list[MaskedFrame] = []
    alignments = {}
    for name in sorted(names):
        masks, partners = MaskFolder(ours / name), MaskFolder(reference / name)
        alignments[name] = aligned(masks, partners, window)
        environment = (environments or {}).get(name, "")
        rows += compared(name, masks, partners, alignments[name], environment=environment)
    return rows, alignments


def read_environments(path: Path) -> dict[str, str]:
    """A JSON file of {sequence: environment}.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path} as JSON: {error}; write {{'sequence': 'environment'}}") from error
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise InputError(f"{path} holds no map of names; write {{'sequence': 'environment'}}")
    return content


def _score(ours: Masks, reference: Masks, frames: list[int], shift: int) -> float:
    counts = [overlap(*_pair(ours, reference, frame, frame + shift)) for frame in frames]
    return 0.0 if all(count.empty for count in counts) else micro(dice, counts)


def _pair(ours: Masks, reference: Masks, frame: int, partner: int) -> tuple[Area, Area]:
    mask, wanted = ours[frame], reference[partner]
    if mask.shape != wanted.shape:
        sizes = " and ".join(f"{area.shape[1]}x{area.shape[0]}" for area in (mask, wanted))
        raise InputError(f"frame {frame} and its reference, frame {partner}, are {sizes}; give masks of one size")
    return mask, wanted


def _subfolders(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir() if path.is_dir()}
    except OSError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}; give a folder of folders of masks") from error
