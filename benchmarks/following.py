"""How best to follow a face between two looks, measured on real clips.

    python benchmarks/following.py DIR [--clips NAME...]

DIR holds clips, and beside each `street.mp4` a file `street.faces.json` with what a detector found in every frame:

    {"width": 1920, "height": 1080, "n_frames": 105, "frames": [
        {"i": 0, "boxes": [[1080.7, 609.2, 1129.8, 674.5], ...], "scores": [0.888, ...]}, ...]}

Every few frames each sure face is taken up and followed from picture to picture, without being looked at again, in the
pictures that passerby follows in. A while later it is compared with the box that was found there: is that box hidden
by the shape that passerby draws by default around the followed one? Where a way of following is not sure, the face
stays where it was and is looked for as it was when last seen, as passerby does.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import cv2
import leakage
import numpy as np
import results
import truth
from numpy.typing import NDArray

from passerby import inputs
from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.methods import hiding
from passerby.settings import Options
from passerby.track import motion
from passerby.track.follow import Following

Box = NDArray[np.float32]
Light = NDArray[np.uint8]
Way = Callable[[Light, Light, Box, Box], Box | None]
"""By how much (2,) what is in a box of one picture has moved in another, given a guess (4,) of the box there; None
where that is not sure. All in pixels of these pictures."""

AFTER = (5, 10, 15)
"""Frames after which a followed face is compared."""
EVERY = 5
"""Frames from one taking up of faces to the next."""
SAME = 0.5
"""IoU from which the followed box is the face's own."""
GRID = 5
"""Points followed by optical flow, across and down."""
WINDOW, LEVELS = 11, 3
"""Pixels around such a point that are compared, and halvings of the picture in which it is searched."""
RETURNED = 1.0
"""Pixels by which a point may miss where it came from when it is followed there and back."""


def correlation(before: Light, after: Light, box: Box, guess: Box) -> Box | None:
    """As passerby does it."""
    shift, likeness = motion.follow(before, after, box, guess)
    return shift if likeness >= Following().likeness else None


def flow(before: Light, after: Light, box: Box, guess: Box) -> Box | None:
    """The median shift of points, by pyramidal Lucas-Kanade."""
    points = _points(before, after, box, guess)
    return None if points is None else _median(points.shifts(), points.kept())


def flow_checked(before: Light, after: Light, box: Box, guess: Box) -> Box | None:
    """The same, of the points alone that find back to where they came from."""
    points = _points(before, after, box, guess)
    return None if points is None else _median(points.shifts(), points.kept() & points.returned())


def stay(before: Light, after: Light, box: Box, guess: Box) -> Box | None:
    """Nothing moves."""
    return np.zeros(2, np.float32)


WAYS: Mapping[str, Way] = {
    "normalized cross-correlation": correlation,
    "Lucas-Kanade": flow,
    "Lucas-Kanade, there and back": flow_checked,
    "none: the box stays": stay,
}


@dataclass(frozen=True, slots=True, eq=False)
class _Points:
    """Points of a face, followed by optical flow within a part of two pictures."""

    before: Light
    after: Light
    start: NDArray[np.float32]
    end: NDArray[np.float32]
    """(N, 1, 2) in pixels of that part."""
    found: NDArray[np.uint8]

    def shifts(self) -> NDArray[np.float32]:
        """(N, 2)."""
        return (self.end - self.start)[:, 0]

    def kept(self) -> NDArray[np.bool_]:
        """(N,) which were found."""
        return self.found[:, 0] > 0

    def returned(self) -> NDArray[np.bool_]:
        """(N,) which come back to where they were."""
        back, _ = _flow(self.after, self.before, self.end, self.start)
        return np.asarray(np.linalg.norm((back - self.start)[:, 0], axis=1) <= RETURNED)


