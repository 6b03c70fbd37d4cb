"""What can be written behind `passerby verify`."""

from __future__ import annotations

import argparse
from pathlib import Path

from passerby.arguments.parser import Parser, parser
from passerby.options.choices import SHAPES
from passerby.settings import DEFAULTS


def verify() -> argparse.ArgumentParser:
    command = parser(
        "verify",
        "Look once more at finished files, of passerby or any other tool, for faces, sound, metadata and hidden "
        "streams. Another model looks than the one that hid. Exits with 3 where something is left over.",
    )
    command.add_argument("inputs", nargs="+", type=Path, metavar="FILE", help="finished videos and pictures")
    _add_known(command)
    add = command.add_argument_group("how is looked").add_argument
    add("--every", type=int, default=1, metavar="N", help="look at every Nth frame (default: at every one)")
    add("--conf", type=float, default=0.6, metavar="F", help="least score of a find (default: %(default)s)")
    add("--audio", choices=("drop", "keep"), default="drop", help="keep: it may have sound (default: %(default)s)")
    add = command.add_argument_group("what is said").add_argument
    add("--report", type=Path, metavar="FILE.html", help="write a page with a hidden thumbnail of each leftover")
    add("-y", "--force", action="store_true", help="replace an existing report")
    add("--json", action="store_true", help="print as JSON, with every find")
    add("-q", "--quiet", action="store_true", help="say nothing but what is left over")
    return command


def _add_known(command: Parser) -> None:
    add = command.add_argument_group("what is known of how it was made").add_argument
    add("--plan", type=Path, metavar="PLAN", help="what was hidden where; finds under it are no leftovers")
    add("--original", type=Path, metavar="FILE", help="only what is in it as well, and looks the same, is left over")
    add(
        "--hidden-by",
        action="append",
        default=[],
        metavar="MODEL",
        help="a model that hid, by name or file; it will not look",
    )
    add("--run-report", type=Path, metavar="FILE.json", help="what --report wrote of the run: whether generators drew")
    add("--synthetic", action="store_true", help="generators drew in it: it has to say so")
    add("--shape", choices=SHAPES, default=DEFAULTS.shape, help="with --plan: as it was (default: %(default)s)")
    add("--grow", type=float, default=DEFAULTS.grow, metavar="F", help="likewise (default: %(default)s)")
