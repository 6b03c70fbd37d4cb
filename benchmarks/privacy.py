"""Who is recognized again? passerby's effects beside deface's default and Gaussian blurs, under four attackers.

    python benchmarks/privacy.py [--clips NAME...] [--data DIR] [--models DIR] [--name NAME] [--show FILE.png]

Faces are those of the shared footage, cut out by their boxes, grown as passerby grows them. In each clip a stretch of
frames is chosen in which all faces are there together, so that every track is somebody else. The attacker knows the
first part of a stretch and is asked about the last: the same light, clothes and place, a second or a few apart. It is
the easiest task that an attacker can have, and the hardest for whoever hides. Who tells the clips apart by their
colours knows much already when there are several; --clips with one alone measures what is told of people.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import results
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.evaluate import embedders
from passerby.evaluate.attack import Attacked, Look, Tracks, attack
from passerby.evaluate.embedders import Crop
from passerby.evaluate.operators import (
    BoxBlurInEllipse,
    FreshNoise,
    GaussianBlur,
    Nothing,
    Operator,
    Painted,
    Pixelate,
    Solid,
)
from passerby.evaluate.people import joined
from passerby.media.video import VideoSource
from passerby.paint.effects import Blur, Fill, Mosaic, Noise

SHARED = Path(__file__).resolve().parents[1] / "../shared"
STRETCHES = {
    "crowd_arcade_1080p.mp4": (0, 27),
    "stage_cuts_360p.mp4": (212, 272),
    "phone_selfie_portrait_720x1280.mp4": (0, 120),
    "talking_head_512.mp4": (0, 120),
    "football_juggle_720p.mp4": (0, 120),
    "signer_badge_480p.mkv": (0, 89),
}
"""Frames from the first to before the second, without a cut."""
THERE = 0.8
"""Share of a stretch in which a face has to be found."""
LEAST_PX = 35
EDGE_PX = 8
"""A face nearer to the picture's edge may be cut off by it."""
PART = 0.4
"""Share of a stretch that is known, at its beginning, and that is asked about, at its end."""
FRAMES = 4
"""Of each track, known and asked about."""
GROW = 0.3
SIDE = 176
"""Pixels of a crop, of which a face has 110."""
EMBEDDER = "mobilefacenet"


@dataclass(frozen=True)
class Colours:
    """An embedder that sees nothing but 8 by 8 colours: what a mosaic leaves is what it looks at."""

    model: str = "8 x 8 colours, no network"

    def embed(self, crops: Sequence[Crop]) -> NDArray[np.float32]:
        small = [cv2.resize(crop, (8, 8), interpolation=cv2.INTER_AREA).reshape(-1) for crop in crops]
        return np.append(np.array(small, np.float32) - 128, np.full((len(small), 1), 1, np.float32), axis=1)


def main(arguments: Sequence[str]) -> int:
    """1 when a run is invalid, else 0."""
    chosen = _parsed(arguments)
    known, asked, clips = people(chosen.data / "video", chosen.clips)
    margin = GROW / (1 + 2 * GROW)
    models = (embedders.registered(EMBEDDER, chosen.models / f"{EMBEDDER}.onnx"), Colours())
    measured = {
        look.embedder.model: attack(known, asked, operators(), look) for look in (Look(m, margin) for m in models)
    }
    body = _body(len(known.people), clips, measured)
    print(body)
    if chosen.show:
        show(asked, chosen.show)
    if chosen.name:
        kept = {model: [asdict(row) for row in rows] for model, rows in measured.items()}
        results.save(chosen.name, "Who is recognized again", body, {"results": kept})
    return 1 if any(row.invalid for rows in measured.values() for row in rows) else 0


def operators() -> list[Operator]:
    """What is compared."""
    return [
        Nothing(),
        Solid(),
        Painted("passerby's default (a drawn mosaic)", Mosaic()),
        Painted("passerby --method fill", Fill()),
        Painted("passerby --method noise", Noise()),
        Painted("passerby --method blur", Blur()),
        BoxBlurInEllipse(),
        GaussianBlur(3),
        GaussianBlur(8),
        GaussianBlur(16),
        Pixelate(10),
        Pixelate(20),
        Pixelate(8, shake_px=6),
        FreshNoise(20),
        FreshNoise(120),
    ]


