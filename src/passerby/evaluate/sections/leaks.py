"""Can anybody be seen who should be hidden?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.detections import Detections
from passerby.core.errors import NotMeasurable
from passerby.core.frame import Frame
from passerby.evaluate import doubt, hidden_area, residual
from passerby.evaluate.clip import Clip, surely
from passerby.evaluate.findings import Curve, Line, Section, Still
from passerby.evaluate.leaks import ENOUGH, Cover, Exposure, exposures
from passerby.evaluate.leaks import figures as leak_figures
from passerby.evaluate.people import Appearances
from passerby.evaluate.sections.answer import Answer, Asking, noted
from passerby.evaluate.statistics import Figure
from passerby.evaluate.watchers import FACE

QUESTION = "Can anybody's face be seen who should be hidden?"
MOST_STILLS = 6
AROUND = 0.35
"""Share of a box by which it is filled beyond its edges in a still: boxes are of faces, not of heads."""
GREY, RED = (96, 96, 96), (230, 40, 40)


def leaks(clips: Sequence[Clip], asking: Asking) -> Answer:
    """How much of every face is hidden, who leaks, and whether a detector still finds them.

    Faces are those of the truth, or of a detector that did not hide; a plan is not asked where they are, for it does
    not know of whom it missed. Without either there is no number.
    """
    measured, missing = [], []
    for clip in clips:
        try:
            measured.append(_measured(clip, asking))
        except NotMeasurable as error:
            missing.append(f"leaks of {clip.name}: {error}")
    if not measured:
        return Answer(None, tuple(missing))
    faces, covered = _together(measured)
    notes = [
        note
        for one in measured
        for note in (hidden_area.COVER_BY_PLAN if one.clip.plan else hidden_area.COVER, f"faces: {one.said_by}")
    ]
    figures = [*noted(leak_figures(faces, covered), *dict.fromkeys(notes)), *_doubted(measured), *_found(measured)]
    section = Section(
        name="leaks",
        question=QUESTION,
        figures=tuple(figures),
        headline=(
            "any-leak rate",
            "any-leak rate, clear faces",
            "bare at least once, clear faces",
            "miss rate",
            "exposure gap",
        ),
        curves=tuple(_curve(one) for one in measured if len(measured) == 1 and one.faces.sure.any()),
        stills=tuple(still for one in measured for still in _stills(one))[:MOST_STILLS],
    )
    return Answer(section, tuple(missing))


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """One clip's faces, and how much of each is hidden."""

    clip: Clip
    faces: Appearances
    covered: Cover
    said_by: str
    scores: NDArray[np.float32]
    """(N,) of the detector that found each face, NaN of those that were told."""

    @property
    def told(self) -> bool:
        """Whether somebody told where faces are."""
        return bool(np.isnan(self.scores).all())


def _measured(clip: Clip, asking: Asking) -> _Measured:
    present = clip.independent(FACE)
    frames = ((clip.pair.fit.coarse(one), other) for one, other in clip.frames(asking.progress(f"{clip.name}, leaks")))
    hidden = asking.hidden(clip)
    covered = hidden_area.cover(present.people, frames, hidden, planned=clip.plan is not None)
    told = np.full(len(present.people.frames), np.nan, np.float32)
    return _Measured(clip, present.people, covered, present.said_by, told if present.scores is None else present.scores)


def _together(measured: Sequence[_Measured]) -> tuple[Appearances, Cover]:
    """All clips as one long one, in which nobody is to be seen twice."""
    parts, frames, people = [], 0, 0
    for one in measured:
        faces = one.faces
        parts.append(replace(faces, frames=faces.frames + frames, people=faces.people + people))
        frames += faces.count
        people += int(faces.people.max(initial=-1)) + 1
    covers = [one.covered for one in measured]
    whole = Cover(
        np.concatenate([cover.shares for cover in covers]),
        sum(cover.hidden_px for cover in covers),
        sum(cover.face_px for cover in covers),
        sum(cover.outside_px for cover in covers),
        sum(cover.pixels for cover in covers),
    )
    faces = Appearances(
        frames,
        parts[0].size,
        np.concatenate([part.frames for part in parts]),
        np.concatenate([part.people for part in parts]),
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.sure for part in parts]),
    )
    return faces, whole


def _found(measured: Sequence[_Measured]) -> tuple[Figure, ...]:
    """The detection rates, where a detector looked at both files."""
    looked = [one for one in measured if FACE in one.clip.watchers.models]
    if not looked:
        return ()
    faces, _ = _together(looked)
    before, after = ([find for one in looked for find in surely(side(one.clip), FACE)] for side in (_before, _after))
    model = looked[0].clip.watchers.models[FACE]
    figures = residual.figures(faces, before, after, residual.Mode.REDACTION, model)
    if all(one.said_by == "the truth" for one in looked):
        return figures
    return noted(figures, "the same detector says where faces are: 'found in the original' is 1 by construction")


