"""What can be written behind `passerby plan`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from passerby.arguments.groups import add_medium
from passerby.arguments.parser import Parser, parser
from passerby.options.choices import HIDING

EDITS = {
    "keep": ("TRACKS[:RANGE]", "leave visible: 3, or 3,5, or all, or 3:120-180, or 3:4s-6.5s"),
    "hide": ("TRACKS[:RANGE]", "hide after all"),
    "method": ("TRACKS[:RANGE]=METHOD", f"hide in this way ({', '.join(HIDING)}): 7=fill"),
    "keep-zone": ("ZONE[:RANGE]", "leave visible who lies wholly inside 'x,y x,y x,y'"),
    "hide-zone": ("ZONE[:RANGE]", "hide who touches it"),
    "merge": ("TRACKS", "make one track of several: 4,9"),
    "split": ("TRACK@FRAME", "let the rest be a track of its own: 5@120, or 5@4.8s"),
    "extend": ("TRACK:RANGE", "let it be in all of these frames: 3:100-140"),
    "delete": ("TRACKS", "take away false alarms"),
    "draw": ("LABEL@FRAME:X,Y,W,H", "draw a box and follow it both ways: face@12.5s:100,80,40,50"),
    "until": ("FRAME", "how far the box drawn before is hidden: 400, or 15s (default: as far as it is followed)"),
}
"""Every edit of `passerby plan edit` with what it takes and does."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit as it was typed."""

    name: str
    text: str


class _Step(argparse.Action):
    """Collects edits of all kinds in the order in which they stand."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *rest: object) -> None:
        namespace.edits = [*namespace.edits, Edit(self.dest.replace("_", "-"), str(rest[0]))]


def show() -> argparse.ArgumentParser:
    command = _plan("show", "Print who is where in a plan, and what was decided.")
    command.add_argument("--json", action="store_true", help="as JSON")
    return command


def edit() -> argparse.ArgumentParser:
    command = _plan(
        "edit",
        "Change a plan. Edits are done in the order in which they stand. Tracks go by their ids, frames count from 0, "
        "ranges hold both of their ends, and a number with an s behind it is a time in seconds.",
    )
    command.set_defaults(edits=[])
    add = command.add_argument_group("edits").add_argument
    for name, (words, meaning) in EDITS.items():
        add(f"--{name}", action=_Step, metavar=words, help=meaning, default=argparse.SUPPRESS)
    _add_changing(command)
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    add_medium(command)
    return command


def export() -> argparse.ArgumentParser:
    command = _plan("export", "Write a plan's boxes for other tools.")
    command.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="what is written: .xml (CVAT), .json or .csv"
    )
    command.add_argument("--format", help="cvat, coco, csv or json (default: by the file's name)")
    command.add_argument("-y", "--force", action="store_true", help="replace an existing file")
    return command


def import_() -> argparse.ArgumentParser:
    command = _plan("import", "Take over boxes that were changed in another tool.")
    command.add_argument("changed", type=Path, metavar="FILE", help="what the other tool wrote")
    command.add_argument("--format", help="cvat, coco, csv or json (default: by the file's name)")
    _add_changing(command)
    return command


def sheet() -> argparse.ArgumentParser:
    command = _plan("sheet", "Write one page of HTML for a quick check of a plan.")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="(default: PLAN.html)")
    command.add_argument("--show-faces", action="store_true", help="show what will be hidden; such a page is no secret")
    command.add_argument("-y", "--force", action="store_true", help="replace an existing page")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    add_medium(command)
    return command


def _add_changing(command: argparse.ArgumentParser) -> None:
    """What goes with every change of a plan."""
    add = command.add_argument
    add("--reason", default="", metavar="TEXT", help="kept with whatever this command changes")
    add("--by", default="user", metavar="TEXT", help="who decided (default: %(default)s)")
    add("-o", "--output", type=Path, metavar="PLAN", help="another file (default: the plan itself)")
    add("-y", "--force", action="store_true", help="replace another file that exists")


def _plan(name: str, description: str) -> Parser:
    command = parser(f"plan {name}", description)
    command.add_argument("plan_file", type=Path, metavar="PLAN", help="made by `passerby analyze`")
    return command