def people(videos: Path, clips: Sequence[str]) -> tuple[Tracks, Tracks, int]:
    """Crops of everybody, as they are known and as they are asked about; and in how many clips they are."""
    known: list[tuple[Crop, ...]] = []
    asked: list[tuple[Crop, ...]] = []
    for name in clips:
        for crops in _tracks(videos / name, STRETCHES[name]):
            part = round(len(crops) * PART)
            known.append(tuple(crops[i] for i in np.linspace(0, part - 1, FRAMES).astype(int)))
            asked.append(tuple(crops[-FRAMES:]))
    numbers = np.arange(len(known))
    return Tracks(numbers, tuple(known)), Tracks(numbers, tuple(asked)), len(clips)


def _tracks(clip: Path, stretch: tuple[int, int]) -> Iterator[list[Crop]]:
    """The crops of everybody who is there all the time, in order."""
    frames, boxes = _boxes(clip, stretch)
    whose = joined(frames, boxes)
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    size = np.array(VideoSource(clip).info.size)
    whole = (boxes[:, :2] >= EDGE_PX).all(axis=1) & (boxes[:, 2:] <= size - EDGE_PX).all(axis=1)
    large = sides >= LEAST_PX
    lasting = [
        person
        for person in np.unique(whose)
        if (whose == person).sum() >= THERE * (stretch[1] - stretch[0])
        and (whole & large)[whose == person].mean() > 0.5
    ]
    cut: dict[int, list[Crop]] = {person: [] for person in lasting}
    with VideoSource(clip) as source:
        for frame in source:
            if frame.index >= stretch[1]:
                break
            rows = np.flatnonzero(frames == frame.index)
            picture = pixels.rgb(frame) if len(rows) else None
            for row in rows:
                if picture is not None and whose[row] in cut:
                    cut[whose[row]].append(_crop(picture, boxes[row]))
    yield from cut.values()


def _boxes(clip: Path, stretch: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Frames (N,) and boxes (N, 4) of the faces found in a stretch, from the file beside the clip."""
    found = json.loads(clip.with_suffix(".faces.json").read_text())["frames"]
    rows = [
        (int(frame["i"]), box)
        for frame in found
        for box, score in zip(frame["boxes"], frame["scores"], strict=True)
        if score >= 0.5 and stretch[0] <= int(frame["i"]) < stretch[1]
    ]
    return np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float32).reshape(-1, 4)


def _crop(picture: Crop, box: NDArray[np.float32]) -> Crop:
    """A square around `box`, grown, of `SIDE` pixels; what lies beyond the picture repeats its edge."""
    middle = (box[:2] + box[2:]) / 2
    side = float((box[2:] - box[:2]).max()) * (1 + 2 * GROW)
    scale = SIDE / side
    turn = np.array([[scale, 0, SIDE / 2 - middle[0] * scale], [0, scale, SIDE / 2 - middle[1] * scale]])
    way = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.warpAffine(picture, turn, (SIDE, SIDE), flags=way, borderMode=cv2.BORDER_REPLICATE), np.uint8)


# What is said


def _body(count: int, clips: int, measured: dict[str, list[Attacked]]) -> str:
    apart = f"; who tells the {clips} clips apart and no more is right in {clips / count:.1%}" if clips > 1 else ""
    lines = [
        f"{count} people, {FRAMES} pictures of each known and {FRAMES} asked about, from the same clips; a guess is "
        f"right in {1 / count:.1%}{apart}. Rank-1; in brackets the interval of 95 % by drawing people again.\n"
    ]
    for model, rows in measured.items():
        valid = "valid: both controls hold" if not rows[0].invalid else f"INVALID: {'; '.join(rows[0].invalid)}"
        names = [figure.name for figure in rows[0].attacks]
        table = [
            [row.operator, f"**{_share(row.worst.value)}** ({_share(row.worst.low)}-{_share(row.worst.high)})"]
            + [_share(figure.value) for figure in row.attacks]
            for row in rows
        ]
        lines.append(f"## {model}\n\n{valid}\n\n{results.table(['hidden by', 'worst', *names], table)}")
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def show(asked: Tracks, path: Path) -> None:
    """A sheet to look at: the first crop of everybody, hidden by each operator. It shows faces: for your eyes only."""
    rows = [np.hstack([operator.hide(track, n)[0] for n, track in enumerate(asked.crops)]) for operator in operators()]
    cv2.imwrite(str(path), np.vstack(rows)[::2, ::2, ::-1])


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", nargs="+", choices=tuple(STRETCHES), default=tuple(STRETCHES), metavar="NAME")
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    parser.add_argument("--models", type=Path, default=SHARED / "models")
    parser.add_argument("--name", help="write results/NAME.md and .json")
    parser.add_argument("--show", type=Path, help="a picture of what was attacked; it shows faces")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
