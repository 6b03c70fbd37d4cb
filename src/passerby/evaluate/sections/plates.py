"""Can number plates still be read?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from passerby import weights
from passerby.core import pixels
from passerby.core.errors import NotMeasurable, WeightsError
from passerby.evaluate import independence, plate_texts, plates
from passerby.evaluate.clip import Clip
from passerby.evaluate.findings import Section
from passerby.evaluate.plate_texts import Plate
from passerby.evaluate.plates import PlateTrack, Reading, plain
from passerby.evaluate.reader import PlateReader
from passerby.evaluate.sections.answer import Answer, Asking, noted
from passerby.evaluate.statistics import Figure

QUESTION = "Can number plates still be read?"
READER = "ppocr_v4_rec"
MOST_FRAMES = 30
"""Of a plate, spread evenly over where it is seen."""
LEAST_PX = 8
"""Height in pixels of a plate that is read."""
SURE, LETTERS = 0.8, 4
"""Where nobody says what a plate says: how sure the reader has to be of the original, and of how many characters."""
BY_READER = "nobody says what plates say: the originals' surest reading does, so 'originals' is no accuracy"
BEST = "plates read exactly, a track's best frame"


def readable(clips: Sequence[Clip], asking: Asking) -> Answer:
    """What a reader makes of every plate before and after; one frame that is read gives a plate away."""
    try:
        path = weights.find(READER)
        reader = PlateReader(path)
        independence.check([reader.model], asking.hid)
        sides, notes = _tracks(clips, asking, reader)
    except (WeightsError, NotMeasurable) as error:
        return Answer(None, (f"plates: {error}",))
    figures: list[Figure] = []
    for side, tracks in sides.items():
        figures += [replace(one, name=f"{one.name}, {side}") for one in plates.figures(tracks, model=reader.model)]
    headline = (f"{BEST}, anonymized",)
    return Answer(Section(name="plates", question=QUESTION, figures=noted(figures, *notes), headline=headline))


@dataclass(slots=True)
class _Read:
    """One plate, as it is read in both files."""

    text: str
    """'' where nobody says."""
    before: list[Reading] = field(default_factory=list)
    after: list[Reading] = field(default_factory=list)

    def truth(self) -> str:
        """What it says; '' where nobody can tell."""
        surest = max(self.before, key=lambda one: one.confidence, default=Reading("", 0.0))
        return self.text or (surest.text if surest.confidence >= SURE and len(plain(surest.text)) >= LETTERS else "")


def _tracks(
    clips: Sequence[Clip], asking: Asking, reader: PlateReader
) -> tuple[dict[str, list[PlateTrack]], tuple[str, ...]]:
    """Every plate's readings in both files.

    Raises:
        NotMeasurable: nobody says where plates are, or none of them can be read in the originals.
    """
    before, after = [], []
    notes: list[str] = []
    for clip in clips:
        known = _known(clip, asking.brought.plates)
        read = _read(clip, known, asking, reader)
        said = [(one, truth) for one in read if one.before and (truth := one.truth())]
        before += [PlateTrack(clip.name, truth, tuple(one.before)) for one, truth in said]
        after += [PlateTrack(clip.name, truth, tuple(one.after)) for one, truth in said]
        if any(not plate.text for plate in known):
            notes.append(BY_READER)
        if len(read) > len(said):
            notes.append(
                f"{clip.name}: {len(read) - len(said)} of {len(read)} left out: not seen or not read in the original"
            )
    if not before:
        raise NotMeasurable(
            "no plate can be read in the originals; give --plates FILE.json, or a plan or truth with plates"
        )
    return {"originals": before, "anonymized": after}, tuple(dict.fromkeys(notes))


def _known(clip: Clip, told: Path | None) -> list[Plate]:
    """Where plates are, and what they say as far as somebody tells; frames are those of the file.

    Raises:
        NotMeasurable: what is told is of another clip.
    """
    if told is not None:
        path = told / Path(clip.name).with_suffix(".json") if told.is_dir() else told
        return _of_this_clip(plate_texts.read(path), path, clip) if path.is_file() else []
    for rows in (clip.truth, None if clip.plan is None else clip.plan.rows()):
        mine = None if rows is None else rows[rows.labels == "plate"]
        if mine is not None and len(mine):
            answer = []
            for track in np.unique(mine.tracks):
                one = mine[mine.tracks == track]
                pairs = zip(one.frames.tolist(), one.boxes.tolist(), strict=True)
                answer.append(Plate("", {frame: (box[0], box[1], box[2], box[3]) for frame, box in pairs}))
            return answer
    return []


def _of_this_clip(known: list[Plate], path: Path, clip: Clip) -> list[Plate]:
    last, frames = max((frame for plate in known for frame in plate.boxes), default=0), clip.media[0].frames
    if last >= frames:
        raise NotMeasurable(
            f"{path.name} tells of frame {last}, but {clip.name} has {frames} frames; give that of this file"
        )
    return known


def _read(clip: Clip, known: Sequence[Plate], asking: Asking, reader: PlateReader) -> list[_Read]:
    looked_at = frozenset(clip.numbers[:, 0].tolist())
    wanted = [_spread(plate, looked_at) for plate in known]
    answer = [_Read(plate.text) for plate in known]
    if not any(wanted):
        return answer
    for one, other in clip.frames(asking.progress(f"{clip.name}, plates")):
        for plate, frames, read in zip(known, wanted, answer, strict=True):
            if one.index not in frames:
                continue
            x0, y0, x1, y1 = (round(side) for side in plate.boxes[one.index])
            boxes = [pixels.aligned(frame, (x0, y0, x1, y1)) for frame in (one, other)]
            if min(boxes[0][2] - boxes[0][0], boxes[0][3] - boxes[0][1]) >= LEAST_PX:
                read.before.append(reader.read(pixels.rgb(pixels.cut(one, boxes[0]))))
                read.after.append(reader.read(pixels.rgb(pixels.cut(other, boxes[1]))))
    return answer


def _spread(plate: Plate, looked_at: frozenset[int]) -> frozenset[int]:
    """Some of the frames in which a plate is seen and that are looked at."""
    frames = sorted(looked_at.intersection(plate.boxes))
    places = np.linspace(0, len(frames) - 1, min(len(frames), MOST_FRAMES)).round().astype(int)
    return frozenset(frames[place] for place in places)
