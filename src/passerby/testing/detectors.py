"""Does a detector keep its contract?"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from passerby.core import boxes as bx
from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.core.stages import Detector
from passerby.testing.claims import claim, claim_untouched, copies
from passerby.testing.frames import CASES, drawn


def check_detector(detector: Detector, frames: Sequence[Frame] | None = None) -> None:
    """Check `detector` on drawn frames, or better on `frames` in which there is something to find.

    Raises:
        AssertionError: it breaks the contract of `core.stages.Detector`.
    """
    labels = detector.labels
    names = isinstance(labels, frozenset) and len(labels) > 0 and all(isinstance(label, str) for label in labels)
    claim(names, f"labels must be a frozenset of names, is {labels!r}")
    claim(len(detector.detect([])) == 0, "for no frames there must be no answers")
    groups = [list(frames)] if frames else [drawn(*case, count=2) for case in CASES]
    for group in groups:
        _check_answers(detector, group)


def _check_answers(detector: Detector, frames: list[Frame]) -> None:
    before = copies(frames)
    together = detector.detect(frames)
    claim(len(together) == len(frames), f"{len(frames)} frames got {len(together)} answers; one each is needed")
    for frame, found in zip(frames, together, strict=True):
        _check_found(detector, frame, found)
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda frame: detector.detect([frame]), frames * 2))
    for found, [again] in zip([*together, *together], alone, strict=True):
        same = len(found) == len(again) and np.allclose(found.boxes, again.boxes, atol=0.1)
        claim(same, "a frame looked at alone, in one of several threads, gets another answer than among others")
    claim_untouched(frames, before)


def _check_found(detector: Detector, frame: Frame, found: Detections) -> None:
    claim(isinstance(found, Detections), f"an answer must be Detections, is {type(found).__name__}")
    kinds = [str(found.boxes.dtype), str(found.scores.dtype), found.labels.dtype.kind]
    claim(kinds == ["float32", "float32", "U"], f"boxes, scores, labels must be float32, float32, text; are {kinds}")
    claim(bool(((found.scores >= 0) & (found.scores <= 1)).all()), "scores must lie in 0..1")
    strange = set(found.labels.tolist()) - detector.labels
    claim(not strange, f"found {sorted(strange)}, which is not among its labels {sorted(detector.labels)}")
    claim(bool((found.boxes[:, 2:] > found.boxes[:, :2]).all()), "a box is empty: x0 < x1 and y0 < y1 are needed")
    inside = bx.area(bx.clip(found.boxes, frame.size)) > 0
    claim(bool(inside.all()), f"a box lies wholly outside of the frame of size {frame.size}")
