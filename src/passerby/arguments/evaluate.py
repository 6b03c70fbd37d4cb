"""What can be written behind `passerby evaluate`."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from passerby.arguments.parser import Parser, parser
from passerby.options.choices import SHAPES
from passerby.settings import DEFAULTS

ABOUT = {
    "leaks": "How much of every face is hidden, who leaks, and whether a detector still finds them.",
    "reid": "Whether people are found again among the originals, by face and by body.",
    "faces": "Whether a face recognizer takes hidden faces for their owners.",
    "attack": "Whether people are recognized by attackers who know other pictures of them.",
    "drift": "Whether somebody stays the same along a track, and as far from the original.",
    "quality": "How much of the picture is as it was: PSNR, SSIM, LPIPS, of the whole and inside and outside of masks.",
    "temporal": "Whether what was hidden flickers.",
    "utility": "Whether persons, vehicles and actions are still recognised.",
    "plates": "Whether number plates can still be read.",
    "tracking": "Whether the plan follows people as the truth does: MOTA, IDF1, HOTA.",
    "cost": "How long hiding took, frame by frame, and how much memory, from the report of the run (--run-report).",
}
"""The questions that can be asked alone, of two files or two folders."""
FACES = frozenset({"reid", "faces", "attack", "drift"})
"""Those that faces have to be recognized for."""


def evaluate() -> argparse.ArgumentParser:
    command = parser(
        "evaluate",
        "Compare an original with what was made of it, by passerby or any other tool, and write a report: who leaks, "
        "who is recognized again, what attackers achieve, and what is left of the picture. Parts of it alone: "
        f"passerby evaluate {'|'.join((*ABOUT, 'clothes', 'masks'))}.",
    )
    _add_pair(command)
    _add_extras(command, ABOUT)
    return command


def part(name: str) -> argparse.ArgumentParser:
    """The parser of one question."""
    command = parser(f"evaluate {name}", ABOUT[name])
    _add_pair(command)
    _add_extras(command, {name})
    if name == "reid":
        add = command.add_argument_group("what else is written").add_argument
        add("--organize", type=Path, metavar="FOLDER", help="also write the crops as a data set like Market-1501")
    return command


def clothes() -> argparse.ArgumentParser:
    command = parser(
        "evaluate clothes",
        "Hold changed clothes against targets, one line each: whether it is met, or why it cannot be measured here. Of "
        "the whole frame SSIM > 0.85, LPIPS < 0.15 and FID < 50; 100 ms a frame, 30 frames a second, 8 GB of "
        "graphics memory; of masks IoU > 0.80, pixel accuracy > 0.90 and F1 > 0.85.",
    )
    _add_pair(command)
    _add_extras(command, {"quality", "cost"})
    add = command.add_argument_group("masks of clothes, one PNG a frame").add_argument
    add("--masks", type=Path, metavar="FOLDER", help="as they were found")
    add("--truth-masks", type=Path, metavar="FOLDER", help="as they were drawn by hand")
    return command


def masks() -> argparse.ArgumentParser:
    command = parser(
        "evaluate masks",
        "Compare masks with reference masks: folders of PNG files, one a frame, or of a folder for each sequence. A "
        "reference that was prompted by our own boxes, as SAM is, cannot show what both of them miss.",
    )
    add = command.add_argument
    add("ours", type=Path, metavar="OURS", help="folder of masks")
    add("reference", type=Path, metavar="REFERENCE", help="folder of masks that count as right")
    add = command.add_argument_group("which frames belong together").add_argument
    add("--environments", type=Path, metavar="FILE.json", help='{"sequence": "Lab", …}: also figures for each of them')
    add("--first", type=int, default=0, metavar="N", help="first frame of ours that counts (default: %(default)s)")
    add("--last", type=int, metavar="N", help="last frame of ours that counts (default: the last there is)")
    add("--max-shift", type=int, default=0, metavar="N", help="frames by which the reference may lie off (default: 0)")
    _add_output(command)
    return command


def _add_pair(command: Parser) -> None:
    add = command.add_argument
    add("original", type=Path, metavar="ORIGINAL", help="a video or picture, or a folder of them")
    add(
        "anonymized", type=Path, metavar="ANONYMIZED", help="what was made of it; a folder with files of the same names"
    )
    add = command.add_argument_group("what is known").add_argument
    add("--plan", type=Path, metavar="PLAN", help="what was hidden where; of folders, a folder of plans")
    add(
        "--truth",
        type=Path,
        metavar="FILE",
        help="who is where: .plan, .xml (CVAT), .coco.json, .csv, .json, or .txt (MOT); of folders, a folder of them",
    )
    add(
        "--hidden-by",
        action="append",
        default=[],
        metavar="MODEL",
        help="a model that hid, by name or file; it will not measure",
    )
    add("--shape", choices=SHAPES, default=DEFAULTS.shape, help="with --plan: as it was (default: %(default)s)")
    add("--grow", type=float, default=DEFAULTS.grow, metavar="F", help="likewise (default: %(default)s)")
    add = command.add_argument_group("how is looked").add_argument
    add("--models", type=Path, metavar="DIR", help="folder of model files, instead of the one PASSERBY_MODELS names")
    add(
        "--detector",
        action="append",
        default=[],
        metavar="LABEL=MODEL",
        help="who looks for face, person or vehicle, as person=yolo:FILE.onnx (default: one of the registry)",
    )
    add("--every", type=int, default=1, metavar="N", help="look at every Nth frame (default: at every one)")
    _add_output(command)


BODIES = "OSNet or AGW as published (.pth), or osnet=FILE.onnx or person_reid_retail=FILE.onnx"


@dataclass(frozen=True, slots=True)
class Extra:
    """What can be given besides: a file, as a rule."""

    option: str
    questions: frozenset[str]
    """Which it is for."""
    shown: str
    about: str
    kind: type = Path
    """str where more than a path is written."""


EXTRAS = (
    Extra("--face-model", FACES, "FAMILY=FILE.onnx", "who recognizes faces: mobilefacenet=… or arcface=…", str),
    Extra("--body-model", frozenset({"reid", "drift"}), "FILE", f"who recognizes persons: {BODIES}", str),
    Extra(
        "--features", frozenset({"quality"}), "FILE.onnx", "a network for FID and KID of faces, persons and vehicles"
    ),
    Extra("--flow", frozenset({"temporal"}), "FILE.onnx", "a network of flow such as RAFT, instead of DIS"),
    Extra("--video-features", frozenset({"temporal"}), "FILE.onnx", "a network of clips for distances of videos (FVD)"),
    Extra("--action-model", frozenset({"utility"}), "FILE.onnx", "a network of clips that tells actions"),
    Extra("--before", frozenset({"utility"}), "FILE", "or what a model of actions saw in the originals (.json, .csv)"),
    Extra("--after", frozenset({"utility"}), "FILE", "and in what became of them"),
    Extra(
        "--poses-before",
        frozenset({"utility"}),
        "FILE.json",
        "what a model of poses saw in the original (COCO's results)",
    ),
    Extra("--poses-after", frozenset({"utility"}), "FILE.json", "and in what became of it"),
    Extra(
        "--plates",
        frozenset({"plates"}),
        "FILE.json",
        "what number plates say, and where; of folders, a folder of them",
    ),
    Extra(
        "--run-report",
        frozenset({"attack", "cost"}),
        "FILE.json",
        "the report of the run that hid: time, memory, and how",
    ),
    Extra(
        "--undo",
        frozenset({"attack"}),
        "HOW",
        "how faces were hidden, for the attacker who knows it: mosaic:CELLS, blur:SIGMA (pixels), noise, and "
        "samples:COUNT for passerby's blur (default: by --run-report)",
        str,
    ),
)


def _add_extras(command: Parser, questions: Collection[str]) -> None:
    add = command.add_argument_group("what else can be measured").add_argument
    for extra in EXTRAS:
        if extra.questions & set(questions):
            add(extra.option, type=extra.kind, metavar=extra.shown, help=extra.about)


def _add_output(command: Parser) -> None:
    add = command.add_argument_group("what is said").add_argument
    add("-o", "--output", type=Path, metavar="DIR", help="write the report into this folder (default: print it alone)")
    add("-y", "--force", action="store_true", help="replace an existing report")
    add("-q", "--quiet", action="store_true", help="show no progress")