def _doubted(measured: Sequence[_Measured]) -> tuple[Figure, ...]:
    """How far the detector can be believed that says where faces are; with a truth, how often it is mistaken."""
    found = [one for one in measured if not one.told and one.faces.sure.any()]
    if found:
        faces, covered = _together(found)
        scores = np.concatenate([one.scores for one in found])
        return doubt.figures(faces, covered.shares, scores)
    looked = [one for one in measured if FACE in one.clip.watchers.models]
    if not looked:
        return ()
    names, truths = [one.clip.name for one in looked], [one.faces for one in looked]
    return (doubt.mistakes(names, truths, [surely(one.clip.before, FACE) for one in looked]),)


def _before(clip: Clip) -> Sequence[Detections]:
    return clip.before


def _after(clip: Clip) -> Sequence[Detections]:
    return clip.after


def _curve(one: _Measured) -> Curve:
    """The least hidden share of any face, over time."""
    frames = np.unique(one.faces.frames[one.faces.sure])
    least = [float(one.covered.shares[(one.faces.frames == frame) & one.faces.sure].min()) for frame in frames]
    times = one.clip.times_s[frames] - one.clip.times_s[0]
    return Curve(
        title="How much of the least hidden face is hidden",
        x_label="seconds",
        y_label="share hidden",
        lines=(
            Line("least hidden face", times, np.array(least)),
            Line("enough", times[[0, -1]], np.full(2, ENOUGH)),
        ),
        explained=f"1 is hidden in full; below {ENOUGH:g} a face counts as exposed. Only frames with a face in them.",
    )


# Stills


def _stills(one: _Measured) -> list[Still]:
    """The frames that show most, one for each person, of the anonymized file; all faces in them are filled.

    Who is clearly a face comes first.
    """
    shown: dict[int, Exposure] = {}
    everyone = np.ones(len(one.faces.frames), bool)
    clear = set(one.faces.people[doubt.clearly(one.faces, one.scores)].tolist())
    worst = sorted(exposures(one.faces, one.covered.shares, everyone), key=lambda e: (e.person not in clear, e.share))
    for exposure in worst:
        shown.setdefault(exposure.person, exposure)
    wanted: dict[int, list[Exposure]] = {}
    for exposure in list(shown.values())[:MOST_STILLS]:
        wanted.setdefault(exposure.frame, []).append(exposure)
    if not wanted:
        return []
    frames = enumerate(one.clip.frames())
    stills = {index: _still(one, index, other, wanted[index], clear) for index, (_, other) in frames if index in wanted}
    return [stills[index] for index in wanted]


def _still(one: _Measured, index: int, frame: Frame, exposed: Sequence[Exposure], clear: Collection[int]) -> Still:
    picture = pixels.rgb(frame).copy()
    boxes = [one.faces.boxes[one.faces.frames == index]]
    if one.clip.after:
        boxes.append(one.clip.after[index].boxes[one.clip.after[index].labels == FACE])
    for x0, y0, x1, y1 in _whole(np.concatenate(boxes), frame.size):
        picture[y0:y1, x0:x1] = GREY
    for x0, y0, x1, y1 in _whole(np.array([e.box for e in exposed], np.float32), frame.size):
        cv2.rectangle(picture, (x0, y0), (x1 - 1, y1 - 1), RED, max(2, frame.size[1] // 270))
    least = f"{min(exposure.share for exposure in exposed):.0%}"
    several = f"{len(exposed)} faces can be seen, {least} of the least hidden one is hidden"
    said = f"{one.clip.name}: {several if len(exposed) > 1 else f'a face can be seen, {least} of it is hidden'}"
    if not any(exposure.person in clear for exposure in exposed):
        said += "; never seen clearly, perhaps no face"
    time_s = float(one.clip.times_s[index] - one.clip.times_s[0])
    return Still(frame.index, time_s, said, picture)


def _whole(boxes: NDArray[np.float32], size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """`boxes` (N, 4) grown by `AROUND`, in whole pixels of the frame."""
    grown = bx.clip(bx.grow(boxes, AROUND), size)
    low, high = np.floor(grown[:, :2]).astype(int), np.ceil(grown[:, 2:]).astype(int)
    return [(int(a), int(b), int(c), int(d)) for (a, b), (c, d) in zip(low, high, strict=True)]
