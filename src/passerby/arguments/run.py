"""What can be written behind the commands that look and hide."""

from __future__ import annotations

import argparse
from pathlib import Path

from passerby.arguments import groups
from passerby.arguments.parser import Parser, parser


def anonymize() -> argparse.ArgumentParser:
    command = parser("anonymize", "Hide faces in videos, pictures and folders of them.")
    groups.add_inputs(command)
    groups.add_reading(command)
    groups.add_looking(command)
    groups.add_painting(command)
    groups.add_output(command)
    add = groups.add_saying(command)
    add("--plan", type=Path, metavar="FILE", help="write down what was hidden where, for `passerby plan`")
    look_again = command.add_mutually_exclusive_group()
    look_again.add_argument(
        "--verify",
        action="store_const",
        const="check",
        default="off",
        help="look at the output with another model; if anybody is left over in it, there is no output (exit code 3)",
    )
    look_again.add_argument(
        "--verify-fix",
        action="store_const",
        dest="verify",
        const="fix",
        default="off",
        help="the same, but first hide again what is left over, twice at most",
    )
    add("--dry-run", action="store_true", help="say what would be done, and write nothing")
    return command


def analyze() -> argparse.ArgumentParser:
    command = parser("analyze", "Look for faces in a video or picture and write a plan. Hides nobody yet.")
    command.add_argument("input", type=Path, metavar="INPUT", help="a video or picture")
    command.add_argument("-o", "--output", type=Path, metavar="PLAN", help="the plan's file (default: INPUT.plan)")
    command.add_argument("-y", "--force", action="store_true", help="replace an existing plan")
    groups.add_reading(command)
    groups.add_looking(command)
    groups.add_shape(command.add_argument)
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    return command


def render() -> argparse.ArgumentParser:
    command = parser("render", "Hide in a video or picture what a plan says.")
    command.add_argument("plan_file", type=Path, metavar="PLAN", help="made by `passerby analyze`")
    command.add_argument("-o", "--output", type=Path, help="(default: NAME_anonymized.EXT beside the medium)")
    groups.add_medium(command)
    groups.add_painting(command)
    groups.add_output(command)
    groups.add_saying(command)
    return command


def demo() -> argparse.ArgumentParser:
    command = Parser(
        prog="passerby demo", description="Compose a short clip with faces and anonymize it.", allow_abbrev=False
    )
    command.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="where both clips go (default: here)")
    command.add_argument("-y", "--force", action="store_true", help="replace clips of an earlier demo")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    return command


def doctor() -> argparse.ArgumentParser:
    command = Parser(prog="passerby doctor", description="Print what to paste into a bug report.", allow_abbrev=False)
    command.add_argument("--json", action="store_true", help="as JSON")
    groups.add_models(command.add_argument)
    groups.add_config(command.add_argument)
    return command
