"""Does anybody leak? Every face that the detector finds in the original must be covered in the output.

    python benchmarks/exposures.py CLIP... [--cache DIR] [--show DIR] [-- OPTIONS OF passerby anonymize]

The judge looks at every frame of the original, at full size and by itself (see `reference.py`). The clip then goes
through the command line with a lossless encoder and a fill of pure magenta: what is magenta in the output was hidden,
whatever passerby believes. A face counts as covered when at least 90 % of its box is.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import reference
import results
from numpy.typing import NDArray

ENOUGH = 0.9
"""Share of a face's box that has to be hidden."""
LASTING = 5
"""Frames from which on a face is no flicker of the detector."""
COLOUR = "ff00ff"
LEAST, MOST = np.array((225, 0, 235)), np.array((255, 10, 255))
"""Red, green and blue of what counts as that colour, both included. Files that do not say which YCbCr matrix they were
made with are read with BT.601 here; pure magenta by BT.709 then comes out as (235, 0, 247)."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """A face in one frame that can be seen."""

    frame: int
    box: tuple[int, int, int, int]
    score: float
    hidden: float
    """Share of the box, in [0, 1]."""
    life: int
    """In how many frames the detector found this face."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says of one clip."""

    clip: str
    frames: int
    faces: int
    """Boxes found in the original, all frames together."""
    lasting_faces: int
    """Of these, boxes of faces that were found in at least `LASTING` frames."""
    hidden_per_face: float
    """Pixels hidden, as a multiple of the pixels in the boxes."""
    hidden_share: float
    """Pixels hidden, as a share of all pixels."""
    longest_run: int
    """Frames in a row in which the same face can be seen."""
    exposures: tuple[Exposure, ...]

    @property
    def lasting(self) -> int:
        """Exposures of faces that last."""
        return sum(exposure.life >= LASTING for exposure in self.exposures)