def _points(before: Light, after: Light, box: Box, guess: Box) -> _Points | None:
    """A grid of points in `box`, followed; None where no picture is."""
    height, width = before.shape
    # As far as the correlation looks at first: no pyramids of whole pictures are made for one face.
    margin = motion.NEAR * float(max(box[2:] - box[:2])) + WINDOW
    both = bx.union(box[None], guess[None])[0]
    x0, y0 = (max(int(side - margin), 0) for side in both[:2])
    x1, y1 = min(int(both[2] + margin), width), min(int(both[3] + margin), height)
    if min(x1 - x0, y1 - y0) < WINDOW:
        return None
    across, down = (np.linspace(box[i], box[i + 2], GRID + 2)[1:-1] for i in (0, 1))
    start = np.stack(np.meshgrid(across - x0, down - y0), axis=-1).reshape(-1, 1, 2).astype(np.float32)
    cut = before[y0:y1, x0:x1], after[y0:y1, x0:x1]
    end, found = _flow(*cut, start, start + (guess[:2] - box[:2]))
    return _Points(*cut, start, end, found)


def _flow(
    before: Light, after: Light, start: NDArray[np.float32], guess: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Where the points `start` (N, 1, 2) are in another picture, and which were found (N, 1)."""
    end, found, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        start,
        guess.astype(np.float32),
        winSize=(WINDOW, WINDOW),
        maxLevel=LEVELS,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return np.asarray(end, np.float32), np.asarray(found, np.uint8)


def _median(shifts: NDArray[np.float32], kept: NDArray[np.bool_]) -> Box | None:
    """Of those that are kept, if these are half of them at least."""
    return np.asarray(np.median(shifts[kept], axis=0), np.float32) if kept.mean() >= 0.5 else None


# Following


@dataclass(slots=True, eq=False)
class Run:
    """A face that is followed in one way."""

    way: str
    person: int
    start: int
    at: Light
    """The picture in which it was last seen, and its box there, in pixels of such pictures."""
    box: Box
    speed: Box = field(default_factory=lambda: np.zeros(2, np.float32))
    lost: int = 0
    spent_s: float = 0.0

    def go_on(self, light: Light) -> None:
        """One frame further."""
        steps = self.lost + 1
        guess = self.box + np.tile(self.speed * steps, 2)
        begun = time.thread_time()
        shift = WAYS[self.way](self.at, light, self.box, guess)
        self.spent_s += time.thread_time() - begun
        if shift is None:
            self.lost = steps
        else:
            self.speed = np.asarray(shift / steps, np.float32)
            self.box, self.at, self.lost = self.box + np.tile(shift, 2), light, 0


@dataclass(frozen=True, slots=True)
class Row:
    """One way on one clip, so many frames after a face was taken up."""

    clip: str
    way: str
    after: int
    faces: int
    covered: int
    """Faces of which at least `leakage.ENOUGH` is hidden."""
    same: int
    """Faces whose IoU with the followed box is at least `SAME`."""
    us: float
    """Microseconds of processor time a face and frame."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A followed face, compared with where it was found."""

    way: str
    after: int
    """Frames since it was taken up."""
    covered: bool
    same: bool
    spent_s: float
    """On following it so far."""


def main(arguments: Sequence[str]) -> int:
    """0."""
    chosen = _parsed(arguments)
    rows: list[Row] = []
    for name in chosen.clips or sorted(path.name for path in chosen.folder.iterdir() if _finds(path).exists()):
        clip = chosen.folder / name
        faces = found(clip)
        if faces is None:
            print(f"{name}: not every frame was looked at, or no face was found; left out", flush=True)
            continue
        rows += compare(clip, faces)
        print(f"{name}: done", flush=True)
    body = _body(rows)
    print("\n" + body)
    results.save(chosen.name, "Following", body, {"rows": [asdict(row) for row in rows]}, chosen.results)
    return 0


def found(clip: Path) -> truth.Faces | None:
    """What the file beside `clip` says; None where it does not speak of every frame, or of no sure face."""
    content = json.loads(_finds(clip).read_text())
    if len(content["frames"]) < content["n_frames"]:
        return None
    listed = [(frame["i"], box) for frame in content["frames"] for box in frame["boxes"]]
    scores = np.array([score for frame in content["frames"] for score in frame["scores"]], np.float32)
    frames = np.array([index for index, _ in listed], np.int64)
    boxes = np.array([box for _, box in listed], np.float32).reshape(-1, 4)
    people = truth.joined(frames, boxes)
    lives = np.bincount(people, weights=scores >= truth.SURE, minlength=1)
    sure = (scores >= truth.SURE) & (lives[people] >= truth.LASTING)
    size = int(content["width"]), int(content["height"])
    return truth.Faces(content["n_frames"], size, frames, people, bx.clip(boxes, size), sure) if sure.any() else None


def _finds(clip: Path) -> Path:
    """The file with what was found in `clip`."""
    return clip.with_suffix(".faces.json")


def compare(clip: Path, faces: truth.Faces) -> list[Row]:
    """All ways on one clip."""
    done: list[Judged] = []
    runs: list[Run] = []
    for index, (light, factor) in enumerate(_pictures(clip)):
        here = np.flatnonzero(faces.sure & (faces.frames == index))
        now = {int(faces.people[row]): faces.boxes[row] for row in here}
        for run in runs:
            run.go_on(light)
            if index - run.start in AFTER and run.person in now:
                done.append(_judged(run, index - run.start, run.box * np.float32(factor), now[run.person], faces.size))
        runs = [run for run in runs if index - run.start < max(AFTER)]
        if index % EVERY == 0:
            taken = ((person, box / np.float32(factor)) for person, box in now.items())
            runs += [Run(way, person, index, light, box) for person, box in taken for way in WAYS]
    return [_row(clip.name, way, after, done) for way in WAYS for after in AFTER]


def _pictures(clip: Path) -> Iterator[tuple[Light, int]]:
    """The pictures of `clip` in which passerby follows, and how many times smaller than the frame they are."""
    with inputs.opened(clip, Options()) as source:
        for frame in source:
            yield pixels.light(frame, Following().longest)


def _judged(run: Run, after: int, box: Box, there: Box, size: tuple[int, int]) -> Judged:
    """How `box`, to which a face was followed in a frame of `size`, lies to where it was found."""
    mask = hiding.shapes(Options())["face"].mask(box, size)
    one = np.zeros(1, np.int64)
    face = truth.Faces(1, size, one, one, there[None], np.ones(1, np.bool_))
    share = float(leakage.cover(face, [[mask]]).shares[0])
    overlap = float(bx.iou(box[None], there[None])[0, 0])
    return Judged(run.way, after, share >= leakage.ENOUGH, overlap >= SAME, run.spent_s)


def _row(clip: str, way: str, after: int, done: Sequence[Judged]) -> Row:
    mine = [one for one in done if (one.way, one.after) == (way, after)]
    spent_s = sum(one.spent_s for one in mine)
    return Row(
        clip=clip,
        way=way,
        after=after,
        faces=len(mine),
        covered=sum(one.covered for one in mine),
        same=sum(one.same for one in mine),
        us=round(1e6 * spent_s / max(len(mine) * after, 1), 1),
    )


# Saying it


def _body(rows: Sequence[Row]) -> str:
    said = (
        f"Faces are taken up every {EVERY} frames and followed without another look. After so many frames, for how "
        f"many % of them at least {leakage.ENOUGH:.0%} of the box found there is hidden by the default shape around "
        f"the followed one, and (in brackets) for how many % the two boxes have an IoU of {SAME} or more. Time is the "
        "processor's for one face and one frame; it does not hold the making of the small picture.\n"
    )
    parts = [said, "## In all\n\n" + _table(rows)]
    parts += [f"## {clip}\n\n" + _table([row for row in rows if row.clip == clip]) for clip in _clips(rows)]
    return "\n".join(parts)


def _table(rows: Sequence[Row]) -> str:
    """The ways beside each other, all of `rows` together."""
    lines = []
    for way in WAYS:
        mine = {after: [row for row in rows if (row.way, row.after) == (way, after)] for after in AFTER}
        frames = sum(row.faces * row.after for row in rows if row.way == way)
        us = sum(row.us * row.faces * row.after for row in rows if row.way == way) / max(frames, 1)
        lines.append((way, sum(row.faces for row in mine[AFTER[0]]), *map(_cell, mine.values()), f"{us:.0f}"))
    return results.table(("way", "faces", *(f"after {after} frames" for after in AFTER), "us"), lines)


def _cell(rows: Sequence[Row]) -> str:
    faces = max(sum(row.faces for row in rows), 1)
    covered, same = sum(row.covered for row in rows), sum(row.same for row in rows)
    return f"{100 * covered / faces:.1f} ({100 * same / faces:.1f})"


def _clips(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.clip for row in rows))


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="files in DIR (default: all that have such a file)")
    parser.add_argument("--results", type=Path, default=results.FOLDER, help="folder for the result")
    parser.add_argument("--name", default="following", help="file name of the result")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
