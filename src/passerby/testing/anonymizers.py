"""Does an anonymizer keep its contract?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from passerby.core import pixels
from passerby.core.frame import Frame
from passerby.core.regions import Patch, Region
from passerby.core.stages import Anonymizer
from passerby.testing.claims import claim, claim_untouched, copies
from passerby.testing.frames import CASES, drawn, regions


def check_anonymizer(anonymizer: Anonymizer, label: str = "face") -> None:
    """Check `anonymizer` on drawn frames, with regions of `label` inside, across and beyond their edges.

    Raises:
        AssertionError: it breaks the contract of `core.stages.Anonymizer`.
    """
    claim(anonymizer.batch >= 1, f"batch is a number of frames from 1 up, is {anonymizer.batch}")
    claim(anonymizer.reach >= 0, f"reach is a number of frames from 0 up, is {anonymizer.reach}")
    for case in CASES:
        frames = drawn(*case, count=min(anonymizer.batch + 2 * anonymizer.reach, 4))
        hidden = [regions(frame, label) for frame in frames]
        hidden[-1] = hidden[-1] if len(frames) == 1 else []
        _check_painting(anonymizer, frames, hidden)
        _check_painting(anonymizer, frames[:1], [[]])


def _check_painting(anonymizer: Anonymizer, frames: list[Frame], hidden: list[list[Region]]) -> None:
    before = copies(frames)
    painted = anonymizer.paint(frames, hidden)
    claim(len(painted) == len(frames), f"{len(frames)} frames got {len(painted)} lists of patches; one each is needed")
    for frame, mine, patches in zip(frames, hidden, painted, strict=True):
        claim(len(patches) == len(mine), f"{len(mine)} regions got {len(patches)} patches; one each is needed")
        for region, patch in zip(mine, patches, strict=True):
            _check_patch(frame, region, patch)
    claim_untouched(frames, before)
    claim(_same(painted, anonymizer.paint(frames, hidden)), "painting the same again gives something else")
    if anonymizer.blind:
        others = [_hidden_changed(frame, mine) for frame, mine in zip(frames, hidden, strict=True)]
        same = _same(painted, anonymizer.paint(others, hidden))
        claim(same, "it says blind, but what is hidden shows in its patches")
    if getattr(anonymizer, "drawn", False):
        same = _same(painted, anonymizer.paint([_changed(frame) for frame in frames], hidden))
        claim(same, "it says drawn, but the frame shows in its patches")


def _check_patch(frame: Frame, region: Region, patch: Patch) -> None:
    fits = patch.box == pixels.aligned(frame, patch.box)
    claim(fits, f"a patch for {patch.box} does not lie on whole colour samples inside the frame; use pixels.aligned")
    x0, y0, x1, y1 = pixels.aligned(frame, region.mask.box)
    covers = patch.box[0] <= x0 and patch.box[1] <= y0 and patch.box[2] >= x1 and patch.box[3] >= y1
    claim(covers or x0 >= x1 or y0 >= y1, f"a patch for {patch.box} leaves part of its mask {region.mask.box} open")
    wanted = [(plane.shape, plane.dtype) for plane in pixels.crop(frame, patch.box)]
    came = [(plane.shape, plane.dtype) for plane in patch.planes]
    claim(came == wanted, f"a patch has planes {came}, wanted {wanted}")
    high = max((int(plane.max(initial=0)) for plane in patch.planes), default=0)
    claim(high <= frame.format.peak, f"a patch holds {high}, and {frame.format.depth} bits end at {frame.format.peak}")


def _changed(frame: Frame) -> Frame:
    """`frame` with other pixels everywhere."""
    return frame.with_planes(tuple(np.full_like(plane, frame.format.peak // 3) for plane in frame.planes))


def _hidden_changed(frame: Frame, mine: list[Region]) -> Frame:
    """`frame` with other pixels where it is wholly hidden."""
    whole = (0, 0, *frame.size)
    planes = [plane.copy() for plane in frame.planes]
    for region in mine:
        for plane, alpha in zip(planes, pixels.alphas(frame, region.mask, whole), strict=True):
            plane[alpha == 255] = frame.format.peak // 3
    return frame.with_planes(tuple(planes))


def _same(a: Sequence[Sequence[Patch]], b: Sequence[Sequence[Patch]]) -> bool:
    pairs = [(p, q) for mine, theirs in zip(a, b, strict=True) for p, q in zip(mine, theirs, strict=True)]
    return all(p.box == q.box and all(map(np.array_equal, p.planes, q.planes)) for p, q in pairs)