def main(arguments: Sequence[str]) -> int:
    """0 when nobody is exposed, else 3."""
    chosen = _parsed(arguments)
    verdicts = []
    for clip in chosen.clips:
        found = reference.find(clip, chosen.cache)
        if chosen.references_only:
            print(f"{clip.name}: {len(found.above(chosen.threshold).frames)} faces in {found.count} frames", flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "hidden.mkv"
            anonymize(clip, output, chosen.options)
            verdict = judge(clip, output, found.above(chosen.threshold))
            if chosen.show and verdict.exposures:
                show(clip, output, verdict, chosen.show)
        print(_line(verdict), flush=True)
        verdicts.append(verdict)
    if not verdicts:
        return 0
    body = _body(verdicts, chosen.threshold, chosen.options)
    print("\n" + body)
    measured = {"threshold": chosen.threshold, "options": chosen.options, "verdicts": [asdict(v) for v in verdicts]}
    results.save(chosen.name, "Faces exposed", body, measured, chosen.results)
    return 3 if any(verdict.exposures for verdict in verdicts) else 0


def anonymize(clip: Path, output: Path, options: Sequence[str]) -> None:
    """Run the command line as a user does, but losslessly and with a colour that can be told from any picture."""
    command = [sys.executable, "-m", "passerby", "anonymize", str(clip), "-o", str(output), "-y", "-q"]
    command += ["--method", "fill", "--colour", COLOUR, "--encoder", "ffv1", *options]
    code = subprocess.run(command).returncode
    if code != 0:
        raise SystemExit(f"{clip.name}: passerby ended with {code}; see above")


def judge(clip: Path, output: Path, found: reference.Finds) -> Verdict:
    """Compare what was found in `clip` with what is hidden in `output`."""
    faces = reference.lives(found)
    life = {int(face): int(count) for face, count in zip(*np.unique(faces, return_counts=True), strict=True)}
    exposures: list[tuple[int, Exposure]] = []
    count = hidden_pixels = face_pixels = pixels = 0
    for index, hidden in enumerate(masks(output)):
        count += 1
        hidden_pixels += int(hidden.sum())
        pixels += hidden.size
        for row in np.flatnonzero(found.frames == index):
            box = _whole(found.boxes[row])
            part = hidden[box[1] : box[3], box[0] : box[2]]
            face_pixels += part.size
            if part.size and part.mean() < ENOUGH:
                face = int(faces[row])
                score, share = round(float(found.scores[row]), 3), round(float(part.mean()), 3)
                exposures.append((face, Exposure(index, box, score, share, life[face])))
    if count != found.count:
        raise SystemExit(f"{clip.name} has {found.count} frames, but the output {count}: they cannot be compared")
    return Verdict(
        clip.name,
        count,
        len(faces),
        sum(length for length in life.values() if length >= LASTING),
        round(hidden_pixels / max(face_pixels, 1), 2),
        round(hidden_pixels / pixels, 4),
        _longest_run([(face, exposure.frame) for face, exposure in exposures]),
        tuple(exposure for _, exposure in exposures),
    )


def masks(output: Path) -> Iterator[NDArray[np.bool_]]:
    """For every frame of `output`, which pixels of the upright picture are hidden, (H, W)."""
    for frame in reference.decoded(output):
        hidden = cv2.inRange(_rgb(frame), LEAST, MOST)
        yield reference.upright(np.asarray(hidden, np.uint8), frame) > 0


def show(clip: Path, output: Path, verdict: Verdict, folder: Path, most: int = 24) -> None:
    """Write a sheet of the exposures (original on top, output below), to be looked at and thrown away."""
    wanted = {exposure.frame: exposure for exposure in verdict.exposures}
    step = -(-len(wanted) // most)
    wanted = {frame: wanted[frame] for frame in sorted(wanted)[::step]}
    cells = []
    pairs = zip(reference.decoded(clip), reference.decoded(output), strict=True)
    for index, (before, after) in enumerate(pairs):
        if index in wanted:
            cells.append(np.vstack([_cell(before, wanted[index]), _cell(after, wanted[index])]))
    cells += [np.zeros_like(cells[0])] * (-len(cells) % 8)
    sheet = np.vstack([np.hstack(cells[start : start + 8]) for start in range(0, len(cells), 8)])
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"{clip.stem}.png"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def _cell(frame: av.VideoFrame, exposure: Exposure, side: int = 160) -> NDArray[np.uint8]:
    """The face and its surroundings, with its box and the frame's number."""
    picture = reference.upright(_rgb(frame), frame)
    x0, y0, x1, y1 = exposure.box
    cv2.rectangle(picture, (x0, y0), (x1, y1), (0, 255, 0), 1)
    margin = max(x1 - x0, y1 - y0)
    crop = picture[max(y0 - margin, 0) : y1 + margin, max(x0 - margin, 0) : x1 + margin]
    cell = np.asarray(cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    text = f"{exposure.frame} {exposure.score:.2f} {exposure.hidden:.0%}"
    cv2.putText(cell, text, (4, 14), cv2.FONT_HERSHEY_PLAIN, 0.9, (255, 255, 0), 1, cv2.LINE_AA)
    return cell


def _rgb(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _whole(box: NDArray[np.float32]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (round(float(side)) for side in box)
    return x0, y0, x1, y1


def _longest_run(exposed: Sequence[tuple[int, int]]) -> int:
    """The most frames in a row with the same face, of (face, frame) pairs."""
    longest = 0
    for face in {face for face, _ in exposed}:
        frames = np.array(sorted(frame for other, frame in exposed if other == face))
        runs = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1)
        longest = max(longest, *(len(run) for run in runs))
    return longest


def _line(verdict: Verdict) -> str:
    seen = "; ".join(f"frame {e.frame} {e.box} {e.hidden:.0%} hidden" for e in verdict.exposures[:5])
    return f"{verdict.clip}: {len(verdict.exposures)} of {verdict.faces} faces exposed{': ' + seen if seen else ''}"


def _body(verdicts: Sequence[Verdict], threshold: float, options: Sequence[str]) -> str:
    lasting = f"exposed, of faces in {LASTING} frames or more"
    columns = (
        "clip",
        "frames",
        "faces",
        "exposed",
        lasting,
        "longest run",
        "hidden / face area",
        "hidden, % of picture",
    )
    rows = [
        (
            v.clip,
            v.frames,
            v.faces,
            len(v.exposures),
            f"{v.lasting} of {v.lasting_faces}",
            v.longest_run,
            v.hidden_per_face,
            round(100 * v.hidden_share, 2),
        )
        for v in verdicts
    ]
    faces, exposed = sum(v.faces for v in verdicts), sum(len(v.exposures) for v in verdicts)
    said = (
        f"{exposed} of {faces} faces exposed. A face is a box that CenterFace finds at full size with a score of "
        f"{threshold} or more, in one frame; it is exposed when less than {ENOUGH:.0%} of it is hidden. "
        f"Options: {' '.join(options) or 'defaults'}.\n\n"
    )
    return said + results.table(columns, rows)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    parser.add_argument("--threshold", type=float, default=0.5, help="least score of a face (default: 0.5)")
    cache = Path(tempfile.gettempdir()) / "passerby-references"
    parser.add_argument("--cache", type=Path, default=cache, help="folder for what the judge found in originals")
    parser.add_argument("--references-only", action="store_true", help="only look at the originals")
    parser.add_argument("--show", type=Path, metavar="DIR", help="write a sheet of the exposures of each clip there")
    parser.add_argument("--results", type=Path, default=results.FOLDER, help="folder for the result")
    parser.add_argument("--name", default="exposures", help="file name of the result")
    chosen = parser.parse_args(arguments[:end])
    chosen.options = arguments[end + 1 :]
    return chosen


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
